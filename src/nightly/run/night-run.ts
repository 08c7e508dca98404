import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import { millisecondsSince } from '../../diagnosis.js';
import { type Destination, explainEligibility, type Practice } from '../../eligibility/is-eligible.js';
import { isBackupError } from '../../errors.js';
import type { DumpWarning, Manifest } from '../../model/parts.js';
import type { Alert, AlertSink } from '../alerts/alert.js';
import { sinkWithTimeout } from '../alerts/sink-with-timeout.js';
import { notMended, standingTroubles } from '../alerts/troubles.js';
import { debugEvent, toldLogger } from '../log/told-logger.js';
import { nightsBetween } from '../nights.js';
import { contentOf } from '../origin/content-of.js';
import { HeadKeeper } from '../origin/head-keeper.js';
import { type Notary, openNotary } from '../origin/notary.js';
import { watchLoss } from '../origin/watch-loss.js';
import { heeding } from '../service/timeout.js';
import { settingsWithTimeout } from '../settings/settings-with-timeout.js';
import type { BackupReport, CopyReport, ReportedChange } from './backup-report.js';
import { DestinationRun } from './destination-run.js';
import { codeOf, happenedOf, sentenceOf } from './failure.js';
import { rememberedPins } from './journal-shapes.js';
import { keysWithTimeout, kitsWithTimeout } from './keys-with-timeout.js';
import { kitsOfNight, newKits } from './known-kits.js';
import type { NightContext } from './night-context.js';
import { type NightJournal, untold } from './night-journal.js';
import { configuredDestinations, type NightPlan, type RunOptions } from './night-plan.js';
import type { Office } from './office.js';
import { type KnownOpening, readOpening } from './read-opening.js';
import { renderReport } from './render-report.js';
import { keepReport, outcomeOf } from './reports.js';
import type { SealedNight } from './seal-copies.js';
import { delivered, sendAlerts } from './send-alerts.js';
import type { Spool, SpooledArchive } from './spool.js';
import type { NightTools } from './tools.js';
import { writeEvidence } from './write-evidence.js';

/** People are reminded that backups are switched off every so many nights. */
const reminderNights = 31;
/**
 * A reading that is broken off lets go of locks and sessions first; so long it is waited for, in
 * milliseconds.
 */
const sealingFarewell = 3000;

/** One run: reads, seals, delivers, prunes, notes and tells, in this order. */
export class NightRun {
  readonly #context: NightContext;
  readonly #destinationRuns: readonly DestinationRun[];
  readonly #warnings: DumpWarning[] = [];
  readonly #changes: ReportedChange[] = [];
  #facts: SealedNight['facts'] = {};
  #admins: readonly AdminCandidate[] | undefined;
  #opening: KnownOpening | undefined;
  readonly #foundAgain: Office['foundAgain'];
  #hasTold = false;
  /** The date of the newest local copy, as the settings have it. */
  #dateFound: Date | null | undefined;
  #signedWith: string | undefined;

  constructor(
    plan: NightPlan,
    options: RunOptions,
    state: {
      readonly spool: Spool;
      readonly journal: NightJournal;
      readonly foundAgain: Office['foundAgain'];
      readonly night: string;
      readonly tools: NightTools;
      /** Aborted when the window closes. */
      readonly deadline: AbortSignal | undefined;
    },
  ) {
    this.#foundAgain = state.foundAgain;
    const logger = toldLogger(plan.logger);
    const begun = performance.now();
    const emit: NightContext['emit'] = (event) => {
      debugEvent(logger, event, millisecondsSince(begun));
      options.onEvent?.(event);
    };
    const signal = AbortSignal.any([options.signal, state.deadline].filter((each) => each !== undefined));
    const { journal, tools } = state;
    this.#context = {
      plan,
      logger,
      emit,
      night: state.night,
      spool: state.spool,
      journal,
      scheduled: options.scheduled === true,
      tools,
      now: () => tools.clock.now(),
      keys: keysWithTimeout(plan, state.spool, tools.clock),
      heads: new HeadKeeper(plan, { journal, logger, clock: tools.clock }, signal),
      notary: once(() => this.#openNotary()),
      callerSignal: options.signal,
      signal,
      warn: (warning) => {
        this.#warnings.push(warning);
        emit({ kind: 'warning', warning });
        logger.warning(warning.message, { code: warning.code });
      },
    };
    const wanted = options.destinations ?? configuredDestinations(plan);
    this.#destinationRuns = configuredDestinations(plan).map(
      (destination) => new DestinationRun(destination, wanted.includes(destination), this.#context),
    );
  }

