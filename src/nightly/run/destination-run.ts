import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import type { Destination, Eligibility } from '../../eligibility/is-eligible.js';
import { during, happenedDuring, isBackupError } from '../../errors.js';
import { fileSystemFailure } from '../../files/failures.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import type { DestinationStanding } from '../alerts/standing.js';
import { isYetToKnow } from '../origin/known-again.js';
import { PlaceHistory } from '../origin/place-history.js';
import { isFrozen } from '../origin/watch-loss.js';
import { defaultRetention } from '../retention.js';
import type { CopyReport, DestinationReport } from './backup-report.js';
import { copiesReported } from './copies-reported.js';
import { deliverCopy } from './deliver-copy.js';
import { codeOf, happenedOf, hasTroubleOfItsOwn, originOf, sentenceOf } from './failure.js';
import type { FailedNights, PendingCopy, VerifiedCopy } from './journal-state.js';
import type { NightContext } from './night-context.js';
import { configuredDestinations } from './night-plan.js';
import { PendingCopies } from './pending-copies.js';
import { prune } from './prune.js';
import { withPlanRetries } from './with-plan-retries.js';

/** One destination during one run: the copies to deliver, and their outcome. */
export class DestinationRun {
  readonly destination: Destination;
  readonly #context: NightContext;
  readonly #pending: PendingCopies;
  #wanted: boolean;
  #store: StorageAdapter | undefined;
  #eligibility: Eligibility | undefined;
  #mayBeOff = false;
  #copy: CopyReport | undefined;
  #verified = false;
  #waiting = false;
  #error: unknown;
  #history: PlaceHistory | undefined;
  #uncheckedBy: FailedNights['code'] | undefined;
  readonly #caughtUp: CopyReport[] = [];
  readonly #removed: string[] = [];

  /** @param wanted - whether a copy of this night is due here, as far as the caller knows */
  constructor(destination: Destination, wanted: boolean, context: NightContext) {
    this.destination = destination;
    this.#wanted = wanted;
    this.#context = context;
    this.#pending = new PendingCopies(destination, context);
  }

  /** Whether a copy of this night is due here. Until the settings are read, as the caller says. */
  get isDue(): boolean {
    return this.#wanted && this.#eligibility?.eligible !== false;
  }

  /** Whether a copy of an earlier night arrived in this run. */
  get hasArrived(): boolean {
    return this.#caughtUp.length > 0;
  }

