/** What the journal keeps of the notes at one place. */
import { largestNote } from '../../history/note.js';
import type { SequenceHead } from '../../history/note-body.js';
import { isCount, isList, isObject, isTextUpTo, type Json } from '../json-shapes.js';

/** The sequence of notes at one place, as far as this service made it. */
export interface SequenceState {
  /** Of the newest note; 0 before the first. */
  readonly number: number;
  /** Of the newest note; null before the first. */
  readonly hash: string | null;
  /** From this night on every copy has a note. */
  readonly since: string;
  /** A note that is made and perhaps not stored yet: it is stored as it is, or not at all. */
  readonly onItsWay?: { readonly key: string; readonly note: string } | undefined;
  /** What may be read again, in bytes; what is not used one night is kept for the next. */
  readonly credit?: number | undefined;
  /** What was found at this place that a person has to look at, in sentences. */
  readonly troubles?: readonly string[] | undefined;
  /** What those sentences are about: keys of archives and signing keys. */
  readonly about?: readonly string[] | undefined;
  /** Sentences that stand until a person has looked, as no later night can find them again. */
  readonly lasting?: readonly string[] | undefined;
  /** What `number` was when the journal began. */
  readonly begun?: number | undefined;
  /** The newest note of the other place that notes here named, when the journal began. */
  readonly elsewhere?: SequenceHead | undefined;
  /** Whether copies that were verified are gone or changed: then no older one may be removed anywhere. */
  readonly isBroken?: boolean | undefined;
  /**
   * Keys of archives that the journal does not know and whose notes are good, so that no night looks at them
   * again.
   */
  readonly passed?: readonly string[] | undefined;
  /** Keys of archives, and signing keys, that a person has looked at and found well. */
  readonly accepted?: readonly string[] | undefined;
}

/** How many sentences are kept, and how many names. */
export const mostTroubles = 8;
export const mostAccepted = 200;

/** Whether a value of a journal is such a state. */
export function isSequence(value: unknown): value is SequenceState {
  if (!isObject(value)) return false;
  const {
    number,
    hash,
    since,
    onItsWay,
    credit,
    troubles,
    about,
    lasting,
    begun,
    elsewhere,
    isBroken,
    passed,
    accepted,
  } = value;
  return (
    isCount(number) &&
    (hash === null ? number === 0 : typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)) &&
    typeof since === 'string' &&
    since.length <= 10 &&
    (onItsWay === undefined ||
      (isObject(onItsWay) &&
        isTextUpTo(onItsWay['key'], 1024) &&
        isTextUpTo(onItsWay['note'], largestNote))) &&
    (credit === undefined || isCount(credit)) &&
    (troubles === undefined || isTexts(troubles, mostTroubles)) &&
    (about === undefined || isTexts(about, mostAccepted)) &&
    (lasting === undefined || isTexts(lasting, mostTroubles)) &&
    (begun === undefined || isCount(begun)) &&
    (elsewhere === undefined ||
      (isObject(elsewhere) && isCount(elsewhere['number']) && isTextUpTo(elsewhere['hash'], 64))) &&
    (isBroken === undefined || typeof isBroken === 'boolean') &&
    (passed === undefined || isTexts(passed, mostAccepted)) &&
    (accepted === undefined || isTexts(accepted, mostAccepted))
  );
}

/** Whether what a verified copy has for its note is well formed. */
export function hasNoteFacts(value: Json): boolean {
  const { bytes, sha256, scope, recipient, number, note, state, seen, readAt } = value;
  return (
    (bytes === undefined || isCount(bytes)) &&
    (sha256 === undefined || (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256))) &&
    (scope === undefined || scope === 'critical' || scope === 'full') &&
    (recipient === undefined || isTextUpTo(recipient, 4004)) &&
    (number === undefined || isCount(number)) &&
    (note === undefined || (typeof note === 'string' && /^[0-9a-f]{64}$/.test(note))) &&
    (state === undefined || state === 'going' || state === 'gone' || state === 'spoiled') &&
    (seen === undefined || isTextUpTo(seen, 300)) &&
    (readAt === undefined || isTextUpTo(readAt, 10))
  );
}

function isTexts(value: unknown, most: number): boolean {
  return isList(value, most, (each) => isTextUpTo(each, 4000));
}