  /** Whether people know how it ended. */
  get hasTold(): boolean {
    return this.#hasTold;
  }

  /**
   * @returns the report, and the error behind it when no copy could be verified
   * @throws whatever the caller's signal was aborted with
   */
  async go(): Promise<{ readonly report: BackupReport; readonly failure: unknown }> {
    const { now, night, logger, journal, spool, scheduled, callerSignal, emit } = this.#context;
    const startedAt = now();
    logger.info('The backup begins.', { night });
    if (journal.wasDamaged || this.#foundAgain.length > 0) this.#tellLostJournal();
    if (scheduled) await this.#noteAttempt(startedAt);
    await spool.tidy(new Set(journal.state.pending.map(({ file }) => file)));
    try {
      for (const destinationRun of this.#destinationRuns) await destinationRun.forgetLost();
      await this.#decideDestinations();
      await this.#seal();
    } catch (error) {
      callerSignal?.throwIfAborted();
      for (const destinationRun of this.#destinationRuns) destinationRun.fail(error);
    }
    // Each place for itself to its end: the one must not lose its date and its retention to the slow line of
    // the other.
    await Promise.all(
      this.#destinationRuns.map(async (destinationRun) => {
        await destinationRun.deliver();
        await destinationRun.keepHistory();
        await this.#advanceDate(destinationRun);
        await destinationRun.prune(this.#admins);
      }),
    );
    await this.#keepHeads();
    callerSignal?.throwIfAborted();
    this.#noteFailures();
    const report = await this.#rehearse(this.#report(startedAt));
    if (scheduled) this.#noteAttemptEnd();
    await journal.update();
    await this.#tell(report);
    this.#hasTold = true;
    const places = this.#destinationRuns.flatMap(({ destination: place, store: storage }) =>
      storage === undefined ? [] : [{ place, storage }],
    );
    await writeEvidence(this.#context, report, places);
    const told = { ...report, warnings: [...this.#warnings] };
    await keepReport(spool.folder, told, scheduled);
    this.#log(told);
    emit({ kind: 'finished', report: told });
    return { report: told, failure: this.#destinationRuns.find(({ error }) => error !== undefined)?.error };
  }

  /** Written down here first: what the database knows and the journal does not was turned back. */
  async #keepHeads(): Promise<void> {
    const { journal, heads, notary, signal } = this.#context;
    if (signal.aborted) return;
    const own = (await notary())?.trustedKeys[0];
    if (own === undefined) return;
    await journal.update();
    await heads.keep(own);
  }

  /** That the journal was damaged, or gone while copies waited to be sent. */
  #tellLostJournal(): void {
    const { journal, spool, warn } = this.#context;
    const nights = journal.state.pending.map(({ copy }) => copy.night).join(', ');
    const what = journal.wasDamaged
      ? 'damaged; what could be read of it is kept, and the old one stands beside it.'
      : 'gone.';
    warn({
      code: 'journal-damaged',
      message: `The journal in ${spool.folder} was ${what} ${
        nights === ''
          ? 'No sealed copy was waiting to be sent.'
          : `Sealed copies that wait to be sent were found again: ${nights}.`
      }`,
    });
  }

  /** Before the work, so that a run that takes the process down with it is counted too. */
  async #noteAttempt(at: Date): Promise<void> {
    const { journal, night } = this.#context;
    await journal.update(({ lastAttempt }) => ({
      lastAttempt: {
        night,
        count: lastAttempt?.night === night ? lastAttempt.count + 1 : 1,
        startedAt: at.toISOString(),
        endedAt: at.toISOString(),
      },
    }));
  }

  #noteAttemptEnd(): void {
    const { journal, now } = this.#context;
    const endedAt = now().toISOString();
    const settled = this.#destinationRuns.flatMap(({ destination, eligibility }) =>
      eligibility?.eligible === false ? [destination] : [],
    );
    journal.note(({ lastAttempt }) =>
      lastAttempt === undefined ? {} : { lastAttempt: { ...lastAttempt, endedAt, settled } },
    );
  }