  /** Where it is; undefined where no copy may go there. */
  get store(): StorageAdapter | undefined {
    return this.#eligibility?.eligible === true ? this.#store : undefined;
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

  /** When the newest copy that arrived in this run was verified. */
  get verifiedAt(): Date | undefined {
    const copies =
      this.#verified && this.#copy !== undefined ? [...this.#caughtUp, this.#copy] : this.#caughtUp;
    const newest = Math.max(...copies.map(({ verifiedAt }) => Date.parse(verifiedAt ?? '')));
    return Number.isFinite(newest) ? new Date(newest) : undefined;
  }

  /**
   * Whether the database must be read for it: an earlier run of this night may already have sealed its copy.
   */
  get needsSealing(): boolean {
    return this.isDue && !this.#pending.all.some((pending) => this.#isTonights(pending));
  }

  /** {@link PendingCopies.forgetLost} */
  async forgetLost(): Promise<void> {
    await this.#pending.forgetLost();
  }

  /** Sets its store, and whether the practice may back up there; undefined where that is not known. */
  decide(store: StorageAdapter | undefined, eligibility: Eligibility | undefined): void {
    const { journal, night, scheduled } = this.#context;
    this.#eligibility = eligibility;
    this.#mayBeOff = eligibility === undefined;
    if (eligibility === undefined) return;
    if (store !== undefined) {
      this.#store = withPlanRetries(store, this.destination, this.#context);
      const newest = (at?: string) => journal.newestVerified(this.destination, night, at);
      // A new place has no copy yet, so one is due, whatever the schedule says.
      if (scheduled && newest() !== undefined && newest(store.description) === undefined) this.#wanted = true;
    }
    if (this.#wanted) this.#context.emit({ kind: 'eligibility', destination: this.destination, eligibility });
  }

  /** Records why there is no copy; the first reason stays. */
  fail(error: unknown): void {
    if (this.isDue) this.#error ??= happenedDuring('backup', error);
  }

  /** {@link PendingCopies.findSent} */
  async findSent(): Promise<void> {
    if (this.#store !== undefined) await this.#pending.findSent(this.#store);
  }

  /** Queues a sealed archive. */
  async enqueue(file: string, copy: CopyReport): Promise<void> {
    await this.#pending.add(file, copy);
  }

  /** Sends all waiting copies, oldest first, and verifies them there. Never rejects. */
  async deliver(): Promise<void> {
    const store = this.#store;
    const waiting = this.#pending.all;
    if (store === undefined || this.#eligibility?.eligible !== true) {
      this.#waiting = waiting.length > 0;
      return;
    }
    let late: unknown;
    for (const pending of waiting) {
      const isTonights = this.#isTonights(pending);
      if (isTonights) this.#copy = pending.copy;
      try {
        await this.#deliverOne(store, pending, isTonights);
      } catch (error) {
        if (await this.#pending.forgetIfLost(pending, error)) {
          // Nothing is left to send, which must not count as a good night.
          if (isTonights)
            this.#error ??= happenedDuring(
              'backup',
              fileSystemFailure(error, `spool folder ${this.#context.spool.folder}`),
            );
          continue;
        }
        this.#waiting = true;
        // An older one may fail alone, such as on a bad sector. Where transfers are resumed, only the first one that
        // fails may hold up no other: most likely the line is down, and what is sent keeps its order.
        const mayBeAlone =
          hasTroubleOfItsOwn(error) || !store.capabilities.resumablePut || late === undefined;
        if (!isTonights && mayBeAlone) {
          late ??= error;
          if (hasTroubleOfItsOwn(error)) await this.#pending.noteSpoiled(pending, error);
          continue;
        }
        this.#error ??= error;
        // The next copies would fail the same way.
        return;
      }
    }
    if (!this.#verified) this.#error ??= late;
  }

  /** Checks the older copies and their signed notes. Never rejects. */
  async checkHistory(): Promise<void> {
    const store = this.#store;
    if (store === undefined || this.#eligibility?.eligible !== true) return;
    await this.#onNotes(async () => {
      const signing = await this.#context.notary();
      if (signing === null) {
        this.#uncheckedBy = 'unexpected';
        return;
      }
      this.#history = new PlaceHistory(this.destination, this.#context, signing, store);
      await this.#history.check();
    });
  }

  /** Writes the missing signed notes, after {@link DestinationRun.prune}. Never rejects. */
  async writeNotes(): Promise<void> {
    await this.#onNotes(async () => this.#history?.writeNotes());
  }

  async #onNotes(work: () => Promise<void>): Promise<void> {
    const { signal, callerSignal, warn } = this.#context;
    if (signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (callerSignal?.aborted === true) return;
      const message = `The signed notes of the copies could not be written (${codeOf(error)}). The copies themselves are not affected.`;
      this.#uncheckedBy ??= codeOf(error);
      warn({ code: 'note-not-stored', message });
    }
  }

  /**
   * What kept this run from checking the older copies or writing notes; null where nothing did, undefined where
   * it was not tried.
   */
  get uncheckedBy(): FailedNights['code'] | null | undefined {
    return this.#uncheckedBy ?? this.#history?.trouble ?? (this.#history === undefined ? undefined : null);
  }

  /** Removes what retention does not keep, only after a verified copy. Never rejects. */
  async prune(admins: readonly AdminCandidate[] | undefined): Promise<void> {
    const { plan, night, journal, now, signal, callerSignal, emit, warn } = this.#context;
    const { destination } = this;
    const store = this.#store;
    const policy = plan[destination]?.retention ?? defaultRetention;
    const here = store?.description;
    const isHereStill = ({ state, store: where = here }: VerifiedCopy): boolean =>
      where === here && state !== 'gone' && state !== 'spoiled';
    // It must be known who can open the old ones.
    if (store === undefined || admins === undefined) return;
    if (policy === 'keep-all' || !store.capabilities.delete) return;
    // Older copies may hold the rows that a repair has lost, or what tonight's copy lacks.
    if (journal.damageKnownOn(night) !== undefined || isFrozen(journal)) return;
    if (this.#history?.hasReadNotes === false) return;
    if (isYetToKnow(journal, night, configuredDestinations(plan))) return;
    const readBack = (this.#verified ? this.#copy : undefined) ?? this.#caughtUp.at(-1);
    if (readBack === undefined) return;
    emit({ kind: 'phase', phase: 'retention', destination });
    try {
      const warnings = await prune({
        store,
        policy,
        admins,
        signal,
        night,
        readBack,
        origins: this.#history?.origins ?? null,
        practiceId: plan.practiceId,
        timeZone: plan.timeZone,
        now: now(),
        machine: journal.state.machine,
        verified: journal.state.verified[destination].filter(isHereStill),
        onGoing: async (keys) => {
          journal.markCopies(destination, keys, 'going');
          await journal.update();
        },
        onRemoved: (key) => {
          this.#removed.push(key);
          emit({ kind: 'removed', destination, key });
          // After a crash the next look finds that what was going is gone.
          journal.markCopies(destination, [key], 'gone');
        },
      });
      for (const warning of warnings) warn(warning);
    } catch (error) {
      if (callerSignal?.aborted === true) return;
      warn({
        code: 'retention-failed',
        message: `Older copies could not be removed from ${store.description} (${codeOf(error)}).`,
      });
    }
  }

  /** The facts for alerts; call it after the failed nights are recorded. */
  standing(): DestinationStanding {
    const { journal, night } = this.#context;
    const { failed } = journal.state;
    const incomplete = journal.state.incomplete?.[this.destination];
    const unseen = journal.state.unseen?.[this.destination];
    const lastVerified = journal.newestVerified(this.destination, night)?.night;
    const lost = journal.lossKnownOn(night, this.destination);
    const unchecked = journal.state.unchecked?.[this.destination];
    const base = {
      destination: this.destination,
      ...(lastVerified === undefined ? {} : { lastVerified }),
      mayBeOff: this.#mayBeOff,
      ...(incomplete === undefined ? {} : { incomplete }),
      ...(unseen === undefined ? {} : { unseen }),
      ...(lost === undefined ? {} : { lost }),
      ...(unchecked === undefined ? {} : { unchecked }),
    };
    const error = this.#error;
    if (this.#verified || (!this.isDue && error === undefined)) return base;
    return {
      ...base,
      failure: {
        ...(this.hasArrived ? { lateCopyArrived: true } : {}),
        code: codeOf(error),
        message: happenedOf(error),
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
    return {
      destination,
      outcome: this.#outcome(),
      ...(this.#store === undefined ? {} : { store: this.#store.description }),
      ...(this.#copy === undefined ? {} : { copy: this.#copy }),
      caughtUp: this.#caughtUp,
      removed: this.#removed,
      ...(error === undefined ? {} : { error: { code: codeOf(error), message: sentenceOf(error) } }),
      ...(this.#eligibility?.eligible === false ? { ineligible: this.#eligibility.reasons } : {}),
      ...(this.#history?.head === undefined ? {} : { head: this.#history.head }),
      ...copiesReported(this.#context, destination, this.#store),
    };
  }

  logError(): void {
    const error = this.#error;
    if (error === undefined) return;
    this.#context.logger.error(happenedOf(error), {
      destination: this.destination,
      code: codeOf(error),
      at: originOf(error),
    });
  }

  #outcome(): DestinationReport['outcome'] {
    if (this.#eligibility?.eligible === false) return 'not-eligible';
    if (this.#verified) return 'verified';
    if (!this.#wanted) return 'not-due';
    return this.#waiting && this.#copy !== undefined ? 'waiting' : 'failed';
  }

  async #deliverOne(store: StorageAdapter, pending: PendingCopy, isTonights: boolean): Promise<void> {
    const { spool, signal, emit, now } = this.#context;
    const delivery = { store, path: spool.pathOf(pending.file), signal, emit };
    await during('store', () => deliverCopy(pending, delivery));
    const copy = { ...pending.copy, verifiedAt: now().toISOString() };
    if (isTonights) {
      this.#copy = copy;
      this.#verified = true;
      // Such as a database that could not be asked for the settings any more.
      this.#error = undefined;
    } else this.#caughtUp.push(copy);
    await this.#pending.noteVerified(pending, copy, store);
  }

  /** Whether it is the copy that this run has to bring. A copy made by hand does not count for the night. */
  #isTonights({ copy, byHand }: PendingCopy): boolean {
    const { night, scheduled } = this.#context;
    return copy.night === night && !(scheduled && byHand === true);
  }
}
