import { isBackupError } from '../../errors.js';
import { silentLogger } from '../log/logger.js';
import type { BackupEvent } from '../run/events.js';
import { readHistory } from '../run/night-journal.js';
import { checkPlan, configuredDestinations, type NightPlan } from '../run/night-plan.js';
import { runSupplementalBackup } from '../run/run-supplemental-backup.js';
import {
  type LastAttempt,
  type NightHistory,
  type NightSchedule,
  nightOf,
  type PlannedRun,
  planNextRun,
  startOf,
} from '../window.js';
import { type Clock, systemClock } from './clock.js';

/** When the nights are, without the time zone, which the plan has. */
export type ServiceSchedule = Omit<NightSchedule, 'timeZone'>;

/** Options of {@link startNightly}. */
export interface NightlyOptions {
  /** Stops the service. A run in progress is broken off; what it had sealed is sent on the next start. */
  readonly signal: AbortSignal;
  /** A function is asked again every minute, so that HQ may give another time. @defaultValue 22:00 to 04:00 */
  readonly schedule?: ServiceSchedule | (() => ServiceSchedule | Promise<ServiceSchedule>);
  /** Told of everything that happens. A throw in it ends the run. */
  readonly onEvent?: (event: BackupEvent) => void;
  /** Told of the next run whenever it changes. */
  readonly onPlanned?: (run: PlannedRun | null) => void;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
}

/**
 * Longest nap, in milliseconds. A timer does not count the time a computer was suspended, and does not notice when its
 * clock is set; so the service naps, looks at the clock and plans anew.
 */
const longestNap = 60_000;

/**
 * Makes the copies of every night, until it is stopped: as a service would. It survives what happens to computers:
 * suspended, restarted, clock set, database away, disk full. Whatever goes wrong on a night is in the log, in the alerts and
 * in the report; the next night comes all the same.
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
  const { signal, clock = systemClock, onPlanned } = options;
  const service = new Service(plan, options, clock);
  let announced: string | undefined;
  while (!signal.aborted) {
    const next = await service.plan();
    const words = next === null ? 'none' : `${next.night} ${next.kind} ${next.destinations.join()}`;
    if (words !== announced) onPlanned?.(next);
    announced = words;
    const wait = next === null ? longestNap : next.at.getTime() - clock.now().getTime();
    if (next === null || wait > 0) await clock.sleep(Math.min(wait, longestNap), signal);
    else await service.run(next);
  }
}

class Service {
  readonly #plan: NightPlan;
  readonly #options: NightlyOptions;
  readonly #clock: Clock;
  #schedule: NightSchedule;
  /** The last run of this process, also where the journal could not be written. */
  #last: LastAttempt | undefined;
  /** The table over which the server went away in the last run. */
  #lostAt: unknown;

  constructor(plan: NightPlan, options: NightlyOptions, clock: Clock) {
    this.#plan = { ...plan, now: () => clock.now() };
    this.#options = options;
    this.#clock = clock;
    this.#schedule = { timeZone: plan.timeZone };
  }

  async plan(): Promise<PlannedRun | null> {
    await this.#renewSchedule();
    return planNextRun({
      schedule: this.#schedule,
      practiceId: this.#plan.practiceId,
      history: await this.#history(),
      destinations: configuredDestinations(this.#plan),
      now: this.#clock.now(),
    });
  }

  async run({ night, destinations, deadline, kind }: PlannedRun): Promise<void> {
    const { signal, onEvent } = this.#options;
    const logger = this.#plan.logger ?? silentLogger;
    logger.info('It is time.', {
      night,
      kind,
      destinations: destinations.join(),
      deadline: deadline.toISOString(),
    });
    // Where the practice may back up nowhere, one look a night is enough.
    let isSettled = false;
    let lostAt: unknown;
    try {
      await runSupplementalBackup(this.#plan, {
        night,
        destinations,
        deadline,
        signal,
        ...(onEvent === undefined ? {} : { onEvent }),
      });
    } catch (error) {
      if (signal.aborted) return;
      isSettled = isBackupError(error, 'not-eligible');
      // A server that went away over the same table twice is not sent there a third time in one night (F10).
      if (isBackupError(error, 'database-connection-lost')) lostAt = error.details['table'];
      isSettled ||= lostAt !== undefined && lostAt === this.#lostAt;
      // The run has told everything itself, unless it could not even begin.
      const code = isBackupError(error) ? error.code : 'unexpected';
      const name = error instanceof Error ? error.name : typeof error;
      logger.error('The night’s run ended without a copy.', { night, code, name });
    }
    this.#lostAt = lostAt;
    const before = this.#last?.night === night ? this.#last.count : 0;
    this.#last = {
      night,
      count: isSettled ? Number.MAX_SAFE_INTEGER : before + 1,
      endedAt: this.#clock.now(),
    };
  }

  async #renewSchedule(): Promise<void> {
    const { schedule = {} } = this.#options;
    const { timeZone, practiceId } = this.#plan;
    const isFixed = typeof schedule !== 'function';
    try {
      const given: NightSchedule = { ...(isFixed ? schedule : await schedule()), timeZone };
      startOf(nightOf(this.#clock.now(), timeZone), given, practiceId);
      this.#schedule = given;
    } catch (error) {
      if (isFixed) throw error;
      // HQ cannot be asked now, or gave a time that is none: the last answer stands.
    }
  }

  async #history(): Promise<NightHistory> {
    const { spool, practiceId, timeZone } = this.#plan;
    const night = nightOf(this.#clock.now(), timeZone);
    const known: NightHistory = await readHistory(spool, practiceId, night).catch(() => ({ verified: {} }));
    const last = this.#last;
    if (last === undefined) return known;
    const written = known.lastAttempt;
    const isNewer = written === undefined || written.night !== last.night || written.count < last.count;
    return isNewer ? { ...known, lastAttempt: last } : known;
  }
}
