import { isBackupError } from '../../errors.js';
import { hashOfNote } from '../../history/note.js';
import { noteKeyOf } from '../../history/note-body.js';
import type { StoredObject } from '../../storage/adapter.js';
import { verifyStored } from '../../storage/verify-stored.js';
import type { VerifiedCopy } from '../run/journal-state.js';
import { goneCopy } from '../run/night-journal.js';
import type { Origins } from '../run/prune.js';
import { describeFinding, unreadOn } from '../scrub/read-finding.js';
import type { CopiesToCheck } from './copies-to-check.js';
import { markOf, noteMarkOf } from './marks.js';
import { NoteTexts } from './note-texts.js';
import { mostAccepted, mostTroubles, type StrangeFinding, subjectOf, subjectOfLoss } from './sequence.js';
import { Strangers } from './strangers.js';

/** The result. */
export interface CheckedCopies {
  /** The copies with new facts, by their keys. */
  readonly copies: ReadonlyMap<string, VerifiedCopy>;
  readonly troubles: readonly string[];
  /** The same, each as {@link subjectOf} has it. */
  readonly subjects: readonly string[];
  /** What they are about. */
  readonly about: readonly string[];
  readonly passed: readonly string[];
  readonly origins: Origins;
  readonly isBroken: boolean;
  /** Findings that are no loss, the first of them. */
  readonly strange: readonly StrangeFinding[];
  /** Keys of verified copies that are missing or changed. */
  readonly lost: readonly string[];
  /** How many notes the store did not return, and whether it returned none. */
  readonly unreadNotes: number;
  readonly areNotesAway: boolean;
}

/** More objects than any practice has. */
const mostObjects = 40_000;
/** How many copies missing in a list are requested one by one: a list may be truncated. */
const mostAsked = 50;
/** After so many nights on which the store did not return a copy it is reported. */
const mostUnread = 3;
/** After so many copies that cannot be read in one night no other is read. */
const mostUnreadCopies = 3;
/** A copy whose date or etag has changed is read even when it is larger than the credit, up to this size. */
const mostSuspected = 4 * 1024 ** 3;

/**
 * Checks what is at a place against the journal: every night by one list (there, with its size and its note,
 * not written since). A copy that was written again is read at once; the bytes of all others are read after
 * the nights, over the weeks.
 *
 * @throws BackupError `storage-…`
 */
export async function checkCopies(given: CopiesToCheck): Promise<CheckedCopies> {
  const { store, practiceId, signal } = given;
  const objects = new Map<string, StoredObject>();
  for await (const object of store.list(`${practiceId}/`, { signal })) {
    if (objects.size >= mostObjects) break;
    objects.set(object.key, object);
  }
  const check = new Check(given, objects);
  // There are hundreds of copies, and a night finds nearly all of them as the last one did.
  for (const copy of given.copies) if (!check.isAsBefore(copy)) await check.look(copy);
  await check.strangers.look();
  check.tellRefused();
  return check;
}

class Check implements CheckedCopies {
  readonly copies: Map<string, VerifiedCopy> = new Map();
  readonly troubles: string[] = [];
  readonly subjects: string[] = [];
  readonly about: string[] = [];
  isBroken = false;
  readonly strange: StrangeFinding[] = [];
  readonly lost: string[] = [];
  readonly strangers: Strangers;
  readonly #texts: NoteTexts;
  readonly #refused: (readonly [name: string, sentence: string])[] = [];
  readonly #given: CopiesToCheck;
  readonly #objects: ReadonlyMap<string, StoredObject>;
  readonly #isShared: boolean;
  #asked = 0;
  #unreadCopies = 0;
  /** A list that lacks what is there is truncated. */
  #isListCut = false;

  constructor(given: CopiesToCheck, objects: ReadonlyMap<string, StoredObject>) {
    this.#given = given;
    this.#objects = objects;
    this.#isShared = given.trustedKeys.length > 1;
    const { description } = given.store;
    const own = given.copies.find(({ store, noteSeen }) => store === description && noteSeen !== undefined);
    this.#texts = new NoteTexts(given.store, given.signal, own && noteKeyOf(own.key)!);
    this.strangers = new Strangers(given, {
      objects,
      texts: this.#texts,
      stateOf: ({ key, state }) => this.copies.get(key)?.state ?? state,
      ask: (key) => this.#ask(key),
      tell: (name, sentence, subject) => this.#tell(name, sentence, subject),
      refused: (name, sentence) => this.#refused.push([name, sentence]),
    });
  }

  get origins(): Origins {
    return this.strangers.origins;
  }

  get passed(): readonly string[] {
    return this.strangers.passed;
  }

  get unreadNotes(): number {
    return this.#texts.unread;
  }

  get areNotesAway(): boolean {
    return this.#texts.isStoreAtFault;
  }

