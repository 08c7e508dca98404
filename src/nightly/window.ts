/**
 * When the night's work is done: a pure decision over plain dates. Nights are named by the date of their evening, so
 * that a run at 23:50 and one at 00:10 belong to the same night.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { Temporal } from 'temporal-polyfill';
import { utf8 } from '../bytes.js';
import type { Destination } from '../eligibility/is-eligible.js';
import { BackupError } from '../errors.js';

/** When a practice's copies are made. */
export interface NightSchedule {
  /** IANA name, such as `America/Chicago`. */
  readonly timeZone: string;
  /** Wall time at which the window opens. @defaultValue '22:00' */
  readonly opens?: string;
  /** Wall time at which the window closes. @defaultValue '04:00' */
  readonly closes?: string;
  /** Minutes at the end of the window in which no run is started. @defaultValue 60 */
  readonly lastStartBeforeCloseMinutes?: number;
  /**
   * When HQ wants the copy: a wall time for every night, or one instant for the night it falls in. It replaces the
   * practice's own start, inside the window or not.
   */
  readonly hqTime?: string | Date;
  /** The local copy is made every so many nights. @defaultValue 7 */
  readonly localEveryNights?: number;
  /**
   * What happens after a night on which no run could be started. `next-night` waits for the window, because read locks
   * would hold up an open office; `at-once` is for practices that switch the server off at night.
   *
   * @defaultValue 'next-night'
   */
  readonly catchUp?: 'at-once' | 'next-night';
  /** Most runs in one night. @defaultValue 3 */
  readonly attemptsPerNight?: number;
  /** Minutes between a failed run and the next of the same night. @defaultValue 30 */
  readonly retryAfterMinutes?: number;
}

/** One night's window. */
export interface Night {
  /** ISO date of the evening. */
  readonly date: string;
  readonly opensAt: Date;
  readonly closesAt: Date;
}

/** What happened on earlier nights, as far as it decides what is due. */
export interface NightHistory {
  /** Date of the night of the newest verified copy, per destination. */
  readonly verified: Readonly<Partial<Record<Destination, string>>>;
  /** The newest run, whatever came of it. */
  readonly lastAttempt?: LastAttempt;
}

/** A run that was made. */
export interface LastAttempt {
  /** Date of its night. */
  readonly night: string;
  /** Which run of that night it was: 1, 2, 3 … */
  readonly count: number;
  /** When it ended. */
  readonly endedAt: Date;
}

/** The next run. */
export interface PlannedRun {
  /** When to start; never before `now`. */
  readonly at: Date;
  /** Date of the night it counts for. */
  readonly night: string;
  /** When the work must be over; uploads that are not are continued on the next night. */
  readonly deadline: Date;
  /** What is due; never empty. */
  readonly destinations: readonly Destination[];
  readonly kind: 'catch-up' | 'hq-time' | 'late' | 'retry' | 'scheduled';
}

const noon: Temporal.PlainTime = Temporal.PlainTime.from('12:00');
const minute = 60_000;

/**
 * The date of the night an instant belongs to: from noon to noon.
 *
 * @param timeZone - IANA name of the practice's time zone
 * @throws BackupError `settings-invalid`
 * @example
 * ```ts
 * console.log(nightOf(new Date('2026-02-02T07:00:00Z'), 'America/Chicago')); // 2026-02-01
 * ```
 */
export function nightOf(instant: Date, timeZone: string): string {
  return zoned(instant, timeZone).subtract({ hours: 12 }).toPlainDate().toString();
}

/** Nights from one to another; negative when `to` is earlier. */
export function nightsBetween(from: string, to: string): number {
  return Temporal.PlainDate.from(from).until(to, { largestUnit: 'days' }).days;
}

/** The night so many nights later; earlier when `count` is negative. */
export function nightAfter(night: string, count: number = 1): string {
  return Temporal.PlainDate.from(night).add({ days: count }).toString();
}

