import { equalBytes } from '@noble/ciphers/utils.js';
import { engine } from '#engine';
import type { StoredPassword } from '../archive/password/stored-password.js';
import { utf8 } from '../bytes.js';
import type { Work } from './work.js';

/**
 * Marks a stored password, so that a change of it is noticed later. The mark must not help to guess the password: of a
 * salted one it is the salt, which is random and new with every change, and public in labels anyway. Old unsalted ones
 * are marked by scrypt.
 */
export async function markOf(stored: StoredPassword, work: Work): Promise<string> {
  if (stored.salt !== '') return saltMark(stored);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return `scrypt:${work.scryptLogN}:${base64(salt)}:${base64(await digest(stored, salt, work.scryptLogN))}`;
}

/** Whether a mark is of this stored password. */
export async function fitsMark(mark: string, stored: StoredPassword): Promise<boolean> {
  const [kind, logN, salt, expected] = mark.split(':');
  if (kind !== 'scrypt') return stored.salt !== '' && mark === saltMark(stored);
  if (stored.salt !== '' || salt === undefined || expected === undefined) return false;
  // A mark comes from the practice's own store; still, it shall not eat the machine.
  const factor = Number(logN);
  if (!(Number.isInteger(factor) && factor >= 1 && factor <= 20)) return false;
  return equalBytes(await digest(stored, fromBase64(salt), factor), fromBase64(expected));
}

function saltMark({ scheme, salt }: StoredPassword): string {
  return `salt:${scheme}$${salt}`;
}

function digest({ scheme, hash }: StoredPassword, salt: Uint8Array, logN: number): Promise<Uint8Array> {
  return engine.scrypt(utf8(`${scheme}$${hash}`), salt, 2 ** logN);
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
