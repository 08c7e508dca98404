/** Of which findings the alerts have told: what is found while one stands is told as well, once. */
import type { AlertCode } from '../alerts/alert.js';
import type { NightJournalState } from '../run/journal-state.js';
import type { StandingLoss } from './loss-state.js';
import { mostAccepted, type SequenceState, upTo } from './sequence.js';

type Findings = Pick<NightJournalState, 'loss' | 'sequences'>;

/** Whether there are findings that belong to an alert and of which it has not told. */
export function hasUntold({ loss, sequences }: Findings, code: AlertCode): boolean {
  if (code === 'looks-like-loss') return loss !== undefined && (loss.told ?? 0) < loss.findings.length;
  if (code !== 'history-broken') return false;
  return [sequences?.hq, sequences?.local].some((place) => (place?.untold ?? []).length > 0);
}

/** The findings once an alert has told of all of them. */
export function allTold({ loss, sequences }: Findings, code: AlertCode): Findings {
  if (code === 'looks-like-loss' && loss !== undefined)
    return { loss: { ...loss, told: loss.findings.length } };
  if (code !== 'history-broken') return {};
  return atEachPlace(sequences, ({ untold = [], told = [] }) => upTo(mostAccepted, [...untold, ...told]));
}

/** The findings once an alert is over: the same ones would be new. */
export function noneTold({ sequences }: Findings, code: AlertCode): Findings {
  return code === 'history-broken' ? atEachPlace(sequences, () => []) : {};
}

/** Signs of loss in sentences: first those of which no alert has told. */
export function findingsOfLoss({ findings, told = 0 }: StandingLoss): readonly string[] {
  return [...findings.slice(told), ...findings.slice(0, told)];
}

function atEachPlace(
  sequences: Findings['sequences'],
  toldOf: (sequence: SequenceState) => readonly string[],
): Findings {
  if (sequences === undefined) return {};
  const places = Object.entries(sequences).map(([place, sequence]) => [
    place,
    { ...sequence, untold: [], told: toldOf(sequence) },
  ]);
  return { sequences: Object.fromEntries(places) };
}
