/** Stores in memory that fail, lie and hang. Whoever looks from outside knows what truly lies in them. */
import { concatBytes, iterateBytes } from '../../src/bytes.js';
import { BackupError } from '../../src/errors.js';
import type { StorageAdapter, StoredObject } from '../../src/storage/adapter.js';
import { classifyByCode } from '../../src/storage/classify.js';
import type { Random } from './random.js';
import { forEver, time } from './time.js';

/** How a store can be at fault. */
export const storeFaults = [
  'answers-lost',
  'away',
  'cutting',
  'deaf',
  'flaky',
  'full',
  'garbling',
  'hanging',
  'listing-short',
  'losing',
  'refusing',
  'slow',
  'undeletable',
] as const;
/** How else, in the practices that meet everything. */
export const moreStoreFaults = ['dated-ahead', 'dated-back', 'listing-cut', 'listing-stale'] as const;
export type StoreFault = (typeof moreStoreFaults | typeof storeFaults)[number];

/** Who uses a store. */
export interface StoreUser {
  readonly isAlive: boolean;
  /** A copy is about to be sent. */
  onPut(key: string): void;
  /** Something was removed that was there. */
  onDeleted(key: string, bytes: Uint8Array): void;
}

interface Kept {
  readonly bytes: Uint8Array;
  readonly stored: StoredObject;
}

/** What lies in a store, and its keys in order: they are listed far more often than they change. */
class Objects extends Map<string, Kept> {
  #sorted: string[] = [];

  /** A copy: what is put in during a listing is listed by the next. */
  get sorted(): readonly string[] {
    return this.#sorted.slice();
  }

  copy(): Objects {
    const copy = new Objects();
    for (const [key, kept] of this) copy.set(key, kept);
    return copy;
  }

  override set(key: string, kept: Kept): this {
    if (!this.has(key)) this.#sorted.splice(this.#placeOf(key), 0, key);
    return super.set(key, kept);
  }

  override delete(key: string): boolean {
    if (!super.delete(key)) return false;
    this.#sorted.splice(this.#placeOf(key), 1);
    return true;
  }

  #placeOf(key: string): number {
    let from = 0;
    let to = this.#sorted.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#sorted[middle]! < key) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

const minute = 60_000;

export class Store {
  readonly description: string;
  readonly objects: Objects = new Objects();
  readonly #random: Random;
  readonly #resumable: boolean;
  /** For months, whatever else befalls it. */
  isOut = false;
  #fault: StoreFault | null = null;
  /** What is listed, where that is not what lies there. */
  #listed: Objects | null = null;

  constructor(description: string, random: Random) {
    this.description = description;
    this.#random = random;
    this.#resumable = random.is(0.5);
  }

  get fault(): StoreFault | null {
    return this.#fault;
  }

  set fault(fault: StoreFault | null) {
    this.#fault = fault;
    this.#listed = fault === 'listing-stale' ? this.objects.copy() : null;
  }

