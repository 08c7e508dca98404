/** What the journal stores about the notes at one place. */
import { largestNote } from '../../history/note.js';
import type { SequenceHead } from '../../history/note-body.js';
import {
  count,
  flag,
  listOf,
  nullable,
  objectOf,
  optional,
  type Shape,
  sha256,
  textUpTo,
  where,
} from '../../shapes.js';
import type { Standing } from '../alerts/standing.js';
import { isNight } from '../nights.js';

/** A note, and the key of the archive that it belongs beside. */
export interface MadeNote {
  readonly key: string;
  readonly note: string;
  readonly number: number;
}

/** A finding that is no loss, such as an archive that nobody vouches for. */
export interface StrangeFinding {
  /** Where it was found. */
  readonly store: string;
  /** What a person accepts who acknowledges it. */
  readonly name: string;
  /** See {@link subjectOf}. */
  readonly subject: string;
  readonly sentence: string;
}

/** The sequence of notes at one place, as far as this service made it. */
export interface SequenceState {
  /** Of the newest note; 0 before the first. */
  readonly number: number;
  /** Of the newest note; null before the first. */
  readonly hash: string | null;
  /** From this night on every copy has a note. */
  readonly since: string;
  /**
   * A note that was made but perhaps not stored yet, and on how many nights it could not be. Only this note may
   * be stored under its number.
   */
  readonly onItsWay?:
    | {
        readonly key: string;
        readonly note: string;
        readonly failed?: { readonly nights: number; readonly night: string } | undefined;
      }
    | undefined;
  /** Notes from before it that could not be stored, for which later ones wait no longer; by their numbers. */
  readonly behind?: readonly MadeNote[] | undefined;
  /** How much may be read again, in bytes; what is not used one night is kept for the next. */
  readonly credit?: number | undefined;
  /** The newest night that added to it, and the night from which copies wait for their turn. */
  readonly creditedOn?: string | undefined;
  readonly countedFrom?: string | undefined;
  /** Findings at this place that a person has to check, in sentences. */
  readonly troubles?: readonly string[] | undefined;
  /** What those sentences are about: keys of archives and signing keys. */
  readonly about?: readonly string[] | undefined;
  /** How many findings there are, also those that are not kept in sentences. */
  readonly found?: number | undefined;
  /** Findings of which no alert has told yet; see {@link subjectOf}. */
  readonly untold?: readonly string[] | undefined;
  /** Findings of which the alert that stands has told. */
  readonly told?: readonly string[] | undefined;
  /** Sentences that stand until they are acknowledged, because no later night can find them again. */
  readonly lasting?: readonly string[] | undefined;
  /** What `number` was when the journal began. */
  readonly begun?: number | undefined;
  /** The newest note of the other place that notes here named, when the journal began. */
  readonly elsewhere?: SequenceHead | undefined;
  /** Whether verified copies are missing or changed: then no older one may be removed anywhere. */
  readonly isBroken?: boolean | undefined;
  /** Other findings. At a place that copies no longer go to they stand until they are acknowledged. */
  readonly strange?: readonly StrangeFinding[] | undefined;
  /** Keys of the copies that are missing or changed: the newest that is left decides when the next one is due. */
  readonly lost?: readonly string[] | undefined;
  /**
   * Keys of archives that the journal does not know but whose notes are valid, so that no night checks them
   * again.
   */
  readonly passed?: readonly string[] | undefined;
  /** Keys of archives, and signing keys, that a person has acknowledged. */
  readonly accepted?: readonly string[] | undefined;
}

/** How many sentences are kept, and how many names. */
export const mostTroubles = 8;
export const mostAccepted = 1000;
/** How many notes may be left behind. */
export const mostBehind = 4;

const night = where(textUpTo(10), isNight);
const word = textUpTo(4000);
const sentences = listOf(word, mostTroubles);
const madeNote = { key: textUpTo(1024), note: textUpTo(largestNote) };
const names = listOf(word, mostAccepted);

/** Whether a value of a journal is such a state. */
export const isSequence: Shape<SequenceState> = where(
  objectOf<SequenceState>({
    number: count,
    hash: nullable(sha256),
    since: textUpTo(10),
    onItsWay: optional(objectOf({ ...madeNote, failed: optional(objectOf({ nights: count, night })) })),
    behind: optional(listOf(objectOf({ ...madeNote, number: count }), mostBehind)),
    credit: optional(count),
    creditedOn: optional(night),
    countedFrom: optional(night),
    troubles: optional(sentences),
    about: optional(names),
    found: optional(count),
    untold: optional(names),
    told: optional(names),
    lasting: optional(sentences),
    begun: optional(count),
    elsewhere: optional(objectOf<SequenceHead>({ number: count, hash: textUpTo(64) })),
    isBroken: optional(flag),
    strange: optional(
      listOf(
        objectOf<StrangeFinding>({ store: word, name: word, subject: word, sentence: word }),
        mostTroubles,
      ),
    ),
    lost: optional(names),
    passed: optional(names),
    accepted: optional(names),
  }),
  ({ number, hash }) => hash !== null || number === 0,
);

/** Whether copies at any place are missing, changed or signed by nobody known, and nobody has acknowledged it. */
export function isBrokenAnywhere(
  sequences: { readonly hq?: SequenceState; readonly local?: SequenceState } | undefined,
): boolean {
  return sequences?.hq?.isBroken === true || sequences?.local?.isBroken === true;
}

