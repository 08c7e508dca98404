import { equalBytes } from '@noble/ciphers/utils.js';
import { engine } from '#engine';
import type { StoredPassword } from '../archive/password/stored-password.js';
import { fromBase64, toBase64, utf8 } from '../bytes.js';
import type { WorkFactor } from './work-factor.js';

/**
 * Marks a stored password, so that a change of it is noticed later. The mark must not help to guess the
 * password: of a salted one it is the salt, which is random and new with every change, and public in labels
 * anyway. Old unsalted ones are marked by scrypt.
 */
export async function markOf(stored: StoredPassword, work: WorkFactor): Promise<string> {
  return stored.salt === '' ? slowMarkOf(stored, work) : saltMark(stored);
}

/**
 * Marks a stored password by scrypt, whatever it is: a password that was replaced under the same salt has
 * another mark. For a place that no archive goes to.
 */
export async function slowMarkOf(stored: StoredPassword, work: WorkFactor): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return `scrypt:${work.scryptLogN}:${toBase64(salt)}:${toBase64(await digest(stored, salt, work.scryptLogN))}`;
}

/** Whether a mark is of this stored password. */
export async function fitsMark(mark: string, stored: StoredPassword): Promise<boolean> {
  return stored.salt === '' ? fitsSlowMark(mark, stored) : mark === saltMark(stored);
}

/** Whether a mark of {@link slowMarkOf} is of this stored password. */
export async function fitsSlowMark(mark: string, stored: StoredPassword): Promise<boolean> {
  const [, logN, salt, expected] = scryptMark.exec(mark) ?? [];
  // Bounded, so that a forged mark cannot exhaust the machine.
  const factor = Number(logN);
  if (!(factor >= 1 && factor <= 20)) return false;
  return equalBytes(await digest(stored, fromBase64(salt!), factor), fromBase64(expected!));
}

// 16 bytes of salt, 32 of hash.
const scryptMark: RegExp = /^scrypt:(\d{1,2}):([A-Za-z0-9+/]{22}==):([A-Za-z0-9+/]{43}=)$/;

function saltMark({ scheme, salt }: StoredPassword): string {
  return `salt:${scheme}$${salt}`;
}

async function digest({ scheme, hash }: StoredPassword, salt: Uint8Array, logN: number): Promise<Uint8Array> {
  const secret = utf8(`${scheme}$${hash}`);
  try {
    return await engine.scrypt(secret, salt, 2 ** logN);
  } finally {
    secret.fill(0);
  }
}
