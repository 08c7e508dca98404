import { createInflateRaw, type InflateRaw } from 'node:zlib';
import type { Lent } from './engine.js';
import type { ZlibStreamOptions } from './zlib-stream-options.js';

/**
 * Keeps decompressors and their output buffers for reuse: creating them for every small part burdens the
 * garbage collector more than the data itself.
 */
export class Inflaters {
  readonly #idle: InflateRaw[] = [];
  readonly #options: ZlibStreamOptions;
  readonly #bufferBytes: number;

  /** @param bufferBytes - size of an output buffer, which holds several results */
  constructor(bufferBytes: number) {
    this.#bufferBytes = bufferBytes;
    // A result is read only when it is complete, so writing must not pause for a reader.
    this.#options = { chunkSize: bufferBytes, readableHighWaterMark: 2 ** 40 };
  }

  /** Whether a result of that size is worth the reuse: a larger one is better made in one allocation. */
  fits(size: number): boolean {
    return size <= this.#bufferBytes;
  }

  /**
   * Inflates in the thread pool.
   *
   * @throws Error when the stream is malformed or its result is not `size` bytes long
   */
  async inflate(data: Uint8Array, size: number): Promise<Uint8Array> {
    const { inflater, pieces } = await this.#run(data, size);
    this.#idle.push(inflater);
    return joined(pieces);
  }

  /** The same for a result whose buffer is reused after the release. */
  async inflateLent(data: Uint8Array, size: number): Promise<Lent> {
    const { inflater, pieces } = await this.#run(data, size);
    const release = (): void => {
      reuseOutput(inflater, pieces.at(-1));
      this.#idle.push(inflater);
    };
    return { bytes: joined(pieces), release };
  }

  async #run(
    data: Uint8Array,
    size: number,
  ): Promise<{ readonly inflater: InflateRaw; readonly pieces: readonly Uint8Array[] }> {
    const inflater = this.#idle.pop() ?? createInflateRaw(this.#options);
    // A decompressor that fails is not used again.
    const pieces = await inflateWith(inflater, data, size);
    inflater.reset();
    return { inflater, pieces };
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  // `slice` of a Buffer does not copy, unlike that of a Uint8Array.
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}

/** Where a zlib stream writes its next result. Undocumented in Node.js, so it may change. */
interface Output {
  readonly _outBuffer?: Uint8Array;
  _outOffset?: number;
}

/**
 * Lets the next result overwrite the last one: a new buffer for every result triggers the garbage collector a
 * dozen times for a hundred megabytes. Done only where the fields hold what is expected; otherwise the buffer
 * is left to fill up.
 */
function reuseOutput(inflater: InflateRaw, last: Uint8Array | undefined): void {
  const output = inflater as unknown as Output;
  const { _outBuffer: all, _outOffset: end } = output;
  if (last === undefined || all?.buffer !== last.buffer) return;
  const start = last.byteOffset - all.byteOffset;
  if (start >= 0 && start + last.length === end) output._outOffset = start;
}

function inflateWith(inflater: InflateRaw, data: Uint8Array, size: number): Promise<readonly Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    let length = 0;
    const fail = (error: Error): void => {
      inflater.destroy();
      reject(error);
    };
    const take = (piece: Uint8Array): void => {
      pieces.push(piece);
      length += piece.length;
      if (length > size) fail(wrongSize());
    };
    inflater.once('error', fail);
    inflater.on('data', take);
    inflater.write(data, () => {
      // Reading emits 'data' for what was not delivered yet.
      while (inflater.read() !== null);
      inflater.off('data', take);
      inflater.off('error', fail);
      if (length === size) resolve(pieces);
      else fail(wrongSize());
    });
  });
}

/**
 * Inflates into one array of the expected size. The operating system commits its memory only as far as it is
 * written. Joining pieces would take twice as much.
 *
 * @throws Error when the stream is malformed or its result is not `size` bytes long
 */
export async function inflateLarge(data: Uint8Array, size: number): Promise<Uint8Array> {
  const result = new Uint8Array(size);
  let length = 0;
  const inflater = createInflateRaw({ chunkSize: 2 ** 20 });
  inflater.end(data);
  for await (const piece of inflater as AsyncIterable<Uint8Array>) {
    // Leaving the loop destroys the stream.
    if (length + piece.length > size) throw wrongSize();
    result.set(piece, length);
    length += piece.length;
  }
  if (length !== size) throw wrongSize();
  return result;
}

function wrongSize(): RangeError {
  return new RangeError('the inflated size is not what it should be');
}