/**
 * What identifies a finding about an archive or its note. A sentence about it holds this, and may otherwise be
 * another one on the next night.
 */
export function subjectOf(key: string): string {
  return key.replace(/\.tar\.age$/, '');
}

/** The same where the copy is missing or changed: that is new also where its note was told of. */
export function subjectOfLoss(key: string): string {
  return `${lostPrefix}${subjectOf(key)}`;
}

const lostPrefix = 'lost ';

/** The findings at both places, in sentences: first those of which no alert has told. */
export function troublesOf(
  sequences: { readonly hq?: SequenceState; readonly local?: SequenceState } | undefined,
): readonly string[] {
  const places = [sequences?.hq, sequences?.local];
  return newestFirst(
    places.flatMap((place) => place?.troubles ?? []),
    places.flatMap((place) => place?.untold ?? []),
  );
}

/** What an alert tells of the findings at both places. */
export function historyStanding(
  sequences: { readonly hq?: SequenceState; readonly local?: SequenceState } | undefined,
): Pick<Standing, 'history'> {
  const sentences = troublesOf(sequences);
  if (sentences.length === 0) return {};
  const places = (['hq', 'local'] as const).filter((place) => countAt(sequences?.[place]) > 0);
  return { history: { sentences, count: countAt(sequences?.hq) + countAt(sequences?.local), places } };
}

/** The same at one place. */
export function countAt({ troubles = [], about = [], found = 0 }: Partial<SequenceState> = {}): number {
  return Math.max(troubles.length, about.length, found);
}

function newestFirst(sentences: readonly string[], untold: readonly string[]): readonly string[] {
  const subjects = untold.map((each) => (each.startsWith(lostPrefix) ? each.slice(lostPrefix.length) : each));
  const isNew = (sentence: string): boolean => subjects.some((subject) => sentence.includes(subject));
  return [...sentences.filter(isNew), ...sentences.filter((sentence) => !isNew(sentence))];
}

/** What is wrong at a place. */
interface Found {
  readonly troubles: readonly string[];
  /** The same, as {@link subjectOf} has it. */
  readonly subjects: readonly string[];
  /** What they are about. */
  readonly about: readonly string[];
  readonly passed: readonly string[];
  readonly isBroken: boolean;
  /** Those that are no loss, the first of them. */
  readonly strange: readonly StrangeFinding[];
  readonly lost: readonly string[];
}

/**
 * What is kept of a night's findings.
 *
 * @param lasting - sentences that stand until they are acknowledged
 * @param elsewhere - see {@link foundElsewhere}
 * @param told - of which the alert that stands has told
 */
export function findingsOf(
  tonight: Found,
  lasting: readonly string[],
  elsewhere: Pick<Found, 'lost' | 'strange' | 'troubles'>,
  told: readonly string[] = [],
): Omit<Found, 'subjects'> & Pick<SequenceState, 'untold' | 'found'> {
  const subjects = upTo(mostAccepted, [
    // What follows may be another number every night.
    ...lasting.map((sentence) => sentence.split(',', 1)[0]!),
    ...elsewhere.lost.map(subjectOfLoss),
    ...elsewhere.strange.map(({ subject }) => subject),
    ...tonight.subjects,
  ]);
  const known = new Set(told);
  const untold = subjects.filter((subject) => !known.has(subject));
  const troubles = [...lasting, ...elsewhere.troubles, ...tonight.troubles];
  return {
    untold,
    found: subjects.length,
    troubles: upTo(mostTroubles, newestFirst(troubles, untold)),
    about: upTo(mostAccepted, [
      ...elsewhere.lost,
      ...elsewhere.strange.map(({ name }) => name),
      ...tonight.about,
    ]),
    passed: tonight.passed,
    isBroken: tonight.isBroken || lasting.length > 0 || elsewhere.lost.length > 0,
    strange: [...elsewhere.strange, ...tonight.strange].slice(0, mostTroubles),
    lost: upTo(mostAccepted, [...elsewhere.lost, ...tonight.lost]),
  };
}

/**
 * What was found at another store, such as a network path that was changed since: copies that are missing or
 * changed, and archives that nobody vouches for. Nobody can find them again here, and yet they stand until they
 * are acknowledged.
 */
export function foundElsewhere(
  { lost = [], troubles = [], strange = [] }: SequenceState,
  copies: readonly { readonly key: string; readonly store?: string }[],
  store: string,
): Pick<Found, 'lost' | 'strange' | 'troubles'> {
  const here = new Set(copies.filter((copy) => copy.store === store).map(({ key }) => key));
  const elsewhere = lost.filter((key) => !here.has(key));
  // Sentences are few. Without one, nobody could acknowledge it.
  const sentenceOf = (key: string): string =>
    troubles.find((each) => each.includes(key)) ??
    `${key} was found missing or changed where copies went before.`;
  const left = strange.filter((each) => each.store !== store);
  return {
    lost: elsewhere,
    strange: left,
    troubles: [...elsewhere.map(sentenceOf), ...left.map(({ sentence }) => sentence)],
  };
}

/** The first of them, each once. */
export function upTo(most: number, names: readonly string[]): readonly string[] {
  return [...new Set(names)].slice(0, most);
}
