import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { promises as files } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  rmdir,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isBackupError } from '../../src/errors.js';
import { acquireGuard } from '../../src/nightly/run/guard.js';

const broken = async (): Promise<never> => {
  throw Object.assign(new Error('EIO: the disk fails'), { code: 'EIO' });
};

async function fileHandles(path: string): Promise<FileHandle> {
  const probe = await open(path, 'w');
  await probe.close();
  return Object.getPrototypeOf(probe) as FileHandle;
}

describe('the guard against a second run', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-guard-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const lock = () => join(folder, 'running.lock');
  const isRefused = (error: unknown): boolean => isBackupError(error, 'already-running');
  const deadPid = (): number => spawnSync(process.execPath, ['--version']).pid;
  const leaveBehind = async (holder: object, ageSeconds = 0): Promise<void> => {
    await writeFile(lock(), JSON.stringify({ token: 'x', host: hostname(), ...holder }));
    const then = new Date(Date.now() - ageSeconds * 1000);
    await utimes(lock(), then, then);
  };

  it('is one run’s at a time, and the next one’s afterwards', async () => {
    const guard = await acquireGuard(folder);
    await assert.rejects(acquireGuard(folder), isRefused);
    await guard.release();
    await (await acquireGuard(folder)).release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('has one winner of many that come at once, also when one is left behind', async () => {
    for (const leave of [false, true]) {
      if (leave) await leaveBehind({ pid: deadPid() });
      const results = await Promise.allSettled(Array.from({ length: 12 }, () => acquireGuard(folder)));
      const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      assert.equal(winners.length, 1);
      await winners[0]!.release();
    }
  });

  it('has no two holders, however often it changes hands while others still see one left behind', async () => {
    const dead = deadPid();
    let holders = 0;
    let turns = 0;
    for (let round = 0; round < 20; round++) {
      await leaveBehind({ pid: dead });
      const comeAndGo = async (): Promise<void> => {
        for (let i = 0; i < 4; i++) {
          const guard = await acquireGuard(folder).catch((error: unknown) => {
            if (!isRefused(error)) throw error;
          });
          if (guard === undefined) continue;
          assert.equal(++holders, 1);
          turns++;
          await readdir(folder);
          holders--;
          await guard.release();
        }
      };
      await Promise.all(Array.from({ length: 8 }, comeAndGo));
      await rm(lock(), { force: true });
    }
    assert.equal(holders, 0);
    assert.ok(turns >= 20, `it changed hands ${turns} times`);
  });

  it('is taken from a process that is dead, and from an earlier start of the machine', async () => {
    await leaveBehind({ pid: deadPid() });
    await (await acquireGuard(folder)).release();
    await leaveBehind({ pid: process.pid, processStart: '1' });
    if (process.platform === 'linux') await (await acquireGuard(folder)).release();
    await leaveBehind({ pid: process.pid, boot: 'another' });
    if (process.platform === 'linux') await (await acquireGuard(folder)).release();
  });

  it('is left to a living process, however long it takes, and to one on another machine while it shows life', async () => {
    const guard = await acquireGuard(folder);
    const text = await readFile(lock(), 'utf8');
    await guard.release();
    if (process.platform === 'linux') {
      await leaveBehind(JSON.parse(text), 86_400);
      await assert.rejects(acquireGuard(folder), isRefused);
    }
    await leaveBehind({ pid: 1, host: 'elsewhere' }, 60);
    await assert.rejects(acquireGuard(folder), isRefused);
    await leaveBehind({ pid: 1, host: 'elsewhere' }, 3600);
    await (await acquireGuard(folder)).release();
  });

  it('is not held up for ever by a guard that this very process could not remove', async () => {
    const guard = await acquireGuard(folder);
    const text = await readFile(lock(), 'utf8');
    // What stands there can be neither read nor removed at this moment.
    await rm(lock());
    await mkdir(lock());
    await guard.release();
    await rmdir(lock());
    await writeFile(lock(), text);
    await (await acquireGuard(folder)).release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('is not held up for ever by a guard that this very process took on a failing disk and could not remove', async () => {
    const handles = await fileHandles(join(folder, 'probe'));
    await rm(join(folder, 'probe'));
    // First it cannot be written to its end, and then another one that was left behind cannot be removed.
    for (const isLeftBehind of [false, true]) {
      if (isLeftBehind) await leaveBehind({ pid: deadPid() });
      const { rm: remove } = files;
      const { sync } = handles;
      Object.assign(files, { rm: broken });
      if (!isLeftBehind) Object.assign(handles, { sync: broken });
      syncBuiltinESMExports();
      try {
        await assert.rejects(acquireGuard(folder), (error) => !isRefused(error));
      } finally {
        Object.assign(files, { rm: remove });
        Object.assign(handles, { sync });
        syncBuiltinESMExports();
      }
      assert.equal((await readdir(folder)).length, isLeftBehind ? 2 : 1);
      await (await acquireGuard(folder)).release();
      assert.deepEqual(await readdir(folder), []);
    }
  });

  it('is not held up for ever by a guard that a power cut left empty', async () => {
    await writeFile(lock(), '');
    await assert.rejects(acquireGuard(folder), isRefused);
    const then = new Date(Date.now() - 120_000);
    await utimes(lock(), then, then);
    await (await acquireGuard(folder)).release();
  });

  it('is not held up for ever by a guard from a time when the clock was ahead', async () => {
    await leaveBehind({ pid: 1, host: 'elsewhere' }, -86_400);
    await (await acquireGuard(folder)).release();
  });
});
