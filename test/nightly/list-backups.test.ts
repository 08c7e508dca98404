import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError, type BackupErrorCode, isBackupError } from '../../src/errors.js';
import {
  findLatestBackup,
  type ListedBackup,
  listBackups,
  listWith,
} from '../../src/history/list-backups.js';
import { Spool } from '../../src/nightly/run/spool.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { runHere } from '../cli/support.js';
import { noModes } from '../support/needs.js';

// Copies of one practice, of which some cannot be read.

const vector = 'test/vectors/critical.tar.age';
let archive: Buffer;
let practiceId: string;
before(async () => {
  archive = await readFile(vector);
  const store = createMemoryStorage();
  await store.put('x/2026-01-01/a.tar.age', replayableBytes(archive));
  practiceId = (await listBackups(store))[0]!.label!.practiceId;
});

/** A store with a copy of each night, that fails for those it is told to. */
async function storeWith(failing: Readonly<Record<string, BackupErrorCode>>): Promise<StorageAdapter> {
  const inner = createMemoryStorage();
  for (const night of ['01', '02', '03', '04', '05']) {
    await inner.put(`${practiceId}/2026-01-${night}/a.tar.age`, replayableBytes(archive));
  }
  return {
    description: inner.description,
    capabilities: inner.capabilities,
    put: (...given) => inner.put(...given),
    stat: (...given) => inner.stat(...given),
    list: (...given) => inner.list(...given),
    delete: (...given) => inner.delete(...given),
    classify: (error) => inner.classify(error),
    async *get(key, options) {
      const code = failing[key.split('/').at(-2)!.slice(-2)];
      if (code !== undefined) throw new BackupError(code, 'It is in cold storage.');
      yield* inner.get(key, options);
    },
  };
}

for (const code of [
  'storage-permanent',
  'storage-transient',
  'verification-failed',
  'destination-missing',
] as const) {
  test(`one archive that cannot be read (${code}) hides no other`, async () => {
    const listed = await listBackups(await storeWith({ '03': code }), { practiceId });
    assert.equal(listed.length, 5);
    assert.equal(listed.filter(({ label }) => label !== null).length, 4);
    assert.deepEqual(
      listed.flatMap(({ key, unreadable }) => (unreadable === undefined ? [] : [[key, unreadable]])),
      [[`${practiceId}/2026-01-03/a.tar.age`, code]],
    );
  });
}

test('a store of which nothing can be read is at fault, and no archive', async () => {
  const all = (code: BackupErrorCode) =>
    storeWith(Object.fromEntries(['01', '02', '03', '04', '05'].map((night) => [night, code])));
  for (const code of ['storage-permanent', 'storage-transient', 'destination-missing'] as const) {
    await assert.rejects(listBackups(await all(code)), (error) => isBackupError(error, code));
    await assert.rejects(findLatestBackup(await all(code), { practiceId }), (error) =>
      isBackupError(error, code),
    );
  }
});

test('a line that went away in the middle of a list is told of', async () => {
  const failing = {
    '03': 'storage-transient',
    '04': 'storage-transient',
    '05': 'storage-transient',
  } as const;
  const store = await storeWith(failing);
  const list: StorageAdapter['list'] = async function* (prefix, options) {
    if (prefix.endsWith('.tar.age')) throw new BackupError('storage-transient', 'The line is down.');
    yield* store.list(prefix, options);
  };
  await assert.rejects(listBackups({ ...store, list }), (error) => isBackupError(error, 'storage-transient'));
});

test('a place that is gone in the middle of a list is told of', async () => {
  const gone = 'destination-missing';
  const store = await storeWith({ '03': gone });
  const list: StorageAdapter['list'] = async function* (prefix, options) {
    if (prefix.endsWith('.tar.age')) throw new BackupError(gone, 'The share is not mounted.');
    yield* store.list(prefix, options);
  };
  await assert.rejects(listBackups({ ...store, list }), (error) => isBackupError(error, gone));
});

test('any number of neighbours that cannot be read hides no other, and is not waited for without end', async () => {
  const bad = 'storage-transient';
  const told = (listed: readonly ListedBackup[]) =>
    listed.map(({ key, label, unreadable }) => [
      key.split('/').at(-2)?.slice(-2),
      label === null ? unreadable : 'read',
    ]);
  const unread = (nights: readonly string[]) => nights.map((night) => [night, bad]);
  const others = await listBackups(await storeWith({ '01': bad, '02': bad, '03': bad }), { practiceId });
  assert.deepEqual(told(others), [['05', 'read'], ['04', 'read'], ...unread(['03', '02', '01'])]);
  const store = await storeWith({ '02': bad, '03': bad, '04': bad });
  // The last one that is asked for.
  const hanging: StorageAdapter['get'] = async function* (key, options) {
    if (key.includes('-01/')) await delay(60_000, undefined, { signal: options?.signal });
    yield* store.get(key, options);
  };
  const waited = await listWith({ ...store, get: hanging }, { practiceId }, undefined, 5);
  assert.deepEqual(told(waited.backups), [['05', 'read'], ...unread(['04', '03', '02', '01'])]);
});

test('the newest that can be read is found past one in cold storage, and none is guessed over a bad line', async () => {
  const cold = await findLatestBackup(await storeWith({ '05': 'storage-permanent' }), { practiceId });
  assert.notEqual(cold, null);
  assert.notEqual(cold?.key.split('/')[1], '2026-01-05');
  await assert.rejects(
    findLatestBackup(await storeWith({ '05': 'storage-transient' }), { practiceId }),
    (error) => isBackupError(error, 'storage-transient'),
  );
});

test('who-can-open tells of the archives it can read, and names the one it cannot', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sb-who-'));
  try {
    const damaged = join(folder, 'damaged.tar.age');
    await writeFile(damaged, archive.subarray(0, 50));
    const { code, stdout } = await runHere(['who-can-open', damaged, vector, '--json']);
    const told = JSON.parse(stdout) as { archives: unknown[]; unreadable: { archive: string }[] };
    assert.equal(told.archives.length, 1);
    assert.deepEqual(
      told.unreadable.map((each) => each.archive),
      [damaged],
    );
    assert.equal(code, 4);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('the folder of the spool is for its owner alone, whatever the umask', {
  skip: noModes,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sb-spool-'));
  const before = process.umask(0);
  try {
    const path = join(folder, 'deep', 'spool');
    await new Spool(path, 0).prepare();
    assert.equal((await stat(path)).mode & 0o777, 0o700);
  } finally {
    process.umask(before);
    await rm(folder, { recursive: true, force: true });
  }
});
