import assert from 'node:assert/strict';
import {
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { collectBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import { retryWhileBusy } from '../../src/files/retry-while-busy.js';
import type { ReplayableSource } from '../../src/storage/adapter.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { newTemporaryName } from '../../src/storage/file-system/names.js';
import { rangeSourceOf } from '../../src/storage/read-ranges.js';
import { replayableBytes, replayableFile } from '../../src/storage/replayable.js';
import { verifyStored } from '../../src/storage/verify-stored.js';
import { diskFolder } from '../support/disk.js';
import { noLinks, noProcessList } from '../support/needs.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(diskFolder(), 'sb-fs-'));
});
after(() => rm(root, { recursive: true, force: true }));

async function freshFolder(name: string): Promise<string> {
  const path = join(root, name);
  await mkdir(path);
  return path;
}

const hello = replayableBytes(Buffer.from('hello'));

test('an object lies under its key as a plain file, and nothing else lies there', async () => {
  const path = await freshFolder('plain');
  const storage = createFileSystemStorage({ path });
  const stored = await storage.put('practice/2026-01-01/a.tar.age', hello, { ifAbsent: true });
  assert.equal(stored.size, 5);
  assert.equal(await readFile(join(path, 'practice/2026-01-01/a.tar.age'), 'utf8'), 'hello');
  assert.deepEqual(await readdir(path), ['practice']);
});

test('the process of a store ends with its block', { skip: noProcessList }, async () => {
  const path = await freshFolder('block');
  const before = new Set(await ownProcesses());
  let during: readonly string[];
  {
    await using storage = createFileSystemStorage({ path });
    await storage.put('a', hello);
    during = (await ownProcesses()).filter((pid) => !before.has(pid));
    assert.equal(during.length, 1);
  }
  const left = new Set(await ownProcesses());
  assert.deepEqual(
    during.filter((pid) => left.has(pid)),
    [],
  );
  // The store is of use all the same.
  assert.equal((await createFileSystemStorage({ path }).stat('a'))?.size, 5);
});

/** The processes that this one has started and that run. */
async function ownProcesses(): Promise<readonly string[]> {
  const threads = await readdir('/proc/self/task');
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/self/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) => list.split(' ')).filter((pid) => pid !== '');
}

test('a base folder that is gone is told from an object that is not there', async () => {
  const storage = createFileSystemStorage({ path: join(root, 'not-mounted') });
  const missing = (error: unknown): boolean => isBackupError(error, 'destination-missing');
  await assert.rejects(storage.put('a', hello), missing);
  await assert.rejects(storage.stat('a'), missing);
  await assert.rejects(collectBytes(storage.get('a')), missing);
  await assert.rejects(async () => {
    for await (const _ of storage.list('')) assert.fail('listed');
  }, missing);
});

/** Lets every file that is written from now on fail when it is closed. */
async function failCloses(context: TestContext, failure: Error): Promise<void> {
  // The class of open files is not exported, and the way to close one belongs to each.
  const probe = await open(root, 'r');
  const files = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const { write } = files;
  context.mock.method(files, 'write', function (this: FileHandle, ...given: Parameters<typeof write>) {
    const { close } = this;
    this.close = async () => {
      await close.call(this);
      throw failure;
    };
    return write.apply(this, given);
  });
}

test('an abort is told by its own reason, also when the file of the share cannot be closed', async (context) => {
  const path = await freshFolder('abort-and-close');
  const storage = createFileSystemStorage({ path, ownProcess: false });
  const stop = new AbortController();
  const reason = new Error('the window closes');
  const source: ReplayableSource = {
    size: 2,
    async *open() {
      await failCloses(context, Object.assign(new Error('stale handle'), { code: 'ESTALE' }));
      yield Buffer.from('a');
      stop.abort(reason);
      yield Buffer.from('b');
    },
  };
  await assert.rejects(storage.put('a', source, { signal: stop.signal }), (error) => error === reason);
  context.mock.restoreAll();
  assert.deepEqual(await readdir(path), []);
});

test('what a share tells at the close is believed: nothing is stored', async (context) => {
  const path = await freshFolder('bad-news');
  const storage = createFileSystemStorage({ path, ownProcess: false });
  const source: ReplayableSource = {
    size: 1,
    async *open() {
      await failCloses(context, Object.assign(new Error('no quota'), { code: 'EDQUOT' }));
      yield Buffer.from('a');
    },
  };
  await assert.rejects(storage.put('a', source), (error) => isBackupError(error, 'storage-full'));
  context.mock.restoreAll();
  assert.deepEqual(await readdir(path), []);
});

test('too little free space is refused before a byte is written', async () => {
  const path = await freshFolder('space');
  const storage = createFileSystemStorage({ path });
  const huge: ReplayableSource = {
    size: 2 ** 52,
    open: () => assert.fail('the source was opened'),
  };
  await assert.rejects(storage.put('a', huge), (error) => isBackupError(error, 'storage-full'));
});

