import type { Destination } from '../../eligibility/is-eligible.js';
import { BackupError, isBackupError } from '../../errors.js';
import { systemCodeOf } from '../../files/failures.js';
import type { StorageAdapter, StoredObject } from '../../storage/adapter.js';
import { nightsBetween } from '../nights.js';
import { markOf } from '../origin/marks.js';
import { withTimeout } from '../service/timeout.js';
import type { CopyReport } from './backup-report.js';
import { codeOf } from './failure.js';
import type { PendingCopy, VerifiedCopy } from './journal-state.js';
import type { NightContext } from './night-context.js';
import { remembered } from './remembered-copies.js';

/** After so many later nights on which a copy fails for a reason of its own, it is dropped. */
const mostSpoiledNights = 5;
/** For so many nights a copy that arrived is kept, in order to be verified. */
const nightsOfArrived = 7;
/** How long a place may take to say whether a copy is there, in milliseconds. */
const answerTime = 15_000;

/** The sealed copies that wait for one place: their files in the spool, and their entries in the journal. */
export class PendingCopies {
  readonly #destination: Destination;
  readonly #context: NightContext;
  /** The file of the one that the store has in part or as a whole. */
  #sent: string | undefined;

  constructor(destination: Destination, context: NightContext) {
    this.#destination = destination;
    this.#context = context;
  }

  /** Oldest first. */
  get all(): readonly PendingCopy[] {
    return this.#context.journal.state.pending.filter(({ destination }) => destination === this.#destination);
  }

  /**
   * Finds which one no other may replace: the oldest, where a transfer can be resumed, or one that arrived but
   * was not verified yet. Before the database is read, since a place that hangs must cost the other one nothing.
   * Never rejects.
   */
  async findSent(store: StorageAdapter): Promise<void> {
    const { night } = this.#context;
    const waiting = this.all;
    if (store.capabilities.resumablePut) {
      this.#sent = waiting[0]?.file;
      return;
    }
    try {
      for (const { file, copy } of waiting) {
        if (nightsBetween(copy.night, night) > nightsOfArrived) continue;
        const found = await this.#stat(store, copy.key);
        if (found?.size !== copy.bytes) continue;
        this.#sent = file;
        return;
      }
    } catch {
      // Whatever fails here fails again where the copies are sent, and is reported there.
    }
  }

  /**
   * Adds a sealed archive. At most two wait for one place: one that the store has in part or as a whole, and the
   * newest.
   */
  async add(file: string, copy: CopyReport): Promise<void> {
    const { journal, spool, scheduled, logger, emit, warn } = this.#context;
    const destination = this.#destination;
    const next: PendingCopy = { destination, copy, file, ...(scheduled ? {} : { byHand: true }) };
    // A copy made by hand replaces no copy of a night.
    const dropped = this.all.filter(
      (each) => each.file !== this.#sent && (scheduled || each.byHand === true),
    );
    await spool.noteTicket(next);
    await journal.update(({ pending }) => ({
      pending: [...pending.filter((each) => !dropped.includes(each)), next],
    }));
    for (const each of dropped) {
      await spool.remove(each.file);
      warn({
        code: 'late-copy-replaced',
        message: `The copy of ${each.copy.night} was still waiting. The one of ${copy.night} replaces it, so it will not be sent.`,
      });
    }
    emit({ kind: 'sealed', destination, copy });
    logger.info('An archive is sealed.', { destination, key: copy.key, bytes: copy.bytes });
  }

