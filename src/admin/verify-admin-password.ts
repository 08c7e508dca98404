import type { Password } from '../archive/index.js';
import { passwordText } from '../archive/password/passphrase.js';
import {
  parseStoredPassword,
  storedPasswordStrength,
  verifyStoredPassword,
} from '../archive/password/stored-password.js';
import { assertArgument } from '../arguments.js';
import { BackupError } from '../errors.js';
import type { KeyWarning } from './key-warning.js';
import { isWeakPassword } from './password-strength.js';
import type { AdminCandidate } from './resolve-last-admin.js';

/** What is needed of an administrator to check a password. */
export type AdminPassword = Pick<AdminCandidate, 'storedPassword' | 'userName' | 'userNum'>;

/**
 * Whether a typed password is the one that the database stores, compared in constant time. Never true for the
 * empty password, nor where nothing usable is stored.
 *
 * @throws TypeError when the bytes of a password are not UTF-8
 * @example
 * ```ts
 * if (!verifyAdminPassword(admin, password)) console.error('That is not the password.');
 * ```
 */
export function verifyAdminPassword(admin: AdminPassword, password: Password): boolean {
  assertAdmin('admin', admin);
  assertArgument('password', password, 'password');
  const text = passwordText(password);
  const stored = parseStoredPassword(admin.storedPassword.reveal());
  return text !== '' && storedPasswordStrength(stored) === 'hashed' && verifyStoredPassword(stored, text);
}

/** Refuses what is no administrator with a stored password. @throws TypeError */
export function assertAdmin(name: string, value: unknown): void {
  assertArgument(name, value, 'object', { userNum: 'text', userName: 'text', storedPassword: 'object' });
  const { storedPassword } = value as AdminPassword;
  assertArgument(`${name}.storedPassword`, storedPassword, 'object', { reveal: 'function' });
}

/**
 * Takes a password to make keys with, and says what is weak about it.
 *
 * @throws BackupError `password-refused` when it is empty or not the administrator's
 */
export function acceptPassword(
  admin: AdminPassword,
  password: Password,
): { readonly text: string; readonly warnings: readonly KeyWarning[] } {
  const text = passwordText(password);
  const stored = parseStoredPassword(admin.storedPassword.reveal());
  const isCheckable = storedPasswordStrength(stored) !== 'unsupported';
  if (text === '' || (isCheckable && !verifyAdminPassword(admin, password))) {
    throw refused(admin, text === '' ? 'The password is empty.' : 'The password is not the one stored for');
  }
  const warnings: KeyWarning[] = [];
  if (!isCheckable) {
    const message = `The password of "${admin.userName}" is stored in a form that cannot be checked; it was taken as typed.`;
    warnings.push({ code: 'password-unverified', message });
  }
  if (text.toLowerCase() === admin.userName.toLowerCase()) {
    const message = `The password of "${admin.userName}" is the user name; anyone can guess it.`;
    warnings.push({ code: 'password-equals-user-name', message });
  } else if ([...text].length < 8) {
    const message = `The password of "${admin.userName}" is shorter than 8 characters; it can be guessed.`;
    warnings.push({ code: 'password-short', message });
  } else if (isWeakPassword(text)) {
    const message = `The password of "${admin.userName}" is easy to guess; whoever can read the table of users finds it within hours.`;
    warnings.push({ code: 'password-weak', message });
  }
  return { text, warnings };
}

/** The error for a refused password. Never holds the password. */
export function refused({ userNum, userName }: AdminPassword, happened: string): BackupError {
  const sentence = happened.endsWith('.') ? happened : `${happened} the user "${userName}".`;
  return new BackupError('password-refused', sentence, { details: { userNum, userName } });
}
