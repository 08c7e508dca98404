import { isBackupError } from '../../errors.js';
import { SmallReads } from '../../history/small-reads.js';
import { readNote } from '../../history/verify-history.js';
import type { StorageAdapter } from '../../storage/adapter.js';

/** The text of a note, or why there is none: the store may return it on another night, or refuses to. */
export type NoteText = { readonly text: string } | { readonly text: null; readonly isRefused: boolean };

/** After so many notes that cannot be read, and none that can, the store is at fault. */
const mostUnread = 3;
const onAnotherNight = ['storage-not-found', 'storage-transient'] as const;

/**
 * Reads notes at a place. Those that the store does not return hide no other: somebody may have put them there
 * for that. Only where it returns none at all is no other asked for.
 */
export class NoteTexts {
  readonly #store: StorageAdapter;
  readonly #signal: AbortSignal;
  readonly #reads: SmallReads;
  /** The newest note of this service, which a store that works returns. */
  #own: string | undefined;
  #returned = 0;
  /** How many the store did not return. */
  unread = 0;

  constructor(store: StorageAdapter, signal: AbortSignal, own: string | undefined) {
    this.#store = store;
    this.#signal = signal;
    this.#own = own;
    this.#reads = new SmallReads(store, signal);
  }

  async read(noteKey: string): Promise<NoteText> {
    if (this.isStoreAtFault) return { text: null, isRefused: false };
    const read = await this.#read(noteKey);
    if (!this.isStoreAtFault || this.#own === undefined) return read;
    const own = this.#own;
    this.#own = undefined;
    await this.#read(own);
    return read;
  }

  /** It returns none: then no refusal is about one note. */
  get isStoreAtFault(): boolean {
    return this.unread > mostUnread && this.#returned === 0;
  }

  async #read(noteKey: string): Promise<NoteText> {
    try {
      const text = await this.#reads.read(noteKey, (ended) => readNote(this.#store, noteKey, ended));
      this.#returned += 1;
      return { text };
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!isBackupError(error)) throw error;
      this.unread += 1;
      return { text: null, isRefused: !onAnotherNight.some((code) => isBackupError(error, code)) };
    }
  }
}
