/**
 * Which archives may be removed: grandfather-father-son, as a pure decision. Pruning every night leaves the
 * same archives as pruning once: the newest of a day, week, month or year stays its newest.
 *
 * The clock is not trusted. The age of an archive comes from the archives themselves: where far more time
 * lies between two of them than can be, a clock was set, and only the longest believable gap is counted. So a
 * jump of the clock never makes good copies old at once.
 */

import { Temporal } from 'temporal-polyfill';
import { assertArgument, assertEach } from '../arguments.js';
import type { ArchiveScope } from '../model/parts.js';
import { nightOf, nightsBetween } from './nights.js';

/** How long the newest archive of each period is kept, as ISO 8601 durations; absent periods keep nothing. */
export interface RetentionPolicy {
  /** Newest of each day. */
  readonly daily?: string | undefined;
  /** Newest of each ISO week (Monday to Sunday). */
  readonly weekly?: string | undefined;
  /** Newest of each month. */
  readonly monthly?: string | undefined;
  /** Newest of each year. */
  readonly yearly?: string | undefined;
}

/**
 * The schedule that Open Dental's own cloud keeps: daily 3 days, weekly 6 months, monthly 1 year, yearly 3
 * years.
 */
export const defaultRetention: Required<RetentionPolicy> = {
  daily: 'P3D',
  weekly: 'P6M',
  monthly: 'P1Y',
  yearly: 'P3Y',
};

/**
 * Six years, as long as HIPAA requires documentation to be kept (45 CFR 164.316(b)(2)(i)), for a practice
 * whose counsel requires the same of its backups. State law says how long records of treatment are kept,
 * which may be longer.
 */
export const sixYears: Required<RetentionPolicy> = {
  daily: 'P14D',
  weekly: 'P6M',
  monthly: 'P2Y',
  yearly: 'P6Y',
};

/** What retention needs to know of an archive. */
export interface RetainedArchive {
  /** Under which it is stored. */
  readonly key: string;
  /** When it was made. */
  readonly createdAt: Date;
  /** Archives of different scope never replace each other. */
  readonly scope: ArchiveScope;
  /** It was read back from the store and is what was sealed. */
  readonly verified: boolean;
  /** The password of a current administrator opens it. */
  readonly opensForLivingAdmin: boolean;
  /** Made by hand: it replaces no copy of a night, and is kept as long as one. @defaultValue false */
  readonly byHand?: boolean | undefined;
  /**
   * When it was stored, by the clock of the store. One that claims to be made later is of a clock that was
   * ahead, and replaces no other of its night.
   */
  readonly storedAt?: Date | undefined;
}

/** Why an archive is kept. */
export type KeepReason =
  | 'daily'
  | 'from-the-future'
  | 'last-for-living-admin'
  | 'monthly'
  | 'newest-verified'
  | 'weekly'
  | 'yearly';

/** What is kept and what is removed. Every archive is in exactly one list; both are newest first. */
export interface RetentionPlan {
  /** Archives to keep, each with the reasons. */
  readonly keep: readonly { readonly archive: RetainedArchive; readonly reasons: readonly KeepReason[] }[];
  /** Archives to remove. */
  readonly remove: readonly RetainedArchive[];
}

type Period = keyof RetentionPolicy;
const hour = 3_600_000;
const day = 24 * hour;
/** From the finest to the coarsest, each with its length in milliseconds. */
const lengths: Readonly<Record<Period, number>> = {
  daily: day,
  weekly: 7 * day,
  monthly: 31 * day,
  yearly: 366 * day,
};
const periods = Object.keys(lengths) as readonly Period[];
/** The first day of the epoch. */
const aThursday = '1970-01-01';
/** Longest time without a copy, in milliseconds; a longer gap is a wrong clock. */
const believableGap = 45 * day;

/**
 * Decides which archives of a practice may be removed. Whatever the policy, these stay: the newest verified
 * archive of each scope, the newest that a current administrator can open, and archives dated in the future,
 * which replace no other, because a clock was wrong.
 *
 * @throws RangeError when a duration of the policy cannot be read
 * @example
 * ```ts
 * const { remove } = planRetention(archives, { now: new Date(), timeZone: 'America/Chicago' });
 * ```
 */