/**
 * The window of a night. On the nights when clocks change it is an hour shorter or longer; a wall time that does not
 * exist counts as the same distance after the gap, one that exists twice as the first.
 *
 * @param night - ISO date of its evening
 * @throws BackupError `settings-invalid` for an unknown zone or a wall time that cannot be read
 * @example
 * ```ts
 * const { opensAt, closesAt } = windowOf('2026-03-07', schedule);
 * console.log((closesAt.getTime() - opensAt.getTime()) / 3_600_000); // 5: clocks go forward
 * ```
 */
export function windowOf(night: string, schedule: NightSchedule): Night {
  const opensAt = atWallTime(night, schedule.opens ?? '22:00', schedule.timeZone);
  const closesAt = atWallTime(night, schedule.closes ?? '04:00', schedule.timeZone);
  if (closesAt <= opensAt) {
    throw invalid('The backup window closes before it opens (between one noon and the next).');
  }
  return { date: night, opensAt, closesAt };
}

/**
 * When a practice starts on a night: always at the same place within the window, spread evenly over all practices, so
 * that a fleet never starts at once.
 *
 * @param night - ISO date of its evening
 * @param practiceId - decides the place
 * @throws BackupError `settings-invalid` as {@link windowOf}
 * @example
 * ```ts
 * console.log(startOf('2026-02-01', schedule, '4711').toISOString());
 * ```
 */
export function startOf(night: string, schedule: NightSchedule, practiceId: string): Date {
  const given = hqTimeOf(night, schedule);
  if (given !== undefined) return given;
  const { opensAt, closesAt } = windowOf(night, schedule);
  const span = closesAt.getTime() - opensAt.getTime();
  const reserve = Math.min((schedule.lastStartBeforeCloseMinutes ?? 60) * minute, span / 2);
  return new Date(opensAt.getTime() + Math.floor(jitterOf(practiceId) * (span - reserve)));
}

/**
 * What is due on a night.
 *
 * @param night - ISO date of its evening
 * @param destinations - where the practice may back up at all
 * @throws RangeError when a date cannot be read
 * @example
 * ```ts
 * console.log(dueOn('2026-02-01', schedule, history, ['hq', 'local']));
 * ```
 */
export function dueOn(
  night: string,
  schedule: NightSchedule,
  history: NightHistory,
  destinations: readonly Destination[],
): readonly Destination[] {
  return destinations.filter((destination) => {
    const last = history.verified[destination];
    if (last === undefined) return true;
    const since = nightsBetween(last, night);
    // A copy from the future was dated by a clock that was wrong, and says nothing.
    return since < 0 || since >= (destination === 'local' ? (schedule.localEveryNights ?? 7) : 1);
  });
}

/**
 * The next run: at the practice's own time of the night, at once when the service comes late but the window is still
 * open, and again after a pause when a run of this night failed.
 *
 * @param request.destinations - where the practice may back up at all
 * @returns null when there is no destination
 * @throws BackupError `settings-invalid`
 * @example
 * ```ts
 * const next = planNextRun({ schedule, practiceId: '4711', history, destinations: ['hq', 'local'], now: new Date() });
 * ```
 */
export function planNextRun(request: {
  readonly schedule: NightSchedule;
  readonly practiceId: string;
  readonly history: NightHistory;
  readonly destinations: readonly Destination[];
  readonly now: Date;
}): PlannedRun | null {
  const { schedule, history, destinations, now } = request;
  if (destinations.length === 0) return null;
  const missed = catchUpRun(request);
  if (missed !== null) return missed;
  const current = nightOf(now, schedule.timeZone);
  const furthest = (schedule.localEveryNights ?? 7) + 1;
  for (let ahead = 0; ahead <= furthest; ahead++) {
    const night = nightAfter(current, ahead);
    const due = dueOn(night, schedule, history, destinations);
    if (due.length === 0) continue;
    const run = runOf(night, request);
    if (run !== null) return { ...run, night, destinations: due };
  }
  return null;
}

