import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { assertArgument, assertOptions } from '../arguments.js';
import { iterateBytes } from '../bytes.js';
import { BackupError } from '../errors.js';
import type { ReplayableSource } from './adapter.js';

const readSize = 256 * 1024;

/**
 * A {@link ReplayableSource} over bytes in memory. The array must not be changed while it is in use.
 *
 * @example
 * ```ts
 * await store.put('notes/0001', replayableBytes(new TextEncoder().encode('hello')));
 * ```
 */
export function replayableBytes(bytes: Uint8Array): ReplayableSource {
  assertArgument('bytes', bytes, 'bytes');
  return {
    size: bytes.length,
    open(start = 0, end = bytes.length): Uint8Array {
      assertSpan(start, end, bytes.length);
      return bytes.subarray(start, end);
    },
  };
}

/**
 * A {@link ReplayableSource} over a file that no longer changes, such as the spool of an archive.
 *
 * @param path - the file; its size is read now
 * @param options - `sha256`, when it is known from writing the file
 * @throws the error of the file system when the file cannot be found
 * @example
 * ```ts
 * await store.put('notes/0002', await replayableFile(path, { sha256 }), { ifAbsent: true });
 * ```
 */
export async function replayableFile(
  path: string,
  options: { readonly sha256?: string | undefined } = {},
): Promise<ReplayableSource> {
  assertArgument('path', path, 'text');
  assertOptions(options, { sha256: 'text?' });
  const { size } = await stat(path);
  return {
    size,
    sha256: options.sha256,
    open(start = 0, end = size): AsyncIterable<Uint8Array> {
      assertSpan(start, end, size);
      return readSpan(path, start, end);
    },
  };
}

async function* readSpan(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    let position = start;
    while (position < end) {
      const buffer = Buffer.allocUnsafe(Math.min(readSize, end - position));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw shortSource(position, end);
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/**
 * Reads all of a source, and fails at the end if it has another size than it said, or another SHA-256. An
 * adapter may publish an object only after this has ended.
 *
 * @throws BackupError `source-changed`
 * @example
 * ```ts
 * // Inside the `put` of a store of your own:
 * for await (const chunk of readChecked(replayableBytes(bytes), signal)) await file.write(chunk);
 * await file.sync();
 * ```
 */
export async function* readChecked(
  source: ReplayableSource,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  assertArgument('source', source, 'object', { size: 'number', sha256: 'text?', open: 'function' });
  const digest = source.sha256 === undefined ? undefined : createHash('sha256');
  let total = 0;
  for await (const chunk of iterateBytes(source.open(), signal)) {
    total += chunk.length;
    if (total > source.size) throw shortSource(total, source.size);
    digest?.update(chunk);
    yield chunk;
  }
  if (total !== source.size) throw shortSource(total, source.size);
  if (digest !== undefined && digest.digest('hex') !== source.sha256) {
    throw new BackupError(
      'source-changed',
      'The bytes to be stored do not have the SHA-256 that their source names.',
    );
  }
}

function shortSource(got: number, wanted: number): BackupError {
  return new BackupError('source-changed', `The source of the copy gave ${got} bytes instead of ${wanted}.`);
}

function assertSpan(start: number, end: number, size: number): void {
  if (
    !(Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end && end <= size)
  ) {
    throw new RangeError(`bytes ${start} to ${end} are outside of ${size} bytes`);
  }
}
