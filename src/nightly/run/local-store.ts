import { settingsWithTimeout } from '../settings/settings-with-timeout.js';
import type { NightPlan } from './night-plan.js';
import type { NightTools } from './tools.js';

/**
 * The description of the store that local copies go to now, by the plan and the settings as they are; undefined
 * where there is none.
 *
 * @throws what reading the settings throws, and BackupError `settings-invalid` for a path that can be none
 */
export async function readLocalStore(
  plan: NightPlan,
  tools: NightTools,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { settings, local, practice } = plan;
  if (settings === undefined || local === undefined || local.storage !== undefined)
    return localStoreAt(plan, practice.networkPath, tools);
  const { networkPath } = await settingsWithTimeout(settings, tools.clock).read({ signal });
  return localStoreAt(plan, networkPath, tools);
}

/** The same for a network path that is known. */
export function localStoreAt(
  { local }: Pick<NightPlan, 'local'>,
  networkPath: string | undefined,
  tools: NightTools,
): string | undefined {
  if (local?.storage !== undefined) return local.storage.description;
  const path = networkPath?.trim() ?? '';
  return local === undefined || path === '' ? undefined : tools.openPath(path).description;
}
