/** A practice's store with copies and notes, as nights leave them, for whoever attacks it. */
import { createHash } from 'node:crypto';
import { utf8 } from '../../src/bytes.js';
import type { Destination } from '../../src/eligibility/is-eligible.js';
import { hashOfNote } from '../../src/history/note.js';
import { formatBody, noteKeyOf, type SequenceHead } from '../../src/history/note-body.js';
import { noteKeyOfSigner, type Signer, signerOf, signNote } from '../../src/history/signer.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';

/** The key of the office. */
export const officeSigner: Signer = signerOf(new Uint8Array(32).fill(7));
/** The key of somebody else. */
export const otherSigner: Signer = signerOf(new Uint8Array(32).fill(8));

/** One copy that was made. */
export interface MadeCopy {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly note: string;
  readonly head: SequenceHead;
}

/** Puts copies and notes into a store, one night after the other. */
export class NotedPlace {
  readonly store: StorageAdapter;
  readonly copies: MadeCopy[] = [];
  readonly practiceId: string;
  readonly destination: Destination;
  signer: Signer = officeSigner;
  recipient = 'age1office';
  #removed = new Set<number>();
  #clock: { now: Date };

  constructor(practiceId = '4711', destination: Destination = 'hq') {
    this.practiceId = practiceId;
    this.destination = destination;
    const clock = { now: new Date(0) };
    this.#clock = clock;
    this.store = createMemoryStorage({ now: () => clock.now });
  }

  get head(): SequenceHead | undefined {
    return this.copies.at(-1)?.head;
  }

  /** The date of the night of a number. */
  nightOf(number: number): string {
    return new Date(Date.UTC(2026, 0, number)).toISOString().slice(0, 10);
  }

  async makeNights(
    count: number,
    heads: Readonly<Partial<Record<Destination, SequenceHead>>> = {},
  ): Promise<void> {
    for (let i = 0; i < count; i += 1) await this.makeNight(heads);
  }

  async makeNight(heads: Readonly<Partial<Record<Destination, SequenceHead>>> = {}): Promise<MadeCopy> {
    const number = (this.head?.number ?? 0) + 1;
    const night = this.nightOf(number);
    const archiveId = createHash('md5').update(`${this.practiceId} ${number}`).digest('hex');
    const key = `${this.practiceId}/${night}/${archiveId}.tar.age`;
    const bytes = utf8(`sealed copy ${number} of ${this.practiceId}`);
    this.#clock.now = new Date(`${night}T23:00:00Z`);
    await this.store.put(key, replayableBytes(bytes));
    const standing = [...this.copies.map(({ head }) => head.number), number].filter(
      (each) => !this.#removed.has(each),
    );
    const noteKey = noteKeyOfSigner(this.signer, this.practiceId);
    const text = formatBody({
      practiceId: this.practiceId,
      destination: this.destination,
      scope: this.destination === 'hq' ? 'critical' : 'full',
      night,
      archiveId,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      madeAt: this.#clock.now.toISOString(),
      number,
      previous: this.head?.hash ?? null,
      standing,
      recipient: this.recipient,
      heads,
      signedWith: noteKey,
    });
    const note = await signNote(text, this.signer, noteKey);
    await this.store.put(noteKeyOf(key)!, replayableBytes(utf8(note)));
    const made = { key, bytes, note, head: { number, hash: hashOfNote(note) } };
    this.copies.push(made);
    return made;
  }

  /** As retention does it. */
  async remove(number: number): Promise<void> {
    this.#removed.add(number);
    await this.vanish(number);
  }

  /** As somebody else does it. */
  async vanish(number: number): Promise<void> {
    const { key } = this.copies[number - 1]!;
    await this.store.delete(key);
    await this.store.delete(noteKeyOf(key)!);
  }

  async put(key: string, content: Uint8Array | string): Promise<void> {
    await this.store.put(key, replayableBytes(typeof content === 'string' ? utf8(content) : content));
  }
}
