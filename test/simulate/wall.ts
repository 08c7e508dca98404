/** Clocks and calendars on the wall, independent of what the nights compute with. */
import { day, hour } from './faults.js';

const minute = 60_000;

/** Weeks by their Mondays. */
export function weekOf(night: string): number {
  return Math.floor((Date.parse(night) / day + 3) / 7);
}

/** Minutes from noon of a wall time. */
export function fromNoon(wall: string): number {
  const [hours = 0, minutes = 0] = wall.split(':').map(Number);
  return (hours * 60 + minutes + 720) % 1440;
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** How far clocks are ahead of UTC on a day, in minutes, by the zone; null where they change on it. */
const offsets = new Map<string, Map<number, number | null>>();

/** The clock on the wall. */
export function wallTime(at: number, timeZone: string): string {
  const offset = offsetOn(Math.floor(at / day), timeZone);
  if (offset === null) return formatted(at, timeZone);
  const minutes = Math.floor(at / minute) + offset;
  return `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}

function offsetOn(dayOf: number, timeZone: string): number | null {
  const known = offsets.get(timeZone) ?? new Map<number, number | null>();
  offsets.set(timeZone, known);
  let offset = known.get(dayOf);
  if (offset === undefined) {
    const [hours = 0, minutes = 0] = formatted(dayOf * day, timeZone)
      .split(':')
      .map(Number);
    const isSame = formatted(dayOf * day, timeZone) === formatted((dayOf + 1) * day, timeZone);
    offset = isSame ? hours * 60 + minutes : null;
    known.set(dayOf, offset);
  }
  return offset;
}

function formatted(at: number, timeZone: string): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  return format.format(at);
}

function two(number: number): string {
  return number < 10 ? `0${number}` : `${number}`;
}

/** The date of the evening of a night, which lasts from one noon to the next by the clock on the wall. */
export function nightName(at: number, timeZone: string): string {
  const format = dates.get(timeZone) ?? new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  dates.set(timeZone, format);
  const date = format.format(at);
  const isMorning = wallTime(at, timeZone) < '12:00';
  return isMorning ? new Date(Date.parse(date) - day).toISOString().slice(0, 10) : date;
}
const dates = new Map<string, Intl.DateTimeFormat>();

/** Whether clocks change within half a day. */
export function isClockChange(at: number, timeZone: string): boolean {
  return wallTime(at - 16 * hour, timeZone) !== wallTime(at + 8 * hour, timeZone);
}
