import { Temporal } from 'temporal-polyfill';

/** An instant as the practice's software writes it: `YYYY-MM-DD HH:MM:SS` in the practice's time zone. */
export function formatWallTime(instant: Date, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime())
    .toZonedDateTimeISO(timeZone)
    .toPlainDateTime()
    .toString({ fractionalSecondDigits: 0 })
    .replace('T', ' ');
}

/**
 * Reads such a text. Null for years before 1880, which mean "never" to the practice's software, and for what
 * is not a date.
 */
export function parseWallTime(text: string, timeZone: string): Date | null {
  if (!/^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?$/.test(text) || Number(text.slice(0, 4)) < 1880) return null;
  try {
    const zoned = Temporal.PlainDateTime.from(text.replace(' ', 'T')).toZonedDateTime(timeZone);
    return new Date(zoned.epochMilliseconds);
  } catch {
    return null;
  }
}
