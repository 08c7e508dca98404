import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { collectBytes } from '../../src/bytes.js';
import { replaceFile } from '../../src/files/replace-file.js';
import { createFileLogger } from '../../src/nightly/log/file-logger.js';
import { acquireGuard } from '../../src/nightly/run/guard.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { diskFolder } from '../support/disk.js';
import { exclusively, noFileLocks } from '../support/needs.js';

describe('a file that somebody holds', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(diskFolder(), 'sb-held-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** Lets nobody else have a file while something is begun, and a little longer. */
  async function whileHeld<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
    const held = await open(path, exclusively);
    const done = work();
    // A failure is told below, and not here.
    await Promise.race([done.catch(() => undefined), pause(100)]);
    await held.close();
    return done;
  }

  /** Another program that holds a file until it is let go. */
  async function hold(path: string): Promise<() => Promise<void>> {
    const program = `require('node:fs').openSync(${JSON.stringify(path)}, ${exclusively});
      process.stdout.write('held'); process.stdin.resume().on('end', () => process.exit());`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => assert.fail('it is free')),
    ]);
    return async () => {
      child.stdin.end();
      await once(child, 'exit');
    };
  }

  const bytes = (text: string) => replayableBytes(Buffer.from(text));

  it('is replaced when it is let go', { skip: noFileLocks }, async () => {
    const path = join(folder, 'small');
    await replaceFile(path, 'old');
    await whileHeld(path, () => replaceFile(path, 'new'));
    assert.equal(await readFile(path, 'utf8'), 'new');
  });

  it('is read, replaced and removed in a store when it is let go', { skip: noFileLocks }, async () => {
    const path = join(folder, 'store');
    await writeFile(join(folder, 'outside'), '');
    const store = createFileSystemStorage({ path: folder, ownProcess: false });
    await store.put('store', bytes('old'));
    assert.equal(
      Buffer.from(await whileHeld(path, () => collectBytes(store.get('store')))).toString(),
      'old',
    );
    await whileHeld(path, () => store.put('store', bytes('new')));
    assert.equal(await readFile(path, 'utf8'), 'new');
    await whileHeld(path, () => store.delete('store'));
    assert.equal(await store.stat('store'), null);
  });

  it('is taken over as the guard of a dead run when it is let go', { skip: noFileLocks }, async () => {
    const spool = await mkdtemp(join(folder, 'spool-'));
    const path = join(spool, 'running.lock');
    await writeFile(path, JSON.stringify({ pid: 1, host: `not-${hostname()}`, token: 'x' }));
    const then = new Date(Date.now() - 3_600_000);
    await utimes(path, then, then);
    const guard = await whileHeld(path, () => acquireGuard(spool));
    assert.deepEqual(await readdir(spool), ['running.lock.1']);
    await guard.release();
    assert.deepEqual(await readdir(spool), []);
  });

  it('costs no line of a log that is rotated meanwhile, neither a new one nor an old one', {
    skip: noFileLocks,
  }, async () => {
    const path = join(folder, 'logs', 'a.log');
    const log = createFileLogger({ path, maxBytes: 100, keepFiles: 3 });
    for (let i = 0; i < 8; i++) log.info(`entry ${i} ${'x'.repeat(50)}`);
    const files = () => readdirSync(join(folder, 'logs')).sort();
    const entries = () =>
      files()
        .reverse()
        .flatMap((file) => [...readFileSync(join(folder, 'logs', file), 'utf8').matchAll(/entry (\d+)/g)])
        .map(([, number]) => Number(number));
    assert.deepEqual([files().length, entries()], [4, [4, 5, 6, 7]]);
    const letGo = await hold(`${path}.1`);
    for (let i = 8; i < 14; i++) log.info(`entry ${i} ${'x'.repeat(50)}`);
    await letGo();
    // One of the old made room, as at every rotation.
    assert.deepEqual(entries(), [5, 6, 7, 8, 9, 10, 11, 12, 13]);
    log.info('entry 14');
    assert.deepEqual([files().length, entries().at(-1)], [4, 14]);
  });

  it('loses the lines that nobody can write, says so once, and goes on when it is let go', {
    skip: noFileLocks,
  }, async () => {
    const path = join(folder, 'lost.log');
    writeFileSync(path, '');
    const log = createFileLogger({ path });
    const letGo = await hold(path);
    const warned = once(process, 'warning');
    log.info('lost');
    log.info('lost too');
    const [warning] = (await warned) as [Error & { code?: string }];
    assert.deepEqual([warning.code, /\(EBUSY\)/.test(warning.message)], ['SUPPLEMENTAL_BACKUP_LOG', true]);
    await letGo();
    log.info('kept');
    assert.match(await readFile(path, 'utf8'), /^\S+ INFO kept\n$/);
  });
});
