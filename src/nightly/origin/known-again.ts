/**
 * What signed notes tell a journal that begins anew: the copies, and unacknowledged findings. A journal that is
 * lost, by accident or by an attacker, must not take away that nothing may be removed.
 */
import type { Destination } from '../../eligibility/is-eligible.js';
import { describeHistoryFinding, type HistoryFinding } from '../../history/findings.js';
import type { History, ProvenArchive } from '../../history/judge-history.js';
import type { NoteBody } from '../../history/note-body.js';
import { nightsBetween } from '../nights.js';
import type { VerifiedCopy } from '../run/journal-state.js';
import type { NightJournal } from '../run/night-journal.js';
import type { StandingLoss } from './loss-state.js';
import { isBrokenAnywhere, mostTroubles, type SequenceState } from './sequence.js';

/** How many nights a new journal waits for a place that it has not seen yet. */
const nightsOfWaiting = 31;

/** For the next note. */
export function unseenIn({ state }: Pick<NightJournal, 'state'>): Pick<NoteBody, 'unseen'> {
  const { loss, sequences } = state;
  const isBroken = isBrokenAnywhere(sequences);
  if (loss === undefined && !isBroken) return {};
  return {
    unseen: [...(isBroken ? (['history'] as const) : []), ...(loss === undefined ? [] : (['loss'] as const))],
  };
}

/** What the notes at a place tell a journal that begins anew. */
export function knownByNotes(
  history: History,
  destination: Destination,
  { night, trustedKeys }: { readonly night: string; readonly trustedKeys: readonly string[] },
): {
  readonly state: SequenceState;
  /** The copies that are proven, by their numbers. */
  readonly found: readonly ProvenArchive[];
  /** Whether nothing there is signed. */
  readonly isBare: boolean;
} {
  const { proven, findings, origins, headsElsewhere } = history;
  const here = proven.filter(({ body }) => body.destination === destination);
  const found = here.filter(({ key }) => origins.get(key)?.kind === 'proven');
  const newest = here.at(-1);
  const nights = findings.flatMap((each) =>
    each.kind === 'unknown-key' ? each.keys.map((key) => key.split('/').at(-2) ?? '') : [],
  );
  const lasting = [
    ...findings.filter(({ kind }) => kind === 'gap').map(describeHistoryFinding),
    ...unseenBefore(newest, findings, trustedKeys),
  ];
  // Where the first notes are gone, it is not known any more what is older than every note.
  const hasAll = (found[0]?.body.number ?? 1) === 1;
  const state: SequenceState = {
    number: newest?.body.number ?? 0,
    hash: newest?.hash ?? null,
    since: hasAll ? [...nights, found[0]?.body.night ?? night].sort()[0]! : '',
    begun: newest?.body.number ?? 0,
    elsewhere: headsElsewhere[destination === 'hq' ? 'local' : 'hq'],
    ...(lasting.length === 0 ? {} : { lasting: lasting.slice(0, mostTroubles), isBroken: true }),
  };
  return { state, found, isBare: proven.length === 0 && nights.length === 0 };
}

/**
 * In sentences, what may have been found at a place before the journal began: where its newest note says so,
 * and where notes have an unknown key, since the service's own was lost with everything it knew.
 */
function unseenBefore(
  newest: ProvenArchive | undefined,
  findings: readonly HistoryFinding[],
  trustedKeys: readonly string[],
): readonly string[] {
  const told =
    newest?.body.unseen?.includes('history') === true
      ? [
          `Note ${newest.body.number} says that something was found here and not acknowledged; the journal with the details is lost.`,
        ]
      : [];
  const strange = findings.filter(
    (each) => each.kind === 'unknown-key' && !trustedKeys.includes(each.signedWith),
  );
  return [
    ...told,
    ...strange.map(
      (each) => `${describeHistoryFinding(each)} What was found before this service began is not known here.`,
    ),
  ];
}

/** @param proven - of one place, by their numbers */
export function lossUnseen(proven: readonly ProvenArchive[]): StandingLoss | null {
  const clean = proven.findLastIndex(({ body }) => body.unseen?.includes('loss') !== true);
  const first = proven[clean + 1]?.body;
  if (first === undefined) return null;
  const lastClean = proven[clean];
  return {
    night: first.night,
    findings: [
      `Signs of a loss were found on ${first.night} and not acknowledged before the journal with the details was lost.`,
    ],
    about: ['known again'],
    lastClean: lastClean === undefined ? {} : { [first.destination]: lastClean.key },
  };
}

/** A copy as a journal has it, from its note. */
export function copyProvenBy({ key, hash, body }: ProvenArchive, store: string): VerifiedCopy {
  return {
    key,
    night: body.night,
    verifiedAt: body.madeAt,
    store,
    bytes: body.size,
    sha256: body.sha256,
    scope: body.scope,
    number: body.number,
    note: hash,
  };
}

/** Both places may report the same. */
export function joinLoss(one: StandingLoss | undefined, other: StandingLoss): StandingLoss {
  return one === undefined ? other : { ...one, lastClean: { ...other.lastClean, ...one.lastClean } };
}

/**
 * Whether a new journal has not yet read the notes at a place: the given one, or another one that may be
 * unreachable at the moment.
 */
export function isYetToKnow(
  { state }: Pick<NightJournal, 'state'>,
  night: string,
  places: readonly ('hq' | 'local')[],
): boolean {
  const { sequences, firstNight } = state;
  const beganAnew = places.some((place) => (sequences?.[place]?.begun ?? 0) > 0);
  const isUnseen = places.some((place) => sequences?.[place] === undefined);
  return beganAnew && isUnseen && nightsBetween(firstNight, night) <= nightsOfWaiting;
}
