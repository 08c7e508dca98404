import type { Channel } from '../diagnosis.js';
import type { Stretch } from './stretches.js';

/** Room around a result, in bytes: whoever wraps it need not copy it. */
export interface Margins {
  readonly before: number;
  readonly behind: number;
}

/** Bytes that are whose they were until they are given back. */
export interface Lent {
  readonly bytes: Uint8Array;
  /** Whoever calls it holds on to none of the bytes. */
  readonly release: () => void;
}

/**
 * What the archive needs of a platform. Two modules fulfil it, byte for byte alike: `node.ts` on the native
 * code of Node.js, `portable.ts` on plain JavaScript for browsers. The import condition `#engine` chooses.
 */
export interface Engine {
  readonly name: 'node' | 'portable';
  /** Where to tell what helps to find a fault. */
  readonly diagnosis: Channel;
  /**
   * Compresses to one raw DEFLATE stream. The two engines may differ in the bytes, never in what they mean.
   *
   * @param stretches - all of `data`, in order: what to look for
   * @param margins - bytes to leave free, as zeros, before and behind the stream
   */
  deflate(data: Uint8Array, stretches: readonly Stretch[], margins: Margins): Promise<Uint8Array>;
  /**
   * Inflates one raw DEFLATE stream.
   *
   * @param size - exact size of the result
   * @throws any error when the stream is malformed, or its result is not `size` bytes long
   */
  inflate(data: Uint8Array, size: number): Promise<Uint8Array>;
  /** The same for a result that is looked at and given back: its room is used again. */
  inflateLent(data: Uint8Array, size: number): Promise<Lent>;
  /** CRC-32 as gzip has it. */
  crc32(data: Uint8Array): number;
  /**
   * SHA-256 in hexadecimal, as one piece of text: thousands are kept to the end, and a rope of pairs is ten
   * times as large.
   */
  sha256(data: Uint8Array): string;
  /** Seals with ChaCha20-Poly1305: `data.length + 16` bytes go to `into`. */
  seal(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, into: Uint8Array): void;
  /** The reverse of {@link Engine.seal}, in room of its own; null when it does not authenticate. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | null;
  /** scrypt with r = 8, p = 1, 32 bytes. */
  scrypt(password: Uint8Array, salt: Uint8Array, n: number): Promise<Uint8Array>;
  /** Whether two arrays hold the same bytes. Not in constant time. */
  equalBytes(a: Uint8Array, b: Uint8Array): boolean;
}
