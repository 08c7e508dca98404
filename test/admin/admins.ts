import type { AdminCandidate } from '../../src/admin/resolve-last-admin.js';
import { Secret } from '../../src/admin/secret.js';
import type { WorkFactor } from '../../src/admin/work-factor.js';
import { hashPassword } from '../../src/archive/password/stored-password.js';

/** An administrator, of whom a test says what matters to it. */
export function adminOf(
  fields: Partial<Omit<AdminCandidate, 'storedPassword'>> & { readonly stored?: string } = {},
): AdminCandidate {
  const { stored = storedOf('correct horse'), ...rest } = fields;
  return {
    userNum: '1',
    userName: 'Admin',
    isHidden: false,
    lastLogin: '2026-03-02 08:15:00',
    ...rest,
    storedPassword: new Secret(stored),
  };
}

/** A password as Open Dental stores it. */
export function storedOf(password: string, salt = 'c2FsdA=='): string {
  return `SHA3_512$${salt}$${hashPassword('SHA3_512', salt, password)}`;
}

/** So little work that a test can afford it. */
export const lightWork: WorkFactor = { scryptLogN: 3 };