  /** Whether the list says of a copy and of its note what it said when they were looked at last. */
  isAsBefore(copy: VerifiedCopy): boolean {
    const { key, store, bytes, state, seen, number, noteSeen, unread, missing } = copy;
    if (store !== this.#given.store.description || bytes === undefined || state === 'gone') return true;
    const object = this.#objects.get(key);
    if (object?.size !== bytes || state === 'spoiled' || seen !== markOf(object)) return false;
    if (unread !== undefined || missing !== undefined) return false;
    if (number === undefined) return true;
    const note = this.#objects.get(noteKeyOf(key)!);
    return note !== undefined && noteSeen === noteMarkOf(note);
  }

  /** Checks one copy by the list. */
  async look({ missing, ...copy }: VerifiedCopy): Promise<void> {
    const { store, sequence, night } = this.#given;
    const { key, bytes, state, seen } = copy;
    if (copy.store !== store.description || bytes === undefined || state === 'gone') return;
    const object = this.#objects.get(key) ?? (await this.#ask(key));
    if (object === undefined) return;
    if (object === null) {
      // Removed by a run that could not record it.
      const isOver = state === 'going' || sequence.accepted?.includes(key) === true;
      // Or by the other computer of the practice; but a list may lack what is there, and so may an answer.
      const isRemoved = this.#isShared && missing !== undefined && missing < night;
      if (isOver || isRemoved) this.copies.set(key, goneCopy(copy));
      else if (this.#isShared) this.copies.set(key, { ...copy, missing: missing ?? night });
      else this.#break(key, `${key} was verified but is missing now.`);
      return;
    }
    if (missing !== undefined) this.copies.set(key, copy);
    if (sequence.accepted?.includes(key) === true) return;
    if (object.size !== bytes) {
      this.copies.set(key, { ...copy, state: 'spoiled' });
      this.#break(key, `${key} was verified with ${bytes} bytes but has ${object.size} now.`);
      return;
    }
    if (state === 'spoiled') this.#break(key, `${key} is no longer what was verified.`);
    if (copy.unread !== undefined && copy.unread.nights >= mostUnread) {
      this.#tell(key, `${key} is there but could not be read back on ${copy.unread.nights} nights.`);
    }
    const mark = markOf(object);
    if (seen !== undefined && seen !== mark && state !== 'spoiled' && bytes <= mostSuspected) {
      await this.#read({ ...copy, seen: mark });
    } else if (seen === undefined) this.copies.set(key, { ...copy, seen: mark });
    if (copy.number !== undefined) await this.#lookAtNote(this.copies.get(key) ?? copy);
  }

  async #lookAtNote(copy: VerifiedCopy): Promise<void> {
    const { key, noteSeen } = copy;
    const note = this.#objects.get(noteKeyOf(key)!) ?? (await this.#ask(noteKeyOf(key)!));
    if (note === undefined) return;
    if (note === null) {
      this.#tell(key, `The note of ${key} is missing.`);
      return;
    }
    const mark = noteMarkOf(note);
    // Read on the night after it was written, and whenever it was written again. A changed one is reported
    // every night, until it is acknowledged.
    if (noteSeen === mark || !(await this.#isAsWritten(copy))) return;
    this.copies.set(key, { ...copy, noteSeen: mark });
  }

  /** Notes that the store refuses to return, unless it returns none. */
  tellRefused(): void {
    if (this.#texts.isStoreAtFault) return;
    for (const [name, sentence] of this.#refused) this.#tell(name, sentence);
  }

  async #read(copy: VerifiedCopy): Promise<void> {
    const { store, night, signal } = this.#given;
    const { key, bytes, sha256 } = copy;
    // Then the store is at fault, and each waits for long.
    if (this.#unreadCopies >= mostUnreadCopies) return;
    try {
      await verifyStored(store, key, { size: bytes!, sha256: sha256! }, { signal });
      const { unread: _, ...whole } = copy;
      this.copies.set(key, { ...whole, readAt: night });
    } catch (error) {
      signal.throwIfAborted();
      if (!isBackupError(error)) throw error;
      // One that the store does not return hides nothing else.
      if (error.code !== 'verification-failed') {
        this.#unreadCopies += 1;
        // Not what the list says: the next night reads it again.
        this.copies.set(key, { ...unreadOn(night, copy), seen: 'unread' });
        return;
      }
      this.copies.set(key, { ...copy, state: 'spoiled' });
      this.#break(key, describeFinding(key, 'spoiled'));
    }
  }

  async #isAsWritten({ key, note }: VerifiedCopy): Promise<boolean> {
    const noteKey = noteKeyOf(key)!;
    if (note === undefined || !this.#objects.has(noteKey)) return true;
    const read = await this.#texts.read(noteKey);
    if (read.text === null) {
      if (read.isRefused) this.#refused.push([key, `The note of ${key} cannot be read.`]);
      return false;
    }
    if (hashOfNote(read.text) === note) return true;
    this.#tell(key, describeFinding(key, 'note-changed'));
    return false;
  }

  /** Undefined where it is not known: a list that was truncated may lack hundreds, which are not all asked for. */
  async #ask(key: string): Promise<StoredObject | null | undefined> {
    this.#asked += 1;
    if (this.#asked > mostAsked) return this.#isListCut ? undefined : null;
    const object = await this.#given.store.stat(key, { signal: this.#given.signal });
    if (object !== null && !this.#objects.has(key)) this.#isListCut = true;
    return object;
  }

  #break(name: string, sentence: string): void {
    this.isBroken = true;
    if (this.lost.length < mostAccepted) this.lost.push(name);
    this.#add(name, sentence, subjectOfLoss(name));
  }

  #tell(name: string, sentence: string, subject: string = subjectOf(name)): void {
    this.#add(name, sentence, subject);
    const { description: store } = this.#given.store;
    if (this.strange.length < mostTroubles) this.strange.push({ store, name, subject, sentence });
  }

  #add(name: string, sentence: string, subject: string): void {
    if (this.troubles.length >= mostAccepted) return;
    this.troubles.push(sentence);
    this.subjects.push(subject);
    this.about.push(name);
  }
}