export function planRetention(
  archives: readonly RetainedArchive[],
  options: { readonly now: Date; readonly timeZone: string; readonly policy?: RetentionPolicy | undefined },
): RetentionPlan {
  assertEach('archives', archives, { key: 'text', createdAt: 'date', scope: 'text' });
  assertArgument('options', options, 'object', { now: 'date', timeZone: 'text', policy: 'object?' });
  const policy = options.policy ?? defaultRetention;
  const reasons = new Map<RetainedArchive, KeepReason[]>();
  const keep = (archive: RetainedArchive | undefined, reason: KeepReason): void => {
    if (archive !== undefined) reasons.set(archive, [...(reasons.get(archive) ?? []), reason]);
  };
  // Finding the night of an instant is the expensive part, so it is done once.
  const nights = new Map(archives.map((each) => [each, nightOf(each.createdAt, options.timeZone)]));
  const newestFirst = [...archives].sort(
    (a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.key < b.key ? 1 : -1),
  );
  const horizons = horizonsOf(policy, options);
  for (const scope of ['critical', 'full'] as const) {
    const ofScope = newestFirst.filter((archive) => archive.scope === scope);
    const past = ofScope.filter((archive) => archive.createdAt <= options.now);
    for (const archive of ofScope) if (archive.createdAt > options.now) keep(archive, 'from-the-future');
    keep(
      past.find((archive) => archive.verified),
      'newest-verified',
    );
    const opening = past.filter((archive) => archive.opensForLivingAdmin);
    const last = opening.find((archive) => archive.verified);
    const lasts =
      last === undefined ? [opening[0], opening.find((archive) => archive.byHand !== true)] : [last];
    for (const archive of new Set(lasts)) keep(archive, 'last-for-living-admin');
    const ages = agesOf(past, options.now, horizons);
    for (const period of periods) {
      const horizon = horizons[period];
      if (horizon === undefined) continue;
      // A week has one representative; a day has that of its night and the last that was made by hand.
      const made = period === 'daily' ? past.filter(({ byHand }) => byHand === true) : [];
      const chosen = [...newestOfEach(period, past, nights), ...newestOfEach(period, made, nights)];
      for (const archive of new Set(chosen)) {
        if (ages.get(archive)! <= horizon) keep(archive, period);
      }
    }
  }
  return {
    keep: newestFirst
      .filter((archive) => reasons.has(archive))
      .map((archive) => ({ archive, reasons: reasons.get(archive)! })),
    remove: newestFirst.filter((archive) => !reasons.has(archive)),
  };
}

/** Of each period the newest verified archive of a night, or the newest when there is none. */
function newestOfEach(
  period: Period,
  newestFirst: readonly RetainedArchive[],
  nights: ReadonlyMap<RetainedArchive, string>,
): Iterable<RetainedArchive> {
  const representatives = new Map<string, RetainedArchive>();
  for (const archive of newestFirst) {
    const night = nights.get(archive)!;
    const name = nameOf(period, night);
    const chosen = representatives.get(name);
    const gain = chosen === undefined ? 1 : worthOf(archive) - worthOf(chosen);
    const isTrue =
      chosen !== undefined && nights.get(chosen) === night && isAhead(chosen) && !isAhead(archive);
    if (gain > 0 || (gain === 0 && isTrue)) representatives.set(name, archive);
  }
  return representatives.values();
}

function isAhead({ createdAt, storedAt }: RetainedArchive): boolean {
  return storedAt !== undefined && createdAt.getTime() > storedAt.getTime() + hour;
}

function worthOf({ verified, byHand }: RetainedArchive): number {
  return (verified ? 2 : 0) + (byHand === true ? 0 : 1);
}

/** The same for the nights of one period; weeks begin on Mondays. */
function nameOf(period: Period, night: string): string {
  switch (period) {
    case 'daily':
      return night;
    case 'weekly':
      return String(Math.floor((nightsBetween(aThursday, night) + 3) / 7));
    case 'monthly':
      return night.slice(0, -3);
    case 'yearly':
      return night.slice(0, -6);
  }
}

type Horizons = Readonly<Partial<Record<Period, number>>>;

/** How far back each period is kept, in milliseconds. */
function horizonsOf(
  policy: RetentionPolicy,
  { now, timeZone }: { readonly now: Date; readonly timeZone: string },
): Horizons {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone);
  return Object.fromEntries(
    periods.flatMap((period) => {
      const horizon = policy[period];
      return horizon === undefined
        ? []
        : [[period, now.getTime() - today.subtract(horizon).epochMilliseconds]];
    }),
  );
}

/** How old each archive is, in milliseconds, without the time that a clock jumped over. */
function agesOf(
  newestFirst: readonly RetainedArchive[],
  now: Date,
  horizons: Horizons,
): ReadonlyMap<RetainedArchive, number> {
  const ages = new Map<RetainedArchive, number>();
  let age = 0;
  let later = now;
  for (const archive of newestFirst) {
    age += Math.min(later.getTime() - archive.createdAt.getTime(), longestGapAt(age, horizons));
    ages.set(archive, age);
    later = archive.createdAt;
  }
  return ages;
}

/** How far the next older archive may be from one of this age, after earlier pruning. */
function longestGapAt(age: number, horizons: Horizons): number {
  for (const period of periods) {
    const two = 2 * lengths[period];
    // Near the end of a period's span the next one belongs to a coarser period.
    if ((horizons[period] ?? 0) >= age + two) return Math.max(two, believableGap);
  }
  return Number.POSITIVE_INFINITY;
}
