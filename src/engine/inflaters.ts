import { createInflateRaw, type InflateRaw } from 'node:zlib';
import type { ZlibStreamOptions } from './zlib-stream-options.js';

const roomBytes: number = 2 ** 20;
const options: ZlibStreamOptions = {
  // Results of several turns share a room.
  chunkSize: roomBytes,
  // A result is taken out when it is whole, so nothing must wait for a reader before.
  readableHighWaterMark: 2 ** 40,
};

/**
 * Decompressors that are used again: making one for every small part, and a room for its result, keeps the
 * garbage collector busier than the data does.
 */
export class Inflaters {
  readonly #idle: InflateRaw[] = [];

  /** Whether a result of that size is worth the trouble: a larger one had better lie in one piece at once. */
  static fits(size: number): boolean {
    return size <= roomBytes;
  }

  /**
   * Inflates in the thread pool.
   *
   * @throws Error when the stream is malformed or its result is not `size` bytes long
   */
  async inflate(data: Uint8Array, size: number): Promise<Uint8Array> {
    const inflater = this.#idle.pop() ?? createInflateRaw(options);
    // One that fails is not used again.
    const pieces = await inflateWith(inflater, data, size);
    inflater.reset();
    this.#idle.push(inflater);
    const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    // A Buffer has a `slice` of another meaning.
    return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
  }
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
      // What was not handed out yet.
      while (inflater.read() !== null);
      inflater.off('data', take);
      inflater.off('error', fail);
      if (length === size) resolve(pieces);
      else fail(wrongSize());
    });
  });
}

/**
 * Inflates into one room of the size that is expected, which the system fills only as far as bytes come.
 * Joining pieces would take twice as much.
 *
 * @throws Error when the stream is malformed or its result is not `size` bytes long
 */
export async function inflateLarge(data: Uint8Array, size: number): Promise<Uint8Array> {
  const room = new Uint8Array(size);
  let length = 0;
  const inflater = createInflateRaw({ chunkSize: roomBytes });
  inflater.end(data);
  for await (const piece of inflater as AsyncIterable<Uint8Array>) {
    // Leaving the loop destroys the stream.
    if (length + piece.length > size) throw wrongSize();
    room.set(piece, length);
    length += piece.length;
  }
  if (length !== size) throw wrongSize();
  return room;
}

function wrongSize(): RangeError {
  return new RangeError('the inflated size is not what it should be');
}
