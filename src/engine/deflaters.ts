import { constants, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import { takeLast } from './buffer-pool.js';
import type { Texture } from './stretches.js';
import type { ZlibStreamOptions } from './zlib-stream-options.js';

type CompressibleTexture = Exclude<Texture, 'random'>;

const ordinary: ZlibStreamOptions = {
  // Higher levels find little more in columns.
  level: 1,
  // Every write ends at a byte boundary, so that one task of the thread pool compresses all of it and the
  // output of another stream can follow.
  flush: constants.Z_SYNC_FLUSH,
  // Small results share an output buffer; a longer one takes further tasks of the thread pool.
  chunkSize: 256 * 1024,
  // A result is read only when it is complete, so writing must not pause for a reader.
  readableHighWaterMark: 2 ** 40,
};
// The memory level sets the length of the blocks that have a Huffman code of their own. Short blocks suit
// byte planes, which differ from each other; for text and noise they only cost time.
const optionsOf: Readonly<Record<CompressibleTexture, ZlibStreamOptions>> = {
  text: { ...ordinary, memLevel: 8 },
  runs: { ...ordinary, memLevel: 6, strategy: constants.Z_RLE },
  noise: { ...ordinary, memLevel: 9, strategy: constants.Z_HUFFMAN_ONLY, chunkSize: 512 * 1024 },
};

/** An empty final block (RFC 1951, 3.2.3): ends a stream of pieces that end at a byte boundary. */
export const endOfStream: Uint8Array = Uint8Array.of(3, 0);

/** A compressed result; its bytes belong to the compressor. */
export interface Deflated {
  readonly pieces: readonly Uint8Array[];
  /** Lets the compressor be used again, and its output buffer be overwritten. */
  readonly release: () => void;
}

// Enough for the parts of most tables; each takes half a megabyte to a whole one.
const mostIdle = 8;

/**
 * Keeps compressors and their output buffers for reuse: creating one allocates a quarter of a megabyte and
 * takes as long as compressing a small part, and its remains burden the garbage collector.
 */
export class Deflaters {
  /** Ordered by the time of their last use, the earliest first. */
  readonly #idle: { readonly deflater: DeflateRaw; readonly texture: CompressibleTexture }[] = [];

  /** Compresses in the thread pool. The pieces end at a byte boundary and do not end the stream. */
  async deflate(data: Uint8Array, texture: CompressibleTexture): Promise<Deflated> {
    const idle = takeLast(this.#idle, (each) => each.texture === texture);
    const deflater = idle?.deflater ?? createDeflateRaw(optionsOf[texture]);
    // A compressor that fails is not used again.
    const pieces = await deflateWith(deflater, data);
    const release = (): void => {
      deflater.reset();
      restartOutput(deflater);
      this.#idle.push({ deflater, texture });
      if (this.#idle.length > mostIdle) this.#idle.shift()!.deflater.close();
    };
    return { pieces, release };
  }
}

/**
 * A zlib stream writes each result behind the one before, and allocates a new buffer when the old one is
 * full. The old results are no longer in use here, so it can start at the beginning. Its position is in an
 * undocumented field; a version of Node.js without that field allocates as usual.
 */
function restartOutput(deflater: DeflateRaw & { _outOffset?: number }): void {
  if (deflater._outOffset !== undefined) deflater._outOffset = 0;
}

function deflateWith(deflater: DeflateRaw, data: Uint8Array): Promise<readonly Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    const take = (piece: Uint8Array): void => void pieces.push(piece);
    deflater.once('error', reject);
    deflater.on('data', take);
    deflater.write(data, () => {
      // Reading emits 'data' for what was not delivered yet.
      while (deflater.read() !== null);
      deflater.off('data', take);
      deflater.off('error', reject);
      resolve(pieces);
    });
  });
}
