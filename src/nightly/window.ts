/**
 * When the window of a night is, and where in it a practice starts: a pure decision over plain dates. Nights
 * are named by the date of their evening, so that a run at 23:50 and one at 00:10 belong to the same night.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { assertArgument } from '../arguments.js';
import { utf8 } from '../bytes.js';
import { BackupError } from '../errors.js';
import { instantOf, minutesIntoNight, nightOf } from './nights.js';
import { remember } from './remember.js';

/** When a practice's copies are made. */
export interface NightSchedule {
  /** IANA name, such as `America/Chicago`. */
  readonly timeZone: string;
  /** Wall time at which the window opens. @defaultValue '22:00' */
  readonly opens?: string | undefined;
  /** Wall time at which the window closes. @defaultValue '04:00' */
  readonly closes?: string | undefined;
  /**
   * Minutes at the end of the window in which no run begins. A failed run may be retried until a quarter of
   * them is left, and a run that HQ asks for begins in any case. In a window shorter than twice that,
   * practices start in the first half, and late ones until its end.
   *
   * @defaultValue 60
   */
  readonly lastStartBeforeCloseMinutes?: number | undefined;
  /**
   * When HQ wants the copy: a wall time for every night, or one instant for the night it falls in. It
   * replaces the practice's own start, inside or outside the window.
   */
  readonly hqTime?: string | Date | undefined;
  /** Nights from one local copy to the next, at most 366. @defaultValue 7 */
  readonly localEveryNights?: number | undefined;
  /**
   * What happens after a night on which no run could be started. `next-night` waits for the window, because
   * read locks would block an open office. `at-once` is for practices that switch the server off at night,
   * and retries for the rest of the day.
   *
   * @defaultValue 'next-night'
   */
  readonly catchUp?: 'at-once' | 'next-night' | undefined;
  /** Most runs in one night. @defaultValue 3 */
  readonly attemptsPerNight?: number | undefined;
  /** Minutes between a failed run and the next of the same night. @defaultValue 30 */
  readonly retryAfterMinutes?: number | undefined;
}

/** One night's window. */
export interface Night {
  /** ISO date of the evening. */
  readonly date: string;
  /** From when on a run may begin. */
  readonly opensAt: Date;
  /** When a run is aborted. */
  readonly closesAt: Date;
}

const usual = { opens: '22:00', closes: '04:00' } as const;

/** The hours of a schedule, in words. */
export function hoursOf({ opens = usual.opens, closes = usual.closes }: Partial<NightSchedule>): string {
  return `from ${opens} to ${closes}`;
}

const minute = 60_000;
/**
 * A run that is this late still counts as on time, because the service sleeps in between; in milliseconds.
 */
const grace: number = 2 * minute;

/**
 * The window of a night. On the nights when clocks change it is an hour shorter or longer; a wall time that
 * does not exist counts as the same distance after the gap, one that exists twice as the first. A window that
 * a change of clocks would swallow comes right after the gap, as long as ever.
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
  assertArgument('night', night, 'text');
  assertArgument('schedule', schedule, 'object', { timeZone: 'text' });
  const { timeZone } = schedule;
  const opens = minutesIntoNight(schedule.opens ?? usual.opens);
  const closes = minutesIntoNight(schedule.closes ?? usual.closes, 'end');
  if (closes <= opens)
    throw invalid('The backup window closes before it opens (between one noon and the next).');
  const opensAt = instantOf(night, opens, timeZone);
  const closesAt = instantOf(night, closes, timeZone);
  if (closesAt > opensAt) return { date: night, opensAt, closesAt };
  return {
    date: night,
    opensAt: closesAt,
    closesAt: new Date(closesAt.getTime() + (closes - opens) * minute),
  };
}

/**
 * When a practice starts on a night: always at the same place in the window, spread evenly over all
 * practices, so that a fleet never starts at once.
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
  assertArgument('night', night, 'text');
  assertArgument('schedule', schedule, 'object', { timeZone: 'text' });
  assertArgument('practiceId', practiceId, 'text');
  const given = hqTimeOf(night, schedule);
  if (given !== undefined) return given;
  const { opensAt, closesAt } = windowOf(night, schedule);
  const span = closesAt.getTime() - opensAt.getTime();
  return new Date(opensAt.getTime() + Math.floor(jitterOf(practiceId) * (span - reserveOf(span, schedule))));
}

/**
 * The latest moment at which the run of a night may be started.
 *
 * @param run - when it starts by plan, when it must be over, and whether it was tried before
 */
