/** Sources of bytes, and functions for reading them. Runs in browsers. */
import { assertArgument } from './arguments.js';

/** Bytes in memory, or a source of them. Chunks of about 64 KiB or more are processed fastest. */
export type ByteSource =
  | Uint8Array
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | ReadableStream<Uint8Array>
  | Blob;

/** Bytes that can be read at any offset: a file, an object in a store, a blob. */
export interface RangeSource {
  /** Total size in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`.
   *
   * @throws when the range is not inside the source
   */
  read(
    offset: number,
    length: number,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array>;
}

/** Distinguishes the two kinds of source. A Node stream has a `read` too, but no size. */
export function isRangeSource(source: ByteSource | RangeSource): source is RangeSource {
  return 'read' in source && 'size' in source && typeof source.size === 'number';
}

/** Iterates a source chunk by chunk; empty chunks are skipped. */
export async function* iterateBytes(source: ByteSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  if (source instanceof Uint8Array) {
    if (source.length > 0) yield source;
    return;
  }
  const chunks = source instanceof Blob ? source.stream() : source;
  if (isStream(chunks)) {
    yield* iterateStream(chunks, signal);
    return;
  }
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    assertBytes(chunk);
    if (chunk.length > 0) yield chunk;
  }
}

function isStream(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>,
): chunks is ReadableStream<Uint8Array> {
  return 'getReader' in chunks;
}

// Not every browser can iterate a ReadableStream.
async function* iterateStream(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) {
        finished = true;
        return;
      }
      assertBytes(value);
      if (value.length > 0) yield value;
    }
  } finally {
    if (!finished) await reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}

function assertBytes(chunk: unknown): void {
  if (!ArrayBuffer.isView(chunk)) throw new TypeError('"source" must yield Uint8Arrays');
}

/** Joins chunks into one array. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  let total = 0;
  for (const chunk of chunks) total += chunk.length;
  const joined = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

/**
 * Reads a source to its end.
 *
 * @param limit - most bytes to accept
 * @throws RangeError when the source is longer than `limit`
 */
export async function collectBytes(
  source: ByteSource,
  limit: number = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of iterateBytes(source)) {
    total += chunk.length;
    if (total > limit) throw new RangeError(`"source" is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

/**
 * A web stream over an iterable, for the edge of the library: responses, browsers, `pipeTo`.
 *
 * @example
 * ```ts
 * const response = new Response(toReadableStream(store.get(key)));
 * console.log((await response.arrayBuffer()).byteLength);
 * ```
 */
export function toReadableStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  assertArgument('source', source, 'iterable');
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** A {@link RangeSource} over bytes in memory. */
export function rangesOfBytes(bytes: Uint8Array): RangeSource {
  return {
    size: bytes.length,
    async read(offset, length, options) {
      options?.signal?.throwIfAborted();
      if (offset < 0 || length < 0 || offset + length > bytes.length) {
        throw new RangeError(`range ${offset}+${length} is outside of ${bytes.length} bytes`);
      }
      return bytes.subarray(offset, offset + length);
    },
  };
}

const encoder: TextEncoder = new TextEncoder();
const decoder: TextDecoder = new TextDecoder('utf-8', { fatal: true });

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes. @throws TypeError when they are not UTF-8 */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Bytes as base64, with padding. Only for short values, because every byte becomes an argument of a call. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Decodes the result of {@link toBase64}. @throws DOMException when it is not base64 */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
