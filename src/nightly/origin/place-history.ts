import type { Destination } from '../../eligibility/is-eligible.js';
import { BackupError } from '../../errors.js';
import { describeHistoryFinding } from '../../history/findings.js';
import { formatBody, type SequenceHead } from '../../history/note-body.js';
import { signNote } from '../../history/signer.js';
import { readHistory } from '../../history/verify-history.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { codeOf } from '../run/failure.js';
import type { FailedNights, VerifiedCopy } from '../run/journal-state.js';
import type { NightContext } from '../run/night-context.js';
import { scrubNightsOf } from '../run/night-plan.js';
import type { Origins } from '../run/prune.js';
import { remembered } from '../run/remembered-copies.js';
import { addAllowance, provableAt } from '../scrub/due-copies.js';
import { checkCopies } from './check-copies.js';
import { copyProvenBy, joinLoss, knownByNotes, lossUnseen, unseenIn } from './known-again.js';
import type { Notary } from './notary.js';
import { NotesToStore } from './notes-to-store.js';
import { PlaceInJournal } from './place-in-journal.js';
import { retainLastClean } from './retain-last-clean.js';
import { findingsOf, foundElsewhere, mostTroubles, type SequenceState } from './sequence.js';

/** A copy whose note can be written. */
type NotableCopy = VerifiedCopy & Required<Pick<VerifiedCopy, 'bytes' | 'scope' | 'sha256'>>;

/**
 * The signed notes of one place during one run: continues the sequence, writes missing notes, and checks what
 * is in the store against journal and notes. Nothing here fails a copy: a failure is reported, and the next
 * night tries again.
 */
export class PlaceHistory {
  readonly #destination: Destination;
  readonly #around: NightContext;
  readonly #notary: Notary;
  readonly #store: StorageAdapter;
  readonly #place: PlaceInJournal;
  readonly #toStore: NotesToStore;

  constructor(destination: Destination, around: NightContext, notary: Notary, store: StorageAdapter) {
    this.#destination = destination;
    this.#around = around;
    this.#notary = notary;
    this.#store = store;
    this.#place = new PlaceInJournal(destination, around.journal);
    this.#toStore = new NotesToStore(this.#place, store, around.signal);
  }

  /** Whether the notes that are there were read and compared in this run. */
  #isReady = false;
  #trouble: FailedNights['code'] | undefined;

  /** What first kept this run from checking the copies, or from writing their notes. */
  get trouble(): FailedNights['code'] | undefined {
    return this.#trouble;
  }

  /** Who made the archives here that the journal does not know; undefined until that was checked. */
  origins: Origins | undefined;

  /** Whether the journal knows what the notes say; before that nothing may be removed. */
  get hasReadNotes(): boolean {
    return this.#sequence !== undefined;
  }

  /** The newest note, for the report. */
  get head(): SequenceHead | undefined {
    return headOf(this.#sequence);
  }

  /** Continues the sequence and checks the copies. Rejects only for a full disk under the journal. */
  async check(): Promise<void> {
    const { signal, warn } = this.#around;
    try {
      const isBare = this.#sequence === undefined && (await this.#continueSequence());
      await this.#toStore.send().catch((error: unknown) => this.#warnOfNote(error));
      await this.#compare(isBare);
      this.#isReady = true;
    } catch (error) {
      this.#warnOfNote(error);
    }
    this.#allowReading();
    try {
      await this.#check();
    } catch (error) {
      signal.throwIfAborted();
      const message = `The older copies in ${this.#store.description} could not be checked (${codeOf(error)}). The next night checks them.`;
      this.#trouble ??= codeOf(error);
      warn({ code: 'copies-not-checked', message });
    }
    await retainLastClean(this.#destination, this.#store, this.#around);
  }

  /**
   * Writes the missing notes. Call it after retention: a copy that a note lists and that the same night removes
   * would be missing to its readers. Rejects only for a full disk under the journal.
   */
  async writeNotes(): Promise<void> {
    // A note that came before the comparison would hide what it would find.
    if (!this.#isReady || !this.#toStore.mayGoOn(this.#nightOfArrival)) return;
    try {
      for (const copy of this.#withoutNote()) await this.#write(copy);
    } catch (error) {
      this.#warnOfNote(error);
    }
  }

  #warnOfNote(error: unknown): void {
    this.#around.signal.throwIfAborted();
    const message = `The signed note of a copy could not be stored in ${this.#store.description} (${codeOf(error)}). The copy itself is stored and whole. The next night writes its note.`;
    this.#trouble ??= codeOf(error);
    this.#around.warn({ code: 'note-not-stored', message });
  }

  get #other(): Destination {
    return this.#destination === 'hq' ? 'local' : 'hq';
  }

  get #sequence(): SequenceState | undefined {
    return this.#place.sequence;
  }

  get #copies(): readonly VerifiedCopy[] {
    return this.#place.copies;
  }