test('what dead processes left behind goes with the next put; what may live stays', async () => {
  const path = await freshFolder('stale');
  // Process numbers end at 2^22 on Linux, so nobody has this one.
  const dead = newTemporaryName().replace(`-${process.pid}-`, '-99999999-');
  const alive = newTemporaryName();
  const foreignYoung = `.supplemental-00000000-1-${'0'.repeat(16)}.partial`;
  const foreignOld = `.supplemental-00000000-2-${'0'.repeat(16)}.partial`;
  for (const name of [dead, alive, foreignYoung, foreignOld]) await writeFile(join(path, name), 'x');
  const yesterday = new Date(Date.now() - 24 * 3600 * 1000);
  await utimes(join(path, foreignOld), yesterday, yesterday);
  const storage = createFileSystemStorage({ path });
  await storage.put('a', hello);
  assert.deepEqual((await readdir(path)).sort(), [alive, foreignYoung, 'a'].sort());
  const keys: string[] = [];
  for await (const { key } of storage.list('')) keys.push(key);
  assert.deepEqual(keys, ['a']);
});

test('keys that leave the folder, that Windows cannot name, or that are ours are refused', async () => {
  const storage = createFileSystemStorage({ path: await freshFolder('keys') });
  for (const key of [
    '../a',
    'a/../../b',
    '/etc/passwd',
    'a//b',
    '',
    '.',
    'a\\b',
    'c:x',
    'nul',
    'aux.txt',
    'con .txt',
    'COM¹',
    'conin$',
    'a.',
    'a ',
  ]) {
    await assert.rejects(storage.put(key, hello), RangeError, key);
  }
  await assert.rejects(storage.put(newTemporaryName(), hello), RangeError);
});

test('a link that takes the place of an unfinished file leads nowhere', { skip: noLinks }, async () => {
  const victim = join(root, 'file-of-root');
  await writeFile(victim, 'precious');
  const replace = async (ownProcess: boolean): Promise<void> => {
    const path = await freshFolder(`replaced-${ownProcess}`);
    const storage = createFileSystemStorage({ path, ownProcess });
    const source: ReplayableSource = {
      size: 10,
      async *open() {
        const partial = (await readdir(path)).find((name) => name.endsWith('.partial'));
        assert.ok(partial !== undefined);
        await rm(join(path, partial));
        await symlink(victim, join(path, partial));
        yield Buffer.from('0123456789');
      },
    };
    await assert.rejects(storage.put('a', source, { ifAbsent: true }), (error) => isBackupError(error));
    assert.equal(await readFile(victim, 'utf8'), 'precious');
    assert.equal(await storage.stat('a'), null);
  };
  // Each waits for the size that a share may show late.
  await Promise.all([replace(true), replace(false)]);
});

test('a link planted in the folder leads nowhere', { skip: noLinks }, async () => {
  const path = await freshFolder('linked');
  const outside = await freshFolder('outside');
  await symlink(outside, join(path, 'practice'));
  const storage = createFileSystemStorage({ path });
  await assert.rejects(storage.put('practice/a', hello), (error) =>
    isBackupError(error, 'storage-permanent'),
  );
  assert.deepEqual(await readdir(outside), []);
});

test('a source that ends early, goes on too long or has another hash is not published', async () => {
  const path = await freshFolder('liar');
  const storage = createFileSystemStorage({ path });
  const failed = (error: unknown): boolean => isBackupError(error, 'source-changed');
  await assert.rejects(storage.put('a', { ...hello, size: 6 }), failed);
  await assert.rejects(storage.put('a', { ...hello, size: 4 }), failed);
  await assert.rejects(storage.put('a', { ...hello, sha256: '00' }), failed);
  assert.deepEqual(await readdir(path), []);
});

test('a file that a virus scanner holds is tried again on Windows, and not elsewhere', async () => {
  let attempts = 0;
  const held = async (): Promise<string> => {
    attempts += 1;
    if (attempts < 4) throw Object.assign(new Error('held'), { code: 'EPERM' });
    return 'done';
  };
  let clock = 0;
  const world = {
    now: () => clock,
    pause: async (ms: number) => {
      clock += ms;
    },
  };
  assert.equal(await retryWhileBusy(held, undefined, { ...world, platform: 'win32' }), 'done');
  assert.equal(clock, 10 + 20 + 40);
  attempts = 0;
  await assert.rejects(retryWhileBusy(held, undefined, { ...world, platform: 'linux' }), { code: 'EPERM' });
  assert.equal(attempts, 1);
  attempts = -1e9;
  await assert.rejects(retryWhileBusy(held, undefined, { ...world, platform: 'win32' }), { code: 'EPERM' });
});

test('an object is read in ranges and verified against what was written', async () => {
  const path = await freshFolder('ranges');
  const file = join(root, 'source.bin');
  const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, i) => i % 251));
  await writeFile(file, bytes);
  const storage = createFileSystemStorage({ path });
  await storage.put('a/b', await replayableFile(file));
  const ranges = await rangeSourceOf(storage, 'a/b');
  assert.equal(ranges.size, bytes.length);
  assert.deepEqual(Buffer.from(await ranges.read(500_000, 200_000)), bytes.subarray(500_000));
  await assert.rejects(ranges.read(500_000, 200_001), RangeError);
  await assert.rejects(verifyStored(storage, 'a/b', { size: bytes.length, sha256: '00' }), (error) =>
    isBackupError(error, 'verification-failed'),
  );
  await assert.rejects(rangeSourceOf(storage, 'a/c'), (error) => isBackupError(error, 'storage-not-found'));
});
