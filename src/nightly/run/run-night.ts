import { during, isBackupError } from '../../errors.js';
import { deadlineOn } from '../service/clock.js';
import type { BackupReport } from './backup-report.js';
import type { NightPlan, RunOptions } from './night-plan.js';
import { NightRun } from './night-run.js';
import { openOffice } from './office.js';
import { reportFailedStart } from './send-alerts.js';
import type { NightTools } from './tools.js';

/** The result of a run, and the error behind it when no copy could be verified. */
export interface NightResult {
  readonly report: BackupReport;
  readonly failure: unknown;
}

/** One run from guard to report. However it ends, the end is reported and the guard released. */
export async function runNight(
  plan: NightPlan,
  options: RunOptions & { readonly night: string },
  tools: NightTools,
): Promise<NightResult> {
  const { night, signal } = options;
  let run: NightRun | undefined;
  const tellIfUntold = async (error: unknown): Promise<never> => {
    // Another run is working, and reports its own troubles.
    const isTold = run?.hasTold === true || isBackupError(error, 'already-running');
    if (!isTold && signal?.aborted !== true) await reportFailedStart(plan, night, error, tools.clock);
    throw error;
  };
  const office = await during('backup', () => openOffice(plan, night)).catch(tellIfUntold);
  const deadline = options.deadline === undefined ? undefined : deadlineOn(tools.clock, options.deadline);
  try {
    const begun = new NightRun(plan, options, { ...office, night, tools, deadline: deadline?.signal });
    run = begun;
    return await during('backup', () => begun.go()).catch(tellIfUntold);
  } finally {
    deadline?.clear();
    await office.guard.release();
  }
}
