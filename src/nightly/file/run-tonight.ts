import { isBackupError } from '../../errors.js';
import { dueOn } from '../next-run.js';
import { nightOf } from '../nights.js';
import type { BackupReport } from '../run/backup-report.js';
import { codeOf } from '../run/failure.js';
import { readLocalStore } from '../run/local-store.js';
import { readHistory } from '../run/night-journal.js';
import { configuredDestinations, type NightPlan } from '../run/night-plan.js';
import { runSupplementalBackup } from '../run/run-supplemental-backup.js';
import { machineTools } from '../run/tools.js';
import { type Watch, watchNight } from '../run/watch-night.js';
import { scrubCopies } from '../scrub/scrub-copies.js';
import { systemClock } from '../service/clock.js';
import { deadlineOf } from '../window.js';
import type { FilePlan } from './plan-of.js';

/** The result of a night. */
export interface Tonight {
  /** ISO date of its evening. */
  readonly night: string;
  /** Absent where nothing is due because the copies exist. */
  readonly report?: BackupReport;
  /** Why there is no copy at all. */
  readonly failure?: unknown;
}

/**
 * Makes tonight's copies now: those that are due and missing, as the service would. A scheduler that starts
 * it twice makes no second copy.
 *
 * @throws BackupError when the run could not even begin
 */
export async function runTonight(file: FilePlan, signal: AbortSignal): Promise<Tonight> {
  const tonight = await makeCopies(file, signal);
  await readAgain(file.plan, signal);
  return tonight;
}

async function makeCopies({ plan, schedule }: FilePlan, signal: AbortSignal): Promise<Tonight> {
  const { practiceId, spool, timeZone } = plan;
  const hours = { ...schedule, timeZone };
  const tools = machineTools(plan.now === undefined ? systemClock : { ...systemClock, now: plan.now });
  const now = tools.clock.now();
  const night = nightOf(now, timeZone);
  // A place that cannot be asked for or opened is told by the night that is due there.
  const localStore = await readLocalStore(plan, tools, signal).catch(() => undefined);
  signal.throwIfAborted();
  const history = await readHistory(spool, practiceId, { night, now, localStore });
  const destinations = dueOn(night, hours, history, configuredDestinations(plan));
  if (destinations.length === 0) {
    await tellNothingDue({
      plan,
      night,
      tonight: night,
      schedule: hours,
      tools,
      signal,
      emit: () => undefined,
    });
    return { night };
  }
  let told: BackupReport | undefined;
  try {
    const report = await runSupplementalBackup(plan, {
      night,
      destinations,
      deadline: deadlineOf(night, now, hours),
      scheduled: true,
      signal,
      onEvent: (event) => {
        if (event.kind === 'finished') told = event.report;
      },
    });
    return { night, report };
  } catch (failure) {
    if (told === undefined || !isBackupError(failure)) throw failure;
    return { night, report: told, failure };
  }
}

/** Whoever expects a signal every night gets it also on a night without work. */
async function tellNothingDue(watch: Watch): Promise<void> {
  try {
    await watchNight(watch);
  } catch (error) {
    // Another run is working, which tells the night itself.
    if (!isBackupError(error, 'already-running')) throw error;
  }
}

/** The night is over and reported: nothing of this changes how it ended. */
async function readAgain(plan: NightPlan, signal: AbortSignal): Promise<void> {
  try {
    await scrubCopies(plan, { signal });
  } catch (error) {
    if (signal.aborted) return;
    plan.logger?.warning('Older copies could not be read again.', { code: codeOf(error) });
  }
}
