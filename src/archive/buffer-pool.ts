/**
 * Buffers that are used again: a fresh megabyte for every part costs the garbage collector more than turning and
 * compressing the part costs together.
 */
export class BufferPool {
  readonly #most: number;
  readonly #largest: number;
  readonly #free: Uint8Array[] = [];

  /**
   * @param most - buffers that are kept
   * @param largest - largest buffer that is kept, in bytes
   */
  constructor(most: number, largest: number) {
    this.#most = most;
    this.#largest = largest;
  }

  /** A buffer of at least `size` bytes. It may hold anything. */
  take(size: number): Uint8Array {
    const fitting = this.#free.findIndex((buffer) => buffer.length >= size);
    if (fitting >= 0) return this.#free.splice(fitting, 1)[0]!;
    // A little more than asked for, so that the next part fits too.
    return new Uint8Array(size > this.#largest ? size : Math.min(this.#largest, size + (size >> 2)));
  }

  /** Gives a buffer back; nobody may hold on to it. */
  give(buffer: Uint8Array): void {
    if (buffer.length > this.#largest) return;
    this.#free.push(buffer);
    if (this.#free.length > this.#most) this.#free.shift();
  }
}
