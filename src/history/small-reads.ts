import { BackupError, isBackupError } from '../errors.js';
import type { StorageAdapter } from '../storage/adapter.js';
import { wasRetried } from '../storage/wrappers/with-retry.js';

/** How long a label or a note is waited for, with all tries; in milliseconds. */
const shortPatience = 10_000;
/** So many times as long, until several were not returned: the line may be slow. */
const longPatience = 12;
/** Several. */
const mostFailures = 3;
/** After so many in a row without any answer, if only an error, the store is away, though it may still list. */
const mostSilent = 5;

/**
 * Reads many small things from one store: labels, or notes. One that does not return hides no other, and a
 * store that returns none of hundreds costs minutes, not hours.
 */
export class SmallReads {
  readonly #store: Pick<StorageAdapter, 'description'>;
  readonly #signal: AbortSignal | undefined;
  readonly #patience: number;
  #hasAnswered = false;
  #signsOfLife = 0;
  #failures = 0;
  #silentInRow = 0;

  constructor(
    store: Pick<StorageAdapter, 'description'>,
    signal: AbortSignal | undefined,
    patience: number | undefined = shortPatience,
  ) {
    this.#store = store;
    this.#signal = signal;
    this.#patience = patience;
  }

  /** Then nothing is asked of the store any more. */
  get isAway(): boolean {
    return this.#silentInRow >= mostSilent;
  }

  /** Whether it returned nothing of what it was asked for: then the store is at fault, and nothing in it. */
  get hasReturnedNone(): boolean {
    return !this.#hasAnswered && this.#failures > 0;
  }

  /**
   * @throws BackupError `storage-transient` where it did not return; whatever the work throws
   */
  async read<Result>(key: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    if (this.isAway) throw this.#notReturned(key);
    const signal = this.#signal;
    signal?.throwIfAborted();
    // Not `AbortSignal.timeout`: its timer stays when the answer has come, and there are very many answers.
    const either = new AbortController();
    const stop = (): void => either.abort(signal?.reason);
    let isLate = false;
    const giveUp = (): void => {
      isLate = true;
      either.abort(this.#notReturned(key));
    };
    const signsBefore = this.#signsOfLife;
    const isPatient = this.#failures < mostFailures;
    const timer = setTimeout(giveUp, isPatient ? longPatience * this.#patience : this.#patience);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const result = await work(either.signal);
      this.#wasAnswered();
      return result;
    } catch (error) {
      if (!isLate || wasRetried(either.signal)) this.#showedLife();
      // While it answers others that are read at once, the store is not away.
      else if (this.#signsOfLife === signsBefore) this.#silentInRow += 1;
      if (isLate || isBackupError(error, 'storage-transient')) this.#failures += 1;
      else this.#wasAnswered();
      throw isLate && signal?.aborted !== true ? this.#notReturned(key, error) : error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  #wasAnswered(): void {
    this.#hasAnswered = true;
    this.#showedLife();
  }

  #showedLife(): void {
    this.#signsOfLife += 1;
    if (!this.isAway) this.#silentInRow = 0;
  }

  #notReturned(key: string, cause?: unknown): BackupError {
    const message = `${this.#store.description} did not return ${key}.`;
    return new BackupError('storage-transient', message, { cause, details: { key } });
  }
}
