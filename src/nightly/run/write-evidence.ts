import { BackupError } from '../../errors.js';
import { defaultRetention } from '../retention.js';
import { withTimeout } from '../service/timeout.js';
import type { BackupReport } from './backup-report.js';
import type { EvidenceOfNight } from './evidence-plan.js';
import { codeOf, happenedOf } from './failure.js';
import type { NightContext } from './night-context.js';

/** How long listing a store for the page may take, in milliseconds. */
const timeout = 120_000;

/** Writes the page, if the plan has one. */
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
    const message = `The page of evidence could not be written (${codeOf(error)}), so the present one is of an earlier night. The copies are not affected. ${happenedOf(error)}`;
    warn({ code: 'evidence-not-written', message });
  }
}

function tooLong(): BackupError {
  return new BackupError('storage-transient', 'A store took too long to be listed.');
}
