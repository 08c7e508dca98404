import { checkPlan, type NightPlan } from '../run/night-plan.js';
import { machineTools, type NightTools } from '../run/tools.js';
import { checkSchedule } from '../window.js';
import { systemClock } from './clock.js';
import { NightService } from './night-service.js';
import type { NightlyOptions } from './nightly-options.js';

/**
 * Longest sleep, in milliseconds. A timer does not count the time for which a computer was suspended, and
 * does not notice a changed clock; so the service wakes often, reads the clock and plans again.
 */
const longestNap = 60_000;

/**
 * Makes the copies of every night, until it is stopped. It copes with what happens to computers: suspended,
 * restarted, clock set, database away, disk full. What goes wrong on a night is in the log, the alerts and
 * the report, and the next night comes all the same. A night without any run is reported in the morning.
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

/** The same with given tools. */
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
      if (await service.scrub(next)) continue;
      await clock.sleep(Math.min(wait, longestNap), signal);
    }
  }
}
