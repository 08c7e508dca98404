import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import type { DumpWarning } from '../../archive/model.js';
import type { Destination, Eligibility } from '../../eligibility/is-eligible.js';
import { isBackupError } from '../../errors.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { fileSystemFailure, systemCodeOf } from '../../storage/file-system/failures.js';
import { withRetry } from '../../storage/wrappers/with-retry.js';
import type { DestinationStanding } from '../alerts/troubles.js';
import type { Logger } from '../log/logger.js';
import { defaultRetention } from '../retention.js';
import type { BackupEvent } from './events.js';
import { codeOf, originOf, sentenceOf } from './failure.js';
import type { Journal, PendingCopy } from './journal.js';
import type { NightPlan } from './plan.js';
import { prune } from './prune.js';
import { publishCopy } from './publish.js';
import type { CopyReport, DestinationReport } from './report.js';
import type { Spool } from './spool.js';

/** What a run and its places share. */
export interface Surroundings {
  readonly plan: NightPlan;
  readonly night: string;
  readonly spool: Spool;
  readonly journal: Journal;
  readonly now: () => Date;
  readonly logger: Logger;
  /** Aborted by the caller or by the end of the window. */
  readonly signal: AbortSignal;
  /** The caller's own. */
  readonly callerSignal: AbortSignal | undefined;
  readonly emit: (event: BackupEvent) => void;
  readonly warn: (warning: DumpWarning) => void;
}

/** On so many later nights a copy may come to nothing for a reason of its own. */
const mostSpoiledNights = 5;
/** How many verified copies per place the journal remembers: more than the longest default retention keeps. */
const rememberedCopies = 400;

/** One destination during one run: what is to be brought there, and what became of it. */
export class Place {
  readonly destination: Destination;
  readonly #around: Surroundings;
  readonly #wanted: boolean;
  #store: StorageAdapter | undefined;
  #eligibility: Eligibility | undefined;
  #copy: CopyReport | undefined;
  #verified = false;
  #waiting = false;
  #error: unknown;
  readonly #caughtUp: CopyReport[] = [];
  #removed: readonly string[] = [];

  /** @param wanted - whether a copy of this night is due here, as far as the caller knows */
  constructor(destination: Destination, wanted: boolean, around: Surroundings) {
    this.destination = destination;
    this.#wanted = wanted;
    this.#around = around;
  }

  /** Whether a copy of this night is to be there in the end. Until settings are read, what the caller wants. */
  get isDue(): boolean {
    return this.#wanted && this.#eligibility?.eligible !== false;
  }

  get isVerified(): boolean {
    return this.#verified;
  }

  get error(): unknown {
    return this.#error;
  }

  get eligibility(): Eligibility | undefined {
    return this.#eligibility;
  }

  /** When the copy of this night was verified. */
  get verifiedAt(): Date | undefined {
    const at = this.#verified ? this.#copy?.verifiedAt : undefined;
    return at === undefined ? undefined : new Date(at);
  }

  /** Whether the database must be read for it: an earlier run of this night may have sealed its copy already. */
  get needsSealing(): boolean {
    return this.isDue && !this.#pending().some(({ copy }) => copy.night === this.#around.night);
  }

