import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { deflateSync, inflateSync } from 'fflate';
import type { Engine } from './engine.js';
import { withMargins } from './with-margins.js';

const largeBytes: number = 32 * 2 ** 20;

/** The engine for every platform, in plain JavaScript. */
export const engine: Engine = {
  name: 'portable',
  diagnosis: { isOn: false, tell: () => undefined },
  async deflate(data, stretches, margins) {
    // A single huge row that must not compress too well: readers limit the ratio of large parts. Storing only
    // the random stretches is not worth the code here.
    const isStored = data.length > largeBytes && stretches[0]?.texture === 'random';
    return withMargins([deflateSync(data, { level: isStored ? 0 : 1, mem: 8 })], margins);
  },
  async inflate(data, size) {
    // Room for one byte more than expected, so that a longer result is noticed: fflate itself stops at the
    // end of `out`.
    const inflated = inflateSync(data, { out: new Uint8Array(size + 1) });
    if (inflated.length !== size) throw new RangeError('the inflated size is not what it should be');
    return inflated;
  },
  async inflateLent(data, size) {
    return { bytes: await this.inflate(data, size), release: () => undefined };
  },
  crc32,
  sha256: (data) => Array.from(sha256(data), (byte) => byte.toString(16).padStart(2, '0')).join(''),
  seal(key, nonce, data, into) {
    chacha20poly1305(key, nonce).encrypt(data, into.subarray(0, data.length + 16));
  },
  open(key, nonce, sealed) {
    try {
      return chacha20poly1305(key, nonce).decrypt(sealed);
    } catch {
      return null;
    }
  },
  scrypt: (password, salt, n) => scryptAsync(password, salt, { N: n, r: 8, p: 1, dkLen: 32 }),
  equalBytes(a, b) {
    if (a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
    return true;
  },
};

const crcTable: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < data.length; i++) crc = crcTable[(crc ^ data[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
