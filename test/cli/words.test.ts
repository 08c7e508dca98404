import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../../src/cli/commands/index.js';
import { exitCodeOf, UsageError } from '../../src/cli/exit-codes.js';
import { formatBytes, formatSeconds, printable } from '../../src/cli/format.js';
import { renderOverview } from '../../src/cli/help.js';
import { describeProgress, startProgress } from '../../src/cli/progress.js';
import { BackupError } from '../../src/errors.js';
import { runCli } from './support.js';

test('every page of help fits a screen of 80 columns and 24 lines', () => {
  for (const page of [renderOverview(commands), ...commands.map(({ help }) => help)]) {
    const lines = page.replace(/\n$/, '').split('\n');
    assert.ok(lines.length <= 24, `${lines.length} lines: ${lines[0]}`);
    for (const line of lines) assert.ok(line.length <= 80, line);
  }
});

test('every option of a command is told on its page of help, and no other', () => {
  for (const { name, help, options } of commands) {
    const told = new Set([...help.matchAll(/--([a-z][a-z-]*)/g)].map((match) => match[1]!));
    told.delete('json');
    told.delete('help');
    assert.deepEqual([...told].sort(), Object.keys(options).sort(), name);
  }
});

test('the exit codes tell the failures apart that a script must tell apart', () => {
  assert.equal(exitCodeOf(new Error('x')), 1);
  assert.equal(exitCodeOf(new BackupError('database-unreachable', 'x')), 1);
  assert.equal(exitCodeOf(new UsageError('x')), 2);
  assert.equal(exitCodeOf(new BackupError('wrong-key', 'x')), 3);
  assert.equal(exitCodeOf(new BackupError('archive-damaged', 'x')), 4);
  assert.equal(exitCodeOf(new BackupError('verification-failed', 'x')), 4);
  assert.equal(exitCodeOf(new BackupError('not-eligible', 'x')), 5);
  assert.equal(exitCodeOf(new BackupError('no-usable-admin', 'x')), 5);
  assert.equal(exitCodeOf(new BackupError('target-refused', 'x')), 6);
});

test('what is not understood is said on stderr and ends with 2', async () => {
  for (const argv of [[], ['bakcup'], ['inspect'], ['inspect', 'a', '--colour']]) {
    const { code, stdout, stderr } = await runCli(argv);
    assert.equal(code, 2, argv.join(' '));
    assert.equal(stdout, '');
    assert.notEqual(stderr, '');
  }
});

test('with --json a mistake is one JSON document on stdout, and stderr stays silent', async () => {
  const { code, stdout, stderr } = await runCli(['bakcup', '--json']);
  assert.equal(code, 2);
  assert.equal(stderr, '');
  const said = JSON.parse(stdout) as { ok: boolean; exitCode: number; error: { code: string } };
  assert.deepEqual([said.ok, said.exitCode, said.error.code], [false, 2, 'usage']);
});

test('--help and --version answer and end with 0', async () => {
  assert.match((await runCli(['--help'])).stdout, /Usage: supplemental-backup COMMAND/);
  assert.match((await runCli(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('sizes and times are told in units people use', () => {
  assert.deepEqual([0, 987, 12_345, 999_960, 5e9].map(formatBytes), [
    '0 bytes',
    '987 bytes',
    '12.3 kB',
    '1.0 MB',
    '5.0 GB',
  ]);
  assert.deepEqual([0.42, 9.97, 61, 3599.6, 7260].map(formatSeconds), [
    '0.4 s',
    '10 s',
    '1 min 01 s',
    '1 h 00 min',
    '2 h 01 min',
  ]);
});

test('text from an archive cannot steer the terminal', () => {
  assert.equal(printable('a\u001b[2Jb\u202ec'), 'a\\u001b[2Jb\\u202ec');
});

test('no message can steer the terminal, whatever name it repeats', async () => {
  const { stderr } = await runCli(['\u001b[2J\u009b31m']);
  assert.match(stderr, /^"\\u001b\[2J\\u009b31m" is no command/);
});

test('without a terminal progress is a plain line every few seconds and one at the end', () => {
  const written: string[] = [];
  const stderr = { write: (text: string) => written.push(text) } as unknown as NodeJS.WritableStream;
  let now = 0;
  const progress = startProgress({ json: false, stderr: stderr as never }, 'Reading', 'bytes', () => now);
  for (; now <= 12_000; now += 500) progress.update(now * 1000, 24_000_000);
  progress.stop();
  progress.stop();
  assert.deepEqual(written, [
    'Reading: 5.0 MB of 24.0 MB (20 %), 1.0 MB/s, 19 s left\n',
    'Reading: 10.0 MB of 24.0 MB (41 %), 1.0 MB/s, 14 s left\n',
    'Reading: 12.0 MB of 24.0 MB (50 %), 960 kB/s, 13 s left\n',
  ]);
});

test('progress of unknown length tells amount and rate', () => {
  assert.equal(describeProgress(3000, undefined, 2, 'rows'), '3,000 rows, 1,500 rows/s');
});
