import { assertOptions, assertStorage } from '../arguments.js';
import { collectBytes, type RangeSource } from '../bytes.js';
import { BackupError } from '../errors.js';
import type { StorageAdapter } from './adapter.js';
import { assertKey } from './object-keys.js';

/**
 * An object in a store as a {@link RangeSource}, so that an archive is opened in the store and only the
 * needed bytes are fetched.
 *
 * @throws BackupError `storage-not-found`; TypeError when the store cannot read ranges
 * @example
 * ```ts
 * const archive = await openArchive(await rangeSourceOf(store, key), { password });
 * console.log(archive.manifest.tables.length, 'tables');
 * ```
 */
export async function rangeSourceOf(
  adapter: StorageAdapter,
  key: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<RangeSource> {
  assertStorage('adapter', adapter);
  assertKey(key);
  assertOptions(options);
  if (!adapter.capabilities.ranges) throw new TypeError('"adapter" cannot read ranges');
  const object = await adapter.stat(key, options);
  if (object === null) {
    throw new BackupError('storage-not-found', `There is no ${key} in ${adapter.description}.`, {
      details: { key },
    });
  }
  return {
    size: object.size,
    async read(offset, length, readOptions) {
      if (offset < 0 || length < 0 || offset + length > object.size) {
        throw new RangeError(`range ${offset}+${length} is outside of ${object.size} bytes`);
      }
      if (length === 0) return new Uint8Array(0);
      const signal = readOptions?.signal ?? options.signal;
      const chunks = adapter.get(key, { range: { offset, length }, signal });
      const bytes = await collectBytes(withinLength(chunks, length, adapter, key), length);
      if (bytes.length !== length) {
        throw new BackupError(
          'storage-transient',
          `${adapter.description} broke off while ${key} was read.`,
          {
            details: { key, wanted: length, got: bytes.length },
          },
        );
      }
      return bytes;
    },
  };
}

// If a store returns more than requested, the bytes are wrong as well.
async function* withinLength(
  chunks: AsyncIterable<Uint8Array>,
  length: number,
  { description }: StorageAdapter,
  key: string,
): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0) {
      throw new BackupError('storage-permanent', `${description} returned more of ${key} than requested.`, {
        details: { key, wanted: length },
      });
    }
    yield chunk;
  }
}
