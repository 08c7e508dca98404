import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectBytes } from '../../src/bytes.js';
import { BackupError, isBackupError } from '../../src/errors.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { type StorageLogEvent, withLog } from '../../src/storage/wrappers/with-log.js';
import { withReadOnly } from '../../src/storage/wrappers/with-read-only.js';
import { type StorageRetry, withRetry } from '../../src/storage/wrappers/with-retry.js';
import { withThrottle } from '../../src/storage/wrappers/with-throttle.js';
import { createFaultyStorage, type StorageFault } from '../../src/testing.js';

const quick = { minTimeout: 0, maxTimeout: 0 } as const;
const hello = replayableBytes(Buffer.from('hello'));

test('what is transient is tried again and told; what is permanent is not', async () => {
  const told: StorageRetry[] = [];
  const failing = (fault: StorageFault, times: number) =>
    withRetry(
      createFaultyStorage(createMemoryStorage(), ({ operation, earlier }) =>
        operation === 'put' && earlier < times ? fault : undefined,
      ),
      { ...quick, retries: 3, onRetry: (retry) => told.push(retry) },
    );
  await failing({ kind: 'refused' }, 3).put('a', hello);
  assert.deepEqual(
    told.map(({ operation, key, retriesLeft }) => [operation, key, retriesLeft]),
    [
      ['put', 'a', 3],
      ['put', 'a', 2],
      ['put', 'a', 1],
    ],
  );
  await assert.rejects(failing({ kind: 'refused' }, 4).put('a', hello), (error) =>
    isBackupError(error, 'storage-transient'),
  );
  told.length = 0;
  const full = new BackupError('storage-full', 'The store is full.');
  await assert.rejects(failing({ kind: 'refused', error: full }, 1).put('a', hello), full);
  assert.deepEqual(told, []);
});

test('a put whose answer was lost is known as its own; an object of somebody else is not', async () => {
  const inner = createMemoryStorage();
  const once = () =>
    withRetry(
      createFaultyStorage(inner, ({ operation, earlier }) =>
        operation === 'put' && earlier === 0 ? { kind: 'answer-lost' } : undefined,
      ),
      quick,
    );
  assert.equal((await once().put('mine', hello, { ifAbsent: true })).size, 5);
  const refusedOnce = withRetry(
    createFaultyStorage(inner, ({ operation, earlier }) =>
      operation === 'put' && earlier === 0 ? { kind: 'refused' } : undefined,
    ),
    quick,
  );
  await assert.rejects(
    refusedOnce.put('mine', replayableBytes(Buffer.from('other')), { ifAbsent: true }),
    (error) => isBackupError(error, 'storage-exists'),
  );
});

test('a read that breaks off again and again goes on where it was', async () => {
  const inner = createMemoryStorage();
  const bytes = Buffer.alloc(3_000_000, 'abcdefg');
  await inner.put('long', replayableBytes(bytes));
  const offsets: number[] = [];
  const breaking = {
    ...createFaultyStorage(inner, () => ({ kind: 'broken-off', after: 300_001 })),
    stat: inner.stat,
  };
  const spied = {
    ...breaking,
    get: (key: string, options: { range?: { offset: number } } = {}) => {
      offsets.push(options.range?.offset ?? 0);
      return breaking.get(key, options);
    },
  };
  const read = await collectBytes(withRetry(spied, quick).get('long'));
  assert.ok(bytes.equals(read));
  assert.deepEqual(offsets.slice(0, 3), [0, 300_001, 600_002]);
});

test('a read that goes on never joins two objects', async () => {
  const inner = createMemoryStorage();
  await inner.put('long', replayableBytes(Buffer.alloc(600_000, 'a')));
  const breaking = createFaultyStorage(inner, ({ operation }) =>
    operation === 'get' ? { kind: 'broken-off', after: 300_000 } : undefined,
  );
  const reading = (async () => {
    for await (const _ of withRetry(breaking, quick).get('long')) {
      await inner.put('long', replayableBytes(Buffer.alloc(600_000, 'b')));
    }
  })();
  await assert.rejects(reading, (error) => isBackupError(error, 'verification-failed'));
});

test('a read whose object is not there when it goes on calls it missing, and not changed', async () => {
  const inner = createMemoryStorage();
  await inner.put('long', replayableBytes(Buffer.alloc(600_000, 'a')));
  for (const missing of [0, 1]) {
    const breaking = createFaultyStorage(inner, ({ operation }) =>
      operation === 'get' ? { kind: 'broken-off', after: 300_000 } : undefined,
    );
    let asked = 0;
    // As a share whose mount point is empty for a moment.
    const stat: StorageAdapter['stat'] = async (key) => (asked++ === missing ? null : inner.stat(key));
    const reading = collectBytes(withRetry({ ...breaking, stat }, quick).get('long'));
    await assert.rejects(reading, (error) => isBackupError(error, 'storage-not-found'));
  }
});

