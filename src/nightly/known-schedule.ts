/** What the journal keeps of the schedule that HQ gave last, for a service that starts while HQ is silent. */
import { anyObject, type Shape } from '../shapes.js';
import { checkSchedule, type NightSchedule } from './window.js';

/** A schedule without the zone, which the plan says, and without an instant, which is of one night alone. */
export type KnownSchedule = Omit<NightSchedule, 'timeZone' | 'hqTime'> & {
  readonly hqTime?: string | undefined;
};

/** What of a schedule is so on every night. */
export function knownSchedule({ timeZone, hqTime, ...rest }: NightSchedule): KnownSchedule {
  return { ...rest, ...(typeof hqTime === 'string' ? { hqTime } : {}) };
}

/** Whether a value from a journal is a schedule that a night can be planned by. */
export const isKnownSchedule: Shape<KnownSchedule> = (value): value is KnownSchedule => {
  if (!anyObject(value) || 'timeZone' in value) return false;
  try {
    // Whether wall times make a window does not depend on the zone.
    checkSchedule({ ...value, timeZone: 'UTC' });
    return true;
  } catch {
    return false;
  }
};