  async #stat(store: StorageAdapter, key: string): Promise<StoredObject | null> {
    const { tools, signal } = this.#context;
    const options = { clock: tools.clock, milliseconds: answerTime, signal, tooLong };
    return withTimeout((ended) => store.stat(key, { signal: ended }), options);
  }

  /** Forgets copies whose file is missing or truncated, so that a copy of this night is sealed again. */
  async forgetLost(): Promise<void> {
    for (const each of this.all) {
      if ((await this.#context.spool.sizeOf(each.file)) !== each.copy.bytes) await this.#forget(each);
    }
  }

  /**
   * Whether the sealed file is the cause of an error; if so, it is forgotten. A missing or changed file can
   * never be sent, and must not block the ones after it. It is only read again after an error, because
   * reading it takes time.
   */
  async forgetIfLost(pending: PendingCopy, error: unknown): Promise<boolean> {
    const isSuspect =
      systemCodeOf(error) === 'ENOENT' ||
      isBackupError(error, 'source-changed') ||
      isBackupError(error, 'verification-failed');
    if (!isSuspect) return false;
    // A disk error may be transient.
    if (await this.#context.spool.holds(pending.file, pending.copy).catch(() => true)) return false;
    await this.#forget(pending);
    return true;
  }

  /** It has arrived: removes it from the waiting ones and records it in the journal. */
  async noteVerified(
    { file, byHand }: PendingCopy,
    copy: CopyReport & { readonly verifiedAt: string },
    store: StorageAdapter,
  ): Promise<void> {
    const { plan, journal, spool, logger, emit } = this.#context;
    const destination = this.#destination;
    const { key, night, verifiedAt, bytes, sha256, scope, recipient } = copy;
    // So that the next night notices if it was written again. Otherwise the next night looks first.
    const found = await this.#stat(store, key).catch(() => null);
    const entry: VerifiedCopy = {
      key,
      night,
      verifiedAt,
      store: store.description,
      ...(byHand === true ? { byHand } : {}),
      ...(found === null ? {} : { seen: markOf(found) }),
      bytes,
      sha256,
      scope,
      ...(recipient === undefined ? {} : { recipient }),
    };
    await journal.update(({ pending, verified }) => ({
      pending: pending.filter((each) => each.file !== file),
      verified: {
        ...verified,
        [destination]: remembered([entry, ...verified[destination]]),
      },
      // Until it is written into the settings, which a power cut may prevent.
      ...(destination === 'local' && plan.settings !== undefined ? { dateOwed: verifiedAt } : {}),
    }));
    await spool.remove(file);
    emit({ kind: 'verified', destination, copy });
    logger.info('A copy is verified.', { destination, key: copy.key, bytes: copy.bytes });
  }

  /** Counts the nights on which a late copy failed for a reason of its own, and drops it in the end. */
  async noteSpoiled({ file, copy, spoiled }: PendingCopy, error: unknown): Promise<void> {
    const { journal, spool, night, warn } = this.#context;
    const code = codeOf(error);
    const nights = (spoiled?.nights ?? 0) + (spoiled?.night === night ? 0 : 1);
    if (nights < mostSpoiledNights) {
      await journal.update(({ pending }) => ({
        pending: pending.map((each) => (each.file === file ? { ...each, spoiled: { nights, night } } : each)),
      }));
      warn({
        code: 'late-copy-failed',
        message: `The copy of ${copy.night} could not be delivered and still waits (${code}).`,
      });
      return;
    }
    await journal.update(({ pending, lost }) => ({
      pending: pending.filter((each) => each.file !== file),
      lost: { ...lost, [this.#destination]: { night: copy.night, since: night, code } },
    }));
    await spool.remove(file);
    warn({
      code: 'late-copy-given-up',
      message: `The copy of ${copy.night} could not be delivered on ${nights} nights and was dropped (${code}).`,
    });
  }

  async #forget({ file, copy }: PendingCopy): Promise<void> {
    const { journal, spool, warn } = this.#context;
    await journal.update(({ pending }) => ({ pending: pending.filter((each) => each.file !== file) }));
    await spool.remove(file);
    warn({
      code: 'spool-lost',
      message: `The sealed copy of ${copy.night} disappeared from the spool, or was damaged there, before it could be sent.`,
    });
  }
}

function tooLong(): BackupError {
  return new BackupError('storage-transient', 'The store does not answer.');
}
