import { createCipheriv, createDecipheriv, createHash, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, crc32, deflateRawSync, inflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { diagnosis } from '../diagnosis.js';
import { type Deflated, Deflaters, endOfStream } from './deflaters.js';
import type { Engine } from './engine.js';
import { Inflaters, inflateLarge } from './inflaters.js';
import { storedBlocks } from './stored-blocks.js';
import type { Texture } from './stretches.js';
import { withMargins } from './with-margins.js';

const inflateAsync = promisify<Uint8Array, ZlibOptions, Buffer>(inflateRaw);

const deflaters: Deflaters = new Deflaters();
const inflaters: Inflaters = new Inflaters(2 ** 20);
// A part of the usual size fits, so that each is in one piece.
const pooledInflaters: Inflaters = new Inflaters(2 ** 21);
// Largest result that is made in one allocation.
const mostAtOnce: number = 16 * 2 ** 20;
// Up to so many bytes are compressed in less time than it takes to wake another thread. A compressor for them
// needs almost no memory.
const small = 4096;
/** Up to so many bytes are inflated in less time than a round trip to another thread. */
const smallInflated: number = 64 * 1024;
const forSmall: ZlibOptions = { level: 1, windowBits: 12, memLevel: 4, chunkSize: 2 * small };
const forSmallPiece: ZlibOptions = { ...forSmall, finishFlush: constants.Z_SYNC_FLUSH };
const algorithm = 'chacha20-poly1305';

/** The engine on the native code of Node.js; compression and scrypt run in its thread pool. */
export const engine: Engine = {
  name: 'node',
  diagnosis: diagnosis.archive,
  async deflate(data, stretches, margins) {
    if (data.length <= small) return withMargins([deflateRawSync(data, forSmall)], margins);
    const deflated = await Promise.all(
      stretches.map(({ start, end, texture }) => deflateStretch(data.subarray(start, end), texture)),
    );
    const stream = withMargins([...deflated.flatMap(({ pieces }) => pieces), endOfStream], margins);
    for (const { release } of deflated) release();
    return stream;
  },
  async inflate(data, size) {
    if (size <= smallInflated) return inflateSmall(data, size);
    if (inflaters.fits(size)) return inflaters.inflate(data, size);
    if (size > mostAtOnce) return inflateLarge(data, size);
    return ofSize(await inflateAsync(data, optionsFor(size)), size);
  },
  async inflateLent(data, size) {
    if (size > smallInflated && pooledInflaters.fits(size)) return pooledInflaters.inflateLent(data, size);
    return { bytes: await this.inflate(data, size), release: doNothing };
  },
  crc32: (data) => crc32(data),
  sha256: (data) => createHash('sha256').update(data).digest('hex'),
  seal(key, nonce, data, into) {
    const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: 16 });
    into.set(cipher.update(data), 0);
    cipher.final();
    into.set(cipher.getAuthTag(), data.length);
  },
  open(key, nonce, sealed) {
    const length = sealed.length - 16;
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: 16 });
    decipher.setAuthTag(sealed.subarray(length));
    const data = decipher.update(sealed.subarray(0, length));
    try {
      decipher.final();
    } catch {
      data.fill(0);
      return null;
    }
    // `slice` of a Buffer does not copy, unlike that of a Uint8Array.
    return new Uint8Array(data.buffer, data.byteOffset, data.length);
  },
  scrypt: (password, salt, n) =>
    new Promise((resolve, reject) => {
      const options = { N: n, r: 8, p: 1, maxmem: 128 * 8 * (n + 16) };
      scrypt(password, salt, 32, options, (error, key) => {
        if (error === null) resolve(new Uint8Array(key));
        else reject(error);
      });
    }),
  equalBytes: (a, b) => Buffer.compare(a, b) === 0,
};

function inflateSmall(data: Uint8Array, size: number): Uint8Array {
  return ofSize(inflateRawSync(data, optionsFor(size)), size);
}

/** Room for one byte more than expected, so that a longer result is noticed. */
function optionsFor(size: number): ZlibOptions {
  return { chunkSize: Math.max(size + 1, 1024), maxOutputLength: Math.max(size, 1) };
}

function ofSize(inflated: Buffer, size: number): Uint8Array {
  if (inflated.length !== size) throw new RangeError('the inflated size is not what it should be');
  // `slice` of a Buffer does not copy, unlike that of a Uint8Array.
  return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length);
}

/** The pieces end at a byte boundary and do not end the stream. */
async function deflateStretch(data: Uint8Array, texture: Texture): Promise<Deflated> {
  if (texture === 'random') return { pieces: storedBlocks(data), release: doNothing };
  if (data.length <= small) return { pieces: [deflateRawSync(data, forSmallPiece)], release: doNothing };
  return deflaters.deflate(data, texture);
}

function doNothing(): void {
  // These bytes are in no reused buffer.
}
