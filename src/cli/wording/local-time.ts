/**
 * A moment in local time with its zone: `2026-07-14 03:12 GMT+2`. What is not a date is returned unchanged.
 */
export function localTime(iso: string): string {
  const parts = partsOf(iso);
  if (parts === null) return iso;
  const { year, month, day, hour, minute, timeZoneName } = parts;
  return `${year}-${month}-${day} ${hour}:${minute} ${timeZoneName}`;
}

/** The local day of a moment; ISO date. */
export function localDay(iso: string): string {
  const parts = partsOf(iso);
  return parts === null ? iso.slice(0, 10) : `${parts.year}-${parts.month}-${parts.day}`;
}

type Part = 'day' | 'hour' | 'minute' | 'month' | 'timeZoneName' | 'year';

function partsOf(iso: string): Readonly<Record<Part, string>> | null {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return null;
  const format = new Intl.DateTimeFormat('en-US', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  return Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value])) as Record<
    Part,
    string
  >;
}

/** The time zone of this computer; IANA name. */
export function timeZoneHere(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
