import { inspectArchive } from '../archive/index.js';
import { type BackupError, type BackupErrorCode, isBackupError } from '../errors.js';
import type { Label } from '../model/parts.js';
import type { StorageAdapter, StoredObject } from '../storage/adapter.js';
import { rangeSourceOf } from '../storage/read-ranges.js';
import { SmallReads } from './small-reads.js';

/** After so many transient failures in a row the store must show that it is reachable. */
const mostFailures = 3;

/** How many labels are kept between two listings. */
const mostKnown = 2000;

/** What is known of an archive without its note. */
export interface Outside {
  readonly key: string;
  readonly size: number;
  readonly storedAt: Date;
  readonly label: Label | null;
  readonly unreadable?: BackupErrorCode;
}

/** Reads the labels of archives, past those that the store does not return. */
export class Outsides {
  /** Why one could not be read. */
  failure: BackupError | undefined;
  readonly #store: StorageAdapter;
  readonly #signal: AbortSignal | undefined;
  readonly #known: Map<string, Label> | undefined;
  readonly #reads: SmallReads;
  #read = 0;
  #inRow = 0;

  constructor(
    store: StorageAdapter,
    signal: AbortSignal | undefined,
    known?: Map<string, Label>,
    patience?: number,
  ) {
    this.#store = store;
    this.#signal = signal;
    this.#known = known;
    this.#reads = new SmallReads(store, signal, patience);
  }

  /** {@link SmallReads.isAway} */
  get isAway(): boolean {
    return this.#reads.isAway;
  }

  async look(object: StoredObject): Promise<Outside> {
    const { key, size, modifiedAt } = object;
    const found = { key, size, storedAt: modifiedAt };
    try {
      const label = await this.#knownLabelOf(object);
      this.#wasAnswered();
      return { ...found, label };
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (!isBackupError(error)) throw error;
      if (error.code.startsWith('archive-') || error.code === 'storage-not-found') {
        this.#wasAnswered();
        return { ...found, label: null };
      }
      this.failure ??= error;
      this.#inRow = error.code === 'storage-transient' ? this.#inRow + 1 : 0;
      // One file that this account may not read looks like a place that is gone.
      const isDoubtful = error.code === 'destination-missing' || this.#inRow === mostFailures;
      if (isDoubtful && !this.isAway) await this.#assertReachable(key);
      return { ...found, label: null, unreadable: error.code };
    }
  }

  /** When none was returned, the store is at fault and not an archive. */
  assertSomeWereRead(): void {
    if (this.#read === 0 && this.failure !== undefined) throw this.failure;
  }

  /** Neighbours on one bad stretch of a disk are no reason to give up the others; a line that is down is. */
  async #assertReachable(key: string): Promise<void> {
    for await (const _ of this.#store.list(key, { signal: this.#signal })) break;
    this.#inRow = 0;
  }

  #wasAnswered(): void {
    this.#read += 1;
    this.#inRow = 0;
  }

  async #knownLabelOf({ key, size, modifiedAt, etag = '' }: StoredObject): Promise<Label | null> {
    const known = this.#known;
    if (known === undefined) return this.#labelOf(key);
    const name = `${this.#store.description} ${key} ${size} ${modifiedAt.getTime()} ${etag}`;
    const found = known.get(name);
    if (found !== undefined) return found;
    const label = await this.#labelOf(key);
    if (known.size >= mostKnown) known.clear();
    if (label !== null) known.set(name, label);
    return label;
  }

  #labelOf(key: string): Promise<Label | null> {
    return this.#reads.read(key, (signal) => labelOf(this.#store, key, signal));
  }
}

async function labelOf(store: StorageAdapter, key: string, signal: AbortSignal): Promise<Label | null> {
  const io = { signal };
  const source = store.capabilities.ranges ? await rangeSourceOf(store, key, io) : store.get(key, io);
  return (await inspectArchive(source, io)).label;
}
