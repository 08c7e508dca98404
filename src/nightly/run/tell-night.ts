import { explainEligibility } from '../../eligibility/is-eligible.js';
import type { Alert, AlertSink } from '../alerts/alert.js';
import { sinkWithTimeout } from '../alerts/sink-with-timeout.js';
import { notYetOver, standingTroubles } from '../alerts/troubles.js';
import { nightsBetween } from '../nights.js';
import { historyStanding } from '../origin/sequence.js';
import { findingsOfLoss } from '../origin/told-findings.js';
import type { BackupReport } from './backup-report.js';
import type { DestinationRun } from './destination-run.js';
import { newKits } from './known-kits.js';
import type { NightContext } from './night-context.js';
import { untold } from './night-journal.js';
import type { KnownOpening } from './read-opening.js';
import { renderReport } from './render-report.js';
import { delivered, sendAlerts } from './send-alerts.js';

/** Nights between two reminders that backups are switched off. */
const reminderNights = 31;

/** Reports how a run ended: alerts that stand, alerts that are over, and the outcome of the night. */
export async function tellNight(
  context: NightContext,
  report: BackupReport,
  destinationRuns: readonly DestinationRun[],
  opening: KnownOpening | undefined,
): Promise<void> {
  const { plan, night, journal, tools, logger, callerSignal, emit } = context;
  if (plan.alerts === undefined) return;
  const sink = sinkWithTimeout(plan.alerts, { clock: tools.clock, signal: callerSignal });
  const {
    firstNight,
    rehearsal,
    settings,
    unrecordedOff,
    keyUnproven,
    kits = [],
    loss,
    sequences,
  } = journal.state;
  const damage = journal.damageKnownOn(night);
  const destinations = destinationRuns
    .filter(({ eligibility }) => eligibility?.eligible !== false)
    .map((destinationRun) => destinationRun.standing());
  const standing = standingTroubles(
    {
      practiceId: plan.practiceId,
      night,
      firstNight,
      destinations,
      ...(damage === undefined ? {} : { damage }),
      ...(plan.rehearsal === undefined || rehearsal?.failure === undefined
        ? {}
        : { rehearsalFailed: rehearsal.failure }),
      ...(unrecordedOff === true ? { unrecordedOff } : {}),
      ...(keyUnproven === undefined ? {} : { keyUnproven }),
      newKits: newKits(kits, night),
      ...(opening === undefined ? {} : { openings: opening.standing }),
      ...(loss === undefined ? {} : { looksLikeLoss: findingsOfLoss(loss) }),
      ...historyStanding(sequences),
    },
    plan.alertThresholds,
  );
  const notOver = new Set(notYetOver({ destinations, openings: opening?.standing }));
  // A good night shows that the set-up is right. Where no copy may be made, none will fail.
  const isOff = report.destinations.every(({ outcome }) => outcome === 'not-eligible');
  if (report.outcome !== 'complete' && !isOff) notOver.add('set-up-wrong');
  if (settings?.status === 'disabled' || settings?.status === 'disabled-by-hq') notOver.add('switched-off');
  await sendAlerts(standing, notOver, { sink, journal, logger, emit });
  await remind(context, sink);
  const outcome = {
    practiceId: report.practiceId,
    night,
    ok: report.outcome === 'complete' || report.outcome === 'nothing-due',
    summary: renderReport(report).split('\n', 1)[0]!,
  };
  await delivered(() => sink.nightEnded?.(outcome), 'night ended', logger);
}

/** Once a month while backups are switched off, so that nobody believes for years that there are some. */
async function remind(context: NightContext, sink: AlertSink): Promise<void> {
  const { plan, journal, night, logger, emit } = context;
  const { settings, remindedOff } = journal.state;
  if (settings === undefined || settings.status === 'enabled') {
    if (remindedOff !== undefined) await journal.update(() => ({ remindedOff: undefined }));
    return;
  }
  const since = remindedOff === undefined ? Number.POSITIVE_INFINITY : nightsBetween(remindedOff, night);
  if (since >= 0 && since < reminderNights) return;
  const alert: Alert = {
    code: 'switched-off',
    cause: 'not-eligible',
    severity: 'low',
    practiceId: plan.practiceId,
    message: `No supplemental backups are made. ${explainEligibility({ ...plan.practice, ...settings })
      .hq.reasons.map(({ sentence }) => sentence)
      .join(' ')}`,
  };
  await journal.update(({ alerts }) => ({ alerts: { ...alerts, [alert.code]: untold } }));
  if (!(await delivered(() => sink.raise(alert), alert.code, logger))) return;
  await journal.update(({ alerts }) => ({
    remindedOff: night,
    alerts: { ...alerts, [alert.code]: alert.cause },
  }));
  emit({ kind: 'alert-raised', alert });
}
