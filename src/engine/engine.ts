import type { Channel } from '../diagnosis.js';
import type { Stretch } from './stretches.js';

/** Bytes to leave free around a result, so that wrapping it needs no copy. */
export interface Margins {
  readonly before: number;
  readonly behind: number;
}

/** Bytes in a reused buffer: valid until they are released. */
export interface Lent {
  readonly bytes: Uint8Array;
  /** To be called when none of the bytes is in use any more. */
  readonly release: () => void;
}

/**
 * What the archive needs of a platform. Two modules implement it: `node.ts` on the native code of Node.js,
 * and `portable.ts` on plain JavaScript for browsers. The import condition `#engine` selects one.
 */
export interface Engine {
  readonly name: 'node' | 'portable';
  /** Debug output. */
  readonly diagnosis: Channel;
  /**
   * Compresses to one raw DEFLATE stream. The two engines may give different bytes, which inflate to the
   * same.
   *
   * @param stretches - all of `data`, in order, and how each stretch compresses
   * @param margins - zero bytes to leave free before and behind the stream
   */
  deflate(data: Uint8Array, stretches: readonly Stretch[], margins: Margins): Promise<Uint8Array>;
  /**
   * Inflates one raw DEFLATE stream.
   *
   * @param size - exact size of the result
   * @throws any error when the stream is malformed, or its result is not `size` bytes long
   */
  inflate(data: Uint8Array, size: number): Promise<Uint8Array>;
  /** The same for a result that is used briefly: its buffer is reused after the release. */
  inflateLent(data: Uint8Array, size: number): Promise<Lent>;
  /** CRC-32 as gzip has it. */
  crc32(data: Uint8Array): number;
  /**
   * SHA-256 in hexadecimal, as a flat string: thousands are kept to the end, and a string that V8 joined from
   * pairs takes ten times the memory.
   */
  sha256(data: Uint8Array): string;
  /** Seals with ChaCha20-Poly1305: `data.length + 16` bytes go to `into`. */
  seal(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, into: Uint8Array): void;
  /** The reverse of {@link Engine.seal}, in a new array; null when it does not authenticate. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | null;
  /** scrypt with r = 8, p = 1, 32 bytes. */
  scrypt(password: Uint8Array, salt: Uint8Array, n: number): Promise<Uint8Array>;
  /** Whether two arrays hold the same bytes. Not in constant time. */
  equalBytes(a: Uint8Array, b: Uint8Array): boolean;
}
