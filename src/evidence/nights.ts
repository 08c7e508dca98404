import { isNight, nightAfter } from '../nightly/nights.js';
import { type BackupReport, type DestinationReport, outcomesByRank } from '../nightly/run/backup-report.js';

/**
 * How a night went at a place.
 *
 * - `verified`: stored, read back and found whole, in that night
 * - `late`: it arrived in a later night
 * - `waiting`: it is sealed, and on its way
 * - `failed`: there is no copy of that night
 * - `missing`: nothing is known of that night, though nights before and after it are
 * - `not-due`: none was to be made
 */
export type NightState = 'failed' | 'late' | 'missing' | 'not-due' | 'verified' | 'waiting';

/** A night at a place. */
export interface NightAt {
  /** ISO date. */
  readonly night: string;
  readonly state: NightState;
  /** What went wrong, in the words of the report. */
  readonly problem?: string;
  /** When its report was written; ISO 8601. */
  readonly toldAt?: string;
}

/** Half a year, in whole weeks. */
export const nightsShown: number = 26 * 7;

/** Whether a text is a day of a time in which there are backups. */
export function isDay(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith('2') && isNight(text);
}

/** The places at which copies were due, those of the product first. */
export function placesOf(reports: readonly BackupReport[]): readonly DestinationReport['destination'][] {
  const isDue = ({ outcome }: DestinationReport): boolean =>
    outcome !== 'not-due' && outcome !== 'not-eligible';
  const found = new Set(
    reports.flatMap(({ destinations }) => destinations.filter(isDue).map(({ destination }) => destination)),
  );
  return (['hq', 'local'] as const).filter((place) => found.has(place));
}

/** Every night at a place, from the first that is known to the last, at most as many as are shown. */
export function nightsAt(
  place: DestinationReport['destination'],
  reports: readonly BackupReport[],
): readonly NightAt[] {
  const known = new Map<string, NightAt & { readonly rank: number }>();
  const late = new Set<string>();
  for (const report of reports) {
    const { night, finishedAt } = report;
    const at = report.destinations.find(({ destination }) => destination === place);
    if (at === undefined || !isDay(night)) continue;
    for (const copy of at.caughtUp) late.add(copy.night);
    const rank = outcomesByRank.indexOf(at.outcome);
    if (rank <= (known.get(night)?.rank ?? -1)) continue;
    const state = at.outcome === 'not-eligible' ? 'not-due' : at.outcome;
    const problem = at.error?.message;
    known.set(night, {
      night,
      rank,
      state,
      toldAt: finishedAt,
      ...(problem === undefined ? {} : { problem }),
    });
  }
  const days = [...known.keys()].sort();
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return [];
  const from = [first, nightAfter(last, 1 - nightsShown)].sort().at(-1)!;
  const nights: NightAt[] = [];
  for (let night = from; night <= last; night = nightAfter(night, 1)) {
    const { rank: _, ...found } = known.get(night) ?? { night, state: 'missing' as const, rank: 0 };
    const isLate = late.has(night) && (found.state === 'failed' || found.state === 'waiting');
    nights.push(isLate ? { ...found, state: 'late' } : found);
  }
  return nights;
}

/**
 * The newest moment of which there is a verified copy at a place, by the reports; null when there is none.
 */
export function newestByReports(
  place: DestinationReport['destination'],
  reports: readonly BackupReport[],
): string | null {
  let newest: string | null = null;
  for (const { destinations, startedAt } of reports) {
    const at = destinations.find(({ destination }) => destination === place);
    if (at?.outcome !== 'verified' || Number.isNaN(Date.parse(startedAt))) continue;
    if (newest === null || startedAt > newest) newest = startedAt;
  }
  return newest;
}
