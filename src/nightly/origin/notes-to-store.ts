import { utf8 } from '../../bytes.js';
import { isBackupError } from '../../errors.js';
import { hashOfNote } from '../../history/note.js';
import { noteKeyOf } from '../../history/note-body.js';
import { readNote } from '../../history/verify-history.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { replayableBytes } from '../../storage/replayable.js';
import type { VerifiedCopy } from '../run/journal-state.js';
import type { PlaceInJournal } from './place-in-journal.js';
import { type MadeNote, mostBehind, type SequenceState } from './sequence.js';

/** So many nights on which the place took a copy, but not a note of an earlier one, show that it never takes it. */
const mostFailed = 3;

/**
 * The notes of one place that were made and are not stored yet: the one on its way, for which later ones wait,
 * and those for which they wait no longer.
 */
export class NotesToStore {
  readonly #place: PlaceInJournal;
  readonly #store: StorageAdapter;
  readonly #signal: AbortSignal;

  constructor(place: PlaceInJournal, store: StorageAdapter, signal: AbortSignal) {
    this.#place = place;
    this.#store = store;
    this.#signal = signal;
  }

  /**
   * The newest note that was made, except for the one on its way. A number is that of one note for ever, stored
   * or not.
   */
  get last(): Pick<SequenceState, 'hash' | 'number'> {
    const { number, hash, behind = [] } = this.#place.sequence!;
    const left = behind.at(-1);
    return left === undefined || left.number < number
      ? { number, hash }
      : { number: left.number, hash: hashOfNote(left.note) };
  }

  /** @throws BackupError `storage-…` when it could not be stored; the next run tries again */
  async add(key: string, note: string): Promise<void> {
    // Stored before it is sent: after a crash the same note is sent again, and never a second one of its
    // number.
    this.#place.note({ onItsWay: { key, note } });
    await this.#place.update();
    await this.#sendOnItsWay();
  }

  /** Sends what earlier runs made. @throws BackupError `storage-…` when the one on its way could not be stored */
  async send(): Promise<void> {
    const { onItsWay } = this.#place.sequence ?? {};
    if (onItsWay !== undefined && this.#isElsewhere(onItsWay.key)) this.#leaveBehind(onItsWay);
    for (const each of this.#place.sequence?.behind ?? []) await this.#sendBehind(each);
    await this.#sendOnItsWay();
  }

  /**
   * Whether the next note may be made. A place that never takes one note, such as where its key is taken, keeps
   * the next ones waiting for some nights only. One that takes none at all takes no next ones either.
   *
   * @param night - on which a copy arrived that has no note yet; undefined without any, as the place may be away
   */
  mayGoOn(night: string | undefined): boolean {
    const { onItsWay, behind = [], number } = this.#place.sequence!;
    if (onItsWay === undefined) return true;
    if (night === undefined) return false;
    const { nights = 0, night: last } = onItsWay.failed ?? {};
    const failed = last === night ? { nights, night } : { nights: nights + 1, night };
    this.#place.note({ onItsWay: { ...onItsWay, failed } });
    // Those left at another store say nothing of this one.
    const here = behind.filter(({ key }) => !this.#isElsewhere(key));
    const takesNone = here.length >= mostBehind && here[0]!.number > number;
    if (failed.nights < mostFailed || takesNone) return false;
    this.#leaveBehind(onItsWay);
    return true;
  }

  /** Its copy counts as one with a note, so that the next nights tell that the note is missing. */
  #leaveBehind({ key, note }: Pick<MadeNote, 'key' | 'note'>): void {
    const { behind = [] } = this.#place.sequence!;
    const number = this.last.number + 1;
    const left = [...behind, { key, note, number }].slice(-mostBehind);
    this.#place.note({ onItsWay: undefined, behind: left }, notedIn({ key, note, number }));
  }

  async #sendBehind({ key, note, number }: MadeNote): Promise<void> {
    if (!this.#stands(key) || this.#isElsewhere(key)) return;
    try {
      await this.#put(key, note);
    } catch {
      // The check of the copies tells that it is missing.
      this.#signal.throwIfAborted();
      return;
    }
    const { number: newest, behind } = this.#place.sequence!;
    this.#place.note({
      behind: behind?.filter((each) => each.number !== number),
      ...(number > newest ? { number, hash: hashOfNote(note) } : {}),
    });
  }

  async #sendOnItsWay(): Promise<void> {
    const { onItsWay, behind } = this.#place.sequence ?? {};
    if (onItsWay === undefined) return;
    const { key, note } = onItsWay;
    await this.#put(key, note);
    const number = this.last.number + 1;
    // If this is lost, the same note is sent again.
    this.#place.note(
      {
        number,
        hash: hashOfNote(note),
        onItsWay: undefined,
        behind: behind?.filter((each) => this.#stands(each.key)),
      },
      notedIn({ key, note, number }),
    );
  }

  /** Whether its copy was not removed, as far as the journal knows. */
  #stands(key: string): boolean {
    const copy = this.#copyOf(key);
    return copy !== undefined && copy.state !== 'going' && copy.state !== 'gone';
  }

  /** Where the network path was changed since: a note belongs beside its archive. */
  #isElsewhere(key: string): boolean {
    const copy = this.#copyOf(key);
    return copy !== undefined && copy.store !== this.#store.description;
  }

  #copyOf(key: string): VerifiedCopy | undefined {
    return this.#place.copies.find((each) => each.key === key);
  }

  async #put(archiveKey: string, note: string): Promise<void> {
    const [store, signal] = [this.#store, this.#signal];
    const key = noteKeyOf(archiveKey)!;
    const source = replayableBytes(utf8(note));
    try {
      await store.put(key, source, { ifAbsent: true, signal });
    } catch (error) {
      if (!isBackupError(error, 'storage-exists')) throw error;
      // Stored by a run that died before it could record it, or not ours. It is replaced if possible.
      if ((await readNote(store, key, signal)) === note) return;
      if (!store.capabilities.overwrite) return;
      await store.put(key, source, { signal });
    }
  }
}

/** Gives its note to one of the copies. */
function notedIn(made: MadeNote): (copies: readonly VerifiedCopy[]) => readonly VerifiedCopy[] {
  return (copies) => copies.map((each) => (each.key === made.key ? noted(each, made) : each));
}

/** Drops what only the note needed. */
function noted({ recipient: _, ...copy }: VerifiedCopy, { note, number }: MadeNote): VerifiedCopy {
  return { ...copy, number, note: hashOfNote(note) };
}
