import { BackupError } from '../../errors.js';
import { defaultRetention } from '../retention.js';
import { withTimeout } from '../service/timeout.js';
import type { BackupReport } from './backup-report.js';
import type { EvidenceOfNight } from './evidence-plan.js';
import { codeOf, happenedOf } from './failure.js';
import type { NightContext } from './night-context.js';

/** So long a store may take to be listed for the page, in milliseconds. */
const timeout = 120_000;

/** Writes the page where the plan wants one. */
export async function writeEvidence(
  { plan, spool, now, tools, callerSignal, warn }: NightContext,
  report: BackupReport,
  stores: EvidenceOfNight['stores'],
): Promise<void> {
  const { evidence } = plan;
  if (evidence === undefined) return;
  const retention = Object.fromEntries(
    stores.map(({ place }) => [place, plan[place]?.retention ?? defaultRetention]),
  );
  const own = report.signedWith === undefined ? [] : [report.signedWith];
  const trustedKeys = [...own, ...(plan.trustedKeys ?? [])];
  const night = { report, spool: spool.folder, asOf: now(), stores, retention, trustedKeys };
  try {
    await withTimeout((signal) => evidence.write(night, { signal }), {
      clock: tools.clock,
      milliseconds: timeout,
      signal: callerSignal,
      tooLong,
    });
  } catch (error) {
    const message = `The page of evidence could not be written (${codeOf(error)}), and the one there is of an earlier night. The copies are not touched by it. ${happenedOf(error)}`;
    warn({ code: 'evidence-not-written', message });
  }
}

function tooLong(): BackupError {
  return new BackupError('storage-transient', 'A store took too long to be listed.');
}
