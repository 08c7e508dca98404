import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';

const { BASE, Fn } = ed25519.Point;

/**
 * The reply to MariaDB's `client_ed25519`: an Ed25519 signature of the server's challenge. Its key is the
 * hash of a password of any length instead of a 32-byte seed as in RFC 8032, so `node:crypto` cannot compute
 * it.
 *
 * @param password - of the account
 * @param challenge - what the server sent, 32 bytes
 */
export function signEd25519Challenge(password: string, challenge: Uint8Array): Buffer {
  const message = challenge.subarray(0, 32);
  const key = sha512(Buffer.from(password, 'utf8'));
  const half = Uint8Array.from(key.subarray(0, 32));
  half[0]! &= 248;
  half[31] = (half[31]! & 63) | 64;
  const secret = scalarOf(half);
  const publicKey = BASE.multiply(secret).toBytes();
  const nonce = scalarOf(sha512(key.subarray(32), message));
  const commitment = BASE.multiply(nonce).toBytes();
  const proof = Fn.add(nonce, Fn.mul(scalarOf(sha512(commitment, publicKey, message)), secret));
  return Buffer.concat([commitment, Fn.toBytes(proof)]);
}

function sha512(...pieces: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512');
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}

/** Little-endian bytes as a number modulo the order of the group. */
function scalarOf(bytes: Uint8Array): bigint {
  return Fn.create(BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`));
}
