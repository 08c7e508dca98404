import { BackupError } from '../../errors.js';
import { nightOf } from '../nights.js';
import { systemClock } from '../service/clock.js';
import type { BackupReport } from './backup-report.js';
import { checkPlan, type NightPlan, type RunOptions } from './night-plan.js';
import { runNight } from './run-night.js';
import { machineTools, type NightTools } from './tools.js';

/**
 * Makes tonight's copies from one reading of the database: the critical tables for HQ, everything for the
 * network path. Each copy is sealed, sent, read back and compared. The destinations succeed and fail
 * independently.
 *
 * A sealed copy that could not be delivered stays in the spool and is sent by the next run. Nothing is ever
 * written unencrypted, and the practice's tables are never locked while a line or a remote disk is slow.
 *
 * @param plan - the practice, its stores and its settings
 * @returns the report; its `outcome` is `partial` when one of two copies is missing
 * @throws BackupError when no copy could be verified: `not-eligible`, `no-usable-admin`, `already-running`,
 *   `database-…`, `storage-…`, `destination-missing`, `window-closed` … The same report is in the event
 *   `finished`
 * @throws TypeError when the plan lacks something
 * @example
 * ```ts
 * const report = await runSupplementalBackup({
 *   practiceId: '4711',
 *   practice: { onSupport: true, hasEConnector: true, cloudDatabase: false, status: 'enabled', country: 'US' },
 *   database,
 *   timeZone: 'America/Chicago',
 *   spool,
 *   hq: { storage: store },
 * });
 * console.log(renderReport(report));
 * ```
 */
export async function runSupplementalBackup(
  plan: NightPlan,
  options: RunOptions = {},
): Promise<BackupReport> {
  checkPlan(plan);
  const tools = machineTools(plan.now === undefined ? systemClock : { ...systemClock, now: plan.now });
  return makeCopies(plan, options, tools);
}

/** The same with given tools. */
export async function makeCopies(
  plan: NightPlan,
  options: RunOptions,
  tools: NightTools,
): Promise<BackupReport> {
  options.signal?.throwIfAborted();
  const night = options.night ?? nightOf(tools.clock.now(), plan.timeZone);
  const { report, failure } = await runNight(plan, { ...options, night }, tools);
  // No copy at all, which the caller must not overlook.
  if (report.outcome === 'failed') throw failure;
  if (report.outcome === 'nothing-due') refuseIneligible(report);
  return report;
}

function refuseIneligible({ destinations }: BackupReport): void {
  const reasons = destinations.flatMap(({ ineligible }) => ineligible ?? []);
  const [first] = reasons;
  if (first === undefined) return;
  throw new BackupError('not-eligible', first.sentence, {
    activity: 'backup',
    details: { reasons: [...new Set(reasons.map(({ code }) => code))] },
  });
}
