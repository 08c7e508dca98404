import { isBackupError } from '../../errors.js';
import { archiveBeside, isNote } from '../../history/judge-history.js';
import { formatNoteKey, hashOfNote, isSignedBy, largestNote, parseNote } from '../../history/note.js';
import { archiveKeyOf, noteKeyOf, parseBody } from '../../history/note-body.js';
import { readNote } from '../../history/verify-history.js';
import type { StorageAdapter, StoredObject } from '../../storage/adapter.js';
import { verifyStored } from '../../storage/verify-stored.js';
import type { VerifiedCopy } from '../run/journal-state.js';
import { goneCopy } from '../run/night-journal.js';
import type { Origins } from '../run/prune.js';
import { describeFinding } from '../scrub/read-finding.js';
import { markOf, noteMarkOf } from './marks.js';
import { mostAccepted, mostTroubles, type SequenceState } from './sequence.js';

/** What is at a place, and what should be. */
export interface CopiesToCheck {
  readonly store: StorageAdapter;
  readonly practiceId: string;
  readonly night: string;
  /** As the journal has them. */
  readonly copies: readonly VerifiedCopy[];
  readonly sequence: SequenceState;
  /** The service's own first. */
  readonly trustedKeys: readonly string[];
  /** Keys of copies that are still being sent. */
  readonly waiting: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** The result. */
export interface CheckedCopies {
  /** The copies with new facts, by their keys. */
  readonly copies: ReadonlyMap<string, VerifiedCopy>;
  readonly troubles: readonly string[];
  /** What they are about. */
  readonly about: readonly string[];
  readonly passed: readonly string[];
  readonly origins: Origins;
  readonly isBroken: boolean;
  /** Keys of verified copies that are missing or changed. */
  readonly lost: readonly string[];
  /** How many notes the store did not return. */
  readonly unreadNotes: number;
}

/** The text of a note, or why there is none: the store may return it on another night, or refuses to. */
type NoteText = { readonly text: string } | { readonly text: null; readonly isRefused: boolean };

/** More objects than any practice has. */
const mostObjects = 40_000;
/** How many copies missing in a list are requested one by one: a list may be truncated. */
const mostAsked = 50;
/** How many unknown notes are read in a night. */
const mostStrangers = 20;
/** How many archives of unknown origin are reported in detail. */
const mostStrange = 3;
/** After so many nights on which the store did not return a copy it is reported. */
const mostUnread = 3;
/** After so many notes that cannot be read in one night the store is at fault. */
const mostUnreadNotes = 3;
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
  await check.lookAtStrangers();
  return check;
}

class Check implements CheckedCopies {
  readonly copies: Map<string, VerifiedCopy> = new Map();
  readonly troubles: string[] = [];
  readonly about: string[] = [];
  readonly passed: string[] = [];
  isBroken = false;
  readonly lost: string[] = [];
  /** Keys of archives of unknown origin: no note proves them, or theirs was not read tonight. */
  readonly #strange: string[] = [];
  readonly #leftNotes: string[] = [];
  readonly #given: CopiesToCheck;
  readonly #objects: ReadonlyMap<string, StoredObject>;
  readonly #isShared: boolean;
  /** Copies from before the first remembered number are not known any more. */
  readonly #oldest: number;
  unreadNotes = 0;
  #asked = 0;

  constructor(given: CopiesToCheck, objects: ReadonlyMap<string, StoredObject>) {
    this.#given = given;
    this.#objects = objects;
    this.#isShared = given.trustedKeys.length > 1;
    this.#oldest = Math.min(...given.copies.flatMap(({ number }) => number ?? []));
  }

