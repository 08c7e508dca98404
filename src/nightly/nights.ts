/** Nights by their dates. A night is named by the date of its evening, and lasts from one noon to the next. */
import { Temporal } from 'temporal-polyfill';
import { BackupError } from '../errors.js';

const noon: Temporal.PlainTime = Temporal.PlainTime.from('12:00');

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
  // By the clock on the wall: on the day on which clocks change, noon is not twelve hours after midnight.
  return zoned(instant, timeZone).toPlainDateTime().subtract({ hours: 12 }).toPlainDate().toString();
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
 * Minutes from the noon of a night to a wall time of it.
 *
 * @param atNoon - which noon 12:00 is: the one the night begins with, or the one it ends with
 * @throws BackupError `settings-invalid` for a wall time that cannot be read
 */
export function minutesIntoNight(wallTime: string, atNoon: 'begin' | 'end' = 'begin'): number {
  if (typeof wallTime !== 'string' || !/^([01]\d|2[0-3]):[0-5]\d$/.test(wallTime)) {
    throw new BackupError('settings-invalid', `"${wallTime}" is not a time of day such as 22:00.`);
  }
  const minutes = noon.until(wallTime, { largestUnit: 'minutes' }).minutes;
  // Before noon means the morning after the evening that names the night.
  return minutes < 0 || (minutes === 0 && atNoon === 'end') ? minutes + 24 * 60 : minutes;
}

/** The instant so many minutes, by the clock on the wall, after the noon of a night. @throws BackupError `settings-invalid` */
export function instantOf(night: string, minutes: number, timeZone: string): Date {
  const wall = Temporal.PlainDate.from(night).toPlainDateTime(noon).add({ minutes });
  try {
    return new Date(wall.toZonedDateTime(timeZone).epochMilliseconds);
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