test('a list that breaks off goes on after the last key', async () => {
  const inner = createMemoryStorage();
  const keys = Array.from({ length: 20 }, (_, i) => `k${String(i).padStart(2, '0')}`);
  for (const key of keys) await inner.put(key, hello);
  const breaking = createFaultyStorage(inner, ({ operation, earlier }) =>
    operation === 'list' && earlier < 3 ? { kind: 'broken-off', after: 3 + earlier * 5 } : undefined,
  );
  const listed: string[] = [];
  for await (const { key } of withRetry(breaking, quick).list('k')) listed.push(key);
  assert.deepEqual(listed, keys);
});

test('a list gives whoever asks faster than it answers each object once', async () => {
  const inner = createMemoryStorage();
  const keys = ['a', 'b', 'c'];
  for (const key of keys) await inner.put(key, hello);
  const iterator = withRetry(inner, quick).list('')[Symbol.asyncIterator]();
  const answers = await Promise.all(Array.from({ length: 4 }, () => iterator.next()));
  assert.deepEqual(
    answers.map(({ done, value }) => (done === true ? 'end' : value.key)),
    [...keys, 'end'],
  );
  assert.equal((await iterator.next()).done, true);
});

test('a list that nobody reads to its end is ended once', async () => {
  let ended = 0;
  const inner = createMemoryStorage();
  for (const key of ['a', 'b']) await inner.put(key, hello);
  const counting = {
    ...inner,
    async *list(prefix: string) {
      try {
        yield* inner.list(prefix);
      } finally {
        ended += 1;
      }
    },
  };
  for await (const { key } of withRetry(counting, quick).list('')) if (key === 'a') break;
  assert.equal(ended, 1);
});

test('an abort ends the waiting between two tries', async () => {
  const abort = new AbortController();
  const storage = withRetry(
    createFaultyStorage(createMemoryStorage(), () => ({ kind: 'refused' })),
    {
      minTimeout: 1e9,
      maxTimeout: 1e9,
      onRetry: () => setImmediate(() => abort.abort(new Error('enough'))),
    },
  );
  await assert.rejects(storage.stat('a', { signal: abort.signal }), { message: 'enough' });
});

test('a store opened for reading takes nothing and loses nothing', async () => {
  const inner = createMemoryStorage();
  await inner.put('a', hello);
  const storage = withReadOnly(inner);
  const refused = (error: unknown): boolean => isBackupError(error, 'storage-permanent');
  await assert.rejects(storage.put('b', hello), refused);
  await assert.rejects(storage.delete('a'), refused);
  assert.equal(Buffer.from(await collectBytes(storage.get('a'))).toString(), 'hello');
});

test('a throttled store keeps its rate on average, over all transfers together', async () => {
  const storage = withThrottle(createMemoryStorage(), { bytesPerSecond: 1_000_000 });
  const start = performance.now();
  const chunked = {
    size: 300_000,
    *open() {
      for (let i = 0; i < 30; i += 1) yield new Uint8Array(10_000);
    },
  };
  await Promise.all([storage.put('a', chunked), storage.put('b', chunked)]);
  const seconds = (performance.now() - start) / 1000;
  // 0.6 s of bytes less 0.25 s of burst. A busy machine is slower, never quicker.
  assert.ok(seconds > 0.33, `took ${seconds} s`);
});

test('the log tells keys, bytes and codes, and ends every call', async () => {
  const events: StorageLogEvent[] = [];
  const storage = withLog(createMemoryStorage(), (event) => events.push(event));
  await storage.put('a', hello);
  await collectBytes(storage.get('a'));
  await assert.rejects(collectBytes(storage.get('b')));
  for await (const _ of storage.list('')) break;
  await storage.delete('a');
  assert.deepEqual(
    events.map(({ milliseconds: _, store: __, ...event }) => event),
    [
      { operation: 'put', key: 'a', bytes: 5 },
      { operation: 'get', key: 'a', bytes: 5 },
      { operation: 'get', key: 'b', bytes: 0, failure: 'storage-not-found' },
      { operation: 'list', key: '', objects: 1 },
      { operation: 'delete', key: 'a' },
    ],
  );
});
