import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import type { DumpWarning } from '../../archive/model.js';
import {
  type Destination,
  type EligibilityExplanation,
  explainEligibility,
  type Practice,
} from '../../eligibility/is-eligible.js';
import { BackupError, isBackupError } from '../../errors.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { createFileSystemStorage } from '../../storage/file-system/file-system.js';
import { withRetry } from '../../storage/wrappers/with-retry.js';
import { type DestinationStanding, standingTroubles } from '../alerts/troubles.js';
import { type Logger, silentLogger } from '../log/logger.js';
import { defaultRetention } from '../retention.js';
import { nightOf, nightsBetween } from '../window.js';
import { replaceFile } from './atomic-file.js';
import type { BackupEvent } from './events.js';
import { acquireGuard } from './guard.js';
import { Journal, type PendingCopy } from './journal.js';
import { checkPlan, configured, type NightPlan, type RunOptions } from './plan.js';
import { prune } from './prune.js';
import { publishCopy } from './publish.js';
import { renderReport } from './render-report.js';
import type { BackupReport, CopyReport, DestinationReport } from './report.js';
import { type SealedNight, sealCopies } from './seal-copies.js';
import { Spool } from './spool.js';
import { delivered, tellTroubles } from './tell-troubles.js';

/**
 * Makes tonight's copies: one reading of the database, the critical tables sealed for HQ and everything for the network
 * path, each sent, read back and held against what was sealed. The destinations succeed and fail each for itself.
 *
 * What is sealed and could not be delivered stays in the spool, sealed, and is sent by the next run. Nothing is ever
 * written in the clear, and no lock on the practice's tables waits for a line or a disk elsewhere.
 *
 * @param plan - the practice and its surroundings
 * @returns the report; its `outcome` is `partial` when one of two copies is missing
 * @throws BackupError when no copy could be verified: `not-eligible`, `no-usable-admin`, `already-running`,
 *   `database-…`, `storage-…`, `destination-missing`, `window-closed` … The same report is in the event `finished`
 * @throws TypeError when the plan lacks something
 * @example
 * ```ts
 * const report = await runSupplementalBackup({
 *   practiceId: '4711',
 *   practice: { onSupport: true, hasEConnector: true, cloudDatabase: false, status: 'enabled', country: 'US' },
 *   database: { user: 'backup', password, database: 'opendental' },
 *   timeZone: 'America/Chicago',
 *   spool: 'C:\\ProgramData\\SupplementalBackup',
 *   hq: { storage: hqStore },
 * });
 * console.log(renderReport(report));
 * ```
 */
export async function runSupplementalBackup(
  plan: NightPlan,
  options: RunOptions = {},
): Promise<BackupReport> {
  checkPlan(plan);
  options.signal?.throwIfAborted();
  const spool = new Spool(plan.spool, plan.spoolReserveBytes ?? 1024 ** 3);
  await spool.prepare();
  const guard = await acquireGuard(spool.folder);
  const deadline = deadlineSignal(options.deadline, (plan.now ?? (() => new Date()))());
  try {
    const now = plan.now ?? (() => new Date());
    const night = options.night ?? nightOf(now(), plan.timeZone);
    const journal = await Journal.open(spool.folder, { practiceId: plan.practiceId, night });
    const run = new Run(plan, options, { spool, journal, night, deadline: deadline.signal });
    return await run.go();
  } finally {
    deadline.clear();
    await guard.release();
  }
}

/** The copy, or why there is none. */
interface Progress {
  readonly destination: Destination;
  /** Set when a copy of this night is wanted and allowed. */
  isDue: boolean;
  store?: StorageAdapter;
  copy?: CopyReport;
  verified: boolean;
  waiting: boolean;
  readonly caughtUp: CopyReport[];
  removed: readonly string[];
  error?: unknown;
}

class Run {
  readonly #plan: NightPlan;
  readonly #options: RunOptions;
  readonly #spool: Spool;
  readonly #journal: Journal;
  readonly #night: string;
  readonly #now: () => Date;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  readonly #warnings: DumpWarning[] = [];
  readonly #places: Progress[];
  #practice: Practice;
  #explanation: EligibilityExplanation | undefined;
  #facts: SealedNight['facts'] = {};
  #admins: readonly AdminCandidate[] | undefined;

