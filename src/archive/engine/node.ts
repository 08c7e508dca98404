import { createCipheriv, createDecipheriv, createHash, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, inflateRaw, type ZlibOptions } from 'node:zlib';
import { concatBytes } from '../../bytes.js';
import type { Engine } from './engine.js';

const deflateAsync = promisify<Uint8Array, ZlibOptions, Buffer>(deflateRaw);
const inflateAsync = promisify<Uint8Array, ZlibOptions, Buffer>(inflateRaw);

const CHUNK_SIZE = 1 << 20;
// Level 1 finds most of what there is to find in columns. A low memory level makes short blocks, each with a code of
// its own, which suits short columns: a tenth smaller at the same speed.
const ordinary: ZlibOptions = { level: 1, memLevel: 6 };
const literal: ZlibOptions = { ...ordinary, strategy: constants.Z_HUFFMAN_ONLY };
const unfinished: ZlibOptions = { finishFlush: constants.Z_SYNC_FLUSH };
const algorithm = 'chacha20-poly1305';

/** The engine on the native code of Node.js; compression and scrypt run in its thread pool. */
export const engine: Engine = {
  name: 'node',
  async deflate(data, unrepeated) {
    // Pieces that end at a byte follow each other as if they were one stream.
    const pieces: Promise<Uint8Array>[] = [];
    let from = 0;
    for (const { start, end } of unrepeated) {
      if (start > from)
        pieces.push(deflateInOneTurn(data.subarray(from, start), { ...ordinary, ...unfinished }));
      pieces.push(deflateInOneTurn(data.subarray(start, end), { ...literal, ...unfinished }));
      from = end;
    }
    pieces.push(deflateInOneTurn(data.subarray(from), ordinary));
    const done = await Promise.all(pieces);
    return done.length === 1 ? done[0]! : concatBytes(done);
  },
  async inflate(data, size) {
    const chunkSize = Math.min(Math.max(size + 1, 1024), 16 * CHUNK_SIZE);
    const inflated = await inflateAsync(data, { chunkSize, maxOutputLength: Math.max(size, 1) });
    if (inflated.length !== size) throw new RangeError('the inflated size is not what it should be');
    return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length);
  },
  crc32: (data) => crc32(data),
  sha256: (data) => new Uint8Array(createHash('sha256').update(data).digest()),
  seal(key, nonce, data, into) {
    const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: 16 });
    into.set(cipher.update(data), 0);
    cipher.final();
    into.set(cipher.getAuthTag(), data.length);
  },
  open(key, nonce, sealed, into) {
    const length = sealed.length - 16;
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: 16 });
    decipher.setAuthTag(sealed.subarray(length));
    const data = decipher.update(sealed.subarray(0, length));
    try {
      decipher.final();
    } catch {
      data.fill(0);
      return false;
    }
    into.set(data, 0);
    data.fill(0);
    return true;
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

// Every further turn of the thread pool costs time, and room that is not used costs the garbage collector's.
function deflateInOneTurn(data: Uint8Array, options: ZlibOptions): Promise<Uint8Array> {
  const share = options.strategy === constants.Z_HUFFMAN_ONLY ? 1 : 0.4;
  const chunkSize = Math.min(CHUNK_SIZE, Math.max(1024, Math.ceil(data.length * share)));
  return deflateAsync(data, { ...options, chunkSize });
}
