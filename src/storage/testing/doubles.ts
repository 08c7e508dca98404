import { assertArgument, assertStorage } from '../../arguments.js';
import { BackupError } from '../../errors.js';
import type { StorageAdapter, StoredObject } from '../adapter.js';

/** A call of a store, as {@link createFaultyStorage} tells it. */
export interface StorageCall {
  /** What was asked of the store. */
  readonly operation: 'put' | 'get' | 'stat' | 'list' | 'delete';
  /** The key, or the prefix of a `list`. */
  readonly key: string;
  /** How many calls of this operation came before. */
  readonly earlier: number;
}

/** How a call of {@link createFaultyStorage} fails. */
export type StorageFault =
  /** Before anything happened. */
  | { readonly kind: 'refused'; readonly error?: Error | undefined }
  /** After it happened: the store did its work and the answer was lost. */
  | { readonly kind: 'answer-lost'; readonly error?: Error | undefined }
  /** A `get` or `list` that breaks off after so many bytes or objects. */
  | { readonly kind: 'broken-off'; readonly after: number; readonly error?: Error | undefined }
  /** A `get` that gives one flipped bit at this byte. */
  | { readonly kind: 'flipped'; readonly at: number };

/**
 * A store that fails where it is told to. Without an error of its own a fault is `storage-transient`.
 *
 * @param faultOf - asked at every call; undefined lets the call be
 * @example
 * ```ts
 * // The answer to the first upload is lost on its way back.
 * const faulty = createFaultyStorage(store, ({ operation, earlier }) =>
 *   operation === 'put' && earlier === 0 ? { kind: 'answer-lost' } : undefined,
 * );
 * await withRetry(faulty, { minTimeout: 1 }).put('notes/0004', replayableBytes(bytes));
 * ```
 */
export function createFaultyStorage(
  inner: StorageAdapter,
  faultOf: (call: StorageCall) => StorageFault | undefined,
): StorageAdapter {
  assertStorage('inner', inner);
  assertArgument('faultOf', faultOf, 'function');
  const calls = new Map<string, number>();
  const next = (operation: StorageCall['operation'], key: string): StorageFault | undefined => {
    const earlier = calls.get(operation) ?? 0;
    calls.set(operation, earlier + 1);
    return faultOf({ operation, key, earlier });
  };
  async function failing<Result>(
    fault: StorageFault | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    if (fault?.kind === 'refused') throw errorOf(fault);
    const result = await work();
    if (fault?.kind === 'answer-lost') throw errorOf(fault);
    return result;
  }
  return {
    description: inner.description,
    capabilities: inner.capabilities,
    put: (key, source, options) => failing(next('put', key), () => inner.put(key, source, options)),
    async *get(key, options) {
      const fault = next('get', key);
      if (fault?.kind === 'refused') throw errorOf(fault);
      let given = 0;
      for await (const chunk of inner.get(key, options)) {
        if (fault?.kind === 'broken-off' && given + chunk.length > fault.after) {
          if (fault.after > given) yield chunk.subarray(0, fault.after - given);
          throw errorOf(fault);
        }
        yield fault?.kind === 'flipped' ? flip(chunk, fault.at - given) : chunk;
        given += chunk.length;
      }
      if (fault?.kind === 'answer-lost') throw errorOf(fault);
    },
    stat: (key, options) => failing(next('stat', key), () => inner.stat(key, options)),
    async *list(prefix, options) {
      const fault = next('list', prefix);
      if (fault?.kind === 'refused') throw errorOf(fault);
      let given = 0;
      for await (const object of inner.list(prefix, options)) {
        if (fault?.kind === 'broken-off' && given === fault.after) throw errorOf(fault);
        yield object;
        given += 1;
      }
      if (fault !== undefined) throw errorOf(fault);
    },
    delete: (key, options) => failing(next('delete', key), () => inner.delete(key, options)),
    classify: (error) => inner.classify(error),
  };
}

function errorOf(fault: StorageFault): Error {
  const given = 'error' in fault ? fault.error : undefined;
  return given ?? new BackupError('storage-transient', 'The store failed, as the test told it to.');
}