  constructor(
    plan: NightPlan,
    options: RunOptions,
    state: {
      readonly spool: Spool;
      readonly journal: Journal;
      readonly night: string;
      readonly deadline: AbortSignal;
    },
  ) {
    this.#plan = plan;
    this.#options = options;
    this.#spool = state.spool;
    this.#journal = state.journal;
    this.#night = state.night;
    this.#now = plan.now ?? (() => new Date());
    this.#logger = plan.logger ?? silentLogger;
    this.#signal =
      options.signal === undefined ? state.deadline : AbortSignal.any([options.signal, state.deadline]);
    this.#practice = plan.practice;
    const wanted = options.destinations ?? configured(plan);
    this.#places = configured(plan).map((destination) => ({
      destination,
      isDue: wanted.includes(destination),
      verified: false,
      waiting: false,
      caughtUp: [],
      removed: [],
    }));
  }

  async go(): Promise<BackupReport> {
    const startedAt = this.#now();
    this.#logger.info('The backup begins.', { night: this.#night });
    await this.#noteAttempt(startedAt);
    await this.#tidy();
    let fatal: unknown;
    try {
      await this.#weigh();
      const sealing = this.#places.filter((place) => place.isDue && !this.#isSealed(place.destination));
      if (sealing.length > 0) await this.#seal(sealing);
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      fatal = error;
      for (const place of this.#places) if (place.isDue) place.error ??= error;
    }
    await Promise.all(this.#places.map((place) => this.#deliver(place)));
    this.#options.signal?.throwIfAborted();
    await this.#advanceDates();
    await Promise.all(this.#places.map((place) => this.#prune(place)));
    await this.#noteFailures();
    let report = this.#report(startedAt);
    report = await this.#rehearse(report);
    await this.#noteAttemptEnd();
    await this.#tell(report);
    await replaceFile(this.#spool.pathOf('last-report.json'), `${JSON.stringify(report, null, 1)}\n`);
    this.#log(report);
    this.#emit({ kind: 'finished', report });
    if (report.outcome === 'failed' || report.outcome === 'nothing-due') this.#refuse(fatal);
    return report;
  }

  #emit(event: BackupEvent): void {
    this.#options.onEvent?.(event);
  }

  /** Before the work, so that a run that takes the process down with it is counted too. */
  async #noteAttempt(at: Date): Promise<void> {
    await this.#journal.update(({ lastAttempt }) => ({
      lastAttempt: {
        night: this.#night,
        count: lastAttempt?.night === this.#night ? lastAttempt.count + 1 : 1,
        endedAt: at.toISOString(),
      },
    }));
  }

  async #noteAttemptEnd(): Promise<void> {
    const endedAt = this.#now().toISOString();
    await this.#journal.update(({ lastAttempt }) =>
      lastAttempt === undefined ? {} : { lastAttempt: { ...lastAttempt, endedAt } },
    );
  }

  async #tidy(): Promise<void> {
    await this.#spool.tidy(new Set(this.#journal.state.pending.map(({ file }) => file)));
  }

  /** Settings and eligibility: which places are due, and where they are. */
  async #weigh(): Promise<void> {
    const { settings, practice, local } = this.#plan;
    if (settings !== undefined) {
      const { status, networkPath } = await settings.read({ signal: this.#signal });
      this.#practice = { ...practice, status, networkPath };
    }
    const path = this.#practice.networkPath?.trim() ?? '';
    for (const place of this.#places) {
      const given = place.destination === 'hq' ? this.#plan.hq?.storage : local?.storage;
      const store =
        given ??
        (place.destination === 'local' && path !== '' ? createFileSystemStorage({ path }) : undefined);
      if (store !== undefined) place.store = this.#patient(place.destination, store);
    }
    // A store that the host hands over is as good as a path.
    const facts =
      local?.storage === undefined || path !== ''
        ? this.#practice
        : { ...this.#practice, networkPath: local.storage.description };
    this.#explanation = explainEligibility(facts);
    for (const place of this.#places) {
      const eligibility = this.#explanation[place.destination];
      if (place.isDue) this.#emit({ kind: 'eligibility', destination: place.destination, eligibility });
      if (!eligibility.eligible) place.isDue = false;
    }
  }

  #patient(destination: Destination, store: StorageAdapter): StorageAdapter {
    const retry = this.#plan[destination]?.retry;
    if (retry === 'none') return store;
    return withRetry(store, {
      ...retry,
      onRetry: ({ operation, error, retriesLeft }) => {
        const code = isBackupError(error) ? error.code : 'unexpected';
        this.#emit({ kind: 'retry', destination, code, retriesLeft });
        this.#logger.warning('The store is tried again.', { destination, operation, code, retriesLeft });
      },
    });
  }

  /** An earlier run of this night sealed it already and could not deliver it. */
  #isSealed(destination: Destination): boolean {
    return this.#journal.state.pending.some(
      (pending) => pending.destination === destination && pending.copy.night === this.#night,
    );
  }

  async #seal(places: readonly Progress[]): Promise<void> {
    const sealed = await sealCopies({
      plan: this.#plan,
      spool: this.#spool,
      night: this.#night,
      destinations: places.map(({ destination }) => destination),
      now: this.#now,
      signal: this.#signal,
      emit: (event) => this.#emit(event),
      onSealed: async (destination, { file }, copy) => {
        await this.#enqueue({ destination, copy, file });
        this.#emit({ kind: 'sealed', destination, copy });
        this.#logger.info('An archive is sealed.', { destination, key: copy.key, bytes: copy.bytes });
      },
    });
    this.#facts = sealed.facts;
    this.#admins = sealed.admins;
    this.#warnings.push(...sealed.warnings);
    for (const warning of sealed.warnings) this.#emit({ kind: 'warning', warning });
    for (const place of places) place.error = sealed.failures.get(place.destination);
  }

  /**
   * At most two archives wait for one place: the oldest, which may be sent in part, and the newest. Where a broken-off
   * transfer begins anew anyway, the newest is enough.
   */
  async #enqueue(next: PendingCopy): Promise<void> {
    const store = this.#places.find((place) => place.destination === next.destination)?.store;
    const dropped: PendingCopy[] = [];
    await this.#journal.update(({ pending }) => {
      const same = pending.filter(({ destination }) => destination === next.destination);
      const keep = store?.capabilities.resumablePut === true ? same.slice(0, 1) : [];
      dropped.push(...same.filter((each) => !keep.includes(each)));
      return { pending: [...pending.filter((each) => !dropped.includes(each)), next] };
    });
    for (const { file } of dropped) await this.#spool.remove(file);
  }

  /** Sends everything that waits for a place, oldest first. */
  async #deliver(place: Progress): Promise<void> {
    const { destination, store } = place;
    const waiting = this.#journal.state.pending.filter((each) => each.destination === destination);
    if (store === undefined || this.#explanation?.[destination].eligible !== true) {
      place.waiting = waiting.length > 0;
      return;
    }
    for (const pending of waiting) {
      const isTonights = pending.copy.night === this.#night;
      if (isTonights) place.copy = pending.copy;
      try {
        await publishCopy(pending, {
          store,
          path: this.#spool.pathOf(pending.file),
          signal: this.#signal,
          emit: (event) => this.#emit(event),
        });
        const verified = { ...pending.copy, verifiedAt: this.#now().toISOString() };
        if (isTonights) {
          place.copy = verified;
          place.verified = true;
        } else place.caughtUp.push(verified);
        await this.#noteVerified(destination, pending, verified);
      } catch (error) {
        if (await this.#isSpoolLost(pending, error)) continue;
        place.error ??= error;
        place.waiting = true;
        // What comes after it would meet the same trouble, and the order is kept.
        return;
      }
    }
  }

  async #noteVerified(destination: Destination, pending: PendingCopy, copy: CopyReport): Promise<void> {
    const entry = { key: copy.key, night: copy.night, verifiedAt: copy.verifiedAt! };
    await this.#journal.update(({ pending: all, verified }) => ({
      pending: all.filter(({ file }) => file !== pending.file),
      verified: {
        ...verified,
        [destination]: [entry, ...verified[destination]]
          .sort((a, b) => (a.night < b.night ? 1 : a.night > b.night ? -1 : 0))
          .slice(0, rememberedCopies),
      },
    }));
    await this.#spool.remove(pending.file);
    this.#emit({ kind: 'verified', destination, copy });
    this.#logger.info('A copy is verified.', { destination, key: copy.key, bytes: copy.bytes });
  }

  /** A sealed file that is gone or damaged can never be sent; it must not stop the ones after it. */
  async #isSpoolLost(pending: PendingCopy, error: unknown): Promise<boolean> {
    const isGone = (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
    if (!isGone) return false;
    await this.#journal.update(({ pending: all }) => ({
      pending: all.filter(({ file }) => file !== pending.file),
    }));
    this.#warn({
      code: 'spool-lost',
      message: `The sealed copy of ${pending.copy.night} disappeared from the spool before it could be sent.`,
    });
    return true;
  }

  #warn(warning: DumpWarning): void {
    this.#warnings.push(warning);
    this.#emit({ kind: 'warning', warning });
    this.#logger.warning(warning.message, { code: warning.code });
  }

  async #advanceDates(): Promise<void> {
    const local = this.#places.find(({ destination }) => destination === 'local');
    const verifiedAt = local?.copy?.verifiedAt;
    if (local?.verified !== true || verifiedAt === undefined) return;
    try {
      await this.#plan.settings?.recordLocalCopy(new Date(verifiedAt), { signal: this.#signal });
    } catch (error) {
      this.#warn({
        code: 'date-not-recorded',
        message: `The local copy is verified, but its date could not be written to the settings (${codeOf(error)}).`,
      });
    }
  }

  async #prune(place: Progress): Promise<void> {
    const { destination, store, verified } = place;
    const policy = this.#plan[destination]?.retention ?? defaultRetention;
    // Only when a new copy is there, and only when it is known who could open the old ones.
    if (!verified || store === undefined || this.#admins === undefined) return;
    if (policy === 'keep-all' || !store.capabilities.delete) return;
    this.#emit({ kind: 'phase', phase: 'retention', destination });
    try {
      const { removed, warnings } = await prune({
        store,
        policy,
        practiceId: this.#plan.practiceId,
        timeZone: this.#plan.timeZone,
        now: this.#now(),
        verified: new Set(this.#journal.state.verified[destination].map(({ key }) => key)),
        admins: this.#admins,
        signal: this.#signal,
      });
      place.removed = removed;
      for (const key of removed) this.#emit({ kind: 'removed', destination, key });
      for (const warning of warnings) this.#warn(warning);
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#warn({
        code: 'retention-failed',
        message: `Older copies could not be removed from ${store.description} (${codeOf(error)}).`,
      });
    }
  }

  async #noteFailures(): Promise<void> {
    await this.#journal.update(({ failed }) => {
      const next = { ...failed };
      for (const { destination, isDue, verified, error } of this.#places) {
        if (verified || !isDue) delete next[destination];
        else {
          const last = failed[destination];
          const count = last === undefined ? 1 : last.count + (last.night === this.#night ? 0 : 1);
          next[destination] = { count, night: this.#night, code: codeOf(error) };
        }
      }
      return { failed: next };
    });
  }

  async #rehearse(report: BackupReport): Promise<BackupReport> {
    const { rehearsal } = this.#plan;
    if (rehearsal === undefined || report.outcome !== 'complete') return report;
    const last = this.#journal.state.rehearsal;
    if (last !== undefined && nightsBetween(last.night, this.#night) < rehearsal.everyNights) return report;
    let result: { readonly ok: boolean; readonly summary: string };
    try {
      result = await rehearsal.run(report, { signal: this.#signal });
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      result = { ok: false, summary: sentenceOf(error) };
    }
    await this.#journal.update(() => ({
      rehearsal: { night: this.#night, ...(result.ok ? {} : { failure: result.summary }) },
    }));
    return { ...report, rehearsal: result };
  }

  async #tell(report: BackupReport): Promise<void> {
    const sink = this.#plan.alerts;
    if (sink === undefined) return;
    const { state } = this.#journal;
    const standing = standingTroubles(
      {
        practiceId: this.#plan.practiceId,
        night: this.#night,
        firstNight: state.firstNight,
        destinations: this.#places
          .filter(({ destination }) => this.#explanation?.[destination].eligible !== false)
          .map((place) => this.#standingOf(place)),
        ...(state.rehearsal?.failure === undefined ? {} : { rehearsalFailed: state.rehearsal.failure }),
      },
      this.#plan.alertThresholds,
    );
    const emit = (event: BackupEvent): void => this.#emit(event);
    await tellTroubles(standing, { sink, journal: this.#journal, logger: this.#logger, emit });
    const outcome = {
      practiceId: report.practiceId,
      night: report.night,
      ok: report.outcome === 'complete',
      summary: renderReport(report).split('\n', 1)[0]!,
    };
    await delivered(() => sink.nightEnded?.(outcome), 'night ended', this.#logger);
  }

  #standingOf({ destination, isDue, verified, error }: Progress): DestinationStanding {
    const { verified: known, failed } = this.#journal.state;
    const lastVerified = known[destination][0]?.night;
    const base = { destination, ...(lastVerified === undefined ? {} : { lastVerified }) };
    if (verified || (!isDue && error === undefined)) return base;
    return {
      ...base,
      failure: {
        code: codeOf(error),
        message: sentenceOf(error),
        nights: failed[destination]?.count ?? 1,
        ...(isBackupError(error) && error.details['reason'] === 'no-password'
          ? { passwordMissing: true }
          : {}),
      },
    };
  }

  #report(startedAt: Date): BackupReport {
    const due = this.#places.filter(({ isDue }) => isDue);
    const verified = due.filter((place) => place.verified).length;
    return {
      reportVersion: 1,
      practiceId: this.#plan.practiceId,
      night: this.#night,
      startedAt: startedAt.toISOString(),
      finishedAt: this.#now().toISOString(),
      outcome:
        due.length === 0
          ? 'nothing-due'
          : verified === due.length
            ? 'complete'
            : verified > 0
              ? 'partial'
              : 'failed',
      ...this.#facts,
      destinations: this.#places.map((place) => this.#reportOf(place)),
      warnings: this.#warnings,
    };
  }

  #reportOf(place: Progress): DestinationReport {
    const { destination, copy, caughtUp, removed, store, error } = place;
    const eligibility = this.#explanation?.[destination];
    const lastVerifiedAt = this.#journal.state.verified[destination][0]?.verifiedAt;
    return {
      destination,
      outcome: outcomeOf(place, eligibility?.eligible !== false),
      ...(store === undefined ? {} : { store: store.description }),
      ...(copy === undefined ? {} : { copy }),
      caughtUp,
      removed,
      ...(error === undefined ? {} : { error: { code: codeOf(error), message: sentenceOf(error) } }),
      ...(eligibility?.eligible === false ? { ineligible: eligibility.reasons } : {}),
      ...(lastVerifiedAt === undefined ? {} : { lastVerifiedAt }),
    };
  }

  #log(report: BackupReport): void {
    for (const { destination, error } of this.#places) {
      if (error === undefined) continue;
      this.#logger.error(sentenceOf(error), { destination, code: codeOf(error), at: placeOf(error) });
    }
    const level = report.outcome === 'complete' || report.outcome === 'nothing-due' ? 'info' : 'error';
    this.#logger[level]('The backup ends.', {
      night: report.night,
      outcome: report.outcome,
      lockSeconds: report.lockSeconds,
    });
  }

  /** No copy could be verified: the caller must not be able to overlook it. */
  #refuse(fatal: unknown): void {
    const failure = fatal ?? this.#places.find((place) => place.error !== undefined)?.error;
    if (failure !== undefined) throw failure;
    const refused = this.#places.flatMap(({ destination }) => {
      const eligibility = this.#explanation?.[destination];
      return eligibility?.eligible === false ? eligibility.reasons : [];
    });
    const [first] = refused;
    const wanted = this.#options.destinations ?? configured(this.#plan);
    if (first === undefined || wanted.length === 0) return;
    throw new BackupError('not-eligible', first.sentence, {
      details: { reasons: [...new Set(refused.map(({ code }) => code))] },
    });
  }
}

