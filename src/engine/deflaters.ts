import { constants, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import { takeLast } from './buffer-pool.js';
import type { Texture } from './stretches.js';
import type { ZlibStreamOptions } from './zlib-stream-options.js';

type CompressibleTexture = Exclude<Texture, 'random'>;

const ordinary: ZlibStreamOptions = {
  // Level 1 finds most of what there is to find in columns.
  level: 1,
  // Every write ends at a byte, so that one turn of the thread pool does it all and another stream can
  // follow.
  flush: constants.Z_SYNC_FLUSH,
  // Results of several turns share a room; what is longer takes further turns.
  chunkSize: 256 * 1024,
  // A result is taken out when it is whole, so nothing must wait for a reader before.
  readableHighWaterMark: 2 ** 40,
};
// The memory level sets how long the blocks are that have a code of their own. Short ones suit byte planes,
// each of which is another column's; in text and noise they would only cost time.
const optionsOf: Readonly<Record<CompressibleTexture, ZlibStreamOptions>> = {
  text: { ...ordinary, memLevel: 8 },
  runs: { ...ordinary, memLevel: 6, strategy: constants.Z_RLE },
  noise: { ...ordinary, memLevel: 9, strategy: constants.Z_HUFFMAN_ONLY, chunkSize: 512 * 1024 },
};

/** An empty last block: what follows pieces that end at a byte, to end the stream (RFC 1951, 3.2.3). */
export const endOfStream: Uint8Array = Uint8Array.of(3, 0);

/** A result, which lies in its compressor's own room. */
export interface Deflated {
  readonly pieces: readonly Uint8Array[];
  /** Lets the compressor be used again, and its room be written over. */
  readonly release: () => void;
}

// Enough for the parts of most tables; each takes half a megabyte to a whole one.
const mostIdle = 8;

/**
 * Compressors that are used again, and their rooms: making one takes a quarter of a megabyte and as long as
 * compressing a small part, and what it leaves behind keeps the garbage collector busy.
 */
export class Deflaters {
  /** The one that has rested longest is the first. */
  readonly #idle: { readonly deflater: DeflateRaw; readonly texture: CompressibleTexture }[] = [];

  /** Compresses in the thread pool, to pieces that end at a byte and do not end the stream. */
  async deflate(data: Uint8Array, texture: CompressibleTexture): Promise<Deflated> {
    const idle = takeLast(this.#idle, (each) => each.texture === texture);
    const deflater = idle?.deflater ?? createDeflateRaw(optionsOf[texture]);
    // One that fails is not used again.
    const pieces = await deflateWith(deflater, data);
    const release = (): void => {
      deflater.reset();
      startAtTheFront(deflater);
      this.#idle.push({ deflater, texture });
      if (this.#idle.length > mostIdle) this.#idle.shift()!.deflater.close();
    };
    return { pieces, release };
  }
}

/**
 * A stream of zlib puts each result behind the one before and takes a new room when the old one is full.
 * Nobody holds on to the old results here, so it can start at the front. It says where it is in a field that
 * is not documented; a version without it goes on as it likes.
 */
function startAtTheFront(deflater: DeflateRaw & { _outOffset?: number }): void {
  if (deflater._outOffset !== undefined) deflater._outOffset = 0;
}

function deflateWith(deflater: DeflateRaw, data: Uint8Array): Promise<readonly Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    const take = (piece: Uint8Array): void => void pieces.push(piece);
    deflater.once('error', reject);
    deflater.on('data', take);
    deflater.write(data, () => {
      // What was not handed out yet.
      while (deflater.read() !== null);
      deflater.off('data', take);
      deflater.off('error', reject);
      resolve(pieces);
    });
  });
}
