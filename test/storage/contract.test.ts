import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createFileSystemStorage, FileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import {
  type ContractSubject,
  ContractViolation,
  createEventuallyConsistentStorage,
  createFaultyStorage,
  createSlowStorage,
  storageContract,
} from '../../src/storage/testing/index.js';
import { withLog } from '../../src/storage/wrappers/with-log.js';
import { withRetry } from '../../src/storage/wrappers/with-retry.js';
import { withThrottle } from '../../src/storage/wrappers/with-throttle.js';

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
    path = await mkdtemp(join(tmpdir(), 'sb-contract-'));
  });
  after(async () => {
    assert.deepEqual(await readdir(path), [], 'something was left behind');
    await rm(path, { recursive: true });
  });
  for (const check of storageContract({ create: () => createFileSystemStorage({ path }) })) {
    test(check.name, check.run);
  }
});

describe('folder without hard links', () => {
  let path: string;
  before(async () => {
    path = await mkdtemp(join(tmpdir(), 'sb-contract-'));
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
  const broken: readonly (readonly [string, (inner: StorageAdapter) => Partial<StorageAdapter>])[] = [
    [
      'a store that shows unfinished objects',
      (inner) => ({
        async put(key, source, options) {
          await inner.put(key, { size: 1, open: () => new Uint8Array(1) });
          return inner.put(key, source, options);
        },
      }),
    ],
    [
      'a store that ignores `ifAbsent`',
      (inner) => ({
        put: (key, source, { ifAbsent: _, ...options } = {}) => inner.put(key, source, options),
      }),
    ],
    ['a store that ignores ranges', (inner) => ({ get: (key) => inner.get(key) })],
    [
      'a store that lists backwards',
      (inner) => ({
        async *list(prefix) {
          const all = [];
          for await (const object of inner.list(prefix)) all.push(object);
          yield* all.reverse();
        },
      }),
    ],
    [
      'a store that flips a bit',
      (inner) => ({ get: createFaultyStorage(inner, () => ({ kind: 'flipped', at: 999 })).get }),
    ],
    [
      'a store that talks about its password',
      () => ({
        stat: () => Promise.reject(new Error('login', { cause: { url: 'ftp://a:sesame@b' } })),
      }),
    ],
  ];
  for (const [name, breakIt] of broken) {
    test(name, async () => {
      const store = createMemoryStorage();
      const checks = storageContract({
        create: () => ({ ...store, ...breakIt(store) }),
        secrets: ['sesame'],
      });
      const outcomes = await Promise.allSettled(checks.map((check) => check.run()));
      const found = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
      assert.ok(
        found.some((error) => error instanceof ContractViolation),
        'not found out',
      );
    });
  }
});