/** How many verified copies per place the journal remembers: more than the longest default retention keeps. */
const rememberedCopies = 400;

function outcomeOf(place: Progress, isEligible: boolean): DestinationReport['outcome'] {
  if (!isEligible) return 'not-eligible';
  if (place.verified) return 'verified';
  if (!place.isDue) return 'not-due';
  return place.waiting && place.copy !== undefined ? 'waiting' : 'failed';
}

/** Aborts when the night is over. */
function deadlineSignal(
  deadline: Date | undefined,
  now: Date,
): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  if (deadline === undefined) return { signal: controller.signal, clear: () => undefined };
  const close = (): void =>
    controller.abort(new BackupError('window-closed', 'The time for backups of this night is over.'));
  const left = deadline.getTime() - now.getTime();
  if (left <= 0) close();
  // A timer holds no more than 2^31 - 1 milliseconds; no night is that long.
  const timer = setTimeout(close, Math.min(left, 2 ** 31 - 1));
  timer.unref();
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

function codeOf(error: unknown): NonNullable<DestinationReport['error']>['code'] {
  return isBackupError(error) ? error.code : 'unexpected';
}

/** What may be shown and logged. The text of an error that is none of ours could hold anything. */
function sentenceOf(error: unknown): string {
  if (isBackupError(error)) return error.message;
  return `An unexpected fault (${error instanceof Error ? error.name : typeof error}) ended the work.`;
}

/** Where an unexpected error came from, for the log: the first lines of its stack, without its text. */
function placeOf(error: unknown): string | undefined {
  if (isBackupError(error) || !(error instanceof Error)) return undefined;
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return lines
    .slice(0, 3)
    .map((line) => line.trim())
    .join(' < ');
}
