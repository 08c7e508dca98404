import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import { millisecondsSince } from '../../diagnosis.js';
import { type Destination, explainEligibility, type Practice } from '../../eligibility/is-eligible.js';
import { BackupError } from '../../errors.js';
import type { DumpWarning, Manifest } from '../../model/parts.js';
import { debugEvent, loggerWithDiagnosis } from '../log/logger-with-diagnosis.js';
import { contentOf } from '../origin/content-of.js';
import { HeadKeeper } from '../origin/head-keeper.js';
import { type Notary, openNotary } from '../origin/notary.js';
import { watchLoss } from '../origin/watch-loss.js';
import { untilAborted, withTimeout } from '../service/timeout.js';
import { settingsWithTimeout } from '../settings/settings-with-timeout.js';
import type { BackupReport, CopyReport, ReportedChange } from './backup-report.js';
import { DestinationRun } from './destination-run.js';
import { codeOf } from './failure.js';
import { keysWithTimeout, kitsWithTimeout } from './keys-with-timeout.js';
import { eligibilityByOldSettings } from './known-practice.js';
import { noteKey, noteSettings } from './night-changes.js';
import type { NightContext } from './night-context.js';
import type { NightJournal } from './night-journal.js';
import {
  advanceDate,
  keepHeads,
  noteAttempt,
  noteAttemptEnd,
  noteDamage,
  noteFailures,
  noteKits,
  noteUnchecked,
  tellLostJournal,
} from './night-notes.js';
import { configuredDestinations, type NightPlan, type RunOptions } from './night-plan.js';
import { type KnownOpening, readOpening } from './read-opening.js';
import { rehearse } from './rehearse-night.js';
import { keepReport, outcomeOf } from './reports.js';
import type { SealedNight } from './seal-copies.js';
import type { Spool, SpooledArchive } from './spool.js';
import { tellNight } from './tell-night.js';
import type { NightTools } from './tools.js';
import { writeEvidence } from './write-evidence.js';

/** How long an aborted reading may release its locks and sessions, in milliseconds. */
const sealingCleanupTime = 3000;
/** How long retention at one place waits until the other one has been checked, in milliseconds. */
const longestWait = 1_800_000;

/** One run: reads, seals, delivers, prunes, records and reports, in this order. */
export class NightRun {
  readonly #context: NightContext;
  readonly #destinationRuns: readonly DestinationRun[];
  readonly #warnings: DumpWarning[] = [];
  readonly #changes: ReportedChange[] = [];
  #facts: SealedNight['facts'] = {};
  #admins: readonly AdminCandidate[] | undefined;
  #opening: KnownOpening | undefined;
  /** When the work must be over. */
  readonly #endsAt: Date | undefined;
  #hasTold = false;
  /** The date of the newest local copy, as the settings have it. */
  #dateFound: Date | null | undefined;
  #signedWith: string | undefined;
  #unchangedSince: string | null = null;

