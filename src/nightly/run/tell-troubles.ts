import type { Alert, AlertCode, AlertSink } from '../alerts/alert.js';
import type { Logger } from '../log/logger.js';
import type { BackupEvent } from './events.js';
import type { Journal } from './journal.js';

/**
 * Raises what is new, clears what is over, and leaves alone what people were told already. What a sink could not take
 * is not noted, and so is tried again after the next run.
 */
export async function tellTroubles(
  standing: readonly Alert[],
  { sink, journal, logger, emit }: Teller,
): Promise<void> {
  for (const alert of standing) {
    if (journal.state.alerts[alert.code] === alert.cause) continue;
    if (!(await delivered(() => sink.raise(alert), alert.code, logger))) continue;
    await journal.update(({ alerts }) => ({ alerts: { ...alerts, [alert.code]: alert.cause } }));
    emit({ kind: 'alert-raised', alert });
    logger.warning('An alert was raised.', { alert: alert.code, cause: alert.cause });
  }
  const stands = new Set<string>(standing.map(({ code }) => code));
  for (const code of Object.keys(journal.state.alerts) as AlertCode[]) {
    if (stands.has(code)) continue;
    if (!(await delivered(() => sink.clear(code), code, logger))) continue;
    await journal.update(({ alerts: { [code]: _over, ...alerts } }) => ({ alerts }));
    emit({ kind: 'alert-cleared', code });
    logger.info('An alert was cleared.', { alert: code });
  }
}

/** What {@link tellTroubles} works with. */
export interface Teller {
  readonly sink: AlertSink;
  readonly journal: Journal;
  readonly logger: Logger;
  readonly emit: (event: BackupEvent) => void;
}

/** Tries to deliver; a sink that fails must not cost the run. */
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
