import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AdminCandidate } from '../../src/admin/resolve-last-admin.js';
import { BackupError, isBackupError } from '../../src/errors.js';
import { findLatestBackup, listBackups } from '../../src/history/list-backups.js';
import { formatNoteKey } from '../../src/history/note.js';
import { noteKeyOf } from '../../src/history/note-body.js';
import { noteKeyOfSigner } from '../../src/history/signer.js';
import { SmallReads } from '../../src/history/small-reads.js';
import { verifyHistory } from '../../src/history/verify-history.js';
import type { CopyReport } from '../../src/nightly/run/backup-report.js';
import { type Pruning, prune } from '../../src/nightly/run/prune.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { withRetry } from '../../src/storage/wrappers/with-retry.js';
import { fakeArchive } from '../simulate/sealed.js';
import { NotedPlace, officeSigner } from './noted-store.js';
import { minute, silent, timed } from './silence.js';

// Stores that list what they have, and stay silent when some of it is read.

const practiceId = '4711';
const now = new Date('2026-12-31T12:00:00Z');

function keyOf(number: number): string {
  const night = new Date(Date.UTC(2026, 0, number)).toISOString().slice(0, 10);
  return `${practiceId}/${night}/${createHash('md5').update(`${number}`).digest('hex')}.tar.age`;
}

/** A store with one archive of each night, the first night first. */
async function storeWith(count: number, description = 'memory'): Promise<StorageAdapter> {
  const inner = createMemoryStorage({ now: () => now });
  for (let number = 1; number <= count; number += 1) {
    const key = keyOf(number);
    const [, night, name] = key.split('/');
    const archive = fakeArchive({
      archiveId: name!.slice(0, 32),
      createdAt: `${night}T23:30:00.000Z`,
      practiceId,
      scope: 'full',
      holder: { userNum: '1', userName: 'Admin', recipient: 'age1office' },
      size: 10,
    });
    await inner.put(key, replayableBytes(archive.bytes));
  }
  return { ...inner, description };
}

for (const [which, givesUpAfter] of [
  ['gives up itself after a minute', minute],
  ['never gives up', null],
] as const) {
  test(`a store that returns no more labels is asked for a few only: one that ${which}`, async (t) => {
    const newest = new Set([298, 299, 300].map(keyOf));
    const { store, asked } = silent(await storeWith(300), (key) => !newest.has(key), givesUpAfter);
    const { took, result } = await timed(t, () => listBackups(store, { practiceId, now }));
    assert.equal(result.length, 300);
    assert.deepEqual(
      result.filter(({ label }) => label !== null).map(({ key }) => key),
      [300, 299, 298].map(keyOf),
    );
    assert.equal(result.filter(({ unreadable }) => unreadable === 'storage-transient').length, 297);
    assert.ok(asked.length <= 3 + 8, `${asked.length} were asked for`);
    assert.ok(took <= 10 * minute, `${took} ms`);
  });
}

test('a store that returns no label at all is at fault after minutes, not hours', async (t) => {
  const { store } = silent(await storeWith(300), () => true);
  const failed = () =>
    assert.rejects(listBackups(store), (error) => isBackupError(error, 'storage-transient'));
  const { took } = await timed(t, failed);
  assert.ok(took <= 10 * minute, `${took} ms`);
});