  constructor(
    plan: NightPlan,
    options: RunOptions,
    state: {
      readonly spool: Spool;
      readonly journal: NightJournal;
      readonly night: string;
      readonly tools: NightTools;
      /** Aborted when the window closes. */
      readonly deadline: AbortSignal | undefined;
    },
  ) {
    this.#endsAt = options.deadline;
    const logger = loggerWithDiagnosis(plan.logger);
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

  /** Whether its end was reported. */
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
    tellLostJournal(this.#context);
    if (scheduled) await noteAttempt(this.#context, startedAt);
    await spool.tidy(new Set(journal.state.pending.map(({ file }) => file)));
    try {
      for (const destinationRun of this.#destinationRuns) await destinationRun.forgetLost();
      await this.#decideDestinations();
      await this.#seal();
    } catch (error) {
      callerSignal?.throwIfAborted();
      for (const destinationRun of this.#destinationRuns) destinationRun.fail(error);
    }
    // The places run independently: a slow line to one must not cost the other its date and its retention.
    const checks = this.#destinationRuns.map((destinationRun) => destinationRun.checkHistory());
    // One that fails is heard below, once its place has delivered.
    void Promise.allSettled(checks);
    await Promise.all(
      this.#destinationRuns.map(async (destinationRun, i) => {
        await destinationRun.deliver();
        await checks[i];
        await advanceDate(this.#context, destinationRun, this.#dateFound);
        // What is found at one place stops the removal of copies at both.
        await this.#waitFor(checks);
        await destinationRun.prune(this.#admins);
        await destinationRun.writeNotes();
      }),
    );
    await keepHeads(this.#context);
    callerSignal?.throwIfAborted();
    noteFailures(this.#context, this.#destinationRuns);
    noteUnchecked(this.#context, this.#destinationRuns);
    const report = await rehearse(this.#context, this.#report(startedAt));
    if (scheduled) noteAttemptEnd(this.#context, this.#destinationRuns);
    journal.note(() => ({ untoldLoss: undefined }));
    await journal.update();
    await tellNight(this.#context, report, this.#destinationRuns, this.#opening);
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

  /** Not for ever, and so that at least half of the time is left for what comes after. Never rejects. */
  async #waitFor(work: readonly Promise<void>[]): Promise<void> {
    const { tools, signal, now } = this.#context;
    const left = (this.#endsAt?.getTime() ?? Number.POSITIVE_INFINITY) - now().getTime();
    const milliseconds = Math.min(longestWait, Math.max(left / 2, 0));
    const tooLong = (): Error => new BackupError('window-closed', 'The other place is still being checked.');
    const options = { clock: tools.clock, milliseconds, signal, tooLong };
    await withTimeout(() => Promise.all(work), options).catch(() => undefined);
  }

  /**
   * Reads settings and eligibility: where the places are, and whether a copy may go there. If the settings
   * are lost with the database, the last known ones say where to send waiting copies, which may be the last
   * ones there are.
   */
  async #decideDestinations(): Promise<void> {
    const { plan, journal, signal, tools } = this.#context;
    if (plan.settings === undefined) {
      const { status, networkPath = '' } = plan.practice;
      await noteSettings(this.#context, this.#changes, { status, networkPath: networkPath.trim() });
      return this.#decide(plan.practice);
    }
    try {
      const settings = settingsWithTimeout(plan.settings, tools.clock);
      const { status, networkPath, lastLocalCopy } = await settings.read({ signal });
      this.#dateFound = lastLocalCopy;
      await noteSettings(this.#context, this.#changes, { status, networkPath });
    } catch (error) {
      const known = journal.state.settings;
      if (known !== undefined) this.#decide({ ...plan.practice, ...known }, eligibilityByOldSettings);
      throw error;
    }
    this.#decide({ ...plan.practice, ...journal.state.settings });
  }

  #decide(given: Practice, judge: typeof eligibilityByOldSettings = explainEligibility): void {
    const { plan, tools } = this.#context;
    let practice = given;
    const path = practice.networkPath?.trim() ?? '';
    const local =
      plan.local?.storage ?? (plan.local !== undefined && path !== '' ? tools.openPath(path) : undefined);
    // A store given by the host counts like a path.
    if (path === '' && local !== undefined) practice = { ...practice, networkPath: local.description };
    const eligibility = judge(practice, configuredDestinations(plan));
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
    await Promise.all([...runs.values()].map((destinationRun) => destinationRun.findSent()));
    const read = new Map<CopyReport['scope'], Manifest>();
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
        read.set(copy.scope, manifest);
        await runs.get(destination)!.enqueue(file, copy);
        await noteDamage(this.#context, destination, manifest.warnings);
      },
    };
    const sealed = await untilAborted(
      signal,
      tools.clock,
      () => tools.sealCopies(request),
      sealingCleanupTime,
    );
    this.#facts = sealed.facts;
    await noteKey(this.#context, this.#changes, sealed);
    await noteKits(this.#context, sealed);
    await this.#watchLoss(sealed, read);
    this.#admins = sealed.admins;
    this.#opening = await readOpening(this.#context, sealed.admins);
    this.#warnings.push(...sealed.warnings);
    for (const warning of sealed.warnings) emit({ kind: 'warning', warning });
    for (const [destination, error] of sealed.failures) runs.get(destination)!.fail(error);
  }

  /** A sign of loss stops no copy; it stops the removal of copies. */
  async #watchLoss(
    { definitions = new Map(), version, replica, heads }: SealedNight,
    read: ReadonlyMap<CopyReport['scope'], Manifest>,
  ): Promise<void> {
    const [full, critical] = [read.get('full'), read.get('critical')];
    const manifest = full ?? critical;
    if (manifest === undefined) return;
    this.#unchangedSince = await watchLoss(this.#context, {
      scope: full === undefined ? 'critical' : 'full',
      tables: manifest.tables,
      definitions,
      version,
      content: contentOf(manifest),
      criticalContent: full === undefined || critical === undefined ? undefined : contentOf(critical),
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
      const message = `The notes of the copies cannot be signed tonight (${codeOf(error)}). The copies are still made; their notes are written when the key is available again.`;
      warn({ code: 'note-not-stored', message });
      return null;
    }
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
      ...(this.#unchangedSince === null ? {} : { unchangedSince: this.#unchangedSince }),
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

/** Calls `make` once, on first use. */
function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
