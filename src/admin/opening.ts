import { assertArgument } from '../arguments.js';
import {
  count,
  listOf,
  type Members,
  moment,
  objectOf,
  oneOf,
  optional,
  type Shape,
  textUpTo,
  where,
} from '../shapes.js';

/**
 * What an opening found wrong.
 *
 * - `archive-damaged`: bytes at the place are not what was written
 * - `archive-older`: the place gives an older copy as its newest than it gave before
 * - `chain-broken`: the password of today does not lead to all keys of earlier passwords
 * - `recipient-not-ours`: the newest copy names this administrator, and is sealed to a key that the password
 *   does not lead to
 * - `record-not-ours`: the stored key does not open with the password
 * - `rehearsal-failed`: a rehearsed restore with the key failed
 */
export type OpeningFindingCode =
  | 'archive-damaged'
  | 'archive-older'
  | 'chain-broken'
  | 'recipient-not-ours'
  | 'record-not-ours'
  | 'rehearsal-failed';

/** Something that an opening found wrong. */
export interface OpeningFinding {
  /** For programs. */
  readonly code: OpeningFindingCode;
  /** At which place; absent where it is about the key. */
  readonly place?: string;
}

/** The newest copy at a place that a person opened. */
export interface OpenedPlace {
  /** As the host calls it, such as `hq` or `local`. */
  readonly place: string;
  /** As in the label. */
  readonly archiveId: string;
  /** When the copy was made; ISO 8601, UTC. */
  readonly createdAt: string;
  /** When it was opened; ISO 8601, UTC. */
  readonly openedAt: string;
  /** Bytes of rows that were read and found equal. */
  readonly readBytes: number;
  /** Bytes of rows that there are. */
  readonly rowBytes: number;
}

/** The record that a person opened the newest copies. Names no patient, holds no secret. */
export interface Opening {
  /** When it was last tried; ISO 8601, UTC. */
  readonly at: string;
  /** What was opened last, at each place. */
  readonly places: readonly OpenedPlace[];
  /** What was found when it was last tried; empty when all was well. */
  readonly findings: readonly OpeningFinding[];
  /** When a restore was last rehearsed with the key at hand. */
  readonly rehearsedAt?: string;
  /** By the key that signs for the pair of the administrator, in base64. Absent without one. */
  readonly signature?: string;
}

/** More than a practice has. */
export const mostPlaces = 16;

const shortName: Shape<string> = where(textUpTo(200), (value) => value !== '');

const placeMembers: Members<OpenedPlace> = {
  place: shortName,
  archiveId: shortName,
  createdAt: moment,
  openedAt: moment,
  readBytes: count,
  rowBytes: count,
};
/** A place, as a report or a store kept it. */
export const isOpenedPlace: Shape<OpenedPlace> = objectOf(placeMembers);

const findingMembers: Members<OpeningFinding> = {
  code: oneOf(
    'archive-damaged',
    'archive-older',
    'chain-broken',
    'recipient-not-ours',
    'record-not-ours',
    'rehearsal-failed',
  ),
  place: optional(shortName),
};
const openingMembers: Members<Opening> = {
  at: moment,
  places: listOf(isOpenedPlace, 2 * mostPlaces),
  findings: listOf(objectOf(findingMembers), 2 * mostPlaces),
  rehearsedAt: optional(moment),
  signature: optional(shortName),
};

/** Whether what a store kept is an opening. */
export const isOpening: Shape<Opening> = objectOf(openingMembers);

/** When one of the copies was last opened; null when none ever was. */
export function lastOpenedAt({ places }: Pick<Opening, 'places'>): string | null {
  return places.reduce<string | null>(
    (newest, { openedAt }) => (newest === null || openedAt > newest ? openedAt : newest),
    null,
  );
}

/**
 * A finding in words.
 *
 * @param userName - whose opening it is
 * @example
 * ```ts
 * console.warn(describeFinding({ code: 'recipient-not-ours', place: 'hq' }, 'Ada'));
 * ```
 */
export function describeFinding(finding: OpeningFinding, userName: string): string {
  assertArgument('finding', finding, 'object', { code: 'text', place: 'text?' });
  assertArgument('userName', userName, 'text');
  const { code, place } = finding;
  const who = `"${userName}"`;
  const at = place === undefined ? '' : ` at ${place}`;
  switch (code) {
    case 'archive-damaged':
      return `The newest backup${at} opened with the password of ${who}, but is damaged. Check that store; the next night makes another copy.`;
    case 'archive-older':
      return `The newest backup${at} is older than the one that ${who} opened there before: newer ones are gone, or the store does not show them.`;
    case 'chain-broken':
      return `The password of ${who} does not lead to all earlier keys. Older backups may open only with the password of their time.`;
    case 'recipient-not-ours':
      return `The newest backup${at} is sealed to a key that the password of ${who} does not open. Either the password was replaced without the old one, or somebody exchanged the key. Find out who can write to the keys, and have the next night make another copy.`;
    case 'record-not-ours':
      return `The stored backup key of ${who} does not open with the password. Log in again to repair it, and find out who can write to the keys.`;
    case 'rehearsal-failed':
      return `A restore of the newest backup${at} was rehearsed with the key of ${who}, and failed.`;
  }
}

/** Who opened the copies when, where, and how much of the rows was read, in words. */
export function describeOpening(opening: {
  readonly userName: string;
  readonly lastOpenedAt: string;
  readonly places: readonly OpenedPlace[];
}): string {
  const places = opening.places.map(({ place, readBytes, rowBytes }) => {
    const percent = rowBytes === 0 ? 0 : Math.round((100 * readBytes) / rowBytes);
    return `${place} (${percent} % of the rows read and equal)`;
  });
  return `${opening.userName} on ${opening.lastOpenedAt.slice(0, 10)}${places.length === 0 ? '' : `, at ${places.join(' and ')}`}`;
}