test('archives that do not return hide none that does, however many and wherever, if no five are neighbours', async (t) => {
  const count = 40;
  const inner = await storeWith(count);
  // Runs of silent ones, each followed by one that returns.
  const runs = fc.array(fc.nat({ max: 4 }), { minLength: 8, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(runs, async (lengths) => {
      const pattern = lengths.flatMap((length) => [...Array<boolean>(length).fill(true), false]);
      const isSilent = (key: string): boolean =>
        pattern[[...Array(count).keys()].findIndex((i) => keyOf(i + 1) === key)] === true;
      const { store } = silent(inner, isSilent);
      const { result } = await timed(t, () => listBackups(store, { practiceId, now }));
      assert.equal(result.length, count);
      for (const { key, label } of result) assert.equal(label === null, isSilent(key), key);
    }),
    { numRuns: 8 },
  );
});

test('a store that returns labels and no notes is asked for a few notes only', async (t) => {
  const inner = await storeWith(300);
  for (let number = 1; number <= 300; number += 1) {
    await inner.put(`${keyOf(number).slice(0, -'.tar.age'.length)}.note`, replayableBytes(new Uint8Array(9)));
  }
  const { store, asked } = silent(inner, (key) => key.endsWith('.note'));
  const { took, result } = await timed(t, () => listBackups(store, { practiceId, now }));
  assert.equal(result.filter(({ label, origin }) => label !== null && origin === undefined).length, 300);
  assert.ok(asked.filter((key) => key.endsWith('.note')).length <= 8);
  assert.ok(took <= 10 * minute, `${took} ms`);
  const trustedKeys = [formatNoteKey(noteKeyOfSigner(officeSigner, practiceId))];
  const options = { practiceId, now, trustedKeys };
  const { took: longer, result: newest } = await timed(t, () => findLatestBackup(store, options));
  assert.equal(newest?.key, keyOf(300));
  assert.ok(longer <= 10 * minute, `${longer} ms`);
});

test('the notes of a place that returns none of them are unreadable after minutes, not hours', async (t) => {
  const place = new NotedPlace();
  await place.makeNights(300);
  const { store, asked } = silent(place.store, (key) => key.endsWith('.note'));
  const { took, result } = await timed(t, () => verifyHistory(store, { practiceId, concurrency: 1 }));
  assert.equal(result.findings.filter(({ kind }) => kind === 'unreadable').length, 300);
  assert.ok(asked.length <= 8, `${asked.length} were asked for`);
  assert.ok(took <= 10 * minute, `${took} ms`);
});

test('notes that do not return hide no other when eight are read at once', async (t) => {
  const place = new NotedPlace();
  await place.makeNights(100);
  const notes = [5, 17, 29, 41, 53, 65, 77, 89].map((number) => noteKeyOf(place.copies[number - 1]!.key)!);
  const { store } = silent(place.store, (key) => notes.includes(key), null);
  const { result } = await timed(t, () => verifyHistory(store, { practiceId }));
  const unreadable = result.findings.flatMap((each) => (each.kind === 'unreadable' ? [each.key] : []));
  assert.deepEqual(new Set(unreadable), new Set(notes));
});

test('a store that counts as away is asked for nothing more, even if an answer comes late', async () => {
  const never = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const reads = new SmallReads({ description: 'store' }, undefined, 1);
  let answer: () => void = () => undefined;
  const late = reads.read('late', () => new Promise<void>((resolve) => (answer = resolve)));
  for (let i = 0; i < 5; i += 1) await assert.rejects(reads.read(`${i}`, never));
  answer();
  await late;
  assert.ok(reads.isAway);
});

/** Removes what a policy of six days does not keep, as a night does. */
function pruning(store: StorageAdapter, count: number, removed: string[]): Pruning {
  const admin = { userNum: '1', userName: 'Admin', isHidden: false, lastLogin: null };
  const newest = { key: keyOf(count), night: keyOf(count).split('/')[1]! };
  const verified = Array.from({ length: count }, (_, i) => ({
    key: keyOf(i + 1),
    night: keyOf(i + 1).split('/')[1]!,
    verifiedAt: `${keyOf(i + 1).split('/')[1]}T23:45:00.000Z`,
  }));
  return {
    store,
    practiceId,
    night: newest.night,
    policy: { daily: 'P6D' },
    timeZone: 'America/Chicago',
    now: new Date(`${newest.night}T23:59:00Z`),
    verified,
    readBack: newest as CopyReport,
    machine: 'm',
    admins: [admin as unknown as AdminCandidate],
    signal: new AbortController().signal,
    onGoing: async () => undefined,
    onRemoved: (key) => void removed.push(key),
  };
}

test('retention removes nothing at a place that stopped returning archives, and says so once', async (t) => {
  const removed: string[] = [];
  const whole = await storeWith(40, 'a place that returns all');
  assert.deepEqual(await prune(pruning(whole, 40, removed)), []);
  assert.ok(removed.length > 0);
  removed.length = 0;
  // What is newer than the silent ones would suffice to remove some.
  const answers = (key: string): boolean => key > keyOf(25);
  const { store } = silent(await storeWith(40, 'a place that stopped'), (key) => !answers(key));
  const { took, result } = await timed(t, () => prune(pruning(store, 40, removed)));
  assert.deepEqual(removed, []);
  assert.deepEqual(
    result.map(({ code }) => code),
    ['retention-failed'],
  );
  assert.match(result[0]!.message, /a place that stopped did not return several archives in a row/);
  assert.ok(took <= 10 * minute, `${took} ms`);
});

for (const [where, oldest] of [
  ['between others', 9],
  ['before all others', 1],
] as const) {
  test(`retention goes on beside any number of neighbours that a store fails to read at once and tries again: ${where}`, async (t) => {
    const removed: string[] = [];
    const whole = await storeWith(40, `a whole place for neighbours ${where}`);
    await prune(pruning(whole, 40, removed));
    const bad = new Set(Array.from({ length: 15 }, (_, i) => keyOf(oldest + i)));
    const others = removed.filter((key) => !bad.has(key));
    assert.ok(others.length > 0);
    removed.length = 0;
    const inner = await storeWith(40, `a place with bad neighbours ${where}`);
    const get: StorageAdapter['get'] = (key, options) => {
      if (bad.has(key)) throw new BackupError('storage-transient', 'EIO');
      return inner.get(key, options);
    };
    const store = withRetry({ ...inner, get });
    const { took, result } = await timed(t, () => prune(pruning(store, 40, removed)));
    assert.deepEqual(removed, others);
    assert.deepEqual(
      result.map(({ code }) => code),
      Array(bad.size).fill('archive-unreadable'),
    );
    assert.ok(took <= 10 * minute, `${took} ms`);
  });
}