function flip(chunk: Uint8Array, at: number): Uint8Array {
  if (at < 0 || at >= chunk.length) return chunk;
  const flipped = chunk.slice();
  flipped[at]! ^= 1;
  return flipped;
}

/** Options of {@link createSlowStorage}. */
export interface SlowStorageOptions {
  /** Waits before every call and every chunk: a real timer, or a fake clock's. */
  readonly pause: (what: 'call' | 'chunk') => Promise<void>;
}

/**
 * A store that makes its caller wait.
 *
 * @example
 * ```ts
 * import { setTimeout as wait } from 'node:timers/promises';
 *
 * const slow = createSlowStorage(store, { pause: () => wait(5) });
 * console.log(await slow.stat(key));
 * ```
 */
export function createSlowStorage(inner: StorageAdapter, options: SlowStorageOptions): StorageAdapter {
  assertStorage('inner', inner);
  assertArgument('options', options, 'object', { pause: 'function' });
  const { pause } = options;
  return {
    description: inner.description,
    capabilities: inner.capabilities,
    async put(key, source, putOptions) {
      await pause('call');
      return inner.put(key, source, putOptions);
    },
    async *get(key, getOptions) {
      await pause('call');
      for await (const chunk of inner.get(key, getOptions)) {
        await pause('chunk');
        yield chunk;
      }
    },
    async stat(key, statOptions) {
      await pause('call');
      return inner.stat(key, statOptions);
    },
    async *list(prefix, listOptions) {
      await pause('call');
      yield* inner.list(prefix, listOptions);
    },
    async delete(key, deleteOptions) {
      await pause('call');
      await inner.delete(key, deleteOptions);
    },
    classify: (error) => inner.classify(error),
  };
}

/** Options of {@link createEventuallyConsistentStorage}. */
export interface EventuallyConsistentOptions {
  /** How long `list` does not yet show what was stored, and still shows what was deleted, in milliseconds. */
  readonly lag: number;
  /** The clock, in milliseconds. @defaultValue that of the machine */
  readonly now?: (() => number) | undefined;
}

/**
 * A store whose `list` lags behind, as some object stores do; `get` and `stat` tell the truth. Code that
 * decides by listing alone is found out with it.
 *
 * @example
 * ```ts
 * const lagging = createEventuallyConsistentStorage(store, { lag: 60_000 });
 * await lagging.put('notes/0003', replayableBytes(bytes));
 * console.log(await lagging.stat('notes/0003')); // there, although `list` does not show it yet
 * ```
 */
export function createEventuallyConsistentStorage(
  inner: StorageAdapter,
  options: EventuallyConsistentOptions,
): StorageAdapter {
  assertStorage('inner', inner);
  assertArgument('options', options, 'object', { lag: 'number', now: 'function?' });
  const now = options.now ?? (() => Date.now());
  const storedAt = new Map<string, number>();
  const deleted = new Map<string, { readonly at: number; readonly object: StoredObject }>();
  return {
    description: inner.description,
    capabilities: inner.capabilities,
    async put(key, source, putOptions) {
      const known = await inner.stat(key);
      const stored = await inner.put(key, source, putOptions);
      if (known === null) storedAt.set(key, now());
      deleted.delete(key);
      return stored;
    },
    get: (key, getOptions) => inner.get(key, getOptions),
    stat: (key, statOptions) => inner.stat(key, statOptions),
    async *list(prefix, listOptions) {
      const shown: StoredObject[] = [];
      for await (const object of inner.list(prefix, listOptions)) {
        if (now() - (storedAt.get(object.key) ?? Number.NEGATIVE_INFINITY) >= options.lag) shown.push(object);
      }
      for (const { at, object } of deleted.values()) {
        if (now() - at < options.lag && object.key.startsWith(prefix)) shown.push(object);
      }
      yield* shown.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    },
    async delete(key, deleteOptions) {
      const object = await inner.stat(key);
      await inner.delete(key, deleteOptions);
      if (object !== null) deleted.set(key, { at: now(), object });
      storedAt.delete(key);
    },
    classify: (error) => inner.classify(error),
  };
}
