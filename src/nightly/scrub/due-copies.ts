/**
 * Which copies are read again tonight: a pure decision. Every existing copy is read once in so many nights,
 * those that were not read for longest first, and no more in a night than needed, because lines and stores
 * cost money and time.
 */
import { nightsBetween } from '../nights.js';
import type { SequenceState } from '../origin/sequence.js';
import type { VerifiedCopy } from '../run/journal-state.js';

/** Every byte is read again within this many nights. */
export const defaultScrubNights = 28;
/** A computer that was off for more nights starts a new round, instead of reading everything at once. */
const longestPause = 7;
/** So many pauses between the newest copies show how often a place gets one. */
const usualPauses = 3;

/** A copy whose bytes can be compared with what was written. */
export type ProvableCopy = VerifiedCopy & Required<Pick<VerifiedCopy, 'bytes' | 'sha256'>>;

/** What is stored of the reading at a place from night to night. */
export type ScrubState = Pick<SequenceState, 'countedFrom' | 'credit' | 'creditedOn'>;

/** The request for a reading. */
export interface ScrubTurn {
  readonly night: string;
  readonly everyNights: number;
}

/** Copies at a place that can be verified, without those that a person acknowledged. */
export function provableAt(
  copies: readonly VerifiedCopy[],
  store: string,
  accepted: readonly string[] = [],
): readonly ProvableCopy[] {
  return copies.filter(
    (copy): copy is ProvableCopy =>
      isStandingAt(copy, store) && copy.sha256 !== undefined && !accepted.includes(copy.key),
  );
}

/**
 * Copies at a place that cannot be verified: it is not known what was written, or the store does not return
 * it.
 */
export function unprovenAt(copies: readonly VerifiedCopy[], store: string): readonly string[] {
  return copies
    .filter((copy) => isStandingAt(copy, store) && (copy.sha256 === undefined || copy.unread !== undefined))
    .map(({ key }) => key);
}

/** On this night or later every copy was read back whole; undefined without copies. */
export function readSince(copies: readonly ProvableCopy[]): string | undefined {
  return copies.map(({ readAt, night }) => readAt ?? night).sort()[0];
}

/**
 * How much may be read from tonight on. What is not used one night is kept for the next, and a night adds
 * enough to read every copy in time.
 */
export function addAllowance(
  copies: readonly ProvableCopy[],
  state: ScrubState,
  turn: ScrubTurn,
): Required<ScrubState> {
  const { night, everyNights } = turn;
  const { credit = 0, creditedOn, countedFrom = night } = state;
  if (creditedOn === night) return { credit, creditedOn, countedFrom };
  const pauses = pausesBetween(copies, night);
  const pause = creditedOn === undefined ? Number.POSITIVE_INFINITY : nightsBetween(creditedOn, night);
  // Where copies are rare, so are the nights that read. A clock that was ahead has counted nights that never were.
  const from = pause < 0 || pause > Math.max(longestPause, ...pauses) ? night : countedFrom;
  const nightsToNext = pauses.length === 0 ? 1 : Math.max(1, Math.min(pause, ...pauses));
  let sum = 0;
  let added = 0;
  for (const { copy, since } of inTurn(copies, from, night)) {
    sum += copy.bytes;
    const nightsLeft = everyNights - nightsBetween(since, night);
    const turnsLeft = Math.floor(nightsLeft / nightsToNext) + 1;
    added = Math.max(added, Math.ceil((sum - credit) / Math.max(1, turnsLeft)));
  }
  return { credit: Math.min(credit + added, sum), creditedOn: night, countedFrom: from };
}

/**
 * The copies whose turn has come. The smaller are read first, so that one for which the window is too short
 * does not hold up the others.
 */
export function dueCopies(
  copies: readonly ProvableCopy[],
  { credit = 0, countedFrom }: ScrubState,
  night: string,
): readonly ProvableCopy[] {
  const due: ProvableCopy[] = [];
  let left = credit;
  for (const { copy, last } of inTurn(copies, countedFrom ?? night, night)) {
    if (last >= night) continue;
    left -= copy.bytes;
    if (left < 0) break;
    due.push(copy);
  }
  return due.sort((a, b) => a.bytes - b.bytes);
}

/** Nights from each of the newest copies to the next. */
function pausesBetween(copies: readonly ProvableCopy[], night: string): readonly number[] {
  const made = copies.filter((copy) => copy.night <= night && copy.byHand !== true);
  const nights = [...new Set(made.map((copy) => copy.night))].sort().slice(-usualPauses - 1);
  return nights.slice(1).map((each, i) => nightsBetween(nights[i]!, each));
}

function inTurn(
  copies: readonly ProvableCopy[],
  from: string,
  night: string,
): readonly { readonly copy: ProvableCopy; readonly last: string; readonly since: string }[] {
  return copies
    .map((copy) => {
      const read = copy.readAt ?? copy.night;
      // One read on a future night was read under a wrong clock.
      const last = read > night ? from : read;
      return { copy, last, since: last < from ? from : last };
    })
    .sort((a, b) =>
      a.since === b.since ? order(a.last, b.last) || order(a.copy.key, b.copy.key) : order(a.since, b.since),
    );
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function isStandingAt({ store, bytes, state }: VerifiedCopy, at: string): boolean {
  return store === at && bytes !== undefined && state === undefined;
}
