import { assertEach } from '../../arguments.js';
import type { AlertSink } from './alert.js';

/**
 * Combines several sinks. Each is called, even if others fail.
 *
 * @throws AggregateError when one or more of them failed
 * @example
 * ```ts
 * const alerts = combineAlerts(
 *   createDatabaseAlerts(database, { timeZone: 'America/Chicago' }),
 *   createHealthcheckAlerts({ url: pingUrl }),
 * );
 * await runSupplementalBackup({ ...plan, alerts });
 * ```
 */
export function combineAlerts(...sinks: readonly AlertSink[]): AlertSink {
  assertEach('sinks', sinks, { raise: 'function', clear: 'function', nightEnded: 'function?' });
  const all = async (tell: (sink: AlertSink) => Promise<void> | undefined): Promise<void> => {
    const failures = (await Promise.allSettled(sinks.map(async (sink) => tell(sink)))).flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    if (failures.length > 0) throw new AggregateError(failures, 'an alert could not be delivered');
  };
  return {
    raise: (alert, options) => all((sink) => sink.raise(alert, options)),
    clear: (code, options) => all((sink) => sink.clear(code, options)),
    nightEnded: (outcome, options) => all((sink) => sink.nightEnded?.(outcome, options)),
  };
}
