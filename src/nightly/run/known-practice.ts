import {
  type Destination,
  type Eligibility,
  explainEligibility,
  type Practice,
} from '../../eligibility/is-eligible.js';
import type { BackupSettings } from '../settings/settings.js';
import type { NightPlan } from './night-plan.js';

/** The settings that decide where copies are due. */
export type KnownSettings = Pick<BackupSettings, 'networkPath' | 'status'>;

/** The facts that are known without asking: those of the plan, and the settings as they were last read. */
export function knownPractice(
  { practice, local }: NightPlan,
  settings: KnownSettings | undefined,
): NightPlan['practice'] {
  const known = { ...practice, ...settings };
  return local?.storage !== undefined && (known.networkPath ?? '') === ''
    ? { ...known, networkPath: local.storage.description }
    : known;
}

/**
 * Where copies are due, by settings that can no longer be read. If these say that nothing is due at any place of
 * the plan, they may have been changed since, and a night without a copy must not be told as good because of
 * them: then only the facts of the plan rule a place out, and for the others it is not known.
 */
export function eligibilityByOldSettings(
  practice: Practice,
  places: readonly Destination[],
): Readonly<Record<Destination, Eligibility | undefined>> {
  const known = explainEligibility(practice);
  if (places.some((place) => known[place].eligible)) return known;
  const { hq, local } = explainEligibility({ ...practice, status: 'enabled', networkPath: 'any' });
  return {
    hq: hq.eligible ? undefined : known.hq,
    local: local.eligible ? undefined : known.local,
  };
}
