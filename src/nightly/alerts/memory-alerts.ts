import type { Alert, AlertCode, AlertSink, NightOutcome } from './alert.js';

/** Alerts in memory, for tests and for hosts that show them themselves. */
export interface MemoryAlerts extends AlertSink {
  /** What stands now. */
  readonly standing: ReadonlyMap<AlertCode, Alert>;
  /** Everything that was ever raised, oldest first. */
  readonly raised: readonly Alert[];
  /** How each night ended, in order. */
  readonly nights: readonly NightOutcome[];
}

/**
 * A sink that remembers.
 *
 * @example
 * ```ts
 * const alerts = createMemoryAlerts();
 * await runSupplementalBackup({ ...plan, alerts });
 * console.log([...alerts.standing.keys()]);
 * ```
 */
export function createMemoryAlerts(): MemoryAlerts {
  const standing = new Map<AlertCode, Alert>();
  const raised: Alert[] = [];
  const nights: NightOutcome[] = [];
  return {
    standing,
    raised,
    nights,
    async raise(alert) {
      raised.push(alert);
      standing.set(alert.code, alert);
    },
    async clear(code) {
      standing.delete(code);
    },
    async nightEnded(outcome) {
      nights.push(outcome);
    },
  };
}
