import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptAge } from '../archive/age/encrypt.js';
import { collectBytes, fromUtf8, utf8 } from '../bytes.js';
import type { WorkFactor } from './work-factor.js';

/** An age key pair, for the moment between its making and its sealing. */
export interface KeyPair {
  /** `age1…` or `age1pq1…`: public. */
  readonly recipient: string;
  /** `AGE-SECRET-KEY-…`: secret. */
  readonly identity: string;
}

/** Makes a new pair. @param postQuantum - the hybrid of X25519 and ML-KEM, instead of X25519 alone */
export async function makeKeyPair(postQuantum: boolean): Promise<KeyPair> {
  const identity = await (postQuantum ? generateHybridIdentity() : generateX25519Identity());
  return { recipient: await identityToRecipient(identity), identity };
}

/** Whether a recipient is of the post-quantum kind. */
export function isPostQuantum(recipient: string): boolean {
  return recipient.startsWith('age1pq1');
}

/**
 * Seals an identity with a passphrase, as an armored age file; `age -d` gives a key file that `age -i` takes.
 */
export function sealWithPassphrase(identity: string, passphrase: string, work: WorkFactor): Promise<string> {
  return seal(identity, { passphrase, scryptLogN: work.scryptLogN });
}

/** Seals an identity to another pair, as an armored age file. */
export function sealToRecipient(identity: string, recipient: string): Promise<string> {
  return seal(identity, { recipients: [recipient] });
}

type SealingKey =
  | { readonly passphrase: string; readonly scryptLogN: number }
  | { readonly recipients: readonly string[] };

async function seal(identity: string, key: SealingKey): Promise<string> {
  const line = utf8(`${identity}\n`);
  try {
    return fromUtf8(await collectBytes(encryptAge(line, { ...key, armor: true })));
  } finally {
    // Best effort: the string it came from cannot be wiped.
    line.fill(0);
  }
}
