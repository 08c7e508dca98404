/** Smallest buffer that is worth keeping, in bytes. */
const smallest = 1024;

/**
 * Buffers that are used again: a fresh megabyte for every part costs the garbage collector more than turning
 * and compressing the part costs together. Sizes are powers of two, so that what one part gave back fits the
 * next; what nobody asked for again makes room for what came later.
 */
export class BufferPool {
  readonly #most: number;
  /** The one that has lain longest is the first. */
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  #kept = 0;

  /** @param most - bytes that are kept at most */
  constructor(most: number) {
    this.#most = most;
  }

  /** A buffer of at least `size` bytes, the whole of its `buffer`. It may hold anything. */
  take(size: number): Uint8Array<ArrayBuffer> {
    const rounded = Math.max(smallest, 2 ** Math.ceil(Math.log2(size)));
    // What will not be kept need not be larger than asked for.
    if (rounded > this.#most) return new Uint8Array(size);
    const kept = takeLast(this.#free, ({ length }) => length === rounded);
    if (kept === undefined) return new Uint8Array(rounded);
    this.#kept -= rounded;
    return kept;
  }

  /** Gives a buffer back; nobody may hold on to it. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    const { length } = buffer;
    if (length < smallest || length > this.#most) return;
    this.#free.push(buffer);
    this.#kept += length;
    while (this.#kept > this.#most) this.#kept -= this.#free.shift()!.length;
  }
}

/** Takes the last item that fits out of a list. */
export function takeLast<Item>(items: Item[], fits: (item: Item) => boolean): Item | undefined {
  const place = items.findLastIndex(fits);
  return place < 0 ? undefined : items.splice(place, 1)[0];
}
