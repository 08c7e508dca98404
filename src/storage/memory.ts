import { createHash } from 'node:crypto';
import { assertOptions } from '../arguments.js';
import { collectBytes } from '../bytes.js';
import { BackupError } from '../errors.js';
import type { StorageAdapter, StoredObject } from './adapter.js';
import { createCustomStorage } from './custom.js';
import { compareKeys } from './object-keys.js';

const chunkSize = 256 * 1024;

/** Options of {@link createMemoryStorage}. */
export interface MemoryStorageOptions {
  /** The clock that dates the objects. @defaultValue the clock of the machine */
  readonly now?: (() => Date) | undefined;
}

/**
 * A store in memory, for tests. It fulfils the contract, but does not outlive the process.
 *
 * @example
 * ```ts
 * const memory = createMemoryStorage();
 * await memory.put('4711/2026-02-01/a.tar.age', replayableBytes(bytes), { ifAbsent: true });
 * ```
 */
export function createMemoryStorage(options: MemoryStorageOptions = {}): StorageAdapter {
  assertOptions(options, { now: 'function?' });
  const now = options.now ?? (() => new Date());
  const objects = new Map<string, { readonly bytes: Uint8Array; readonly stored: StoredObject }>();
  const refuseTaken = (key: string): void => {
    if (!objects.has(key)) return;
    throw new BackupError('storage-exists', `There is already a ${key} in memory.`, { details: { key } });
  };
  return createCustomStorage({
    description: 'memory',
    capabilities: { atomicIfAbsent: true, ranges: true, overwrite: true, delete: true },
    async put(key, source, { ifAbsent }) {
      if (ifAbsent) refuseTaken(key);
      const bytes = (await collectBytes(source)).slice();
      // Another writer may have come meanwhile.
      if (ifAbsent) refuseTaken(key);
      const etag = createHash('md5').update(bytes).digest('hex');
      const stored: StoredObject = { key, size: bytes.length, modifiedAt: now(), etag };
      objects.set(key, { bytes, stored });
      return stored;
    },
    async *get(key, { start, end }) {
      const bytes = objects.get(key)?.bytes;
      for (let offset = start; bytes !== undefined && offset < end; offset += chunkSize) {
        yield bytes.slice(offset, Math.min(end, offset + chunkSize));
      }
    },
    stat: async (key) => objects.get(key)?.stored ?? null,
    async *list(prefix) {
      for (const key of [...objects.keys()].filter((one) => one.startsWith(prefix)).sort(compareKeys)) {
        const object = objects.get(key);
        if (object !== undefined) yield object.stored;
      }
    },
    async delete(key) {
      objects.delete(key);
    },
  });
}
