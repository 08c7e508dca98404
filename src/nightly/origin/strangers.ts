import { archiveBeside, isNote } from '../../history/judge-history.js';
import { formatNoteKey, isSignedBy, largestNote, parseNote, parseNoteKey } from '../../history/note.js';
import { archiveKeyOf, noteKeyOf, parseBody } from '../../history/note-body.js';
import type { StoredObject } from '../../storage/adapter.js';
import { isNight, nightAfter } from '../nights.js';
import type { VerifiedCopy } from '../run/journal-state.js';
import type { Origins } from '../run/prune.js';
import type { CopiesToCheck } from './copies-to-check.js';
import type { NoteText, NoteTexts } from './note-texts.js';
import { mostAccepted, subjectOf } from './sequence.js';

/**
 * How many unknown notes are read in a night: more than a practice keeps copies, so that a key that is not known
 * any more is told of once, with all that it has signed.
 */
const mostRead = 200;
/** For how many one counts that the store does not return: it may have been waited for. */
const costOfUnread = 10;

/** What a night says of an archive whose note it has not read. */
const notKnown = 'not-known-tonight';

/** What is known of a place when its strangers are looked at. */
interface Around {
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly texts: NoteTexts;
  /** The state of a copy, by what this night has found. */
  readonly stateOf: (copy: VerifiedCopy) => VerifiedCopy['state'];
  /** Whether it is there, whatever the list says; undefined where that is not known. */
  readonly ask: (key: string) => Promise<StoredObject | null | undefined>;
  readonly tell: (name: string, sentence: string, subject?: string) => void;
  /** The same of a note that the store refuses to return, unless it returns none. */
  readonly refused: (name: string, sentence: string) => void;
}

/**
 * Archives and notes at a place that this journal has not verified there, or has removed: their notes say who
 * made them.
 */
export class Strangers {
  readonly passed: string[] = [];
  /** Keys of archives of unknown origin: no note proves them, or theirs was not read tonight. */
  readonly #strange: string[] = [];
  readonly #leftNotes: string[] = [];
  readonly #given: CopiesToCheck;
  readonly #around: Around;
  readonly #isShared: boolean;
  /** Of what the alert that stands has told. */
  readonly #told: ReadonlySet<string>;
  /** All that the journal knows, wherever it is. */
  readonly #known: ReadonlyMap<string, VerifiedCopy>;
  /** Copies from before the first remembered number are not known any more. */
  readonly #oldest: number;
  #read = 0;

  constructor(given: CopiesToCheck, around: Around) {
    this.#given = given;
    this.#around = around;
    this.#isShared = given.trustedKeys.length > 1;
    this.#told = new Set(given.sequence.told);
    this.#known = new Map(given.copies.map((copy) => [copy.key, copy]));
    this.#oldest = Math.min(...given.copies.flatMap(({ number }) => number ?? []));
  }

