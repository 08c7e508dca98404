import { BackupError } from '../../errors.js';
import type { Unlock } from '../../model/parts.js';
import { type HashSchemes, hashSchemes } from './hash-schemes.js';
import { hashPassword, type StoredPassword } from './stored-password.js';

/** A password as typed: text, or its UTF-8 bytes, which the caller can wipe afterwards. */
export type Password = string | Uint8Array;

/**
 * A password as text.
 *
 * @throws TypeError when the bytes are not UTF-8
 */
export function passwordText(password: Password): string {
  if (typeof password === 'string') return password;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(password);
  } catch {
    // The cause is omitted: a decoder's error may quote the bytes.
    throw new TypeError('"password" must be UTF-8');
  }
}

/**
 * The passphrase of an enrolled identity: the NFKC form, so that the same password typed on another keyboard
 * or computer yields the same bytes.
 */
export function passphraseFromPassword(password: Password): string {
  return passwordText(password).normalize('NFKC');
}

/**
 * The passphrase of an identity sealed with the stored password: only the hash text, without scheme and salt.
 */
export function passphraseFromStoredHash(stored: StoredPassword): string {
  return stored.hash;
}

/**
 * The passphrase that a typed password yields for the sealed identity in an archive's label.
 *
 * @throws BackupError `archive-unsupported` when the label names a hash scheme that is unknown to this
 *   version
 */
export function passphraseFor(
  unlock: Unlock,
  password: Password,
  schemes: HashSchemes = hashSchemes,
): string {
  if (unlock.kind === 'enrolled') return passphraseFromPassword(password);
  if (!Object.hasOwn(schemes, unlock.hashType)) {
    throw new BackupError(
      'archive-unsupported',
      'The archive was sealed with a kind of password hash that is unknown to this version.',
    );
  }
  // Open Dental's own encoding, unchanged: it hashed the password as typed.
  return hashPassword(unlock.hashType, unlock.salt, passwordText(password), schemes);
}
