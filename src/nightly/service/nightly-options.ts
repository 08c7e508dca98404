import type { NightCheck } from '../check/findings.js';
import type { PlannedRun } from '../next-run.js';
import type { BackupEvent } from '../run/events.js';

import type { NightSchedule } from '../window.js';
import type { Clock } from './clock.js';

/** When the nights are, without the time zone, which the plan has. */
export type ServiceSchedule = Omit<NightSchedule, 'timeZone'>;

/** Options of {@link startNightly}. */
export interface NightlyOptions {
  /**
   * Stops the service within five seconds, whatever hangs. A run in progress is aborted; its sealed copies
   * are sent at the next start.
   */
  readonly signal: AbortSignal;
  /**
   * A function is called every minute, so that HQ may change the time. If it does not answer, or with
   * nonsense, its last answer stands.
   *
   * @defaultValue 22:00 to 04:00
   */
  readonly schedule?:
    | ServiceSchedule
    | ((options: { readonly signal: AbortSignal }) => ServiceSchedule | Promise<ServiceSchedule>)
    | undefined;
  /** Called with every event. An error that it throws ends the run. */
  readonly onEvent?: ((event: BackupEvent) => void) | undefined;
  /**
   * Called with what `checkNight` found at the start. What is wrong is in the log and in the alerts as well.
   */
  readonly onChecked?: ((check: NightCheck) => void) | undefined;
  /** Called with the next run whenever it changes. */
  readonly onPlanned?: ((run: PlannedRun | null) => void) | undefined;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined;
}
