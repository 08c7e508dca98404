import { BackupError } from '../../errors.js';
import { nightOf } from '../window.js';
import type { BackupReport } from './backup-report.js';
import { startDeadline } from './deadline.js';
import { acquireGuard } from './guard.js';
import { NightJournal } from './night-journal.js';
import { checkPlan, type NightPlan, type RunOptions } from './night-plan.js';
import { NightRun } from './night-run.js';
import { Spool } from './spool.js';
import { tellNoStart } from './tell-troubles.js';

/** Space that must stay free on the disk of the spool, in bytes. */
const defaultReserve: number = 1024 ** 3;

/**
 * Makes tonight's copies: one reading of the database, the critical tables sealed for HQ and everything for the network
 * path, each sent, read back and held against what was sealed. The destinations succeed and fail each for itself.
 *
 * What is sealed and could not be delivered stays in the spool, sealed, and is sent by the next run. Nothing is ever
 * written in the clear, and no lock on the practice's tables waits for a line or a disk elsewhere.
 *
 * @param plan - the practice and its surroundings
 * @returns the report; its `outcome` is `partial` when one of two copies is missing
 * @throws BackupError when no copy could be verified: `not-eligible`, `no-usable-admin`, `already-running`,
 *   `database-…`, `storage-…`, `destination-missing`, `window-closed` … The same report is in the event `finished`
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
  options.signal?.throwIfAborted();
  const now = (plan.now ?? (() => new Date()))();
  const night = options.night ?? nightOf(now, plan.timeZone);
  const spool = new Spool(plan.spool, plan.spoolReserveBytes ?? defaultReserve);
  const guard = await spool
    .prepare()
    .then(() => acquireGuard(spool.folder))
    .catch(async (error: unknown) => {
      await tellNoStart(plan, night, error);
      throw error;
    });
  const deadline = startDeadline(options.deadline, now);
  try {
    const journal = await NightJournal.open(spool, { practiceId: plan.practiceId, night });
    const run = new NightRun(plan, options, { spool, journal, night, deadline: deadline.signal });
    const { report, failure } = await run.go();
    // No copy at all: the caller must not be able to overlook it.
    if (report.outcome === 'failed') throw failure;
    if (report.outcome === 'nothing-due') refuseIneligible(report);
    return report;
  } finally {
    deadline.clear();
    await guard.release();
  }
}

function refuseIneligible({ destinations }: BackupReport): void {
  const reasons = destinations.flatMap(({ ineligible }) => ineligible ?? []);
  const [first] = reasons;
  if (first === undefined) return;
  throw new BackupError('not-eligible', first.sentence, {
    details: { reasons: [...new Set(reasons.map(({ code }) => code))] },
  });
}
