/** Smallest buffer that is worth keeping, in bytes. */
const smallest = 1024;

/**
 * Keeps buffers for reuse: allocating a megabyte for every part costs the garbage collector more than
 * encoding and compressing the part. Sizes are powers of two, so that a buffer fits the next part as well.
 * Buffers that were unused for longest are dropped first.
 */
export class BufferPool {
  readonly #most: number;
  /** Ordered by the time of their return, the earliest first. */
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  #kept = 0;

  /** @param most - most bytes that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** A buffer of at least `size` bytes, the whole of its `buffer`. Its content is undefined. */
  take(size: number): Uint8Array<ArrayBuffer> {
    const rounded = Math.max(smallest, 2 ** Math.ceil(Math.log2(size)));
    // A buffer that will not be kept need not be rounded up.
    if (rounded > this.#most) return new Uint8Array(size);
    const kept = takeLast(this.#free, ({ length }) => length === rounded);
    if (kept === undefined) return new Uint8Array(rounded);
    this.#kept -= rounded;
    return kept;
  }

  /** Returns a buffer to the pool. The caller must not use it afterwards. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    const { length } = buffer;
    if (length < smallest || length > this.#most) return;
    this.#free.push(buffer);
    this.#kept += length;
    while (this.#kept > this.#most) this.#kept -= this.#free.shift()!.length;
  }
}

/** Removes the last item that fits from a list, and returns it. */
export function takeLast<Item>(items: Item[], fits: (item: Item) => boolean): Item | undefined {
  const place = items.findLastIndex(fits);
  return place < 0 ? undefined : items.splice(place, 1)[0];
}
