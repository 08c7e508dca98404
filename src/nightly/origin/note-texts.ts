import { isBackupError } from '../../errors.js';
import { SmallReads } from '../../history/small-reads.js';
import { readNote } from '../../history/verify-history.js';
import type { StorageAdapter } from '../../storage/adapter.js';

/** The text of a note, or why there is none: the store may return it on another night, or refuses to. */
export type NoteText = { readonly text: string } | { readonly text: null; readonly isRefused: boolean };

/** After so many notes that cannot be read in one night the store is at fault, and no other is asked for. */
const mostUnread = 3;
const onAnotherNight = ['storage-not-found', 'storage-transient'] as const;

/** Reads notes at a place. One that the store does not return hides nothing else. */
export class NoteTexts {
  readonly #store: StorageAdapter;
  readonly #signal: AbortSignal;
  readonly #reads: SmallReads;
  /** How many the store did not return. */
  unread = 0;

  constructor(store: StorageAdapter, signal: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
    this.#reads = new SmallReads(store, signal);
  }

  async read(noteKey: string): Promise<NoteText> {
    if (this.isStoreAtFault) return this.#none(false);
    try {
      const text = await this.#reads.read(noteKey, (ended) => readNote(this.#store, noteKey, ended));
      return { text };
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!isBackupError(error)) throw error;
      return this.#none(!onAnotherNight.some((code) => isBackupError(error, code)));
    }
  }

  /** It returns hardly any: then no refusal is about one note. */
  get isStoreAtFault(): boolean {
    return this.unread > mostUnread;
  }

  #none(isRefused: boolean): NoteText {
    this.unread += 1;
    return { text: null, isRefused };
  }
}
