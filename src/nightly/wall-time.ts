import { Temporal } from 'temporal-polyfill';

/** An instant as the practice's software writes it: `YYYY-MM-DD HH:MM:SS` by the practice's own clock. */
export function formatWallTime(instant: Date, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime())
    .toZonedDateTimeISO(timeZone)
    .toPlainDateTime()
    .toString({ fractionalSecondDigits: 0 })
    .replace('T', ' ');
}

/** Reads such a text. Years before 1880 mean "never" to the practice's software, as does what is no date. */
export function parseWallTime(text: string, timeZone: string): Date | null {
  if (!/^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?$/.test(text) || Number(text.slice(0, 4)) < 1880) return null;
  try {
    const zoned = Temporal.PlainDateTime.from(text.replace(' ', 'T')).toZonedDateTime(timeZone);
    return new Date(zoned.epochMilliseconds);
  } catch {
    return null;
  }
}
