import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { collectBytes, iterateBytes } from '../../src/bytes.js';
import { BackupError, isBackupError } from '../../src/errors.js';
import type { ReplayableSource, StorageAdapter } from '../../src/storage/adapter.js';
import { createFileSystemStorage, FileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { withLog } from '../../src/storage/wrappers/with-log.js';
import { withRetry } from '../../src/storage/wrappers/with-retry.js';
import { withThrottle } from '../../src/storage/wrappers/with-throttle.js';
import {
  type ContractSubject,
  ContractViolation,
  createEventuallyConsistentStorage,
  createFaultyStorage,
  createSlowStorage,
  storageContract,
} from '../../src/testing.js';
import { diskFolder } from '../support/disk.js';

function proves(name: string, subject: ContractSubject): void {
  describe(name, () => {
    for (const check of storageContract(subject)) test(check.name, check.run);
  });
}

const memory = createMemoryStorage();
proves('memory', { create: () => memory });

describe('folder', () => {
  let path: string;
  before(async () => {
    path = await mkdtemp(join(diskFolder(), 'sb-contract-'));
  });
  after(async () => {
    assert.deepEqual(await readdir(path), [], 'something was left behind');
    await rm(path, { recursive: true });
  });
  const broken = [() => createFileSystemStorage({ path: join(path, 'not-mounted') })];
  for (const check of storageContract({ create: () => createFileSystemStorage({ path }), broken })) {
    test(check.name, check.run);
  }
});

describe('folder without hard links', () => {
  let path: string;
  before(async () => {
    path = await mkdtemp(join(diskFolder(), 'sb-contract-'));
  });
  after(async () => {
    assert.deepEqual(await readdir(path), [], 'something was left behind');
    await rm(path, { recursive: true });
  });
  const noLinks = async (): Promise<void> => {
    throw Object.assign(new Error('no hard links here'), { code: 'EIO' });
  };
  for (const check of storageContract({ create: () => new FileSystemStorage({ path }, noLinks) })) {
    test(check.name, check.run);
  }
});

const wrapped = createMemoryStorage();
let turn = 0;
proves('every wrapper around a store that fails at every third call, is slow and lags', {
  create: () =>
    withLog(
      withThrottle(
        withRetry(
          createFaultyStorage(
            createSlowStorage(createEventuallyConsistentStorage(wrapped, { lag: 20 }), {
              pause: () => new Promise((resolve) => setImmediate(resolve)),
            }),
            () => {
              turn += 1;
              if (turn % 3 !== 0) return undefined;
              return (['refused', 'answer-lost'] as const).map((kind) => ({ kind }))[(turn / 3) % 2];
            },
          ),
          { minTimeout: 0, maxTimeout: 0 },
        ),
        { bytesPerSecond: 1e9 },
      ),
      () => undefined,
    ),
  settleWithin: 5000,
});

describe('the suite finds out', () => {
  type Put = StorageAdapter['put'];
  const putting = (change: (inner: StorageAdapter) => Put) => (inner: StorageAdapter) => ({
    put: change(inner),
  });
  const cut = (source: ReplayableSource, change: (bytes: Uint8Array) => Uint8Array): ReplayableSource => ({
    size: source.size,
    open: async function* () {
      yield change(await collectBytes(source.open()));
    },
  });
  // Each breaks one promise; the check that says so is named.
  const broken: readonly (readonly [string, string, (inner: StorageAdapter) => Partial<StorageAdapter>])[] = [
    [
      'a store that shows unfinished objects',
      'an unfinished object shows nowhere, and the finished one shows whole',
      putting((inner) => async (key, source, options) => {
        await inner.put(key, { size: 1, open: () => new Uint8Array(1) });
        return inner.put(key, source, options);
      }),
    ],
    [
      'a store that keeps what came before its source failed',
      'a source that fails leaves nothing that shows, and a replay arrives intact',
      putting((inner) => async (key, source, options) => {
        const got: Uint8Array[] = [];
        try {
          for await (const chunk of iterateBytes(source.open())) got.push(chunk);
        } catch (error) {
          await inner.put(key, replayableBytes(Buffer.concat(got)));
          throw error;
        }
        return inner.put(key, source, options);
      }),
    ],
    [
      'a store that ignores `ifAbsent`',
      '`ifAbsent` stores what is new and leaves alone what is there',
      putting(
        (inner) =>
          (key, source, { ifAbsent: _, ...options } = {}) =>
            inner.put(key, source, options),
      ),
    ],
    [
      'a store that looks, and then stores',
      'of writers that race with `ifAbsent`, one wins and its bytes stay',
      putting((inner) => async (key, source, { ifAbsent, ...options } = {}) => {
        if (ifAbsent === true && (await inner.stat(key)) !== null) {
          throw new BackupError('storage-exists', 'There is one.');
        }
        return inner.put(key, source, options);
      }),
    ],
    [
      'a store that says nothing of who was first',
      'of writers that race with `ifAbsent`, one wins and its bytes stay',
      putting((inner) => async (key, source, options) => {
        try {
          return await inner.put(key, source, options);
        } catch (error) {
          throw isBackupError(error, 'storage-exists') ? new Error('exists') : error;
        }
      }),
    ],
    [
      'a store that swaps two parts',
      'an object of several parts arrives whole, and progress is told up to its size',
      putting((inner) => (key, source, options) => {
        const half = source.size >> 1;
        const swap = (bytes: Uint8Array): Uint8Array =>
          Buffer.concat([bytes.subarray(half), bytes.subarray(0, half)]);
        return inner.put(key, source.size > 100_000 ? cut(source, swap) : source, options);
      }),
    ],
    [
      'a store that takes an aborted put for done',
      'an aborted put rejects with the reason and leaves nothing that shows',
      putting(
        (inner) =>
          (key, source, { signal: _, ...options } = {}) =>
            inner.put(key, source, options),
      ),
    ],
    [
      'a store that refuses empty objects',
      'an empty object is an object',
      putting((inner) => (key, source, options) => {
        if (source.size === 0) throw new BackupError('storage-permanent', 'Nothing to store.');
        return inner.put(key, source, options);
      }),
    ],
    [
      'a store that believes its source',
      'a source that is shorter, longer or other than it says is refused, and nothing shows',
      putting((inner) => async (key, source, options) => {
        const bytes = await collectBytes(source.open());
        return inner.put(key, replayableBytes(bytes), options);
      }),
    ],
    [
      'a store whose progress stops short',
      'an object of several parts arrives whole, and progress is told up to its size',
      putting(
        (inner) =>
          (key, source, { onProgress: _, ...options } = {}) =>
            inner.put(key, source, options),
      ),
    ],
    [
      'a store that replaces bytes in place',
      'while an object is replaced, the old one is read',
      putting((inner) => async (key, source, options) => {
        if (options?.ifAbsent !== true) await inner.delete(key);
        return inner.put(key, source, options);
      }),
    ],
    [
      'a store that ignores ranges',
      'a range gives exactly its bytes, and one outside of the object is a RangeError',
      (inner) => ({ get: (key) => inner.get(key) }),
    ],
    [
      'a store that flips a bit',
      'what was put is what anybody gets',
      (inner) => ({ get: createFaultyStorage(inner, () => ({ kind: 'flipped', at: 999 })).get }),
    ],
    [
      'a store that gives nothing for what is not there',
      'get of what is not there says `storage-not-found`',
      (inner) => ({
        async *get(key, options) {
          if ((await inner.stat(key)) !== null) yield* inner.get(key, options);
        },
      }),
    ],
    [
      'a store that lists backwards',
      'list gives the keys that begin with the prefix, in order, over pages',
      (inner) => ({
        async *list(prefix) {
          const all = [];
          for await (const object of inner.list(prefix)) all.push(object);
          yield* all.reverse();
        },
      }),
    ],
    [
      'a store that lists one page',
      'list gives the keys that begin with the prefix, in order, over pages',
      (inner) => ({
        async *list(prefix, options) {
          let left = 10;
          for await (const object of inner.list(prefix, options)) if (left-- > 0) yield object;
        },
      }),
    ],
    [
      'a store that lists folders, not prefixes',
      'list gives the keys that begin with the prefix, in order, over pages',
      (inner) => ({
        async *list(prefix, options) {
          const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
          yield* inner.list(folder, options);
        },
      }),
    ],
    [
      'a store that decodes its keys',
      'odd keys are kept apart and come back as they were',
      (inner) => ({
        async *list(prefix, options) {
          for await (const object of inner.list(prefix, options)) {
            yield { ...object, key: object.key.replaceAll('%20', ' ') };
          }
        },
      }),
    ],
    [
      'a store that takes any key',
      'keys with an empty, "." or ".." segment, a backslash or a control character are refused',
      (inner) => ({ stat: async (key) => (key.startsWith('contract') ? inner.stat(key) : null) }),
    ],
    [
      'a store whose delete takes all that begins so',
      'delete removes an object, also one that is not there, or is refused as a whole',
      (inner) => ({
        async delete(key) {
          for await (const object of inner.list(key)) await inner.delete(object.key);
        },
      }),
    ],
    [
      'a store whose delete fails for what is not there',
      'delete removes an object, also one that is not there, or is refused as a whole',
      (inner) => ({
        async delete(key) {
          if ((await inner.stat(key)) === null) throw new BackupError('storage-not-found', 'Nothing there.');
          await inner.delete(key);
        },
      }),
    ],
    [
      'a store that shows folders as objects',
      'what is only the beginning of a key is nothing',
      (inner) => ({
        async stat(key, options) {
          for await (const object of inner.list(`${key}/`, options)) return { ...object, key };
          return inner.stat(key, options);
        },
      }),
    ],
    [
      'a store that goes on after an abort',
      'an aborted signal stops stat, list and delete too',
      (inner) => ({ stat: (key) => inner.stat(key) }),
    ],
    [
      'a store that talks about its password',
      'stat tells what put told, and null for what is not there',
      () => ({ stat: () => Promise.reject(new Error('login', { cause: { url: 'ftp://a:sesame@b' } })) }),
    ],
  ];
  for (const [name, promise, breakIt] of broken) {
    test(name, async () => {
      const store = createMemoryStorage();
      const checks = storageContract({
        create: () => ({ ...store, ...breakIt(store) }),
        secrets: ['sesame'],
      });
      const check = checks.find((one) => one.name === promise);
      assert.ok(check, promise);
      // A violation, or what the broken store threw where it should not have.
      await assert.rejects(check.run());
    });
  }

  test('a broken store that passes for an empty one, and one that fails with anything', async () => {
    const store = createMemoryStorage();
    const promise = 'a store that refuses or does not answer says so, and is never taken for an empty one';
    for (const broken of [
      store,
      createFaultyStorage(store, () => ({ kind: 'refused', error: new Error('x') })),
    ]) {
      const checks = storageContract({ create: () => store, broken: [() => broken] });
      await assert.rejects(checks.find(({ name }) => name === promise)!.run(), isViolation);
    }
    const dead = createFaultyStorage(store, () => ({ kind: 'refused' }));
    const checks = storageContract({ create: () => store, broken: [() => dead] });
    await checks.find(({ name }) => name === promise)!.run();
  });

  function isViolation(error: unknown): boolean {
    return error instanceof ContractViolation;
  }
});
