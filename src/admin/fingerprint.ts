import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { assertArgument } from '../arguments.js';
import { utf8 } from '../bytes.js';

/**
 * A recipient as people compare it, on the phone or on paper: the first 64 bits of the SHA-256 of its text,
 * in groups of four.
 *
 * @example
 * ```ts
 * console.log(fingerprintOf(recipient)); // "3f2a 91c0 77de 0b14"
 * ```
 */
export function fingerprintOf(recipient: string): string {
  assertArgument('recipient', recipient, 'text');
  return bytesToHex(sha256(utf8(recipient)).subarray(0, 8)).replace(/(.{4})(?=.)/g, '$1 ');
}