export function lastStartOf(
  run: { readonly start: Date; readonly deadline: Date; readonly isRetry: boolean },
  night: string,
  schedule: NightSchedule,
): Date {
  const { opensAt, closesAt } = windowOf(night, schedule);
  const reserve = (schedule.lastStartBeforeCloseMinutes ?? 60) * minute;
  const last = run.deadline.getTime() - reserve;
  const isShort = closesAt.getTime() - opensAt.getTime() < 2 * reserve;
  const isAskedLater = hqTimeOf(night, schedule) !== undefined && run.start.getTime() > last;
  if (isShort || isAskedLater) return run.deadline;
  if (run.isRetry) return new Date(run.deadline.getTime() - reserve / 4);
  return new Date(Math.max(last, run.start.getTime() + grace));
}

/** When the run of a night must be over. */
export function deadlineOf(night: string, start: Date, schedule: NightSchedule): Date {
  const { opensAt, closesAt } = windowOf(night, schedule);
  if (start >= opensAt && start < closesAt) return closesAt;
  // HQ chose a time outside the window: the run gets the length of the window.
  return new Date(start.getTime() + closesAt.getTime() - opensAt.getTime());
}

/** The time HQ gives for a night. @throws BackupError `settings-invalid` */
export function hqTimeOf(night: string, { hqTime, timeZone }: NightSchedule): Date | undefined {
  if (hqTime === undefined) return undefined;
  if (typeof hqTime === 'string') return instantOf(night, minutesIntoNight(hqTime), timeZone);
  return nightOf(hqTime, timeZone) === night ? hqTime : undefined;
}

/** As in the file of a night. */
const limits = [
  ['lastStartBeforeCloseMinutes', 0, 1440],
  ['retryAfterMinutes', 0, 1440],
  ['localEveryNights', 1, 366],
  ['attemptsPerNight', 1, 100],
] as const;

/**
 * Refuses a schedule that is never possible.
 *
 * @throws BackupError `settings-invalid`
 */
export function checkSchedule(schedule: NightSchedule): void {
  const { hqTime, catchUp } = schedule;
  if (hqTime !== undefined && typeof hqTime !== 'string') {
    if (!(hqTime instanceof Date) || Number.isNaN(hqTime.getTime()))
      throw invalid('The time from HQ is invalid.');
  }
  for (const [name, least, most] of limits) {
    const value = schedule[name];
    if (value !== undefined && !(typeof value === 'number' && value >= least && value <= most)) {
      throw invalid(`"${name}" of the schedule must be a number from ${least} to ${most}.`);
    }
  }
  if (catchUp !== undefined && catchUp !== 'at-once' && catchUp !== 'next-night') {
    throw invalid('"catchUp" of the schedule must be at-once or next-night.');
  }
  // Any night will do: whether the wall times make a window does not depend on the date.
  startOf(nightOf(new Date(0), schedule.timeZone), schedule, '');
}

function reserveOf(span: number, { lastStartBeforeCloseMinutes = 60 }: NightSchedule): number {
  return Math.min(lastStartBeforeCloseMinutes * minute, span / 2);
}

/** Where in the window a practice stands, from 0 to just below 1; the same on every night and machine. */
export const jitterOf: (practiceId: string) => number = remember((practiceId) => {
  const digest = sha256(utf8(`supplemental-backup/start/${practiceId}`));
  const high = digest[0]! * 2 ** 16 + digest[1]! * 2 ** 8 + digest[2]!;
  const low = digest[3]! * 2 ** 16 + digest[4]! * 2 ** 8 + digest[5]!;
  return (high * 2 ** 24 + low) / 2 ** 48;
}, 16);

function invalid(sentence: string): BackupError {
  return new BackupError('settings-invalid', sentence);
}
