/**
 * Proves that somebody who had the password wrote a record of the enrolment store. Others may write to the
 * store, which can be a table, and the nightly job has no password. So every record is signed with a key
 * derived from the secret key of its own pair: whoever opened the pair can sign, and the public key, stored
 * elsewhere, detects a changed record. A pair endorses the one that follows it, so that a renewal can be told
 * from an exchange.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64, toBase64, utf8 } from '../bytes.js';
import type { Endorsement, Enrollment } from './enrollment.js';
import type { Opening } from './opening.js';

/** A record before it is signed. */
export type UnsignedEnrollment = Omit<Enrollment, 'endorsements' | 'signature' | 'signer'>;

/** As many earlier pairs as a night needs after a long absence; each takes 140 bytes. */
const mostEndorsements = 32;

/**
 * Signs a record.
 *
 * @param identity - the secret half of its own pair
 * @param earlier - the secret halves of the pairs before it, newest first
 */
export function signed(
  record: UnsignedEnrollment,
  identity: string,
  earlier: readonly string[] = [],
): Enrollment {
  const key = signingKeyOf(identity);
  try {
    const signer = toBase64(ed25519.getPublicKey(key));
    const endorsements = earlier
      .slice(0, mostEndorsements)
      .map((older) => endorse(record, signer, older))
      .filter((endorsement) => endorsement.signer !== signer);
    return {
      ...record,
      signer,
      signature: toBase64(ed25519.sign(recordBytes(record), key)),
      ...(endorsements.length === 0 ? {} : { endorsements }),
    };
  } finally {
    key.fill(0);
  }
}

/** The public key that verifies the signatures of a pair. */
export function signerOf(identity: string): string {
  const key = signingKeyOf(identity);
  try {
    return toBase64(ed25519.getPublicKey(key));
  } finally {
    key.fill(0);
  }
}

/** Whether the holder of this signing key signed the record. */
export function isSignedBy(record: Enrollment, signer: string): boolean {
  return record.signer === signer && verify(record.signature, recordBytes(record), signer);
}

/** Whether an earlier pair endorses the pair of this record, and the record is unchanged. */
export function isEndorsedBy(record: Enrollment, signer: string): boolean {
  if (record.signer === undefined || !isSignedBy(record, record.signer)) return false;
  const own = record.endorsements?.find((endorsement) => endorsement.signer === signer);
  return own !== undefined && verify(own.signature, endorsementBytes(record, record.signer), signer);
}

/** Signs an opening with the pair of this identity. */
export function signedOpening(userNum: string, opening: Opening, identity: string): Opening {
  const key = signingKeyOf(identity);
  try {
    return { ...opening, signature: toBase64(ed25519.sign(openingBytes(userNum, opening), key)) };
  } finally {
    key.fill(0);
  }
}

/** Whether the holder of this signing key signed the opening. */
export function isOpeningSignedBy(userNum: string, opening: Opening, signer: string): boolean {
  return verify(opening.signature, openingBytes(userNum, opening), signer);
}

function openingBytes(userNum: string, { signature: _, ...opening }: Opening): Uint8Array {
  return utf8(`supplemental-backup opening 1\n${canonical({ userNum, opening })}`);
}

function endorse(record: UnsignedEnrollment, signer: string, older: string): Endorsement {
  const key = signingKeyOf(older);
  try {
    return {
      signer: toBase64(ed25519.getPublicKey(key)),
      signature: toBase64(ed25519.sign(endorsementBytes(record, signer), key)),
    };
  } finally {
    key.fill(0);
  }
}

function signingKeyOf(identity: string): Uint8Array {
  const secret = utf8(identity);
  try {
    return hkdf(sha256, secret, undefined, utf8('supplemental-backup enrolment record'), 32);
  } finally {
    secret.fill(0);
  }
}

/** Everything that decides who can open archives. Names and revisions may change without a password. */
function recordBytes({ userNum, epoch, since, mark, unlock, resting }: UnsignedEnrollment): Uint8Array {
  const what = { userNum, epoch, since, mark, unlock, resting: resting ?? null };
  return utf8(`supplemental-backup enrolment 1\n${canonical(what)}`);
}

function endorsementBytes({ userNum, unlock }: UnsignedEnrollment, signer: string): Uint8Array {
  return utf8(
    `supplemental-backup endorsement 1\n${canonical({ userNum, recipient: unlock.recipient, signer })}`,
  );
}

/** JSON with sorted member names, because a store may return them in any order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function verify(signature: string | undefined, message: Uint8Array, signer: string): boolean {
  if (signature === undefined) return false;
  try {
    return ed25519.verify(fromBase64(signature), message, fromBase64(signer));
  } catch {
    // Not a key, or not a signature: as good as a wrong one.
    return false;
  }
}