  /** Forgets sealed archives whose file is gone or cut short, so that a copy of this night is sealed anew. */
  async forgetLost(): Promise<void> {
    for (const each of this.#pending()) {
      if ((await this.#around.spool.sizeOf(each.file)) !== each.copy.bytes) await this.#forget(each);
    }
  }

  /** Says where it is, and whether the practice may back up there. */
  settle(store: StorageAdapter | undefined, eligibility: Eligibility): void {
    this.#eligibility = eligibility;
    if (store !== undefined) this.#store = this.#patient(store);
    if (this.#wanted) this.#around.emit({ kind: 'eligibility', destination: this.destination, eligibility });
  }

  /** Notes why there is no copy; the first reason stays. */
  fail(error: unknown): void {
    if (this.isDue) this.#error ??= error;
  }

  /**
   * Queues a sealed archive. At most two wait for one place: the oldest, which may be sent in part, and the newest. Where a
   * broken-off transfer begins anew anyway, the newest is enough.
   */
  async enqueue(file: string, copy: CopyReport): Promise<void> {
    const { journal, spool, logger, emit, warn } = this.#around;
    const next: PendingCopy = { destination: this.destination, copy, file };
    const kept = this.#store?.capabilities.resumablePut === true ? this.#pending().slice(0, 1) : [];
    const dropped = this.#pending().filter((each) => !kept.includes(each));
    await spool.noteTicket(next);
    await journal.update(({ pending }) => ({
      pending: [...pending.filter((each) => !dropped.includes(each)), next],
    }));
    for (const each of dropped) {
      await spool.remove(each.file);
      warn({
        code: 'late-copy-replaced',
        message: `The copy of ${each.copy.night} was still waiting; the one of ${copy.night} takes its place, and it is not sent any more.`,
      });
    }
    emit({ kind: 'sealed', destination: this.destination, copy });
    logger.info('An archive is sealed.', {
      destination: this.destination,
      key: copy.key,
      bytes: copy.bytes,
    });
  }

  /** Sends everything that waits, oldest first, and verifies it where it lies. Never rejects. */
  async deliver(): Promise<void> {
    const store = this.#store;
    const waiting = this.#pending();
    if (store === undefined || this.#eligibility?.eligible !== true) {
      this.#waiting = waiting.length > 0;
      return;
    }
    let late: unknown;
    for (const pending of waiting) {
      const isTonights = pending.copy.night === this.#around.night;
      if (isTonights) this.#copy = pending.copy;
      try {
        await this.#deliverOne(store, pending, isTonights);
      } catch (error) {
        if (await this.#isSpoolLost(pending, error)) {
          // Nothing is left to send, and nobody may take that for a good night.
          if (isTonights)
            this.#error ??= fileSystemFailure(error, `spool folder ${this.#around.spool.folder}`);
          continue;
        }
        this.#waiting = true;
        if (!isTonights && hasTroubleOfItsOwn(error)) {
          late ??= error;
          await this.#noteSpoiled(pending, error);
          continue;
        }
        this.#error ??= error;
        // What comes after it would meet the same trouble, and the order is kept.
        return;
      }
    }
    if (!this.#verified) this.#error ??= late;
  }

  /** Removes what retention does not ask for: only after a verified copy. Never rejects. */
  async prune(admins: readonly AdminCandidate[] | undefined): Promise<void> {
    const { plan, night, journal, now, signal, callerSignal, emit, warn } = this.#around;
    const { destination } = this;
    const store = this.#store;
    const policy = plan[destination]?.retention ?? defaultRetention;
    // It must be known who could open the old ones.
    if (!this.#verified || store === undefined || admins === undefined) return;
    if (policy === 'keep-all' || !store.capabilities.delete) return;
    // Older copies may hold the rows that a repair has lost.
    if (journal.damageKnownOn(night) !== undefined) return;
    emit({ kind: 'phase', phase: 'retention', destination });
    try {
      const { removed, warnings } = await prune({
        store,
        policy,
        admins,
        signal,
        practiceId: plan.practiceId,
        timeZone: plan.timeZone,
        now: now(),
        verified: new Set(journal.state.verified[destination].map(({ key }) => key)),
      });
      this.#removed = removed;
      for (const key of removed) emit({ kind: 'removed', destination, key });
      for (const warning of warnings) warn(warning);
    } catch (error) {
      if (callerSignal?.aborted === true) return;
      warn({
        code: 'retention-failed',
        message: `Older copies could not be removed from ${store.description} (${codeOf(error)}).`,
      });
    }
  }

  /** What alerts go by; call it when the failed nights are noted. */
  standing(): DestinationStanding {
    const { journal, night } = this.#around;
    const { failed } = journal.state;
    const incomplete = journal.state.incomplete?.[this.destination];
    const lastVerified = journal.newestVerified(this.destination, night)?.night;
    const lost = journal.lossKnownOn(night, this.destination);
    const base = {
      destination: this.destination,
      ...(lastVerified === undefined ? {} : { lastVerified }),
      ...(incomplete === undefined ? {} : { incomplete }),
      ...(lost === undefined ? {} : { lost }),
    };
    const error = this.#error;
    if (this.#verified || (!this.isDue && error === undefined)) return base;
    return {
      ...base,
      failure: {
        code: codeOf(error),
        message: sentenceOf(error),
        nights: failed[this.destination]?.count ?? 1,
        ...(isBackupError(error) && error.details['reason'] === 'no-password'
          ? { passwordMissing: true }
          : {}),
      },
    };
  }

  report(): DestinationReport {
    const { destination } = this;
    const error = this.#error;
    const { journal, night } = this.#around;
    const lastVerifiedAt = journal.newestVerified(destination, night)?.verifiedAt;
    return {
      destination,
      outcome: this.#outcome(),
      ...(this.#store === undefined ? {} : { store: this.#store.description }),
      ...(this.#copy === undefined ? {} : { copy: this.#copy }),
      caughtUp: this.#caughtUp,
      removed: this.#removed,
      ...(error === undefined ? {} : { error: { code: codeOf(error), message: sentenceOf(error) } }),
      ...(this.#eligibility?.eligible === false ? { ineligible: this.#eligibility.reasons } : {}),
      ...(lastVerifiedAt === undefined ? {} : { lastVerifiedAt }),
    };
  }

  logError(): void {
    const error = this.#error;
    if (error === undefined) return;
    this.#around.logger.error(sentenceOf(error), {
      destination: this.destination,
      code: codeOf(error),
      at: originOf(error),
    });
  }

  #pending(): readonly PendingCopy[] {
    return this.#around.journal.state.pending.filter(({ destination }) => destination === this.destination);
  }

  #outcome(): DestinationReport['outcome'] {
    if (this.#eligibility?.eligible === false) return 'not-eligible';
    if (this.#verified) return 'verified';
    if (!this.#wanted) return 'not-due';
    return this.#waiting && this.#copy !== undefined ? 'waiting' : 'failed';
  }

  async #deliverOne(store: StorageAdapter, pending: PendingCopy, isTonights: boolean): Promise<void> {
    const { spool, signal, emit, now } = this.#around;
    await publishCopy(pending, { store, path: spool.pathOf(pending.file), signal, emit });
    const copy = { ...pending.copy, verifiedAt: now().toISOString() };
    if (isTonights) {
      this.#copy = copy;
      this.#verified = true;
      // Such as a database that could not be asked for the settings any more.
      this.#error = undefined;
    } else this.#caughtUp.push(copy);
    await this.#noteVerified(pending, copy);
  }

  async #noteVerified({ file }: PendingCopy, copy: Required<CopyReport>): Promise<void> {
    const { journal, spool, logger, emit } = this.#around;
    const { destination } = this;
    const entry = { key: copy.key, night: copy.night, verifiedAt: copy.verifiedAt };
    await journal.update(({ pending, verified }) => ({
      pending: pending.filter((each) => each.file !== file),
      verified: {
        ...verified,
        [destination]: [entry, ...verified[destination]]
          .sort((a, b) => (a.night < b.night ? 1 : Number(a.night === b.night) - 1))
          .slice(0, rememberedCopies),
      },
    }));
    await spool.remove(file);
    emit({ kind: 'verified', destination, copy });
    logger.info('A copy is verified.', { destination, key: copy.key, bytes: copy.bytes });
  }

  /**
   * Whether the sealed file is to blame. One that is gone or changed can never be sent, and must not stop the ones after
   * it; it is looked at again only where an error points to it, as reading it all takes time.
   */
  async #isSpoolLost(pending: PendingCopy, error: unknown): Promise<boolean> {
    const isSuspect = systemCodeOf(error) === 'ENOENT' || isBackupError(error, 'verification-failed');
    if (!isSuspect) return false;
    // A disk that cannot be read now may be read tomorrow.
    if (await this.#around.spool.holds(pending.file, pending.copy).catch(() => true)) return false;
    await this.#forget(pending);
    return true;
  }

  /** Counts the nights on which a late copy came to nothing for a reason of its own, and gives it up in the end. */
  async #noteSpoiled({ file, copy, spoiled }: PendingCopy, error: unknown): Promise<void> {
    const { journal, spool, night, warn } = this.#around;
    const { destination } = this;
    const code = codeOf(error);
    const nights = (spoiled?.nights ?? 0) + (spoiled?.night === night ? 0 : 1);
    if (nights < mostSpoiledNights) {
      await journal.update(({ pending }) => ({
        pending: pending.map((each) => (each.file === file ? { ...each, spoiled: { nights, night } } : each)),
      }));
      warn({
        code: 'late-copy-failed',
        message: `The copy of ${copy.night} could not be delivered and waits on (${code}).`,
      });
      return;
    }
    await journal.update(({ pending, lost }) => ({
      pending: pending.filter((each) => each.file !== file),
      lost: { ...lost, [destination]: { night: copy.night, since: night, code } },
    }));
    await spool.remove(file);
    warn({
      code: 'late-copy-given-up',
      message: `The copy of ${copy.night} could not be delivered on ${nights} nights and was given up (${code}).`,
    });
  }

  async #forget({ file, copy }: PendingCopy): Promise<void> {
    const { journal, spool, warn } = this.#around;
    await journal.update(({ pending }) => ({ pending: pending.filter((each) => each.file !== file) }));
    await spool.remove(file);
    warn({
      code: 'spool-lost',
      message: `The sealed copy of ${copy.night} disappeared from the spool, or was damaged there, before it could be sent.`,
    });
  }

  #patient(store: StorageAdapter): StorageAdapter {
    const { plan, emit, logger } = this.#around;
    const { destination } = this;
    const retry = plan[destination]?.retry;
    if (retry === 'none') return store;
    return withRetry(store, {
      ...retry,
      onRetry: ({ operation, error, retriesLeft }) => {
        const code = codeOf(error);
        emit({ kind: 'retry', destination, code, retriesLeft });
        logger.warning('The store is tried again.', { destination, operation, code, retriesLeft });
      },
    });
  }
}

/** Whether an error is about one archive and says nothing of the next. */
function hasTroubleOfItsOwn(error: unknown): boolean {
  return isBackupError(error, 'verification-failed') || isBackupError(error, 'storage-permanent');
}