  get origins(): Origins {
    const [proven, strange] = [new Set(this.passed), new Set(this.#strange)];
    return { proven, strange, leftNotes: this.#leftNotes };
  }

  /** Whether the list says of a copy and of its note what it said when they were looked at last. */
  isAsBefore({ key, store, bytes, state, seen, number, noteSeen }: VerifiedCopy): boolean {
    if (store !== this.#given.store.description || bytes === undefined || state === 'gone') return true;
    const object = this.#objects.get(key);
    if (object?.size !== bytes || state === 'spoiled' || seen !== markOf(object)) return false;
    if (number === undefined) return true;
    const note = this.#objects.get(noteKeyOf(key)!);
    return note !== undefined && noteSeen === noteMarkOf(note);
  }

  /** Checks one copy by the list. */
  async look(copy: VerifiedCopy): Promise<void> {
    const { store, sequence } = this.#given;
    const { key, bytes, state, seen } = copy;
    if (copy.store !== store.description || bytes === undefined || state === 'gone') return;
    const object = this.#objects.get(key) ?? (await this.#ask(key));
    if (object === null) {
      // Removed by a run that could not record it, or by the other computer of the practice.
      const isTold = state === 'going' || this.#isShared || sequence.accepted?.includes(key) === true;
      if (isTold) this.copies.set(key, goneCopy(copy));
      else this.#break(key, `${key} was verified but is missing now.`);
      return;
    }
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

  /** Checks archives that this journal does not know. */
  async lookAtStrangers(): Promise<void> {
    const { copies, waiting, night, sequence } = this.#given;
    const known = new Map(copies.map((copy) => [copy.key, copy]));
    let read = 0;
    let strange = 0;
    const unread: string[] = [];
    const keys = [...this.#objects.keys()].filter((key) => key.endsWith('.tar.age')).reverse();
    for (const key of keys) {
      if (known.has(key) || waiting.has(key) || sequence.accepted?.includes(key) === true) continue;
      const made = key.split('/').at(-2) ?? '';
      const noteKey = noteKeyOf(key)!;
      if (!this.#objects.has(noteKey)) {
        // Before notes existed, nothing was signed; and tonight another computer may not have written its note
        // yet.
        if (made < sequence.since || made >= night) continue;
        this.#strange.push(key);
        this.#tell(key, `${key} has no note, so it is not known who made it.`);
        continue;
      }
      if (sequence.passed?.includes(key) === true) {
        this.#pass(key);
        continue;
      }
      unread.push(key);
    }
    // The newest, which somebody may restore, and the oldest, which are removed first.
    const half = mostStrangers / 2;
    for (const key of [...unread.slice(0, half), ...unread.slice(half).reverse()]) {
      // What nobody has looked at is not removed either.
      if (read >= mostStrangers || strange >= mostStrange) {
        this.#strange.push(key);
        continue;
      }
      read += 1;
      const why = await this.#whyStrange(key, noteKeyOf(key)!);
      if (why === null) {
        this.#pass(key);
        continue;
      }
      this.#strange.push(key);
      if (why === 'not-known-tonight') continue;
      strange += 1;
      this.#tell(why.name, `${key} is not proven: its note ${why.told}.`);
    }
    for (const noteKey of this.#objects.keys()) {
      if (!isNote(noteKey) || this.#objects.has(archiveBeside(noteKey))) continue;
      const key = archiveBeside(noteKey);
      if (sequence.accepted?.includes(key) === true) continue;
      const copy = known.get(key);
      if (copy !== undefined) {
        if (this.#isRemovedHere(copy)) this.#leftNotes.push(key);
        continue;
      }
      read += 1;
      const isOver = sequence.passed?.includes(key) === true;
      const isOurs = isOver || (read <= mostStrangers && (await this.#isLeftOver(key, noteKey)));
      if (isOurs === true) this.#pass(key);
      else if (isOurs === false) this.#tell(key, `${noteKey} is a note without its archive.`);
    }
  }

  /**
   * Whether this service removed it. Where two computers share a place, the other one removes what is gone, or
   * somebody who should not: then its note is all that shows it.
   */
  #isRemovedHere({ key, state }: VerifiedCopy): boolean {
    const isGone = (this.copies.get(key)?.state ?? state) === 'gone';
    return isGone && (state === 'going' || !this.#isShared);
  }

  /** Whether it is a leftover note of a copy that retention removed long ago; null where it is not known tonight. */
  async #isLeftOver(key: string, noteKey: string): Promise<boolean | null> {
    const { trustedKeys, sequence, practiceId } = this.#given;
    if (this.#objects.get(noteKey)!.size > largestNote) return false;
    const read = await this.#textOf(noteKey);
    if (read.text === null) return read.isRefused ? false : null;
    const note = parseNote(read.text);
    const parsed = note === null ? null : parseBody(note.text);
    if (note === null || parsed?.kind !== 'body') return false;
    const { body } = parsed;
    const signedWith = formatNoteKey(body.signedWith);
    // Existing copies are remembered for years, so an unknown one of our own was removed by us. Another
    // computer of the practice knows what it has removed.
    const isRemoved = signedWith === trustedKeys[0] ? body.number <= sequence.number : this.#isShared;
    return (
      isRemoved &&
      trustedKeys.includes(signedWith) &&
      isSignedBy(note, body.signedWith) &&
      body.practiceId === practiceId &&
      archiveKeyOf(body) === key
    );
  }

  async #whyStrange(
    key: string,
    noteKey: string,
  ): Promise<{ readonly name: string; readonly told: string } | 'not-known-tonight' | null> {
    const because = (told: string) => ({ name: key, told });
    const { trustedKeys, sequence, practiceId } = this.#given;
    if (this.#objects.get(noteKey)!.size > largestNote) return because('cannot be read');
    const read = await this.#textOf(noteKey);
    if (read.text === null) return read.isRefused ? because('cannot be read') : 'not-known-tonight';
    const note = parseNote(read.text);
    const parsed = note === null ? null : parseBody(note.text);
    if (note === null || parsed === null || parsed.kind === 'malformed') return because('cannot be read');
    if (parsed.kind === 'later') return null;
    const signedWith = formatNoteKey(parsed.body.signedWith);
    if (!isSignedBy(note, parsed.body.signedWith)) return because('has no valid signature');
    if (parsed.body.practiceId !== practiceId || archiveKeyOf(parsed.body) !== key)
      return because('is about another archive');
    if (signedWith === trustedKeys[0] && parsed.body.number > this.#oldest) {
      return because('is signed with the key of this service, which did not make it');
    }
    if (trustedKeys.includes(signedWith) || sequence.accepted?.includes(signedWith) === true) return null;
    return { name: signedWith, told: `is signed with an unknown key, ${signedWith}` };
  }

  async #read(copy: VerifiedCopy): Promise<void> {
    const { store, night, signal } = this.#given;
    const { key, bytes, sha256 } = copy;
    try {
      await verifyStored(store, key, { size: bytes!, sha256: sha256! }, { signal });
      this.copies.set(key, { ...copy, readAt: night });
    } catch (error) {
      if (!isBackupError(error, 'verification-failed')) throw error;
      this.copies.set(key, { ...copy, state: 'spoiled' });
      this.#break(key, describeFinding(key, 'spoiled'));
    }
  }

  async #isAsWritten({ key, note }: VerifiedCopy): Promise<boolean> {
    const noteKey = noteKeyOf(key)!;
    if (note === undefined || !this.#objects.has(noteKey)) return true;
    const read = await this.#textOf(noteKey);
    if (read.text === null) {
      if (read.isRefused) this.#tell(key, `The note of ${key} cannot be read.`);
      return false;
    }
    if (hashOfNote(read.text) === note) return true;
    this.#tell(key, describeFinding(key, 'note-changed'));
    return false;
  }

  /** One that the store does not return hides nothing else. The next night asks for it again. */
  async #textOf(noteKey: string): Promise<NoteText> {
    const { store, signal } = this.#given;
    try {
      return { text: await readNote(store, noteKey, signal) };
    } catch (error) {
      signal.throwIfAborted();
      this.unreadNotes += 1;
      if (!isBackupError(error) || this.unreadNotes > mostUnreadNotes) throw error;
      return { text: null, isRefused: !isBackupError(error, 'storage-transient') };
    }
  }

  async #ask(key: string): Promise<StoredObject | null> {
    this.#asked += 1;
    if (this.#asked > mostAsked) return null;
    return this.#given.store.stat(key, { signal: this.#given.signal });
  }

  #pass(key: string): void {
    if (this.passed.length < mostAccepted) this.passed.push(key);
  }

  #break(name: string, sentence: string): void {
    this.isBroken = true;
    if (this.lost.length < mostAccepted) this.lost.push(name);
    this.#tell(name, sentence);
  }

  #tell(name: string, sentence: string): void {
    if (this.troubles.length < mostTroubles) this.troubles.push(sentence);
    if (this.about.length < mostAccepted) this.about.push(name);
  }
}
