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

/** What to make of what the store has. */
export type KeyJudgement =
  /** It is of the password that is stored now, and nothing speaks against it. */
  | { readonly kind: 'fits'; readonly current: Enrollment; readonly isSamePassword: boolean }
  /** There is none for the password that is stored now. */
  | { readonly kind: 'none'; readonly isSamePassword: boolean }
  /** The password is the same as before, and the record is not what its holder left. */
  | {
      readonly kind: 'unproven';
      readonly isSamePassword: true;
      readonly pinned: PinnedKey;
      /** The pinned one first; what the store has as well, unless that would be a weaker way in. */
      readonly ways: readonly [Unlock, ...Unlock[]];
    };

/**
 * Holds a record of the store against what was pinned.
 *
 * A record counts when its holder signed it, or when the pair before it says that it is the next one. One
 * that has neither counts only with a new password: then there is nothing to hold it against.
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
  // A password that was replaced under the salt of the old one leaves a mark that seems to fit.
  const isOfOldPassword = current !== null && !isProvenAnew(current, pinned, isProven);
  return fits && !isOfOldPassword
    ? { kind: 'fits', current, isSamePassword }
    : { kind: 'none', isSamePassword };
}

function isFrom(current: Enrollment, { signer, unlock }: PinnedKey): boolean {
  if (signer === undefined) return JSON.stringify(current.unlock) === JSON.stringify(unlock);
  return isSignedBy(current, signer) || isEndorsedBy(current, signer);
}

/** With another password: either another pair, or the same one that its holder marked anew. */
function isProvenAnew(current: Enrollment, pinned: PinnedKey, isProven: boolean): boolean {
  if (current.unlock.recipient !== pinned.unlock.recipient) return true;
  return isProven && current.mark !== pinned.recordMark;
}

function mayStandBeside(current: Unlock, pinned: Unlock): boolean {
  // Ways in of two kinds must not stand in one label: what is weaker would count for both.
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
