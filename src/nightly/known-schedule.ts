/** The last schedule of HQ in the journal, for a service that starts while HQ does not answer. */
import { anyObject, type Shape } from '../shapes.js';
import { checkSchedule, type NightSchedule } from './window.js';

/** A schedule without the zone, which is in the plan, and without an instant, which is for one night only. */
export type KnownSchedule = Omit<NightSchedule, 'timeZone' | 'hqTime'> & {
  readonly hqTime?: string | undefined;
};

/** The part of a schedule that holds for every night. */
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