function runOf(
  night: string,
  { schedule, practiceId, history, now }: Parameters<typeof planNextRun>[0],
): Pick<PlannedRun, 'at' | 'deadline' | 'kind'> | null {
  const start = startOf(night, schedule, practiceId);
  const deadline = deadlineOf(night, start, schedule);
  const made = attemptsOf(night, history, now);
  if (made >= (schedule.attemptsPerNight ?? 3)) return null;
  let at = start;
  let kind: PlannedRun['kind'] = hqTimeOf(night, schedule) === undefined ? 'scheduled' : 'hq-time';
  if (made > 0) {
    at = new Date(history.lastAttempt!.endedAt.getTime() + (schedule.retryAfterMinutes ?? 30) * minute);
    kind = 'retry';
  }
  if (at < now) {
    at = now;
    if (made === 0) kind = 'late';
  }
  return at < deadline ? { at, deadline, kind } : null;
}

function catchUpRun({
  schedule,
  practiceId,
  history,
  destinations,
  now,
}: Parameters<typeof planNextRun>[0]): PlannedRun | null {
  // A practice that never had a copy is new, and waits for its first night.
  if (schedule.catchUp !== 'at-once' || Object.keys(history.verified).length === 0) return null;
  let night = nightOf(now, schedule.timeZone);
  if (deadlineOf(night, startOf(night, schedule, practiceId), schedule) > now) night = nightAfter(night, -1);
  const next = startOf(nightAfter(night), schedule, practiceId);
  const due = dueOn(night, schedule, history, destinations);
  if (due.length === 0 || attemptsOf(night, history, now) > 0 || next <= now) return null;
  return { at: now, night, deadline: next, destinations: due, kind: 'catch-up' };
}

function attemptsOf(night: string, { lastAttempt }: NightHistory, now: Date): number {
  if (lastAttempt === undefined || lastAttempt.night !== night) return 0;
  // Ended in the future: the clock was wrong then or is now, and must not hold up a run for long.
  return lastAttempt.endedAt > now ? 0 : lastAttempt.count;
}

function deadlineOf(night: string, start: Date, schedule: NightSchedule): Date {
  const { opensAt, closesAt } = windowOf(night, schedule);
  if (start >= opensAt && start < closesAt) return closesAt;
  // HQ chose a time outside of the window: the run has as long as it would have had inside.
  return new Date(start.getTime() + closesAt.getTime() - opensAt.getTime());
}

function hqTimeOf(night: string, { hqTime, timeZone }: NightSchedule): Date | undefined {
  if (hqTime === undefined) return undefined;
  if (typeof hqTime === 'string') return atWallTime(night, hqTime, timeZone);
  return nightOf(hqTime, timeZone) === night ? hqTime : undefined;
}

/** Where in the window a practice stands, from 0 to just below 1; the same on every night and machine. */
export function jitterOf(practiceId: string): number {
  const digest = sha256(utf8(`supplemental-backup/start/${practiceId}`));
  const high = digest[0]! * 2 ** 16 + digest[1]! * 2 ** 8 + digest[2]!;
  const low = digest[3]! * 2 ** 16 + digest[4]! * 2 ** 8 + digest[5]!;
  return (high * 2 ** 24 + low) / 2 ** 48;
}

function atWallTime(night: string, wallTime: string, timeZone: string): Date {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(wallTime)) {
    throw invalid(`"${wallTime}" is not a time of day such as 22:00.`);
  }
  const time = Temporal.PlainTime.from(wallTime);
  // Before noon means the morning after the evening that names the night.
  const morning = Temporal.PlainTime.compare(time, noon) < 0;
  const date = Temporal.PlainDate.from(night).add({ days: morning ? 1 : 0 });
  try {
    return new Date(date.toZonedDateTime({ timeZone, plainTime: time }).epochMilliseconds);
  } catch (error) {
    throw unknownZone(timeZone, error);
  }
}

function zoned(instant: Date, timeZone: string): Temporal.ZonedDateTime {
  const epoch = Temporal.Instant.fromEpochMilliseconds(instant.getTime());
  try {
    return epoch.toZonedDateTimeISO(timeZone);
  } catch (error) {
    throw unknownZone(timeZone, error);
  }
}

function unknownZone(timeZone: string, cause: unknown): BackupError {
  return new BackupError('settings-invalid', `"${timeZone}" is not a time zone such as America/Chicago.`, {
    cause,
    details: { timeZone },
  });
}

function invalid(sentence: string): BackupError {
  return new BackupError('settings-invalid', sentence);
}
