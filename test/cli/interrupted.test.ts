import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '../support/project.js';

const posixOnly = process.platform === 'win32' ? 'Windows has no signals' : false;

for (const second of ['SIGINT', 'SIGTERM'] as const) {
  test(`a second interruption (${second}) ends the program, whatever hangs`, {
    skip: posixOnly,
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