  get origins(): Origins {
    const [proven, strange] = [new Set(this.passed), new Set(this.#strange)];
    return { proven, strange, leftNotes: this.#leftNotes, listed: this.#around.objects };
  }

  async look(): Promise<void> {
    await this.#judge(await this.#unjudged());
    await this.#lookAtNotesAlone();
  }

  /** Keys of archives whose notes have to be read. */
  async #unjudged(): Promise<readonly string[]> {
    const { waiting, night, sequence } = this.#given;
    const { objects, tell } = this.#around;
    const unjudged: string[] = [];
    const keys = [...objects.keys()].filter((key) => key.endsWith('.tar.age')).reverse();
    for (const key of keys) {
      if (waiting.has(key) || sequence.accepted?.includes(key) === true) continue;
      const copy = this.#known.get(key);
      if (copy !== undefined && this.#isVerifiedHere(copy)) continue;
      // What was removed may still be listed.
      if (copy !== undefined && !(await this.#around.ask(key))) continue;
      if (!objects.has(noteKeyOf(key)!)) {
        // Before notes existed, nothing was signed; and tonight another computer may not have written its note
        // yet. Its clock may be ahead of this one.
        const made = key.split('/').at(-2) ?? '';
        const isOlder = isNight(made) && made < sequence.since;
        if (isOlder || made === night || made === nightAfter(night, 1)) continue;
        this.#strange.push(key);
        tell(key, `${key} has no note, so it is not known who made it.`);
        continue;
      }
      if (sequence.passed?.includes(key) === true) this.#pass(key);
      else unjudged.push(key);
    }
    return unjudged;
  }

  async #judge(keys: readonly string[]): Promise<void> {
    // First those that nobody was told of: the others may be as many as are read in a night.
    const [before, others] = [true, false].map((isTold) =>
      keys.filter((key) => this.#told.has(subjectOf(key)) === isTold),
    );
    for (const key of [...fromBothEnds(others!), ...fromBothEnds(before!)]) {
      // What nobody has looked at is not removed either.
      const why = this.#read >= mostRead ? notKnown : await this.#whyStrange(key, noteKeyOf(key)!);
      if (why === null) {
        this.#pass(key);
        continue;
      }
      this.#strange.push(key);
      if (why === notKnown) {
        this.#tellAgain(key, `${key} is not proven: its note cannot be read.`);
        continue;
      }
      this.#around.tell(why.name, `${key} is not proven: its note ${why.told}.`, subjectOf(key));
    }
  }

  async #lookAtNotesAlone(): Promise<void> {
    const { sequence } = this.#given;
    const { objects, tell } = this.#around;
    for (const noteKey of objects.keys()) {
      if (!isNote(noteKey) || objects.has(archiveBeside(noteKey))) continue;
      const key = archiveBeside(noteKey);
      if (sequence.accepted?.includes(key) === true) continue;
      const copy = this.#known.get(key);
      if (copy !== undefined) {
        if (this.#isRemovedHere(copy)) this.#leftNotes.push(key);
        continue;
      }
      const isOver = sequence.passed?.includes(key) === true;
      const isOurs = isOver || (this.#read >= mostRead ? null : await this.#isLeftOver(key, noteKey));
      const sentence = `${noteKey} is a note without its archive.`;
      if (isOurs === true) this.#pass(key);
      else if (isOurs === false) tell(key, sentence);
      else this.#tellAgain(key, sentence);
    }
  }

  /** What was found stands on a night on which it is not known. */
  #tellAgain(key: string, sentence: string): void {
    if (this.#told.has(subjectOf(key))) this.#around.tell(key, sentence);
  }

  #isVerifiedHere(copy: VerifiedCopy): boolean {
    const { store = this.#given.store.description } = copy;
    return store === this.#given.store.description && this.#around.stateOf(copy) !== 'gone';
  }

  /**
   * Whether this service removed it. Where two computers share a place, the other one removes what is gone, or
   * somebody who should not: then its note is all that shows it.
   */
  #isRemovedHere(copy: VerifiedCopy): boolean {
    return this.#around.stateOf(copy) === 'gone' && (copy.state === 'going' || !this.#isShared);
  }

  /** Whether it is a leftover note of a copy that retention removed long ago; null where it is not known tonight. */
  async #isLeftOver(key: string, noteKey: string): Promise<boolean | null> {
    const { trustedKeys, sequence, practiceId } = this.#given;
    if (this.#around.objects.get(noteKey)!.size > largestNote) return false;
    const read = await this.#textOf(noteKey);
    if (read.text === null) {
      if (read.isRefused) this.#around.refused(key, `${noteKey} is a note without its archive.`);
      return null;
    }
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
  ): Promise<{ readonly name: string; readonly told: string } | typeof notKnown | null> {
    const because = (told: string) => ({ name: key, told });
    const { trustedKeys, sequence, practiceId } = this.#given;
    if (this.#around.objects.get(noteKey)!.size > largestNote) return because('cannot be read');
    const read = await this.#textOf(noteKey);
    if (read.text === null) {
      if (read.isRefused) this.#around.refused(key, `${key} is not proven: its note cannot be read.`);
      return notKnown;
    }
    const note = parseNote(read.text);
    const parsed = note === null ? null : parseBody(note.text);
    if (note === null || parsed === null || parsed.kind === 'malformed') return because('cannot be read');
    if (parsed.kind === 'later') {
      // Of a computer of the practice that has a newer program. Anybody can write a number.
      const keys = trustedKeys.flatMap((each) => parseNoteKey(each) ?? []);
      return keys.some((each) => isSignedBy(note, each)) ? null : because('is of a later version');
    }
    const signedWith = formatNoteKey(parsed.body.signedWith);
    if (!isSignedBy(note, parsed.body.signedWith)) return because('has no valid signature');
    if (parsed.body.practiceId !== practiceId || archiveKeyOf(parsed.body) !== key)
      return because('is about another archive');
    if (parsed.body.size !== this.#around.objects.get(key)!.size)
      return because('is about an archive of another size');
    // One that the journal knows was made here, and came back or was carried to another place.
    const isUnknown = !this.#known.has(key) && parsed.body.number > this.#oldest;
    if (signedWith === trustedKeys[0] && isUnknown) {
      return because('is signed with the key of this service, which did not make it');
    }
    if (trustedKeys.includes(signedWith) || sequence.accepted?.includes(signedWith) === true) return null;
    return { name: signedWith, told: `is signed with an unknown key, ${signedWith}` };
  }

  async #textOf(noteKey: string): Promise<NoteText> {
    const read = await this.#around.texts.read(noteKey);
    this.#read += read.text === null ? costOfUnread : 1;
    return read;
  }

  #pass(key: string): void {
    if (this.passed.length < mostAccepted) this.passed.push(key);
  }
}

/** The newest, which somebody may restore, and the oldest, which are removed first. */
function fromBothEnds(keys: readonly string[]): readonly string[] {
  const half = mostRead / 2;
  return [...keys.slice(0, half), ...keys.slice(half).reverse()];
}
