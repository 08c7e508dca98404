import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import { withoutLiterals } from '../../src/database/without-literals.js';
import { diagnosis, sendDiagnosisTo } from '../../src/diagnosis.js';
import type { Logger } from '../../src/index.js';
import { createFileLogger } from '../../src/index.js';
import { loggerWithDiagnosis } from '../../src/nightly/log/logger-with-diagnosis.js';
import { replayableBytes, withRetry } from '../../src/storage/index.js';
import { createFaultyStorage, createMemoryStorage } from '../../src/testing.js';

const run = promisify(execFile);

describe('what is told to find a fault', () => {
  it('holds no literal of a statement, whatever it looks like, and is short', () => {
    for (const [sql, told] of [
      [
        "SELECT `a1` FROM `t 2` WHERE x = 'secret' AND y = 4711",
        'SELECT `a1` FROM `t 2` WHERE x = ? AND y = ?',
      ],
      [
        `INSERT INTO t VALUES (1, 'it''s secret', "secret"), (2, x'5e', 0x5ec)`,
        'INSERT INTO t VALUES (?), …',
      ],
      ["/* it's */ SELECT 'secret' -- it's\n, 'secret' # it's", 'SELECT ?, …'],
      ["SELECT 'a\\' , 'secret'", 'SELECT ?…'],
      ["SELECT 'a secret that is cut off", 'SELECT ?'],
      ["SET PASSWORD = PASSWORD('secret')", 'SET PASSWORD = PASSWORD(?)'],
    ] as const) {
      const shown = withoutLiterals(sql);
      assert.equal(shown, told);
      assert.doesNotMatch(shown, /secret|4711|5e/);
    }
    const long = withoutLiterals(`SELECT ${'a, '.repeat(10_000)}'secret'`);
    assert.ok(long.length <= 301);
    assert.doesNotMatch(withoutLiterals(`SELECT '${'x'.repeat(20_000)} secret'`), /x|secret/);
  });

  it('is off, and nothing is wrapped, unless it is asked for', () => {
    for (const channel of Object.values(diagnosis)) assert.equal(channel.isOn, false, channel.name);
    const logger: Logger = createFileLogger({ path: 'nowhere.log' });
    assert.equal(loggerWithDiagnosis(logger), logger);
    assert.equal(logger.debug, undefined);
  });

  it('comes through NODE_DEBUG, on the standard error, for the channels that are named', async () => {
    const script = `
      const { createMemoryStorage } = await import('./dist/src/testing.js');
      const { withRetry } = await import('./dist/src/storage/index.js');
      await withRetry(createMemoryStorage()).stat('notes/0001');`;
    const args = ['--input-type=module', '--eval', script];
    const told = await run(process.execPath, args, {
      env: { ...process.env, NODE_DEBUG: 'supplemental-backup:storage' },
    });
    assert.match(told.stderr, /SUPPLEMENTAL-BACKUP:STORAGE \d+: stat store="memory" key="notes\/0001"/);
    assert.equal(told.stdout, '');
    const other = await run(process.execPath, args, {
      env: { ...process.env, NODE_DEBUG: 'supplemental-backup:sql' },
    });
    assert.equal(other.stderr, '');
  });

  it('tells of a store what was called, how large it was, how long it took, and what is tried again', async () => {
    const lines: string[] = [];
    const quieten = sendDiagnosisTo((line) => lines.push(line));
    try {
      const faulty = createFaultyStorage(createMemoryStorage(), ({ operation, earlier }) =>
        operation === 'put' && earlier === 0 ? { kind: 'refused' } : undefined,
      );
      const store = withRetry(faulty, { minTimeout: 1 });
      await store.put('notes/0001', replayableBytes(new TextEncoder().encode('secret\n')));
    } finally {
      quieten();
    }
    const told = lines.join('\n');
    assert.match(told, /^supplemental-backup:storage: put .*milliseconds=\d+ failure="storage-transient"$/m);
    assert.match(told, /tried again operation="put" key="notes\/0001" retriesLeft=\d/);
    assert.match(told, /^supplemental-backup:storage: put .*bytes=7$/m);
    assert.doesNotMatch(told, /secret/);
    assert.equal(diagnosis.storage.isOn, false);
  });

  it('is turned on for one command line by --verbose, and leaves the standard output alone', async () => {
    const line = (): { stdout: PassThrough; stderr: PassThrough } => ({
      stdout: new PassThrough(),
      stderr: new PassThrough(),
    });
    const results = [];
    for (const more of [[], ['--verbose']]) {
      const { stdout, stderr } = line();
      const argv = ['inspect', 'test/vectors', '--json', ...more];
      const exitCode = await runCommandLine(argv, {
        stdin: new PassThrough(),
        stdout,
        stderr,
        env: {},
        signal: new AbortController().signal,
      });
      stdout.end();
      stderr.end();
      results.push({ exitCode, stdout: await text(stdout) });
    }
    assert.deepEqual(results[1], results[0]);
    assert.equal(diagnosis.sql.isOn, false);
  });
});
