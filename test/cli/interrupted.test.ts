import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandLine } from '../../src/cli/command.js';
import { writeArchive } from '../../src/cli/output.js';
import { pausingFor, type Watch, withSilenceLimit } from '../../src/cli/silence-limit.js';
import { isBackupError } from '../../src/errors.js';
import { noSignals } from '../support/needs.js';
import { projectRoot } from '../support/project.js';

for (const second of ['SIGINT', 'SIGTERM'] as const) {
  test(`a second interruption (${second}) ends the program, whatever hangs`, {
    skip: noSignals,
  }, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'interrupted-'));
    t.after(() => rm(folder, { recursive: true }));
    // Somebody holds the pipe open and writes nothing: reading from it hears no signal.
    const pipe = join(folder, 'key.txt');
    execFileSync('mkfifo', [pipe]);
    const argv = [join(projectRoot, 'dist/src/cli/main.js'), 'verify', join(projectRoot, 'LICENSE')];
    const child = spawn(process.execPath, [...argv, '--identity', pipe], { stdio: 'ignore' });
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const held = await open(pipe, 'w');
    t.after(() => held.close());
    child.kill('SIGINT');
    assert.equal(await Promise.race([ended, delay(300)]), undefined);
    child.kill(second);
    assert.deepEqual(await ended, [null, second]);
  });
}

test('a file that never answers is given up after a minute, told, and holds the program no longer', {
  skip: noSignals,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'silent-'));
  t.after(() => rm(folder, { recursive: true }));
  // Nobody writes into the pipe: opening it hangs, as on a share whose server is gone.
  const pipe = join(folder, 'copy.tar.age');
  execFileSync('mkfifo', [pipe]);
  // A minute of it in a third of a second.
  const faster =
    'const set = setTimeout; globalThis.setTimeout = (run, ms, ...rest) => set(run, ms / 200, ...rest);';
  const argv = [
    '--import',
    `data:text/javascript,${encodeURIComponent(faster)}`,
    join(projectRoot, 'dist/src/cli/main.js'),
  ];
  const child = spawn(process.execPath, [...argv, 'inspect', pipe], { stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  child.stderr.on('data', (text: Buffer) => {
    told += text.toString();
  });
  assert.deepEqual(await once(child, 'close'), [null, 'SIGKILL']);
  assert.match(told, /copy\.tar\.age has not answered for a minute/);
});

test('a copy that is stopped while it is read back does not stay under its name', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'stopped-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'copy.tar.age');
  const stop = new AbortController();
  const { signal } = stop;
  const look = signal.throwIfAborted.bind(signal);
  // Whoever looks at it once the file is there finds that it was pressed.
  signal.throwIfAborted = () => {
    if (existsSync(path)) stop.abort(new Error('stopped'));
    look();
  };
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(100);
  };
  const line = { signal, json: true, quiet: true, env: {}, words: [] } as unknown as CommandLine;
  await assert.rejects(writeArchive(pieces(), path, line), /stopped/);
  assert.deepEqual(await readdir(folder), []);
});

test('a folder is waited for only while it is its turn', async () => {
  const slow = async function* (): AsyncGenerator<number> {
    await delay(60);
    yield 1;
    await delay(60);
  };
  const taken: number[] = [];
  const work = async (watch: Watch): Promise<void> => {
    for await (const each of pausingFor(slow(), watch)) taken.push(each);
  };
  await withSilenceLimit('folder', work, 40);
  assert.deepEqual(taken, [1]);
  const never = () => new Promise<never>(() => undefined);
  await assert.rejects(withSilenceLimit('folder', never, 1), (error) =>
    isBackupError(error, 'storage-transient'),
  );
});
