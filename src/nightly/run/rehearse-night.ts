import { nightsBetween } from '../nights.js';
import { untilAborted } from '../service/timeout.js';
import type { BackupReport } from './backup-report.js';
import { sentenceOf } from './failure.js';
import type { NightContext } from './night-context.js';

/** Rehearses a restore when it is due. @returns the report, with the result */
export async function rehearse(context: NightContext, report: BackupReport): Promise<BackupReport> {
  const { plan, journal, night, tools, signal, callerSignal } = context;
  if (plan.rehearsal === undefined || report.outcome !== 'complete') return report;
  const last = journal.state.rehearsal;
  const since = last === undefined ? Number.POSITIVE_INFINITY : nightsBetween(last.night, night);
  // One dated in the future comes from a wrong clock.
  if (since >= 0 && since < plan.rehearsal.everyNights) return report;
  // It may take hours, so the state is written first.
  await journal.update();
  let result: { readonly ok: boolean; readonly summary: string };
  try {
    const { run } = plan.rehearsal;
    result = await untilAborted(signal, tools.clock, () => run(report, { signal }));
  } catch (error) {
    callerSignal?.throwIfAborted();
    result = { ok: false, summary: sentenceOf(error) };
  }
  await journal.update(() => ({
    rehearsal: { night, ...(result.ok ? {} : { failure: result.summary }) },
  }));
  return { ...report, rehearsal: result };
}
