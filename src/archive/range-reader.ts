import type { RangeSource } from '../bytes.js';
import { prefetch } from './prefetch.js';

const firstBytes = 16 * 1024;
const mostBytes = 1024 * 1024;

/**
 * The bytes of a source in order, in growing pieces, so that a reader that stops early has fetched little.
 */
export async function* chunksOfRanges(source: RangeSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const options = { signal };
  let length = firstBytes;
  for (let offset = 0; offset < source.size; ) {
    const piece = await source.read(offset, Math.min(length, source.size - offset), options);
    yield piece;
    offset += piece.length;
    length = Math.min(length * 4, mostBytes);
  }
}

/** All bytes of a source from front to back; the next piece is fetched while one is processed. */
export async function* wholeOfRanges(source: RangeSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const options = { signal };
  const pieces = Math.ceil(source.size / mostBytes);
  const offsets = Array.from({ length: pieces }, (_, i) => i * mostBytes);
  yield* prefetch(offsets, (offset) =>
    source.read(offset, Math.min(mostBytes, source.size - offset), options),
  );
}
