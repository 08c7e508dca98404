import { assertArgument, storageShape } from '../arguments.js';
import { BackupError } from '../errors.js';
import type {
  PutOptions,
  ReplayableSource,
  StorageAdapter,
  StorageCapabilities,
  StorageFailure,
  StoredObject,
} from './adapter.js';
import { classifyByCode } from './classify.js';
import { assertKey } from './object-keys.js';
import { readChecked } from './replayable.js';
import { progressOf, resolveRange } from './transfer.js';

/** What a store can do by itself; {@link createCustomStorage} makes an adapter of it. */
export interface StorageBasics {
  /** For people and logs: what and where, without secrets. */
  readonly description: string;
  /** `resumablePut` is false if absent. */
  readonly capabilities: Omit<StorageCapabilities, 'resumablePut'> & Partial<StorageCapabilities>;

  /**
   * Stores all bytes under a key, and shows them only when all have arrived. Fails when `bytes` throws, and
   * leaves nothing visible.
   *
   * @throws BackupError `storage-exists` when the key is taken and `ifAbsent` is asked for
   */
  put(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    how: {
      readonly size: number;
      readonly sha256?: string;
      readonly ifAbsent: boolean;
      readonly signal?: AbortSignal;
    },
  ): Promise<StoredObject>;

  /**
   * Reads the bytes from `start` to `end`, exclusive: at least one, and all of the object where it has no
   * ranges.
   */
  get(
    key: string,
    range: { readonly start: number; readonly end: number; readonly signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>;

  /** What is known of an object; null when there is none. */
  stat(key: string, how: { readonly signal?: AbortSignal }): Promise<StoredObject | null>;

  /** All objects whose key starts with `prefix`, in the order of their UTF-8 bytes. */
  list(prefix: string, how: { readonly signal?: AbortSignal }): AsyncIterable<StoredObject>;

  /** Removes an object; resolves also when there is none. */
  delete(key: string, how: { readonly signal?: AbortSignal }): Promise<void>;

  /** How to treat a failure. @defaultValue by the code of the {@link BackupError} */
  classify?(error: unknown): StorageFailure;
}

/**
 * A store of your own from the five operations that it has. What is the same for every store is done here:
 * keys and ranges are checked, a source that does not match its size or SHA-256 is detected before its last
 * bytes are passed on, an aborted signal rejects with its reason, progress is reported, and an object that
 * breaks off while it is read is `storage-transient`. Test it with `storageContract` of
 * `supplemental-backup/testing`.
 *
 * @example
 * ```ts
 * const blobs = new Map<string, Uint8Array>();
 * const stored = (key: string) => ({ key, size: blobs.get(key)!.length, modifiedAt: new Date(0) });
 * const store = createCustomStorage({
 *   description: 'blobs of this process',
 *   capabilities: { atomicIfAbsent: false, ranges: true, overwrite: true, delete: true },
 *   async put(key, source) {
 *     const pieces: Uint8Array[] = [];
 *     for await (const piece of source) pieces.push(piece);
 *     blobs.set(key, Buffer.concat(pieces));
 *     return stored(key);
 *   },
 *   async *get(key, { start, end }) {
 *     yield blobs.get(key)!.slice(start, end);
 *   },
 *   stat: async (key) => (blobs.has(key) ? stored(key) : null),
 *   async *list(prefix) {
 *     for (const key of [...blobs.keys()].sort()) if (key.startsWith(prefix)) yield stored(key);
 *   },
 *   delete: async (key) => void blobs.delete(key),
 * });
 * await store.put('4711/a.tar.age', replayableBytes(bytes));
 * ```
 */
export function createCustomStorage(basics: StorageBasics): StorageAdapter {
  assertArgument('basics', basics, 'object', { ...storageShape, classify: 'function?' });
  const { description } = basics;

  async function guarded<Result>(
    key: string,
    signal: AbortSignal | undefined,
    work: (how: { readonly signal?: AbortSignal }) => Promise<Result>,
  ): Promise<Result> {
    assertKey(key);
    signal?.throwIfAborted();
    try {
      return await work(signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }

  const stat: StorageAdapter['stat'] = (key, options) =>
    guarded(key, options?.signal, (how) => basics.stat(key, how));

  return {
    description,
    capabilities: { resumablePut: false, ...basics.capabilities },

    put: (key, source, options = {}) =>
      guarded(key, options.signal, async (how) => {
        const { size, sha256 } = source;
        const outgoing = outgoingBytes(source, options);
        const ifAbsent = options.ifAbsent === true;
        try {
          return await basics.put(key, outgoing.bytes, { size, ...(sha256 && { sha256 }), ifAbsent, ...how });
        } catch (error) {
          // Why a request ended early matters more than what the store says about it.
          throw outgoing.failure() ?? error;
        }
      }),

    async *get(key, options = {}) {
      const { range, signal } = options;
      const object = await stat(key, options);
      if (object === null) {
        throw new BackupError('storage-not-found', `There is no ${key} in the ${description}.`, {
          details: { key },
        });
      }
      const { start, end } = resolveRange(range, object.size);
      let left = end - start;
      if (left === 0) return;
      try {
        for await (const chunk of basics.get(key, { start, end, ...(signal && { signal }) })) {
          signal?.throwIfAborted();
          left -= chunk.length;
          if (chunk.length > 0) yield chunk;
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
      if (left === 0) return;
      throw new BackupError('storage-transient', `The ${description} broke off while ${key} was read.`, {
        details: { key },
      });
    },

    stat,

    async *list(prefix, options = {}) {
      const { signal } = options;
      signal?.throwIfAborted();
      try {
        for await (const object of basics.list(prefix, signal === undefined ? {} : { signal })) {
          signal?.throwIfAborted();
          yield object;
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    },

    delete: (key, options) => guarded(key, options?.signal, (how) => basics.delete(key, how)),

    classify: (error) => basics.classify?.(error) ?? classifyByCode(error),
  };
}

/**
 * The outgoing bytes of a source. The last chunk is held back until the source is verified: a store that
 * counts bytes would otherwise take a wrong source for complete.
 */
function outgoingBytes(
  source: ReplayableSource,
  options: PutOptions,
): { readonly bytes: AsyncIterable<Uint8Array>; failure(): unknown } {
  let failure: unknown;
  async function* give(): AsyncGenerator<Uint8Array> {
    const progress = progressOf(source.size, options);
    let held: Uint8Array | undefined;
    let given = 0;
    try {
      for await (const chunk of readChecked(source, options.signal)) {
        if (chunk.length === 0) continue;
        if (held !== undefined) yield held;
        given += held?.length ?? 0;
        progress.advanceTo(given);
        held = chunk;
      }
      if (held !== undefined) yield held;
      progress.advanceTo(source.size);
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return { bytes: give(), failure: () => failure };
}
