import { BackupError, isBackupError } from '../../errors.js';
import { type Alert, allAlerts } from '../alerts/alert.js';
import { sinkWithTimeout } from '../alerts/sink-with-timeout.js';
import { checkWith } from '../check/check-night.js';
import { isLasting } from '../check/findings.js';
import { type KnownSchedule, knownSchedule } from '../known-schedule.js';
import type { Logger } from '../log/logger.js';
import { loggerWithDiagnosis } from '../log/logger-with-diagnosis.js';
import { type LastAttempt, type NightHistory, type PlannedRun, planNextRun } from '../next-run.js';
import { nightAfter, nightOf } from '../nights.js';
import { codeOf } from '../run/failure.js';
import { readLocalStore } from '../run/local-store.js';
import { readHistory, readSchedule } from '../run/night-journal.js';
import { configuredDestinations, type NightPlan } from '../run/night-plan.js';
import { openOffice } from '../run/office.js';
import { makeCopies } from '../run/run-supplemental-backup.js';
import { reportFailedStart, sendAlerts } from '../run/send-alerts.js';
import type { NightTools } from '../run/tools.js';
import { watchNight } from '../run/watch-night.js';
import { scrubWith } from '../scrub/scrub-copies.js';
import { checkSchedule, deadlineOf, hoursOf, type NightSchedule, startOf } from '../window.js';
import type { NightlyOptions } from './nightly-options.js';
import { untilAborted, withTimeout } from './timeout.js';

/** How long HQ may take to send its schedule, in milliseconds. */
const scheduleTimeout = 15_000;
/** How often the settings are read for another network path, in milliseconds. */
const pathEvery = 3_600_000;
/** How long an aborted run may clean up before it is abandoned, in milliseconds. */
const cleanupTime = 4000;

/** The state of the service: what it plans, runs and watches. */
export class NightService {
  readonly #plan: NightPlan;
  readonly #options: NightlyOptions;
  readonly #tools: NightTools;
  readonly #logger: Logger;
  #schedule: NightSchedule;
  #isScheduleLost = false;
  /** Whether HQ gave a schedule since this service started. */
  #isScheduleGiven = false;
  /** The schedule as the journal had it after the last run, where that is known. */
  #keptSchedule: string | undefined;
  /** The last run of this process, also where the journal could not be written. */
  #last: LastAttempt | undefined;
  /** The last run of any process. */
  #lastAttempt: LastAttempt | undefined;
  /** The table at which the server was lost in the last run. */
  #lostAt: unknown;
  /** The newest night after which older copies were read again, and when the last run's time is over. */
  #scrubbed = '';
  #deadline: { readonly night: string; readonly at: Date } | undefined;
  /** The newest night that was judged. */
  #watched = '';
  /** The newest night that could not be judged. */
  #unjudged = '';
  /** Where local copies go, and when that was last read. */
  #path: { readonly askedAt: number; readonly store: string | undefined } | undefined;

  constructor(plan: NightPlan, options: NightlyOptions, tools: NightTools) {
    this.#plan = plan;
    this.#options = options;
    this.#tools = tools;
    this.#logger = loggerWithDiagnosis(plan.logger);
    this.#schedule = { timeZone: plan.timeZone };
  }

  /**
   * Checks at once what the night will need, and records that the service exists: a practice whose computer
   * is off every night does not stay new for ever.
   */
  async begin(): Promise<void> {
    await this.#whileRunning(() => this.#check()).catch(() => undefined);
  }

