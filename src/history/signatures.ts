/** Ed25519 for notes, in native code: a vendor verifies those of a whole bucket. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { concatBytes } from '../bytes.js';

/** The prefixes of a public key of 32 bytes as SubjectPublicKeyInfo, and of a secret one as PKCS #8. */
const spki = Buffer.from('302a300506032b6570032100', 'hex');
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');
/** How many keys are kept ready. */
const mostKeys = 1000;
const keys = new Map<string, KeyObject>();
/** A service that runs for months meets the same notes every night; so many answers are remembered. */
const mostJudged = 2000;
const judged = new Map<string, boolean>();

/** SHA-256, 32 bytes. */
export function sha256Of(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** @param secret - 32 bytes */
export function publicKeyOf(secret: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKeyOf(secret)).export({ format: 'der', type: 'spki' });
  return new Uint8Array(der.subarray(spki.length));
}

/** @returns what signs a message with 64 bytes */
export function signerWith(secret: Uint8Array): (message: Uint8Array) => Uint8Array {
  const key = privateKeyOf(secret);
  return (message) => sign(null, message, key);
}

function privateKeyOf(secret: Uint8Array): KeyObject {
  return createPrivateKey({
    key: Buffer.from(concatBytes([pkcs8, secret])),
    format: 'der',
    type: 'pkcs8',
  });
}

/** Whether a signature of 64 bytes is valid; false for an invalid key. */
export function isSignatureOf(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  const name = createHash('sha256').update(publicKey).update(signature).update(message).digest('base64');
  const known = judged.get(name);
  if (known !== undefined) return known;
  const isGood = isGoodSignature(message, signature, publicKey);
  if (judged.size >= mostJudged) judged.clear();
  judged.set(name, isGood);
  return isGood;
}

function isGoodSignature(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
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
