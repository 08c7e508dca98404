import { createHash } from 'node:crypto';
import { BackupError } from '../errors.js';
import type { StorageAdapter, StoredObject } from './adapter.js';
import { classifyByCode } from './classify.js';
import { assertKey, compareKeys } from './keys.js';
import { readChecked } from './replayable.js';
import { progressOf, resolveRange } from './transfer.js';

const chunkSize = 256 * 1024;

/** Options of {@link createMemoryStorage}. */
export interface MemoryStorageOptions {
  /** The clock that dates the objects. @defaultValue the clock of the machine */
  readonly now?: () => Date;
}

/**
 * A store in memory, for tests. It keeps every promise of the contract except to outlive the process.
 *
 * @example
 * ```ts
 * const memory = createMemoryStorage();
 * await memory.put('4711/2026-02-01/a.tar.age', replayableBytes(bytes), { ifAbsent: true });
 * ```
 */
export function createMemoryStorage(options: MemoryStorageOptions = {}): StorageAdapter {
  const now = options.now ?? (() => new Date());
  const objects = new Map<string, { readonly bytes: Uint8Array; readonly stored: StoredObject }>();
  return {
    description: 'memory',
    capabilities: { atomicIfAbsent: true, ranges: true, resumablePut: false, overwrite: true, delete: true },
    async put(key, source, putOptions) {
      assertKey(key);
      refuseTaken(key, putOptions?.ifAbsent);
      const bytes = new Uint8Array(source.size);
      const progress = progressOf(source.size, putOptions);
      let filled = 0;
      for await (const chunk of readChecked(source, putOptions?.signal)) {
        bytes.set(chunk, filled);
        filled += chunk.length;
        progress.advanceTo(filled);
      }
      putOptions?.signal?.throwIfAborted();
      refuseTaken(key, putOptions?.ifAbsent);
      const etag = createHash('md5').update(bytes).digest('hex');
      const stored: StoredObject = { key, size: bytes.length, modifiedAt: now(), etag };
      objects.set(key, { bytes, stored });
      return stored;
    },
    async *get(key, getOptions) {
      assertKey(key);
      getOptions?.signal?.throwIfAborted();
      const object = objects.get(key);
      if (object === undefined) {
        throw new BackupError('storage-not-found', `There is no ${key} in memory.`, { details: { key } });
      }
      const { start, end } = resolveRange(getOptions?.range, object.bytes.length);
      for (let offset = start; offset < end; offset += chunkSize) {
        getOptions?.signal?.throwIfAborted();
        yield object.bytes.slice(offset, Math.min(end, offset + chunkSize));
      }
    },
    async stat(key, statOptions) {
      assertKey(key);
      statOptions?.signal?.throwIfAborted();
      return objects.get(key)?.stored ?? null;
    },
    async *list(prefix, listOptions) {
      listOptions?.signal?.throwIfAborted();
      for (const key of [...objects.keys()].filter((one) => one.startsWith(prefix)).sort(compareKeys)) {
        listOptions?.signal?.throwIfAborted();
        const object = objects.get(key);
        if (object !== undefined) yield object.stored;
      }
    },
    async delete(key, deleteOptions) {
      assertKey(key);
      deleteOptions?.signal?.throwIfAborted();
      objects.delete(key);
    },
    classify: classifyByCode,
  };

  function refuseTaken(key: string, ifAbsent: boolean | undefined): void {
    if (ifAbsent === true && objects.has(key)) {
      throw new BackupError('storage-exists', `There is already a ${key} in memory.`, { details: { key } });
    }
  }
}
