/**
 * What the nightly job remembers of a key, so that one that was exchanged in the store of enrolments is
 * noticed.
 */
import { isUnlock } from '../archive/descriptions.js';
import type { StoredPassword } from '../archive/password/stored-password.js';
import type { Unlock } from '../model/parts.js';
import { objectOf, optional, type Shape, text } from '../shapes.js';
import type { Enrollment } from './enrollment.js';
import { fitsMark, fitsSlowMark, slowMarkOf } from './password-mark.js';
import { isEndorsedBy, isSignedBy } from './record-signature.js';
import type { AdminCandidate } from './resolve-last-admin.js';
import type { WorkFactor } from './work-factor.js';

/** The key that the last archives of an administrator were sealed with. Holds no secret. */
export interface PinnedKey {
  /** `userod.UserNum`, as decimal text. */
  readonly userNum: string;
  /** As it was when the key was last used. */
  readonly userName: string;
  /** Tells whether the stored password is still the one of that time: scrypt of what the database stores. */
  readonly mark: string;
  /** The mark of its record, as the store had it. */
  readonly recordMark: string;
  /** As it went into the labels. */
  readonly unlock: Unlock;
  /** What its records are signed with; absent for one of a time before records were signed. */
  readonly signer?: string;
}

/** The verdict on the stored key. */
export type KeyJudgement =
  /** It belongs to the current password, and nothing contradicts it. */
  | { readonly kind: 'fits'; readonly current: Enrollment; readonly isSamePassword: boolean }
  /** There is none for the current password. */
  | { readonly kind: 'none'; readonly isSamePassword: boolean }
  /** The password is the same, but the record is not the one that its holder left. */
  | {
      readonly kind: 'unproven';
      readonly isSamePassword: true;
      readonly pinned: PinnedKey;
      /** The pinned one first, then the stored one, unless that is a weaker way in. */
      readonly ways: readonly [Unlock, ...Unlock[]];
    };

/**
 * Compares a stored record with what was pinned.
 *
 * A record counts when its holder signed it, or when the pair before it endorses it. A record with neither
 * counts only with a new password, because then there is nothing to compare it with.
 */
export async function judgeKey(
  current: Enrollment | null,
  pinned: PinnedKey | null,
  stored: StoredPassword,
): Promise<KeyJudgement> {
  const fits = current !== null && (await fitsMark(current.mark, stored));
  if (pinned === null) {
    return fits ? { kind: 'fits', current, isSamePassword: false } : { kind: 'none', isSamePassword: false };
  }
  const isSamePassword = await fitsSlowMark(pinned.mark, stored);
  const isProven = current !== null && isFrom(current, pinned);
  if (isSamePassword) {
    if (fits && isProven) return { kind: 'fits', current, isSamePassword };
    const others = fits && mayStandBeside(current.unlock, pinned.unlock) ? [current.unlock] : [];
    return { kind: 'unproven', isSamePassword, pinned, ways: [pinned.unlock, ...others] };
  }
  // The mark also fits a new password that was stored with the old salt.
  const isOfOldPassword = current !== null && !isProvenAnew(current, pinned, isProven);
  return fits && !isOfOldPassword
    ? { kind: 'fits', current, isSamePassword }
    : { kind: 'none', isSamePassword };
}

function isFrom(current: Enrollment, { signer, unlock }: PinnedKey): boolean {
  if (signer === undefined) return JSON.stringify(current.unlock) === JSON.stringify(unlock);
  return isSignedBy(current, signer) || isEndorsedBy(current, signer);
}

/** With another password: another pair, or the same one with a new mark by its holder. */
function isProvenAnew(current: Enrollment, pinned: PinnedKey, isProven: boolean): boolean {
  if (current.unlock.recipient !== pinned.unlock.recipient) return true;
  return isProven && current.mark !== pinned.recordMark;
}

function mayStandBeside(current: Unlock, pinned: Unlock): boolean {
  // A label must not hold two kinds of ways in: the weaker one would decide.
  return current.kind === pinned.kind && current.recipient !== pinned.recipient;
}

/**
 * What to remember of a key.
 *
 * @param before - what was pinned, where its password is still the one stored: its mark, which costs a third
 *   of a second, is kept
 */
export async function pinOf(
  work: WorkFactor,
  { userNum, userName }: AdminCandidate,
  stored: StoredPassword,
  { unlock, signer, mark }: Pick<Enrollment, 'mark' | 'signer' | 'unlock'>,
  before: PinnedKey | null,
): Promise<PinnedKey> {
  return {
    userNum,
    userName,
    mark: before?.mark ?? (await slowMarkOf(stored, work)),
    recordMark: mark,
    unlock,
    ...(signer === undefined ? {} : { signer }),
  };
}

/** Whether a value from a journal is such a key. */
export const isPinnedKey: Shape<PinnedKey> = objectOf<PinnedKey>({
  userNum: text,
  userName: text,
  mark: text,
  recordMark: text,
  unlock: isUnlock,
  signer: optional(text),
});
