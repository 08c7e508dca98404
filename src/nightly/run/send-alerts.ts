import { isBackupError } from '../../errors.js';
import { escapeControls } from '../../escape-controls.js';
import type { Alert, AlertCode, AlertSink } from '../alerts/alert.js';
import { sinkWithTimeout } from '../alerts/sink-with-timeout.js';
import { type Logger, silentLogger } from '../log/logger.js';
import { allTold, hasUntold, noneTold } from '../origin/told-findings.js';
import type { Clock } from '../service/clock.js';
import type { BackupEvent } from './events.js';
import { codeOf, happenedOf } from './failure.js';
import { type NightJournal, untold } from './night-journal.js';
import type { NightPlan } from './night-plan.js';

/**
 * Raises what is new, clears what is over, and does not repeat what was raised; an alert to which findings
 * were added is raised again. What a sink could not take is not recorded, and so is tried again after the next
 * run.
 *
 * @param notOver - what is not raised now, and not to be cleared either
 */
export async function sendAlerts(
  standing: readonly Alert[],
  notOver: ReadonlySet<AlertCode>,
  { sink, journal, logger, emit }: Teller,
): Promise<void> {
  for (const alert of standing) {
    const { state } = journal;
    if (state.alerts[alert.code] === alert.cause && !hasUntold(state, alert.code)) continue;
    // Recorded first: an alert that is forgotten, by a power cut or on a full disk, would stand for ever.
    await journal.update(({ alerts }) => ({ alerts: { ...alerts, [alert.code]: untold } }));
    if (!(await delivered(() => sink.raise(alert), alert.code, logger))) continue;
    await journal.update((told) => ({
      alerts: { ...told.alerts, [alert.code]: alert.cause },
      ...allTold(told, alert.code),
    }));
    emit({ kind: 'alert-raised', alert });
    logger.warning('An alert was raised.', { alert: alert.code, cause: alert.cause });
  }
  const stands = new Set<string>([...standing.map(({ code }) => code), ...notOver]);
  const told = Object.keys(journal.state.alerts) as AlertCode[];
  for (const code of told) {
    if (stands.has(code)) continue;
    if (!(await delivered(() => sink.clear(code), code, logger))) continue;
    const cause = journal.state.alerts[code];
    await journal.update(({ alerts: { [code]: _over, ...alerts }, ...rest }) => ({
      alerts,
      ...noneTold(rest, code),
    }));
    // It was cleared to be sure; most likely it was never raised.
    if (cause === untold) continue;
    emit({ kind: 'alert-cleared', code });
    logger.info('An alert was cleared.', { alert: code });
  }
  // It may stand although the journal does not know: see reportFailedStart.
  if (stands.has('backup-failed') || told.includes('backup-failed')) return;
  await delivered(() => sink.clear('backup-failed'), 'backup-failed', logger);
}

/**
 * Reports that a run could not even begin, because its spool cannot be used. No journal can record that, so
 * each such run reports it again, and {@link sendAlerts} clears it in any case.
 */
export async function reportFailedStart(
  { practiceId, alerts, logger = silentLogger }: NightPlan,
  night: string,
  error: unknown,
  clock: Clock,
): Promise<void> {
  if (alerts === undefined) return;
  const sink = sinkWithTimeout(alerts, { clock });
  const message = escapeControls(`The supplemental backup could not be made. ${happenedOf(error)}`);
  const alert: Alert = { code: 'backup-failed', cause: codeOf(error), severity: 'high', practiceId, message };
  await delivered(() => sink.raise(alert), alert.code, logger);
  // The run that is working reports how the night ends.
  if (isBackupError(error, 'already-running')) return;
  const outcome = { practiceId, night, ok: false, summary: message };
  await delivered(() => sink.nightEnded?.(outcome), 'night ended', logger);
}

export interface Teller {
  readonly sink: AlertSink;
  readonly journal: NightJournal;
  readonly logger: Logger;
  readonly emit: (event: BackupEvent) => void;
}

/** Tries to deliver; a failing sink must not end the run. */
export async function delivered(
  deliver: () => Promise<void> | undefined,
  what: string,
  logger: Logger,
): Promise<boolean> {
  try {
    await deliver();
    return true;
  } catch (error) {
    logger.error('An alert could not be delivered.', {
      alert: what,
      reason: error instanceof Error ? error.name : 'unknown',
    });
    return false;
  }
}
