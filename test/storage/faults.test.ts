import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { collectBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { newTemporaryName } from '../../src/storage/file-system/names.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { type Share, startShare, whyNoShare } from '../support/share.js';

const hello = replayableBytes(Buffer.from('hello'));

test('R2, F6: a process killed in the middle of a put leaves nothing that shows, and the next put cleans up', async () => {
  const path = await mkdtemp(join(tmpdir(), 'sb-killed-'));
  try {
    const storage = createFileSystemStorage({ path });
    await storage.put('p/kept', hello);
    for (const key of ['p/new', 'p/kept']) {
      const child = spawn(
        process.execPath,
        [fileURLToPath(new URL('put-slowly.js', import.meta.url)), path, key],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    assert.equal(
      (await readdir(path)).length,
      2,
      'the second cleared away what the first left, and one folder',
    );
    const keys: string[] = [];
    for await (const object of storage.list('')) keys.push(object.key);
    assert.deepEqual(keys, ['p/kept']);
    assert.equal(await storage.stat('p/new'), null);
    assert.equal(Buffer.from(await collectBytes(storage.get('p/kept'))).toString(), 'hello');
    await storage.put('p/new', hello, { ifAbsent: true });
    assert.deepEqual(await readdir(path), ['p']);
  } finally {
    await rm(path, { recursive: true });
  }
});

describe('a full disk', () => {
  const size = 8 * 1024 * 1024;
  let path: string;
  let refused: string | undefined;
  before(async () => {
    path = await mkdtemp(join(tmpdir(), 'sb-full-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' });
    } catch {
      refused = 'this user may not mount a small file system';
    }
  });
  after(async () => {
    if (refused === undefined) execFileSync('umount', [path]);
    await rm(path, { recursive: true, force: true });
  });

  it('F5: is seen before a byte is written, or in mid-write, and leaves nothing', async (t) => {
    if (refused !== undefined) return t.skip(refused);
    const full = (error: unknown): boolean => isBackupError(error, 'storage-full');
    const careful = createFileSystemStorage({ path });
    await assert.rejects(careful.put('a', hello), full, 'the reserve');
    const storage = createFileSystemStorage({ path, reserveBytes: 0 });
    await storage.put('kept', hello);
    await assert.rejects(storage.put('a', { size, open: () => assert.fail('was opened') }), full);
    const filling = storage.put('a', {
      size: size / 2,
      async *open() {
        yield new Uint8Array(size / 8);
        // Somebody else fills the disk meanwhile.
        await writeFile(join(path, 'other'), new Uint8Array(size)).catch(() => undefined);
        yield new Uint8Array((size / 8) * 3);
      },
    });
    await assert.rejects(filling, full);
    assert.deepEqual((await readdir(path)).sort(), ['kept', 'other']);
    await rm(join(path, 'other'));
    // A night that was killed has left most of the disk full. The next one clears that before it looks for
    // space.
    const left = newTemporaryName().replace(`-${process.pid}-`, '-99999999-');
    await writeFile(join(path, left), new Uint8Array((size / 4) * 3));
    await storage.put('a', { size: size / 2, open: () => new Uint8Array(size / 2) });
    assert.equal(Buffer.from(await collectBytes(storage.get('kept'))).toString(), 'hello');
  });
});

describe('a share', { skip: whyNoShare() ?? false }, () => {
  let share: Share;
  before(async () => {
    share = await startShare();
  });
  after(() => share.stop());

  // Not the whole contract: the client that mounts it here crashes by itself when files come and go quickly.
  it('takes, replaces and gives back copies, and refuses what is taken', async () => {
    const storage = createFileSystemStorage({ path: share.path });
    const [before, after] = [randomBytes(300_001), randomBytes(400_001)];
    await storage.put('p/day/a', replayableBytes(before), { ifAbsent: true });
    assert.ok(before.equals(await collectBytes(storage.get('p/day/a'))));
    await assert.rejects(storage.put('p/day/a', replayableBytes(after), { ifAbsent: true }), (error) =>
      isBackupError(error, 'storage-exists'),
    );
    await storage.put('p/day/a', replayableBytes(after));
    const onServer = createFileSystemStorage({ path: share.served });
    assert.ok(after.equals(await collectBytes(onServer.get('p/day/a'))));
    assert.equal((await storage.stat('p/day/a'))?.size, after.length);
    await storage.delete('p/day/a');
    assert.equal(await onServer.stat('p/day/a'), null);
    assert.deepEqual(await readdir(share.served), []);
  });

  it('that dies in mid-write says so within seconds, and shows nothing when it is back', async () => {
    const storage = createFileSystemStorage({ path: share.path });
    await storage.put('p/kept', replayableBytes(randomBytes(200_000)));
    const dying = storage.put('p/new', {
      size: 4_000_000,
      async *open() {
        yield new Uint8Array(2_000_000);
        await share.kill();
        yield new Uint8Array(2_000_000);
      },
    });
    await assert.rejects(dying, (error) => storage.classify(error) === 'transient');
    const onServer = createFileSystemStorage({ path: share.served });
    const keys: string[] = [];
    for await (const object of onServer.list('')) keys.push(object.key);
    assert.deepEqual(keys, ['p/kept']);
    await onServer.put('p/new', hello);
  });
});
