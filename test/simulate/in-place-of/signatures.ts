/**
 * What notes are signed with. Curves take a twentieth of a simulated night, and nobody in it forges anything
 * but by what lies in a store.
 */
import { createHash } from 'node:crypto';

/** SHA-256, 32 bytes. */
export function sha256Of(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

export function publicKeyOf(secret: Uint8Array): Uint8Array {
  return sha256Of(secret);
}

export function signerWith(secret: Uint8Array): (message: Uint8Array) => Uint8Array {
  const key = publicKeyOf(secret);
  return (message) => signatureOf(message, key);
}

export function isSignatureOf(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  return Buffer.compare(signature, signatureOf(message, publicKey)) === 0;
}

function signatureOf(message: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return createHash('sha512').update(publicKey).update(message).digest();
}
