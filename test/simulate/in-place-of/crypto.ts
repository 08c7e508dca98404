/** What the nights use of `node:crypto`; chance comes from the seed. */
import { createHash, hash } from 'node:crypto';

export { createHash, hash };

export function randomBytes(size: number): Buffer {
  // What only fills room need not be dear.
  if (size > 1024) return Buffer.alloc(size);
  return Buffer.from(Array.from({ length: size }, () => Math.floor(Math.random() * 256)));
}
