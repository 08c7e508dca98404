import { parseStoredPassword, storedPasswordStrength } from '../archive/password/stored-password.js';
import { assertArgument, assertEach } from '../arguments.js';
import type { KeyHolder } from '../model/parts.js';
import type { KeyWarning } from './key-warning.js';
import type { Secret } from './secret.js';

/** A user with the SecurityAdmin permission. */
export interface AdminCandidate {
  /** `userod.UserNum`, as decimal text (it may exceed 2^53). */
  readonly userNum: string;
  /** As it is shown at login. */
  readonly userName: string;
  /** Hidden users cannot log in. */
  readonly isHidden: boolean;
  /**
   * `userod.DateTLastLogin` as the server gives it, `YYYY-MM-DD HH:MM:SS`: the clock of the workstation.
   * Years before 1880 and null mean never.
   */
  readonly lastLogin: string | null;
  /** `userod.Password`. */
  readonly storedPassword: Secret;
}

/** Who was the last administrator to log in, or why none can be named. */
export type LastAdmin =
  | {
      readonly kind: 'found';
      readonly admin: AdminCandidate;
      readonly warnings: readonly KeyWarning[];
    }
  /**
   * The last one's password is stored in a form that no password can match, or that this version does not
   * know.
   */
  | {
      readonly kind: 'unsupported-hash';
      readonly admin: AdminCandidate;
      readonly sentence: string;
      readonly warnings: readonly KeyWarning[];
    }
  /** The last one has no password: an archive that anybody can open is not made. */
  | {
      readonly kind: 'no-password';
      readonly user: KeyHolder;
      readonly sentence: string;
      readonly warnings: readonly KeyWarning[];
    }
  /** There are administrators, and none of them ever logged in. */
  | {
      readonly kind: 'never-logged-in';
      readonly users: readonly KeyHolder[];
      readonly sentence: string;
      readonly warnings: readonly KeyWarning[];
    }
  /** Nobody has the permission, or only hidden users have. */
  | {
      readonly kind: 'no-admin';
      readonly users: readonly KeyHolder[];
      readonly sentence: string;
      readonly warnings: readonly KeyWarning[];
    };

/**
 * How far ahead of `asOf` a login is still believed, in milliseconds: the widest time zone, since the clock
 * that wrote it is the workstation's own, and most of a day for one that is set wrong.
 */
const believedAhead: number = 36 * 3600 * 1000;

/**
 * Finds the last administrator who logged in. Pure.
 *
 * Logins carry the clock of the workstation they were made at. One that lies in the future says nothing about
 * who came last, so such a user ranks behind all whose logins can be believed, and is named in a warning.
 * Ties go to the smaller user number. The last one is the last one: when that user has no password, no other
 * takes the place.
 *
 * @param candidates - see {@link readAdmins}; in any order, hidden users among them
 * @param options - `asOf`: the present moment
 * @example
 * ```ts
 * const last = resolveLastAdmin(await readAdmins(connection), { asOf: new Date() });
 * if (last.kind !== 'found') console.error(last.sentence);
 * ```
 */
export function resolveLastAdmin(
  candidates: readonly AdminCandidate[],
  options: { readonly asOf: Date },
): LastAdmin {
  assertEach('candidates', candidates, {
    userNum: 'text',
    userName: 'text',
    isHidden: 'boolean',
    storedPassword: 'object',
  });
  assertArgument('options', options, 'object', { asOf: 'date' });
  const visible = candidates.filter(({ isHidden }) => !isHidden);
  if (visible.length === 0) {
    return {
      kind: 'no-admin',
      users: candidates.map(holder),
      sentence:
        candidates.length === 0
          ? 'No user has the permission Security Admin.'
          : `Every user with the permission Security Admin is hidden: ${names(candidates)}.`,
      warnings: [],
    };
  }
  const limit = new Date(options.asOf.getTime() + believedAhead).toISOString().slice(0, 19).replace('T', ' ');
  const loggedIn = visible.filter(({ lastLogin }) => isLogin(lastLogin));
  const warnings = loggedIn.filter((admin) => isAhead(admin, limit)).map(clockAhead);
  const [last] = loggedIn.sort(
    (a, b) =>
      Number(isAhead(a, limit)) - Number(isAhead(b, limit)) ||
      compareText(b.lastLogin!, a.lastLogin!) ||
      compareNumbers(a.userNum, b.userNum),
  );
  if (last === undefined) {
    return {
      kind: 'never-logged-in',
      users: visible.map(holder),
      sentence: `No administrator has logged in yet: ${names(visible)}.`,
      warnings,
    };
  }
  const strength = storedPasswordStrength(parseStoredPassword(last.storedPassword.reveal()));
  if (strength === 'empty') {
    const sentence = `The last administrator who logged in, "${last.userName}", has no password.`;
    return { kind: 'no-password', user: holder(last), sentence, warnings };
  }
  if (strength === 'unsupported') {
    const sentence = `The password of the last administrator who logged in, "${last.userName}", is stored in a form that cannot be used; set the password again.`;
    return { kind: 'unsupported-hash', admin: last, sentence, warnings };
  }
  return { kind: 'found', admin: last, warnings };
}

/**
 * Whether two answers name the same user with the same stored password. Keys are made before the tables are
 * locked; comparing them with a second answer from inside the snapshot shows whether they still fit.
 *
 * @example
 * ```ts
 * const again = resolveLastAdmin(await readAdmins(connection), { asOf: new Date() });
 * if (!isSameAdmin(lastAdmin, again)) console.log('Somebody else logged in meanwhile.');
 * ```
 */
export function isSameAdmin(left: LastAdmin, right: LastAdmin): boolean {
  assertArgument('left', left, 'object', { kind: 'text' });
  assertArgument('right', right, 'object', { kind: 'text' });
  if (left.kind !== right.kind || !('admin' in left) || !('admin' in right)) return false;
  return (
    left.admin.userNum === right.admin.userNum &&
    left.admin.storedPassword.reveal() === right.admin.storedPassword.reveal()
  );
}

/** A user as a label names it. */
export function holder({ userNum, userName }: KeyHolder): KeyHolder {
  return { userNum, userName };
}

// Open Dental writes "no date" as year 1, and old databases as year 0.
function isLogin(lastLogin: string | null): boolean {
  return lastLogin !== null && compareText(lastLogin, '1880') >= 0;
}

function isAhead({ lastLogin }: AdminCandidate, limit: string): boolean {
  return compareText(lastLogin!, limit) > 0;
}

function clockAhead({ userName, lastLogin }: AdminCandidate): KeyWarning {
  return {
    code: 'clock-ahead',
    message: `The last login of "${userName}" is dated ${lastLogin!.slice(0, 10)}, in the future: a workstation's clock is wrong. It was not believed.`,
  };
}

function names(candidates: readonly AdminCandidate[]): string {
  return candidates.map(({ userName }) => `"${userName}"`).join(', ');
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

function compareNumbers(left: string, right: string): number {
  const a = BigInt(left);
  const b = BigInt(right);
  return a < b ? -1 : Number(a > b);
}
