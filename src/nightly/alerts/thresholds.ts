import { assertArgument } from '../../arguments.js';

/** When people are called. */
export interface AlertThresholds {
  /**
   * A passing trouble (a server that is down, a dead uplink) is told after so many nights in a row.
   *
   * @defaultValue 3
   */
  readonly passingNights?: number | undefined;
  /** HQ's newest copy may be so many nights old. @defaultValue 7 */
  readonly hqStaleNights?: number | undefined;
  /** The newest local copy may be so many nights old. @defaultValue 31 */
  readonly localStaleNights?: number | undefined;
  /** So many nights may pass without an administrator opening a copy, see `proveOpening`. @defaultValue 60 */
  readonly notOpenedNights?: number | undefined;
}

/**
 * For an office that wants no copy at either place to become 48 hours old, the figure of a rule that is
 * proposed. Its local copies must be made every night.
 */
const strict: Required<AlertThresholds> = {
  passingNights: 2,
  hqStaleNights: 2,
  localStaleNights: 2,
  notOpenedNights: 60,
};

/** The thresholds that a plan names. */
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
