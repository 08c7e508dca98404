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
   * Stops the service within five seconds, whatever hangs. A run in progress is broken off; what it had
   * sealed is sent on the next start.
   */
  readonly signal: AbortSignal;
  /**
   * A function is asked again every minute, so that HQ may give another time. Where it does not answer, or
   * talks nonsense, its last answer stands.
   *
   * @defaultValue 22:00 to 04:00
   */
  readonly schedule?:
    | ServiceSchedule
    | ((options: { readonly signal: AbortSignal }) => ServiceSchedule | Promise<ServiceSchedule>)
    | undefined;
  /** Told of everything that happens. A throw in it ends the run. */
  readonly onEvent?: ((event: BackupEvent) => void) | undefined;
  /**
   * Told what `checkNight` found when the service starts. What is wrong is in the log and in the alerts as
   * well.
   */
  readonly onChecked?: ((check: NightCheck) => void) | undefined;
  /** Told of the next run whenever it changes. */
  readonly onPlanned?: ((run: PlannedRun | null) => void) | undefined;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined;
}
