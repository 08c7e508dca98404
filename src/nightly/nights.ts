/**
 * Nights by their dates. A night is named by the date of its evening, and lasts from one noon to the next.
 */

import { Temporal } from 'temporal-polyfill';
import { assertArgument } from '../arguments.js';
import { BackupError } from '../errors.js';
import { remember } from './remember.js';

const minute = 60_000;
const day = 86_400_000;

/** All zones of today are so much, or several times as much, away from UTC: noon is at such a moment. */
const quarter = 15 * minute;
/** Before this, some were not. */
const firstQuarter = Date.UTC(1973, 0);

/** By instant and zone. Remembered, because it is called every minute and for every copy. */
const nightOfZoned: (question: string) => string = remember((question) => {
  const at = question.indexOf(' ');
  const instant = Temporal.Instant.fromEpochMilliseconds(Number(question.slice(0, at)));
  const wall = inZone(question.slice(at + 1), (timeZone) => instant.toZonedDateTimeISO(timeZone));
  // By wall time: on a day on which clocks change, noon is not twelve hours after midnight.
  return nightAfter(wall.toPlainDate().toString(), wall.hour < 12 ? -1 : 0);
}, 1000);

/**
 * The date of the night an instant belongs to: from noon to noon by the practice's clock.
 *
 * @param timeZone - IANA name of the practice's time zone
 * @throws BackupError `settings-invalid`
 * @example
 * ```ts
 * console.log(nightOf(new Date('2026-02-02T07:00:00Z'), 'America/Chicago')); // 2026-02-01
 * ```
 */
export function nightOf(instant: Date, timeZone: string): string {
  assertArgument('instant', instant, 'date');
  assertArgument('timeZone', timeZone, 'text');
  const at = instant.getTime();
  const asked = at < firstQuarter ? at : at - (at % quarter);
  return nightOfZoned(`${asked} ${timeZone}`);
}

/**
 * Nights from one to another; negative when `to` is earlier. @throws RangeError when a date cannot be read
 */
export function nightsBetween(from: string, to: string): number {
  return dayOf(to) - dayOf(from);
}

/**
 * The night so many nights later; earlier when `count` is negative. @throws RangeError when a date cannot be
 * read
 */
export function nightAfter(night: string, count: number = 1): string {
  return new Date((dayOf(night) + count) * day).toISOString().slice(0, 10);
}

/** Whether a text is the date of a night. */
export const isNight: (text: string) => boolean = remember((text) => {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}, 1000);

/** Its calendar day, independent of changes of the clock. */
const dayOf: (night: string) => number = remember((night) => {
  const at = Date.parse(`${night}T00:00Z`);
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(night)) {
    throw new RangeError('"night" must be a date such as 2026-02-01');
  }
  return at / day;
}, 1000);

/**
 * Minutes from the noon of a night to a wall time of it.
 *
 * @param atNoon - which noon 12:00 is: the one the night begins with, or the one it ends with
 * @throws BackupError `settings-invalid` for a wall time that cannot be read
 */
export function minutesIntoNight(wallTime: string, atNoon: 'begin' | 'end' = 'begin'): number {
  if (typeof wallTime !== 'string' || !/^([01]\d|2[0-3]):[0-5]\d$/.test(wallTime)) {
    throw new BackupError('settings-invalid', `"${wallTime}" is not a time of day such as 22:00.`);
  }
  const minutes = (Number(wallTime.slice(0, 2)) - 12) * 60 + Number(wallTime.slice(3));
  // Before noon means the morning after the evening that names the night.
  return minutes < 0 || (minutes === 0 && atNoon === 'end') ? minutes + 24 * 60 : minutes;
}

/** By wall time and zone. */
const instantOfWall: (question: string) => number = remember((question) => {
  const at = question.indexOf(' ');
  const wall = Temporal.PlainDateTime.from(question.slice(0, at));
  return inZone(question.slice(at + 1), (timeZone) => wall.toZonedDateTime(timeZone)).epochMilliseconds;
}, 200);

/**
 * The instant so many minutes, by the clock on the wall, after the noon of a night. @throws BackupError
 * `settings-invalid`
 */
export function instantOf(night: string, minutes: number, timeZone: string): Date {
  const wall = new Date(dayOf(night) * day + (12 * 60 + minutes) * minute).toISOString().slice(0, -1);
  return new Date(instantOfWall(`${wall} ${timeZone}`));
}

/** @throws BackupError `settings-invalid` for a zone that is not known */
function inZone<Result>(timeZone: string, tell: (timeZone: string) => Result): Result {
  try {
    return tell(timeZone);
  } catch {
    // The original error quotes it.
    throw new BackupError(
      'settings-invalid',
      '"timeZone" is not a known time zone. An example is America/Chicago.',
      { details: { timeZone } },
    );
  }
}