  /**
   * Settings and eligibility: where the places are, and whether a copy may go there. When the settings are
   * lost with the database, the last ones known say where to send what waits, which may be the last copy
   * there is.
   */
  async #decideDestinations(): Promise<void> {
    const { plan, journal, signal, tools } = this.#context;
    if (plan.settings === undefined) {
      await this.#noteChanges(plan.practice.status, plan.practice.networkPath?.trim() ?? '');
      return this.#decide(plan.practice);
    }
    try {
      const settings = settingsWithTimeout(plan.settings, tools.clock);
      const { status, networkPath, lastLocalCopy } = await settings.read({ signal });
      this.#dateFound = lastLocalCopy;
      await this.#noteChanges(status, networkPath);
    } catch (error) {
      const known = journal.state.settings;
      if (known !== undefined) this.#decide({ ...plan.practice, ...known });
      throw error;
    }
    this.#decide({ ...plan.practice, ...journal.state.settings });
  }

  /** What is set otherwise than on the last night. */
  async #noteChanges(status: Practice['status'], networkPath: string): Promise<void> {
    const { plan, journal, tools, signal, logger } = this.#context;
    const before = journal.state.settings;
    this.#change('status', before?.status, status);
    this.#change('network-path', before?.networkPath, networkPath);
    const wasSwitchedOff = status === 'disabled' && before?.status === 'enabled';
    let unrecordedOff: true | undefined = status === 'disabled' ? journal.state.unrecordedOff : undefined;
    if (wasSwitchedOff && plan.settings?.lastRecorded !== undefined) {
      try {
        const recorded = await settingsWithTimeout(plan.settings, tools.clock).lastRecorded?.({ signal });
        if (recorded?.enabled !== false) unrecordedOff = true;
      } catch (error) {
        logger.warning('The audit trail could not be read.', { code: codeOf(error) });
      }
    }
    await journal.update(() => ({ settings: { status, networkPath }, unrecordedOff }));
  }

  #change(what: ReportedChange['what'], before: string | undefined, after: string): void {
    if (before === undefined || before === after) return;
    this.#changes.push({ what, before, after });
    this.#context.logger.warning('Something changed since the last night.', { what, before, after });
  }

  #decide(given: Practice): void {
    const { plan, tools } = this.#context;
    let practice = given;
    const path = practice.networkPath?.trim() ?? '';
    const local =
      plan.local?.storage ?? (plan.local !== undefined && path !== '' ? tools.openPath(path) : undefined);
    // A store that the host hands over is as good as a path.
    if (path === '' && local !== undefined) practice = { ...practice, networkPath: local.description };
    const eligibility = explainEligibility(practice);
    const stores = { hq: plan.hq?.storage, local };
    for (const destinationRun of this.#destinationRuns) {
      destinationRun.decide(stores[destinationRun.destination], eligibility[destinationRun.destination]);
    }
  }

  async #seal(): Promise<void> {
    const { plan, spool, night, now, signal, tools, emit } = this.#context;
    const runs = new Map(
      this.#destinationRuns
        .filter(({ needsSealing }) => needsSealing)
        .map((destinationRun) => [destinationRun.destination, destinationRun] as const),
    );
    if (runs.size === 0) return;
    let read: { readonly scope: CopyReport['scope']; readonly manifest: Manifest } | undefined;
    const request = {
      plan,
      keys: this.#context.keys,
      kits: kitsWithTimeout(plan, spool, tools.clock),
      pins: this.#context.journal.state.pins ?? [],
      spool,
      night,
      now,
      signal,
      emit,
      destinations: [...runs.keys()],
      onSealed: async (destination: Destination, { file, manifest }: SpooledArchive, copy: CopyReport) => {
        if (read === undefined || copy.scope === 'full') read = { scope: copy.scope, manifest };
        await runs.get(destination)!.enqueue(file, copy);
        await this.#noteDamage(destination, manifest.warnings);
      },
    };
    const sealed = await heeding(signal, tools.clock, () => tools.sealCopies(request), sealingFarewell);
    this.#facts = sealed.facts;
    await this.#noteKey(sealed);
    await this.#noteKits(sealed);
    await this.#watchLoss(sealed, read);
    this.#admins = sealed.admins;
    this.#opening = await readOpening(this.#context, sealed.admins);
    this.#warnings.push(...sealed.warnings);
    for (const warning of sealed.warnings) emit({ kind: 'warning', warning });
    for (const [destination, error] of sealed.failures) runs.get(destination)!.fail(error);
  }

  /** For whom the copies are sealed, against the last night. */
  async #noteKey({ facts, pin, warnings }: SealedNight): Promise<void> {
    const { journal } = this.#context;
    const { pins = [] } = journal.state;
    const [before] = pins;
    const holder = facts.keyHolder;
    if (holder !== undefined) {
      const name = (who: { readonly userNum: string; readonly userName: string }): string =>
        `${who.userName} (user ${who.userNum})`;
      this.#change('key-holder', before && name(before), name(holder));
    }
    if (pin === undefined) return;
    this.#change('recipient', before?.unlock.recipient, pin.unlock.recipient);
    const keyUnproven = warnings.find(({ code }) => code === 'key-unproven')?.message;
    const others = pins.filter(({ userNum }) => userNum !== pin.userNum);
    await journal.update(() => ({ pins: [pin, ...others].slice(0, rememberedPins), keyUnproven }));
  }

  /** Whoever adds a way into the copies is told of, even where an earlier one is told of still. */
  async #noteKits({ kits }: SealedNight): Promise<void> {
    const { journal, night } = this.#context;
    if (kits === undefined) return;
    const { known, hasNew } = kitsOfNight(journal.state.kits ?? [], kits, night);
    await journal.update(({ alerts }) => ({
      kits: known,
      alerts: hasNew ? { ...alerts, 'recovery-kit-new': untold } : alerts,
    }));
  }

  /** A sign of loss stops no copy; from then on nothing is removed. */
  async #watchLoss(
    { definitions = new Map(), version, replica, heads }: SealedNight,
    read: { readonly scope: CopyReport['scope']; readonly manifest: Manifest } | undefined,
  ): Promise<void> {
    if (read === undefined) return;
    const { scope, manifest } = read;
    await watchLoss(this.#context, {
      scope,
      tables: manifest.tables,
      definitions,
      version,
      content: contentOf(manifest),
      replica,
      heads,
      dateFound: this.#dateFound,
    });
  }

  async #openNotary(): Promise<Notary | null> {
    const { plan, spool, warn } = this.#context;
    try {
      const notary = await openNotary(plan, spool.folder);
      this.#signedWith = notary.trustedKeys[0];
      return notary;
    } catch (error) {
      const message = `Nobody can sign the notes of the copies tonight (${codeOf(error)}). The copies are made all the same; their notes are made when the key is there again.`;
      warn({ code: 'note-not-stored', message });
      return null;
    }
  }

  /**
   * A copy without a damaged table, without rows of it, or without routines and events that the server cannot
   * show is the newest one all the same; older ones are whole.
   */
  async #noteDamage(destination: Destination, warnings: readonly DumpWarning[]): Promise<void> {
    const { journal, night } = this.#context;
    const said = (...codes: readonly string[]): string =>
      warnings
        .filter(({ code }) => codes.includes(code))
        .map((warning) => warning.message)
        .join(' ');
    const message = said('table-damaged');
    const lists = said('routines-unseen', 'events-unseen');
    await journal.update(
      ({
        incomplete: { [destination]: _, ...incomplete } = {},
        unseen: { [destination]: __, ...unseen } = {},
      }) => ({
        unseen: lists === '' ? unseen : { ...unseen, [destination]: lists },
        ...(message === ''
          ? { incomplete }
          : { incomplete: { ...incomplete, [destination]: message }, damage: { night, message } }),
      }),
    );
  }

  /** The date that people see, only when the copy was read back and found whole. */
  async #advanceDate({ destination, verifiedAt }: DestinationRun): Promise<void> {
    const { plan, journal, tools, callerSignal, warn } = this.#context;
    if (destination !== 'local' || plan.settings === undefined) return;
    const owed = journal.state.dateOwed;
    const date = verifiedAt ?? (owed === undefined ? undefined : new Date(owed));
    if (date === undefined) return;
    try {
      const settings = settingsWithTimeout(plan.settings, tools.clock);
      // Not by the signal of the window: the copy is there, and the end of the night changes nothing about
      // that.
      await settings.recordLocalCopy(date, { signal: callerSignal });
      if (owed !== undefined) await journal.update(() => ({ dateOwed: undefined }));
    } catch (error) {
      await journal.update(() => ({ dateOwed: date.toISOString() }));
      warn({
        code: 'date-not-recorded',
        message: `The local copy is verified, but its date could not be written to the settings (${codeOf(error)}).`,
      });
    }
  }

  #noteFailures(): void {
    const { journal, night } = this.#context;
    journal.note(({ failed }) => {
      const next = { ...failed };
      for (const { destination, isDue, isVerified, hasArrived, error } of this.#destinationRuns) {
        if (isVerified || !isDue) delete next[destination];
        else {
          // A copy that arrived late ends the row of nights without one.
          const last = hasArrived ? undefined : failed[destination];
          const count = last === undefined ? 1 : last.count + (last.night === night ? 0 : 1);
          next[destination] = { count, night, code: codeOf(error) };
        }
      }
      return { failed: next };
    });
    const damaged = this.#destinationRuns.find(({ error }) => isBackupError(error, 'table-damaged'));
    if (damaged === undefined) return;
    journal.note(() => ({ damage: { night, message: happenedOf(damaged.error) } }));
  }

  async #rehearse(report: BackupReport): Promise<BackupReport> {
    const { plan, journal, night, tools, signal, callerSignal } = this.#context;
    if (plan.rehearsal === undefined || report.outcome !== 'complete') return report;
    const last = journal.state.rehearsal;
    const since = last === undefined ? Number.POSITIVE_INFINITY : nightsBetween(last.night, night);
    // One from the future was dated by a clock that was wrong.
    if (since >= 0 && since < plan.rehearsal.everyNights) return report;
    // It may take hours, and the power may go meanwhile.
    await journal.update();
    let result: { readonly ok: boolean; readonly summary: string };
    try {
      const { run } = plan.rehearsal;
      result = await heeding(signal, tools.clock, () => run(report, { signal }));
    } catch (error) {
      callerSignal?.throwIfAborted();
      result = { ok: false, summary: sentenceOf(error) };
    }
    await journal.update(() => ({
      rehearsal: { night, ...(result.ok ? {} : { failure: result.summary }) },
    }));
    return { ...report, rehearsal: result };
  }

  async #tell(report: BackupReport): Promise<void> {
    const { plan, night, journal, tools, logger, callerSignal, emit } = this.#context;
    if (plan.alerts === undefined) return;
    const sink = sinkWithTimeout(plan.alerts, { clock: tools.clock, signal: callerSignal });
    const {
      firstNight,
      rehearsal,
      settings,
      unrecordedOff,
      keyUnproven,
      kits = [],
      loss,
      sequences,
    } = journal.state;
    const troubles = [...(sequences?.hq?.troubles ?? []), ...(sequences?.local?.troubles ?? [])];
    const damage = journal.damageKnownOn(night);
    const destinations = this.#destinationRuns
      .filter(({ eligibility }) => eligibility?.eligible !== false)
      .map((destinationRun) => destinationRun.standing());
    const standing = standingTroubles(
      {
        practiceId: plan.practiceId,
        night,
        firstNight,
        destinations,
        ...(damage === undefined ? {} : { damage }),
        ...(rehearsal?.failure === undefined ? {} : { rehearsalFailed: rehearsal.failure }),
        ...(unrecordedOff === true ? { unrecordedOff } : {}),
        ...(keyUnproven === undefined ? {} : { keyUnproven }),
        newKits: newKits(kits, night),
        ...(this.#opening === undefined ? {} : { openings: this.#opening.standing }),
        ...(loss === undefined ? {} : { looksLikeLoss: loss.findings }),
        ...(troubles.length === 0 ? {} : { historyTroubles: troubles }),
      },
      plan.alertThresholds,
    );
    const notOver = new Set(notMended({ destinations, openings: this.#opening?.standing }));
    // A set-up that was found wrong is mended when a night is good.
    if (report.outcome !== 'complete') notOver.add('set-up-wrong');
    if (settings?.status === 'disabled' || settings?.status === 'disabled-by-hq') notOver.add('switched-off');
    await sendAlerts(standing, notOver, { sink, journal, logger, emit });
    await this.#remind(sink);
    const outcome = {
      practiceId: report.practiceId,
      night,
      ok: report.outcome === 'complete' || report.outcome === 'nothing-due',
      summary: renderReport(report).split('\n', 1)[0]!,
    };
    await delivered(() => sink.nightEnded?.(outcome), 'night ended', logger);
  }

  /**
   * Once a month, as long as backups are switched off: nobody shall believe for years that there are some.
   */
  async #remind(sink: AlertSink): Promise<void> {
    const { plan, journal, night, logger, emit } = this.#context;
    const { settings, remindedOff } = journal.state;
    if (settings === undefined || settings.status === 'enabled') {
      if (remindedOff !== undefined) await journal.update(() => ({ remindedOff: undefined }));
      return;
    }
    const since = remindedOff === undefined ? Number.POSITIVE_INFINITY : nightsBetween(remindedOff, night);
    if (since >= 0 && since < reminderNights) return;
    const alert: Alert = {
      code: 'switched-off',
      cause: 'not-eligible',
      severity: 'low',
      practiceId: plan.practiceId,
      message: `No supplemental backups are made. ${explainEligibility({ ...plan.practice, ...settings })
        .hq.reasons.map(({ sentence }) => sentence)
        .join(' ')}`,
    };
    await journal.update(({ alerts }) => ({ alerts: { ...alerts, [alert.code]: untold } }));
    if (!(await delivered(() => sink.raise(alert), alert.code, logger))) return;
    await journal.update(({ alerts }) => ({
      remindedOff: night,
      alerts: { ...alerts, [alert.code]: alert.cause },
    }));
    emit({ kind: 'alert-raised', alert });
  }

  #report(startedAt: Date): BackupReport {
    const { plan, night, now, journal } = this.#context;
    const { loss } = journal.state;
    const destinations = this.#destinationRuns.map((destinationRun) => destinationRun.report());
    return {
      reportVersion: 1,
      practiceId: plan.practiceId,
      night,
      startedAt: startedAt.toISOString(),
      finishedAt: now().toISOString(),
      outcome: outcomeOf(destinations),
      ...this.#facts,
      ...this.#opening?.facts,
      destinations,
      ...(this.#signedWith === undefined ? {} : { signedWith: this.#signedWith }),
      ...(loss === undefined ? {} : { looksLikeLoss: loss.findings }),
      ...(this.#changes.length === 0 ? {} : { changes: this.#changes }),
      warnings: this.#warnings,
    };
  }

  #log({ night, outcome, lockSeconds }: BackupReport): void {
    for (const destinationRun of this.#destinationRuns) destinationRun.logError();
    const level = outcome === 'complete' || outcome === 'nothing-due' ? 'info' : 'error';
    this.#context.logger[level]('The backup ends.', { night, outcome, lockSeconds });
  }
}

/** What is made when it is first asked for, and then kept. */
function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