  async #check(): Promise<void> {
    const { signal, schedule, onChecked, onEvent } = this.#options;
    const fixed = typeof schedule === 'function' ? {} : { schedule: schedule ?? {} };
    const check = await checkWith(this.#plan, { ...fixed, signal, looksOnly: true }, this.#tools);
    onChecked?.(check);
    for (const { subject, verdict, message, code } of check.findings) {
      if (verdict === 'wrong') this.#logger.warning(message, { subject, code });
      else if (verdict === 'warning') this.#logger.info(message, { subject });
    }
    const lasting = check.findings.filter(isLasting);
    const { practiceId, alerts } = this.#plan;
    const { journal, guard } = await openOffice(this.#plan, this.#tonight());
    try {
      await journal.update(() => ({}));
      if (lasting.length === 0 || alerts === undefined) return;
      const message = `The next supplemental backup will fail. ${lasting.map((each) => each.message).join(' ')}`;
      const alert: Alert = {
        code: 'set-up-wrong',
        cause: 'settings-invalid',
        severity: 'medium',
        practiceId,
        message,
      };
      const sink = sinkWithTimeout(alerts, { clock: this.#tools.clock, signal });
      const emit: Parameters<typeof watchNight>[0]['emit'] = (event) => onEvent?.(event);
      await sendAlerts([alert], allAlerts, { sink, journal, logger: this.#logger, emit });
    } finally {
      await guard.release();
    }
  }

  async plan(): Promise<PlannedRun | null> {
    const history = await this.#history();
    await this.#renewSchedule();
    this.#lastAttempt = history.lastAttempt;
    return planNextRun({
      schedule: this.#schedule,
      practiceId: this.#plan.practiceId,
      history,
      destinations: configuredDestinations(this.#plan),
      now: this.#tools.clock.now(),
    });
  }

  async run({ night, destinations, deadline, kind }: PlannedRun): Promise<void> {
    const { signal, onEvent } = this.#options;
    const due = destinations.join();
    this.#deadline = { night, at: deadline };
    this.#logger.info('Backup run starting.', {
      night,
      kind,
      destinations: due,
      deadline: deadline.toISOString(),
    });
    const startedAt = this.#tools.clock.now();
    const before = this.#last?.night === night ? this.#last.count : 0;
    let isSettled = false;
    let lostAt: unknown;
    try {
      const options = { night, destinations, deadline, signal, scheduled: true };
      await this.#whileRunning(() => makeCopies(this.#plan, { ...options, onEvent }, this.#tools));
    } catch (error) {
      if (signal.aborted) return;
      // Where the practice may back up nowhere, one check a night is enough.
      isSettled = isBackupError(error, 'not-eligible');
      if (isSettled) this.#logger.info('Nothing was due.', { night });
      else {
        // A table at which the server was lost twice is not read a third time in one night (F10).
        if (isBackupError(error, 'database-connection-lost')) lostAt = error.details['table'];
        isSettled = lostAt !== undefined && lostAt === this.#lostAt;
        // The run has reported everything itself, unless it could not even begin.
        const name = error instanceof Error ? error.name : typeof error;
        this.#logger.error('The night’s run ended without a copy.', { night, code: codeOf(error), name });
        // A run that works for so long may hang; this one has no report that could say so.
        if (isBackupError(error, 'already-running') && before > 0) await this.#tellBlocked(night, error);
      }
    }
    this.#lostAt = lostAt;
    // The run may have begun a new journal, and has read the network path later than this service.
    this.#keptSchedule = undefined;
    this.#path = undefined;
    const settled = isSettled ? destinations : [];
    this.#last = { night, count: before + 1, startedAt, endedAt: this.#tools.clock.now(), settled };
  }

  async #tellBlocked(night: string, error: unknown): Promise<void> {
    await this.#whileRunning(() => reportFailedStart(this.#plan, night, error, this.#tools.clock)).catch(
      () => undefined,
    );
  }

  /** Judges the newest night that is over, if nothing ran on it. */
  async watch(): Promise<void> {
    const { signal, onEvent } = this.#options;
    const night = this.#nightThatIsOver();
    const tonight = this.#tonight();
    // One in the future was judged under a wrong clock.
    if (night <= this.#watched && this.#watched <= tonight) return;
    const emit: Parameters<typeof watchNight>[0]['emit'] = (event) => onEvent?.(event);
    const around = { plan: this.#plan, schedule: this.#schedule, tools: this.#tools };
    try {
      await this.#whileRunning(() => watchNight({ ...around, night, tonight, signal, emit }));
      this.#watched = night;
    } catch (error) {
      // Another run is working, or the spool cannot be reached, which the next run reports. Logged once, not
      // every minute.
      if (night !== this.#unjudged) {
        this.#logger.warning('A night could not be judged.', { night, code: codeOf(error) });
      }
      this.#unjudged = night;
      if (!isBackupError(error, 'already-running')) this.#watched = night;
    }
  }

  /**
   * Reads older copies again once the night's work is done, as long as its time lasts and no other run is
   * due.
   *
   * @returns whether time has passed
   */
  async scrub(next: PlannedRun | null): Promise<boolean> {
    const night = this.#tonight();
    if (night === this.#scrubbed || this.#lastAttempt?.night !== night) return false;
    const end = this.#deadline?.night === night ? this.#deadline.at : this.#endOf(night);
    const deadline = next !== null && next.at < end ? next.at : end;
    if (deadline <= this.#tools.clock.now()) return false;
    const { signal, onEvent } = this.#options;
    try {
      const options = { deadline, signal, onEvent };
      const { places } = await this.#whileRunning(() => scrubWith(this.#plan, options, this.#tools));
      const isCut = places.some(({ stopped }) => stopped === 'window-closed');
      // What a run that is tried again breaks off goes on after it.
      if (!isCut || deadline === end) this.#scrubbed = night;
      return places.length > 0;
    } catch (error) {
      if (signal.aborted) return true;
      this.#scrubbed = night;
      this.#logger.warning('Older copies could not be read again.', { night, code: codeOf(error) });
      return true;
    }
  }

  #endOf(night: string): Date {
    return deadlineOf(night, startOf(night, this.#schedule, this.#plan.practiceId), this.#schedule);
  }

  #nightThatIsOver(): string {
    const tonight = this.#tonight();
    const isOver = this.#endOf(tonight) <= this.#tools.clock.now();
    return isOver ? tonight : nightAfter(tonight, -1);
  }

  #tonight(): string {
    return nightOf(this.#tools.clock.now(), this.#plan.timeZone);
  }

  /** Work that is abandoned when the service is stopped and it does not end by itself. */
  #whileRunning<Result>(work: () => Promise<Result>): Promise<Result> {
    return untilAborted(this.#options.signal, this.#tools.clock, work, cleanupTime);
  }

  async #renewSchedule(): Promise<void> {
    const { schedule = {}, signal } = this.#options;
    const { timeZone } = this.#plan;
    if (typeof schedule !== 'function') {
      this.#schedule = { ...schedule, timeZone };
      return;
    }
    const tooLong = (): Error =>
      new BackupError('settings-invalid', 'HQ did not answer the request for its schedule.');
    const timeout = { clock: this.#tools.clock, milliseconds: scheduleTimeout, signal, tooLong };
    try {
      const given: NightSchedule = {
        ...(await withTimeout(async (ended) => schedule({ signal: ended }), timeout)),
        timeZone,
      };
      checkSchedule(given);
      this.#schedule = given;
      this.#isScheduleLost = false;
      this.#isScheduleGiven = true;
      await this.#keepSchedule(knownSchedule(given));
    } catch (error) {
      if (signal.aborted) return;
      if (!this.#isScheduleGiven) await this.#recallSchedule();
      // HQ does not answer, or gave an invalid time: the last answer stands. Logged once, not every minute.
      if (!this.#isScheduleLost) {
        const message = `The schedule could not be read. Until it can, nights are ${hoursOf(this.#schedule)}.`;
        this.#logger.warning(message, { code: codeOf(error) });
      }
      this.#isScheduleLost = true;
    }
  }

  /**
   * A service that starts while HQ does not answer must not fall back to hours in which this office works.
   */
  async #keepSchedule(schedule: KnownSchedule): Promise<void> {
    const text = JSON.stringify(schedule);
    if (text === this.#keptSchedule) return;
    const { spool, practiceId } = this.#plan;
    await this.#whileRunning(async () => {
      if (JSON.stringify(await readSchedule(spool, practiceId)) === text) {
        this.#keptSchedule = text;
        return;
      }
      const { journal, guard } = await openOffice(this.#plan, this.#tonight());
      try {
        await journal.update(() => ({ schedule }));
        this.#keptSchedule = text;
      } finally {
        await guard.release();
      }
      // While a run by hand holds the spool, it is stored later.
    }).catch(() => undefined);
  }

  async #recallSchedule(): Promise<void> {
    const { spool, practiceId, timeZone } = this.#plan;
    const known = await this.#whileRunning(() => readSchedule(spool, practiceId)).catch(() => undefined);
    if (known !== undefined) this.#schedule = { ...known, timeZone };
  }

  async #history(): Promise<NightHistory> {
    const { spool, practiceId } = this.#plan;
    const localStore = await this.#localStore();
    const at = { night: this.#tonight(), now: this.#tools.clock.now(), localStore };
    const known: NightHistory = await this.#whileRunning(() => readHistory(spool, practiceId, at)).catch(
      () => ({ verified: {} }),
    );
    // A journal that is lost by day must have the hours of HQ again before this computer starts anew.
    if (known.lastAttempt === undefined) this.#keptSchedule = undefined;
    const last = this.#last;
    if (last === undefined) return known;
    const written = known.lastAttempt;
    const isSame = written?.night === last.night && written.count >= last.count;
    const settled = [
      ...(written?.night === last.night ? (written.settled ?? []) : []),
      ...(last.settled ?? []),
    ];
    return { ...known, lastAttempt: { ...(isSame ? written : last), settled } };
  }

  /** Where local copies go now; undefined where that is not known. */
  async #localStore(): Promise<string | undefined> {
    const now = this.#tools.clock.now().getTime();
    if (this.#path !== undefined && Math.abs(now - this.#path.askedAt) < pathEvery) return this.#path.store;
    let store = this.#path?.store;
    try {
      store = await readLocalStore(this.#plan, this.#tools, this.#options.signal);
    } catch {
      // The night reports settings that cannot be read.
    }
    this.#path = { askedAt: now, store };
    return store;
  }
}
