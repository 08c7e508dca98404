import { assertArgument } from '../../arguments.js';

/** When alerts are raised. */
export interface AlertThresholds {
  /**
   * After how many failed nights in a row a transient trouble (a server that is down, a dead line) is raised.
   *
   * @defaultValue 3
   */
  readonly passingNights?: number | undefined;
  /** Nights after which HQ's newest copy is too old. @defaultValue 7 */
  readonly hqStaleNights?: number | undefined;
  /** Nights after which the newest local copy is too old. @defaultValue 31 */
  readonly localStaleNights?: number | undefined;
  /** Nights after which an administrator should open a copy again, see `proveOpening`. @defaultValue 60 */
  readonly notOpenedNights?: number | undefined;
}

/**
 * For an office where no copy may become 48 hours old, the limit of a proposed rule. Its local copies must be
 * made every night.
 */
const strict: Required<AlertThresholds> = {
  passingNights: 2,
  hqStaleNights: 2,
  localStaleNights: 2,
  notOpenedNights: 60,
};

export function thresholdsOf(given: AlertThresholds | 'strict'): AlertThresholds {
  return given === 'strict' ? strict : given;
}

/** @throws TypeError when they are none */
export function checkThresholds(given: AlertThresholds | 'strict' | undefined): void {
  if (given === undefined || given === 'strict') return;
  assertArgument('plan.alertThresholds', given, 'object', {
    passingNights: 'number?',
    hqStaleNights: 'number?',
    localStaleNights: 'number?',
    notOpenedNights: 'number?',
  });
}
