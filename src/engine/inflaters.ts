import { createInflateRaw, type InflateRaw } from 'node:zlib';
import type { Lent } from './engine.js';
import type { ZlibStreamOptions } from './zlib-stream-options.js';

/**
 * Decompressors that are used again: making one for every small part, and a room for its result, keeps the
 * garbage collector busier than the data does.
 */
export class Inflaters {
  readonly #idle: InflateRaw[] = [];
  readonly #options: ZlibStreamOptions;
  readonly #roomBytes: number;

  /** @param roomBytes - bytes of the rooms in which results lie, one behind the other */
  constructor(roomBytes: number) {
    this.#roomBytes = roomBytes;
    // A result is taken out when it is whole, so nothing must wait for a reader before.
    this.#options = { chunkSize: roomBytes, readableHighWaterMark: 2 ** 40 };
  }

  /** Whether a result of that size is worth the trouble: a larger one had better lie in one piece at once. */
  fits(size: number): boolean {
    return size <= this.#roomBytes;
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

  /** The same for a result that is given back, and its room with it. */
  async inflateLent(data: Uint8Array, size: number): Promise<Lent> {
    const { inflater, pieces } = await this.#run(data, size);
    const release = (): void => {
      takeBack(inflater, pieces.at(-1));
      this.#idle.push(inflater);
    };
    return { bytes: joined(pieces), release };
  }

  async #run(
    data: Uint8Array,
    size: number,
  ): Promise<{ readonly inflater: InflateRaw; readonly pieces: readonly Uint8Array[] }> {
    const inflater = this.#idle.pop() ?? createInflateRaw(this.#options);
    // One that fails is not used again.
    const pieces = await inflateWith(inflater, data, size);
    inflater.reset();
    return { inflater, pieces };
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  // A Buffer has a `slice` of another meaning.
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}

/** Where a stream of zlib puts its next result. Node.js tells nobody of it, and may change it. */
interface Room {
  readonly _outBuffer?: Uint8Array;
  _outOffset?: number;
}

/**
 * Lets the next result lie where the last one did: a room of its own for every result calls the collector of
 * garbage a dozen times for a hundred megabytes. Done only where the room is what it is known to be; else it
 * is left to fill up.
 */
function takeBack(inflater: InflateRaw, last: Uint8Array | undefined): void {
  const room: Room = inflater as unknown as Room;
  const { _outBuffer: all, _outOffset: end } = room;
  if (last === undefined || all?.buffer !== last.buffer) return;
  const start = last.byteOffset - all.byteOffset;
  if (start >= 0 && start + last.length === end) room._outOffset = start;
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
  const inflater = createInflateRaw({ chunkSize: 2 ** 20 });
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
