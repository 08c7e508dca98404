/**
 * Room for intermediate results that nobody holds on to: a fresh array for every column would be most of what
 * the garbage collector has to do in a backup. Good for one use at a time, between two `await`s.
 */
export class Scratch {
  #room: ArrayBuffer = new ArrayBuffer(0);

  /** Room for numbers, which holds anything. */
  numbers(count: number): Int32Array {
    return new Int32Array(this.#atLeast(count * 4), 0, count);
  }

  /** Room for bytes, which holds anything. */
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

/** Larger rooms are not kept. */
const largest = 4 * 2 ** 20;
