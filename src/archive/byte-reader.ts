import { type ByteSource, concatBytes, iterateBytes } from '../bytes.js';

/** Reads byte counts from a source that delivers pieces of any size. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #queue: Uint8Array[] = [];
  #ended = false;

  /** Buffered bytes. */
  available = 0;
  /** Bytes read so far. */
  taken = 0;

  constructor(source: ByteSource, signal?: AbortSignal) {
    this.#chunks = iterateBytes(source, signal);
  }

  /** Waits until at least `length` bytes are buffered; false when the source ends before. */
  async fill(length: number): Promise<boolean> {
    while (this.available < length && !this.#ended) {
      const next = await this.#chunks.next();
      if (next.done === true) this.#ended = true;
      else {
        this.#queue.push(next.value);
        this.available += next.value.length;
      }
    }
    return this.available >= length;
  }

  /** The next `length` bytes, which must be buffered; a view if they are in one piece. */
  take(length: number): Uint8Array {
    const bytes = this.peek(length);
    let rest = length;
    while (rest > 0) {
      const first = this.#queue[0]!;
      if (first.length > rest) {
        this.#queue[0] = first.subarray(rest);
        rest = 0;
      } else {
        this.#queue.shift();
        rest -= first.length;
      }
    }
    this.available -= length;
    this.taken += length;
    return bytes;
  }

  /** Like {@link ByteReader.take}, without consuming them. */
  peek(length: number): Uint8Array {
    if (length > this.available) throw new RangeError('"length" is more than what is buffered');
    if (length === 0) return new Uint8Array(0);
    const first = this.#queue[0]!;
    if (first.length >= length) return first.subarray(0, length);
    const pieces: Uint8Array[] = [];
    let rest = length;
    for (const chunk of this.#queue) {
      if (rest === 0) break;
      const piece = chunk.length > rest ? chunk.subarray(0, rest) : chunk;
      pieces.push(piece);
      rest -= piece.length;
    }
    return concatBytes(pieces);
  }

  /** All remaining bytes, piece by piece. */
  async *rest(): AsyncGenerator<Uint8Array> {
    try {
      while (await this.fill(1)) yield this.take(this.#queue[0]!.length);
    } finally {
      await this.close();
    }
  }

  /** Ends the source. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#chunks.return?.();
  }
}
