import { createHash } from 'node:crypto';
import { assertArgument, assertOptions, assertStorage } from '../arguments.js';
import { BackupError } from '../errors.js';
import type { StorageAdapter, TransferProgress } from './adapter.js';
import { assertKey } from './object-keys.js';

/**
 * Reads an object back from the store and compares it with what was written. An `fsync` through a network
 * cache proves nothing; only the bytes do.
 *
 * @param expected - `size` in bytes, and `sha256` in lower-case hex
 * @throws BackupError `verification-failed`, or what `get` throws
 * @example
 * ```ts
 * const source = await replayableFile(path, { sha256 });
 * const { size } = await store.put(key, source);
 * await verifyStored(store, key, { size, sha256 });
 * ```
 */
export async function verifyStored(
  adapter: StorageAdapter,
  key: string,
  expected: { readonly size: number; readonly sha256: string },
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  } = {},
): Promise<void> {
  assertStorage('adapter', adapter);
  assertKey(key);
  assertArgument('expected', expected, 'object', { size: 'number', sha256: 'text' });
  assertOptions(options);
  const digest = createHash('sha256');
  let size = 0;
  for await (const chunk of adapter.get(key, { signal: options.signal })) {
    digest.update(chunk);
    size += chunk.length;
    options.onProgress?.({ transferredBytes: size, totalBytes: expected.size });
    // A store that gives more and more is not listened to for ever.
    if (size > expected.size) break;
  }
  if (size !== expected.size || digest.digest('hex') !== expected.sha256) {
    throw new BackupError('verification-failed', `${key} in ${adapter.description} reads back differently.`, {
      activity: 'store',
      details: { key, expectedSize: expected.size, size },
    });
  }
}