  /** The store as one user has it. */
  for(user: StoreUser): StorageAdapter {
    const begin = async (signal: AbortSignal | undefined): Promise<void> => {
      if (!user.isAlive) return forEver();
      signal?.throwIfAborted();
      const { fault } = this;
      if (fault === 'deaf') return forEver();
      if (fault === 'hanging') return this.#untilAborted(signal);
      if (this.isOut || fault === 'away' || (fault === 'flaky' && this.#random.is(0.3)))
        throw this.#failure('storage-transient');
      if (fault === 'refusing') throw this.#failure('storage-permanent');
    };
    const after = async (): Promise<void> => {
      if (this.fault === 'answers-lost' && this.#random.is(0.5)) throw this.#failure('storage-transient');
    };
    return {
      description: this.description,
      capabilities: {
        atomicIfAbsent: true,
        ranges: true,
        resumablePut: this.#resumable,
        overwrite: true,
        delete: true,
      },
      put: async (key, source, options = {}) => {
        await begin(options.signal);
        user.onPut(key);
        if (options.ifAbsent === true) this.#refuseTaken(key);
        const chunks: Uint8Array[] = [];
        for await (const chunk of iterateBytes(source.open())) chunks.push(chunk);
        const bytes = concatBytes(chunks);
        if (key.endsWith('.age')) await this.#transfer(options.signal);
        if (!user.isAlive) return forEver();
        await begin(options.signal);
        if (this.fault === 'full') throw this.#failure('storage-full');
        if (options.ifAbsent === true) this.#refuseTaken(key);
        const stored = { key, size: bytes.length, modifiedAt: this.#date(), etag: `${time.now}` };
        const kept = this.#spoiled(bytes);
        if (kept !== null) this.objects.set(key, { bytes: kept, stored: { ...stored, size: kept.length } });
        await after();
        return stored;
      },
      get: (key, options = {}) => this.#read(key, begin, options),
      stat: async (key, options) => {
        await begin(options?.signal);
        return this.objects.get(key)?.stored ?? null;
      },
      list: (prefix, options) => this.#list(prefix, () => begin(options?.signal)),
      delete: async (key, options) => {
        await begin(options?.signal);
        if (this.fault === 'undeletable') throw this.#failure('storage-permanent');
        const found = this.objects.get(key);
        this.objects.delete(key);
        if (found !== undefined) user.onDeleted(key, found.bytes);
        await after();
      },
      classify: classifyByCode,
    };
  }

  async *#read(
    key: string,
    begin: (signal: AbortSignal | undefined) => Promise<void>,
    { signal, range }: NonNullable<Parameters<StorageAdapter['get']>[1]>,
  ): AsyncGenerator<Uint8Array> {
    await begin(signal);
    const found = this.objects.get(key);
    if (found === undefined) throw this.#failure('storage-not-found');
    const { offset = 0, length = found.bytes.length - offset } = range ?? {};
    yield found.bytes.subarray(offset, offset + length);
  }

  /** There are hundreds of objects in a listing: none costs more than its one promise. */
  #list(prefix: string, begin: () => Promise<void>): AsyncIterable<StoredObject> {
    let keys: readonly string[] | undefined;
    let i = 0;
    const objects = this.#listed ?? this.objects;
    const next = (): IteratorResult<StoredObject> => {
      for (keys ??= this.#keysListed(objects, prefix); i < keys.length; ) {
        const key = keys[i++]!;
        if (!key.startsWith(prefix)) continue;
        if (this.fault === 'listing-short' && this.#random.is(0.4)) continue;
        const found = objects.get(key);
        if (found !== undefined) return { done: false, value: found.stored };
      }
      return { done: true, value: undefined };
    };
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => (keys === undefined ? begin().then(next) : Promise.resolve(next())),
      }),
    };
  }

  #keysListed(objects: Objects, prefix: string): readonly string[] {
    const keys = objects.sorted;
    if (this.fault !== 'listing-cut') return keys;
    const wanted = keys.filter((key) => key.startsWith(prefix));
    return wanted.slice(0, Math.ceil(wanted.length * 0.7));
  }

  /** By its own clock. */
  #date(): Date {
    const ahead = this.fault === 'dated-ahead' ? 3 : this.fault === 'dated-back' ? -400 : 0;
    return new Date(time.now + ahead * 1440 * minute);
  }

  /** What truly is kept of what was sent. */
  #spoiled(bytes: Uint8Array): Uint8Array | null {
    if (this.fault === 'losing') return null;
    if (this.fault === 'cutting') return bytes.subarray(0, this.#random.between(0, bytes.length - 1));
    if (this.fault !== 'garbling') return bytes;
    const garbled = bytes.slice();
    garbled[this.#random.between(0, bytes.length - 1)]! ^= 1;
    return garbled;
  }

  async #transfer(signal: AbortSignal | undefined): Promise<void> {
    const takes =
      this.fault === 'slow' ? this.#random.between(60, 900) * minute : this.#random.between(1, 5) * minute;
    await passing(takes, signal);
  }

  async #untilAborted(signal: AbortSignal | undefined): Promise<void> {
    if (signal === undefined) return forEver();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    throw signal.reason;
  }

  #refuseTaken(key: string): void {
    if (this.objects.has(key)) throw this.#failure('storage-exists');
  }

  #failure(
    code: 'storage-exists' | 'storage-full' | 'storage-not-found' | 'storage-permanent' | 'storage-transient',
  ): BackupError {
    return new BackupError(code, `The ${this.description} says ${code}.`);
  }
}

/** So much time passes, or the signal ends it. */
export async function passing(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  let end = (): void => undefined;
  await new Promise<void>((resolve) => {
    const cancel = time.after(milliseconds, resolve);
    end = () => {
      cancel();
      resolve();
    };
    signal?.addEventListener('abort', end, { once: true });
  });
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
}
