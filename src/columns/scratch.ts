/**
 * A reused buffer for intermediate results: a new array for every column would be most of the garbage
 * collector's work in a backup. One use at a time, and only between two `await`s.
 */
export class Scratch {
  #room: ArrayBuffer = new ArrayBuffer(0);

  /** An array of numbers with undefined content. */
  numbers(count: number): Int32Array {
    return new Int32Array(this.#atLeast(count * 4), 0, count);
  }

  /** An array of bytes with undefined content. */
  bytes(count: number): Uint8Array {
    return new Uint8Array(this.#atLeast(count), 0, count);
  }

  #atLeast(bytes: number): ArrayBuffer {
    if (bytes > largest) return new ArrayBuffer(bytes);
    if (bytes > this.#room.byteLength) {
      this.#room = new ArrayBuffer(Math.min(largest, Math.max(bytes, 2 * this.#room.byteLength)));
    }
    return this.#room;
  }
}

/** Larger buffers are not kept. */
const largest = 4 * 2 ** 20;
