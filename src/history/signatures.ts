/**
 * Ed25519 as notes use it. Signing is rare, and the library makes it from 32 bytes as they are; checking is what a vendor does
 * over a whole bucket, and the native code does that twelve times as fast.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { concatBytes } from '../bytes.js';

/** How a public key of 32 bytes begins as SubjectPublicKeyInfo. */
const spki = Buffer.from('302a300506032b6570032100', 'hex');
/** Keys of so many practices are kept ready. */
const mostKeys = 1000;
const keys = new Map<string, KeyObject>();

/** SHA-256, 32 bytes. */
export function sha256Of(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** @param secret - 32 bytes */
export function publicKeyOf(secret: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(secret);
}

/** @returns 64 bytes */
export function signWith(secret: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, secret);
}

/** Whether a signature of 64 bytes is good. What is no key has no good signature. */
export function isSignatureOf(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return verify(null, message, keyOf(publicKey), signature);
  } catch {
    return false;
  }
}

function keyOf(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey).toString('latin1');
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = createPublicKey({
    key: Buffer.from(concatBytes([spki, publicKey])),
    format: 'der',
    type: 'spki',
  });
  if (keys.size >= mostKeys) keys.clear();
  keys.set(name, key);
  return key;
}
