import type { NightCheck } from '../check/findings.js';
import type { PlannedRun } from '../next-run.js';
import type { BackupEvent } from '../run/events.js';
import { checkPlan, type NightPlan } from '../run/night-plan.js';
import { machineTools, type NightTools } from '../run/tools.js';
import { checkSchedule, type NightSchedule } from '../window.js';
import { type Clock, systemClock } from './clock.js';
import { NightService } from './night-service.js';

/** When the nights are, without the time zone, which the plan has. */
export type ServiceSchedule = Omit<NightSchedule, 'timeZone'>;

/** Options of {@link startNightly}. */
export interface NightlyOptions {
  /**
   * Stops the service within five seconds, whatever hangs. A run in progress is broken off; what it had sealed is sent on
   * the next start.
   */
  readonly signal: AbortSignal;
  /**
   * A function is asked again every minute, so that HQ may give another time. Where it does not answer, or talks nonsense, its
   * last answer stands.
   *
   * @defaultValue 22:00 to 04:00
   */
  readonly schedule?:
    | ServiceSchedule
    | ((options: { readonly signal: AbortSignal }) => ServiceSchedule | Promise<ServiceSchedule>)
    | undefined;
  /** Told of everything that happens. A throw in it ends the run. */
  readonly onEvent?: ((event: BackupEvent) => void) | undefined;
  /** Told what `checkNight` found when the service starts. What is wrong is in the log and in the alerts as well. */
  readonly onChecked?: ((check: NightCheck) => void) | undefined;
  /** Told of the next run whenever it changes. */
  readonly onPlanned?: ((run: PlannedRun | null) => void) | undefined;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined;
}

/**
 * Longest nap, in milliseconds. A timer does not count the time a computer was suspended, and does not notice when its
 * clock is set; so the service naps, looks at the clock and plans anew.
 */
const longestNap = 60_000;

/**
 * Makes the copies of every night, until it is stopped: as a service would. It survives what happens to computers:
 * suspended, restarted, clock set, database away, disk full. Whatever goes wrong on a night is in the log, in the alerts and
 * in the report; the next night comes all the same, and a night on which nothing could run is told of in the morning.
 *
 * @returns resolves when `signal` was aborted and the work has stopped
 * @throws TypeError when the plan lacks something
 * @throws BackupError `settings-invalid` when the time zone or a fixed schedule makes no sense
 * @example
 * ```ts
 * const stop = new AbortController();
 * process.once('SIGTERM', () => stop.abort());
 * await startNightly(plan, { signal: stop.signal });
 * ```
 */
export async function startNightly(plan: NightPlan, options: NightlyOptions): Promise<void> {
  checkPlan(plan);
  await serveNights(plan, options, machineTools(options.clock ?? systemClock));
}

/** The same with tools of one's own. */
export async function serveNights(
  plan: NightPlan,
  options: NightlyOptions,
  tools: NightTools,
): Promise<void> {
  const { signal, schedule, onPlanned } = options;
  const { clock } = tools;
  checkSchedule({ ...(typeof schedule === 'function' ? {} : schedule), timeZone: plan.timeZone });
  const service = new NightService(plan, options, tools);
  let announced: string | undefined;
  if (!signal.aborted) await service.begin();
  while (!signal.aborted) {
    const next = await service.plan();
    if (signal.aborted) return;
    const words = next === null ? 'none' : `${next.night} ${next.kind} ${next.destinations.join()}`;
    if (words !== announced) onPlanned?.(next);
    announced = words;
    const wait = next === null ? longestNap : next.at.getTime() - clock.now().getTime();
    if (next !== null && wait <= 0) await service.run(next);
    else {
      await service.watch();
      await clock.sleep(Math.min(wait, longestNap), signal);
    }
  }
}
