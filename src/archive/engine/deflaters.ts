import { constants, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import type { Texture } from '../stretches.js';
import type { ZlibStreamOptions } from './zlib-stream-options.js';

const ordinary: ZlibStreamOptions = {
  // Level 1 finds most of what there is to find in columns.
  level: 1,
  // Results of several turns share a room; a part that is larger takes further turns of the thread pool.
  chunkSize: 256 * 1024,
  // A result is taken out when it is whole, so nothing must wait for a reader before.
  readableHighWaterMark: 2 ** 40,
};
// The memory level sets how long the blocks are that have a code of their own. Short ones suit byte planes, each of
// which is another column's; in text and noise they would only cost time.
const optionsOf: Readonly<Record<Texture, ZlibStreamOptions>> = {
  text: { ...ordinary, memLevel: 8 },
  runs: { ...ordinary, memLevel: 6, strategy: constants.Z_RLE },
  noise: { ...ordinary, memLevel: 9, strategy: constants.Z_HUFFMAN_ONLY },
};

/**
 * Compressors that are used again: making one takes a quarter of a megabyte and as long as compressing a small part, and
 * what it leaves behind keeps the garbage collector busy.
 */
export class Deflaters {
  readonly #idle: Readonly<Record<Texture, DeflateRaw[]>> = { text: [], runs: [], noise: [] };

  /**
   * Compresses in the thread pool, to one or more pieces.
   *
   * @param isLast - whether the stream ends here; otherwise it ends at a byte, and another can follow
   */
  async deflate(data: Uint8Array, texture: Texture, isLast: boolean): Promise<readonly Uint8Array[]> {
    const deflater = this.#idle[texture].pop() ?? createDeflateRaw(optionsOf[texture]);
    // One that fails is not used again.
    const deflated = await deflateWith(deflater, data, isLast);
    deflater.reset();
    this.#idle[texture].push(deflater);
    return deflated;
  }
}

function deflateWith(
  deflater: DeflateRaw,
  data: Uint8Array,
  isLast: boolean,
): Promise<readonly Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    const take = (piece: Uint8Array): void => void pieces.push(piece);
    deflater.once('error', reject);
    deflater.on('data', take);
    deflater.write(data);
    deflater.flush(isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH, () => {
      // What was not handed out yet.
      while (deflater.read() !== null);
      deflater.off('data', take);
      deflater.off('error', reject);
      resolve(pieces);
    });
  });
}
