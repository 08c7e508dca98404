import { isUnlock } from '../archive/descriptions.js';
import { BackupError } from '../errors.js';
import type { Unlock } from '../model/parts.js';
import {
  anything,
  fromJson,
  listOf,
  type Members,
  objectOf,
  optional,
  text,
  textUpTo,
  wholeFrom,
} from '../shapes.js';
import { isOpening, type Opening } from './opening.js';

/** A pair that a password opens, and its place among the pairs of its user. */
export interface KeyEpoch {
  /** 1, 2, 3 …: counts the key pairs of this user. */
  readonly epoch: number;
  /** When this pair was made; ISO 8601, UTC. */
  readonly since: string;
  /** As it goes into labels. */
  readonly unlock: Unlock;
}

/** The stored key pair of an administrator: the public key, and the secret key sealed. Holds no secret. */
export interface Enrollment extends KeyEpoch {
  /** `userod.UserNum`, as decimal text. */
  readonly userNum: string;
  /** As it was when the key was made. */
  readonly userName: string;
  /** 1, 2, 3 …: counts the records stored for this user. */
  readonly revision: number;
  /** Tells whether the stored password is still the one this pair belongs to. See `markOf`. */
  readonly mark: string;
  /**
   * The enrolled pair that a pair of the stored hash replaced, because the password changed unseen. It leads
   * to older archives; a login with its password links it into the chain again.
   */
  readonly resting?: KeyEpoch;
  /**
   * Public half of the Ed25519 key that signs for this pair, in base64; derived from the pair's secret half.
   */
  readonly signer?: string;
  /** Of everything that decides who can open archives, by {@link signer}; base64. */
  readonly signature?: string;
  /** Signatures by earlier pairs of this user: this pair follows them. */
  readonly endorsements?: readonly Endorsement[];
  /** When this administrator last opened the copies with the password, and what was found. */
  readonly opening?: Opening;
}

/** The signature of an earlier pair for the one after it. */
export interface Endorsement {
  /** Public half of the key that signs for the earlier pair, in base64. */
  readonly signer: string;
  /** Over user number, recipient and signer of the later pair; base64. */
  readonly signature: string;
}

/** The pair alone. */
export function keyEpochOf({ epoch, since, unlock }: KeyEpoch): KeyEpoch {
  return { epoch, since, unlock };
}

/** Where enrolments are stored. Any place that a thief of archives cannot write to. */
export interface EnrollmentStore {
  /** The latest one of a user, or null. */
  load(userNum: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Enrollment | null>;
  /**
   * Stores a new one, all or nothing.
   *
   * @returns false, having stored nothing, if that revision or a later one of the user exists
   */
  save(enrollment: Enrollment, options?: { readonly signal?: AbortSignal | undefined }): Promise<boolean>;
  /**
   * Removes a user's record that cannot be read or leaves no room for another revision, so that a login can
   * make a new one. Without it, a person has to do that.
   */
  discardUnreadable?(userNum: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

/** Largest revision that is accepted. A larger one was not counted up by logins. */
export const largestRevision = 1_000_000_000;

/** Whether another revision may follow. */
export function leavesRoom({ revision }: Pick<Enrollment, 'revision'>): boolean {
  return revision < largestRevision;
}

/**
 * Parses a stored record.
 *
 * @throws BackupError `settings-invalid` when it is not an enrolment of that user
 */
export function parseEnrollment(json: string, userNum: string): Enrollment {
  const value = fromJson(json);
  if (!isEnrollment(value) || value.userNum !== userNum) throw unreadable(userNum);
  // It decides nothing about keys: if it cannot be read, only the opening is lost.
  const { opening, ...record } = value;
  return isOpening(opening) ? { ...record, opening } : record;
}

/** The error for a record that cannot be parsed. */
export function unreadable(userNum: string): BackupError {
  return new BackupError(
    'settings-invalid',
    `The stored backup key of user number ${userNum} cannot be read. Remove it, and the next login makes a new one.`,
    { details: { userNum } },
  );
}

/** Writes an enrolment as ASCII, which passes through every character set. */
export function formatEnrollment(enrollment: Enrollment): string {
  return JSON.stringify(enrollment).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const shortText = textUpTo(200);

const endorsement = objectOf<Endorsement>({ signer: shortText, signature: shortText });

const keyEpoch: Members<KeyEpoch> = { epoch: wholeFrom(1), since: text, unlock: isUnlock };

const isEnrollment = objectOf<Omit<Enrollment, 'opening'> & { readonly opening?: unknown }>({
  ...keyEpoch,
  userNum: text,
  userName: text,
  revision: wholeFrom(1, largestRevision),
  mark: text,
  resting: optional(objectOf(keyEpoch)),
  signer: optional(shortText),
  signature: optional(shortText),
  endorsements: optional(listOf(endorsement)),
  // Parsed apart, so that a bad one does not spoil the record.
  opening: anything,
});