  /**
   * A new journal, also after a loss, learns from the notes of its own key what it knew: these cannot be
   * forged.
   *
   * @returns whether nothing there is signed
   */
  async #continueSequence(): Promise<boolean> {
    const { plan, night, signal, logger } = this.#around;
    const { practiceId } = plan;
    const own = this.#notary.trustedKeys.slice(0, 1);
    const { history, isAway } = await readHistory(this.#store, {
      practiceId,
      trustedKeys: own,
      concurrency: 4,
      signal,
    });
    // Numbers that are taken would be given again.
    if (isAway) throw new BackupError('storage-transient', 'The place returned no notes any more.');
    const { trustedKeys } = this.#notary;
    const { state, found, isBare } = knownByNotes(history, this.#destination, { night, trustedKeys });
    const known = new Set(this.#copies.map(({ key }) => key));
    const copies = found
      .filter(({ key }) => !known.has(key))
      .map((each) => copyProvenBy(each, this.#store.description));
    this.#place.note(state, (verified) => remembered([...copies, ...verified]));
    const loss = lossUnseen(history.proven.filter(({ body }) => body.destination === this.#destination));
    if (loss !== null) this.#around.journal.note((before) => ({ loss: joinLoss(before.loss, loss) }));
    await this.#around.journal.update();
    if (copies.length > 0) {
      const facts = { destination: this.#destination, copies: copies.length };
      logger.info('Copies were recognised by their notes.', facts);
    }
    return isBare;
  }

  /**
   * A place, a journal and a spool that were rolled back together agree with each other. The practice's
   * database was not rolled back with them.
   */
  async #compare(isBare: boolean): Promise<void> {
    const here = this.head;
    const known = await this.#around.heads.unknownHere(this.#destination, here, this.#notary, isBare);
    if (known === null) return;
    const finding = {
      kind: 'rolled-back',
      destination: this.#destination,
      known,
      found: here ?? null,
    } as const;
    const lasting = [...(this.#sequence?.lasting ?? []), describeHistoryFinding(finding)];
    this.#place.note({ lasting: lasting.slice(0, mostTroubles) });
  }

  /** Verified copies without a note, oldest first. */
  #withoutNote(): readonly NotableCopy[] {
    return this.#copies.filter((copy): copy is NotableCopy => this.#isOwed(copy)).reverse();
  }

  /** Tonight, where its copy arrived and has no note yet. */
  get #nightOfArrival(): string | undefined {
    const { night } = this.#around;
    const onItsWay = this.#sequence?.onItsWay?.key;
    return this.#withoutNote().find((copy) => copy.night === night && copy.key !== onItsWay)?.night;
  }

  #isOwed({ store, sha256, bytes, scope, number, state }: VerifiedCopy): boolean {
    const isWhole = sha256 !== undefined && bytes !== undefined && scope !== undefined;
    return isWhole && number === undefined && state === undefined && store === this.#store.description;
  }

  async #write(copy: NotableCopy): Promise<void> {
    const { plan, journal, now, signal } = this.#around;
    const { number: last, hash: previous } = this.#toStore.last;
    const number = last + 1;
    const standing = this.#copies
      .filter(
        ({ store, state, missing }) =>
          store === this.#store.description && state !== 'gone' && missing === undefined,
      )
      .flatMap((each) => each.number ?? [])
      .sort((a, b) => a - b);
    const other = this.#other;
    const head = headOf(journal.state.sequences?.[other]);
    const text = formatBody({
      practiceId: plan.practiceId,
      destination: this.#destination,
      scope: copy.scope,
      night: copy.night,
      archiveId: copy.key.split('/').at(-1)!.slice(0, -'.tar.age'.length),
      size: copy.bytes,
      sha256: copy.sha256,
      madeAt: now().toISOString(),
      number,
      previous,
      // A computer that was turned back used some numbers twice.
      standing: [...new Set([...standing.filter((each) => each < number), number])],
      recipient: copy.recipient ?? null,
      heads: head === undefined ? {} : { [other]: head },
      ...unseenIn(journal),
      signedWith: this.#notary.key,
    });
    const note = await signNote(text, this.#notary.signer, this.#notary.key, signal);
    await this.#toStore.add(copy.key, note);
  }

  async #check(): Promise<void> {
    const [sequence, copies] = [this.#sequence, this.#copies];
    if (sequence === undefined) return;
    const { journal, plan, night, signal, warn } = this.#around;
    // Where the clock of the first night was ahead, nothing was signed since then.
    if (sequence.since > night) this.#place.note({ since: night });
    const checked = await checkCopies({
      store: this.#store,
      practiceId: plan.practiceId,
      night,
      copies,
      sequence,
      trustedKeys: this.#notary.trustedKeys,
      waiting: new Set(journal.state.pending.map(({ copy }) => copy.key)),
      signal,
    });
    this.origins = checked.origins;
    if (checked.unreadNotes > 0) {
      const message = `${this.#store.description} did not return ${checked.unreadNotes} of the notes beside the copies, so these copies could not be checked. They are kept, and the next night asks again.`;
      // A few of them are no reason to call anybody.
      if (checked.areNotesAway) this.#trouble ??= 'storage-transient';
      warn({ code: 'copies-not-checked', message });
    }
    const lasting = [...(sequence.lasting ?? []), ...this.#rolledBack()].slice(0, mostTroubles);
    const elsewhere = foundElsewhere(sequence, copies, this.#store.description);
    this.#place.note(findingsOf(checked, lasting, elsewhere, sequence.told), (all) =>
      all.map((each) => checked.copies.get(each.key) ?? each),
    );
  }

  /** Allows the reading of older copies after the night's own work. */
  #allowReading(): void {
    const { plan, night } = this.#around;
    const everyNights = scrubNightsOf(plan, this.#destination);
    const sequence = this.#sequence;
    if (sequence === undefined || everyNights === null) return;
    const copies = provableAt(this.#copies, this.#store.description, sequence.accepted);
    this.#place.note(addAllowance(copies, sequence, { night, everyNights }));
  }

  /** Whether the other place knew a newer note of this one when the journal began. */
  #rolledBack(): readonly string[] {
    const { sequences } = this.#around.journal.state;
    const known = sequences?.[this.#other]?.elsewhere;
    const here = this.#sequence!;
    if (known === undefined || here.accepted?.includes(known.hash) === true) return [];
    if (known.number <= (here.begun ?? 0)) return [];
    const found = headOf(here) ?? null;
    return [describeHistoryFinding({ kind: 'rolled-back', destination: this.#destination, known, found })];
  }
}

function headOf(sequence: SequenceState | undefined): SequenceHead | undefined {
  return sequence === undefined || sequence.hash === null
    ? undefined
    : { number: sequence.number, hash: sequence.hash };
}
