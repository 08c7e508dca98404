import pRetry from 'p-retry';
import { assertOptions, assertStorage } from '../../arguments.js';
import { iterateBytes } from '../../bytes.js';
import { diagnosis } from '../../diagnosis.js';
import { BackupError } from '../../errors.js';
import { passingItems } from '../../passing-items.js';
import type { GetOptions, PutOptions, ReplayableSource, StorageAdapter, StoredObject } from '../adapter.js';
import { compareKeys } from '../object-keys.js';
import { resolveRange } from '../transfer.js';
import { type StorageLogEvent, withLog } from './with-log.js';

/** Options of {@link withRetry}. */
export interface RetryOptions {
  /** How often to try again. @defaultValue 5 */
  readonly retries?: number | undefined;
  /**
   * First pause in milliseconds; each next one is twice as long, and up to twice that at random.
   * @defaultValue 1000
   */
  readonly minTimeout?: number | undefined;
  /** Longest pause in milliseconds. @defaultValue 60 seconds */
  readonly maxTimeout?: number | undefined;
  /** Called before every retry. */
  readonly onRetry?: ((retry: StorageRetry) => void) | undefined;
}

/** A failure that is about to be retried. */
export interface StorageRetry {
  /** What is retried. */
  readonly operation: 'put' | 'get' | 'stat' | 'list' | 'delete' | 'retainUntil';
  /** Of the object; a prefix for `list`. */
  readonly key: string;
  /** What went wrong. */
  readonly error: Error;
  /** How many retries are left. */
  readonly retriesLeft: number;
}

/** Signals of calls that failed and were to be tried again. */
const retried = new WeakSet<AbortSignal>();

/** Whether a call with this signal was answered, if only with an error: who ends it cannot tell otherwise. */
export function wasRetried(signal: AbortSignal): boolean {
  return retried.has(signal);
}

/**
 * A store that retries failures that it classifies as transient. A `put` sends the same bytes again; a `get`
 * or `list` continues after what was already delivered.
 *
 * @example
 * ```ts
 * const patient = withRetry(store, { onRetry: ({ retriesLeft }) => console.warn(retriesLeft, 'tries left') });
 * await patient.stat(key);
 * ```
 */
export function withRetry(store: StorageAdapter, options: RetryOptions = {}): StorageAdapter {
  assertStorage('adapter', store);
  assertOptions(options, { retries: 'number?', minTimeout: 'number?', maxTimeout: 'number?' });
  const adapter = diagnosis.storage.isOn ? withLog(store, tellCall) : store;
  const { retries = 5, minTimeout = 1000, maxTimeout = 60_000, onRetry } = options;

  /** Retries after a first failure. */
  function again<Result>(
    operation: StorageRetry['operation'],
    key: string,
    signal: AbortSignal | undefined,
    { failure, attempt }: { readonly failure: unknown; readonly attempt: () => Promise<Result> },
  ): Promise<Result> {
    return pRetry((number) => (number === 1 ? Promise.reject(failure) : attempt()), {
      retries,
      minTimeout,
      maxTimeout,
      randomize: true,
      signal,
      shouldRetry: ({ error, retriesLeft }) => {
        if (adapter.classify(error) !== 'transient') return false;
        if (signal !== undefined) retried.add(signal);
        if (diagnosis.storage.isOn) diagnosis.storage.tell('tried again', { operation, key, retriesLeft });
        onRetry?.({ operation, key, error, retriesLeft });
        return true;
      },
    });
  }

  async function trying<Result>(
    operation: StorageRetry['operation'],
    key: string,
    signal: AbortSignal | undefined,
    attempt: () => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted();
    let result: Result;
    // Nearly every call succeeds at once and skips the rest.
    try {
      result = await attempt();
    } catch (failure) {
      return again(operation, key, signal, { failure, attempt });
    }
    signal?.throwIfAborted();
    return result;
  }

  /**
   * Delivers what an iterable gives; after a transient failure another one continues after what was
   * delivered. Each item has its own retries, so that a long download over a bad line may fail often and
   * still end. There may be very many items, so each passes as few promises as possible.
   */
  function resuming<Item>(
    operation: StorageRetry['operation'],
    key: string,
    signal: AbortSignal | undefined,
    open: () => AsyncIterable<Item>,
    isNew: (item: Item) => boolean = () => true,
  ): AsyncIterable<Item> {
    return passingItems(() => {
      let iterator: AsyncIterator<Item> | undefined;
      const begun = (): AsyncIterator<Item> => {
        iterator ??= open()[Symbol.asyncIterator]();
        return iterator;
      };
      const attempt = async (): Promise<IteratorResult<Item>> => {
        try {
          for (;;) {
            const next = await begun().next();
            if (next.done === true || isNew(next.value)) return next;
          }
        } catch (error) {
          iterator = undefined;
          throw error;
        }
      };
      const next = async (): Promise<IteratorResult<Item>> => {
        signal?.throwIfAborted();
        let next: IteratorResult<Item>;
        try {
          next = await begun().next();
          if (next.done !== true && !isNew(next.value)) next = await attempt();
        } catch (failure) {
          iterator = undefined;
          next = await again(operation, key, signal, { failure, attempt });
        }
        signal?.throwIfAborted();
        if (next.done === true) iterator = undefined;
        return next;
      };
      return {
        next,
        end: async () => {
          await iterator?.return?.();
        },
      };
    });
  }

  return {
    description: adapter.description,
    capabilities: adapter.capabilities,

    put(key: string, source: ReplayableSource, putOptions?: PutOptions): Promise<StoredObject> {
      let uncertain = false;
      const telling = { ...putOptions, ...neverBackwards(putOptions) };
      return trying('put', key, putOptions?.signal, async () => {
        try {
          return await adapter.put(key, source, telling);
        } catch (error) {
          // The store may have stored it although the answer was lost: then the object is ours.
          if (uncertain && adapter.classify(error) === 'exists') {
            const stored = await adapter.stat(key, { signal: putOptions?.signal });
            if (stored !== null && (await holds(adapter, stored, source, putOptions?.signal))) return stored;
          }
          uncertain ||= adapter.classify(error) === 'transient';
          throw error;
        }
      });
    },

    async *get(key: string, getOptions?: GetOptions): AsyncGenerator<Uint8Array> {
      const signal = getOptions?.signal;
      let delivered = 0;
      // Its state when the reading began, so that a resumed read never joins two objects. Ranges skip the
      // request: they are small, and mostly arrive at once.
      const first =
        getOptions?.range?.length === undefined
          ? await trying('stat', key, signal, () => adapter.stat(key, { signal: getOptions?.signal }))
          : undefined;
      const open = async function* (): AsyncGenerator<Uint8Array> {
        if (delivered === 0) {
          yield* adapter.get(key, getOptions);
          return;
        }
        const now = await adapter.stat(key, { signal: getOptions?.signal });
        // It may be the mount that is gone, and says nothing of the bytes.
        if (now === null || first === null) throw gone(adapter, key);
        if (first !== undefined && (now.size !== first.size || now.etag !== first.etag)) {
          throw changed(adapter, key);
        }
        if (!adapter.capabilities.ranges) {
          yield* skip(adapter.get(key, getOptions), delivered);
          return;
        }
        const { start, end } = resolveRange(getOptions?.range, now.size);
        const offset = start + delivered;
        yield* adapter.get(key, { range: { offset, length: end - offset }, signal });
      };
      for await (const chunk of resuming('get', key, signal, open)) {
        delivered += chunk.length;
        yield chunk;
      }
    },

    stat: (key, statOptions) =>
      trying('stat', key, statOptions?.signal, () => adapter.stat(key, statOptions)),

    list(prefix, listOptions): AsyncIterable<StoredObject> {
      let last: string | undefined;
      const open = (): AsyncIterable<StoredObject> => adapter.list(prefix, listOptions);
      // A new listing begins with what was already delivered.
      const isNew = ({ key }: StoredObject): boolean => {
        if (last !== undefined && compareKeys(key, last) <= 0) return false;
        last = key;
        return true;
      };
      return resuming('list', prefix, listOptions?.signal, open, isNew);
    },

    delete: (key, deleteOptions) =>
      trying('delete', key, deleteOptions?.signal, () => adapter.delete(key, deleteOptions)),

    ...(adapter.retainUntil !== undefined && {
      retainUntil: (key, until, retainOptions) =>
        trying('retainUntil', key, retainOptions?.signal, () =>
          adapter.retainUntil!(key, until, retainOptions),
        ),
    }),
    classify: (error) => adapter.classify(error),
  };
}

function tellCall({ operation, ...facts }: StorageLogEvent): void {
  diagnosis.storage.tell(operation, { ...facts });
}

// A retry begins at the first byte again, but progress must not run backwards.
function neverBackwards(options: PutOptions | undefined): Pick<PutOptions, 'onProgress'> {
  const report = options?.onProgress;
  if (report === undefined) return {};
  let furthest = -1;
  return {
    onProgress(progress) {
      if (progress.transferredBytes <= furthest) return;
      furthest = progress.transferredBytes;
      report(progress);
    },
  };
}

function changed(adapter: StorageAdapter, key: string): BackupError {
  return new BackupError(
    'verification-failed',
    `${key} in ${adapter.description} was replaced while it was read.`,
    { details: { key } },
  );
}

function gone(adapter: StorageAdapter, key: string): BackupError {
  return new BackupError(
    'storage-not-found',
    `${key} in ${adapter.description} was no longer there while it was read.`,
    { details: { key } },
  );
}

async function* skip(chunks: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of chunks) {
    if (chunk.length <= left) left -= chunk.length;
    else {
      yield left === 0 ? chunk : chunk.subarray(left);
      left = 0;
    }
  }
}

/** Whether a stored object has the bytes of a source. */
async function holds(
  adapter: StorageAdapter,
  stored: StoredObject,
  source: ReplayableSource,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (stored.size !== source.size) return false;
  const theirs = adapter.get(stored.key, { signal });
  let rest: Uint8Array = new Uint8Array(0);
  const iterator = theirs[Symbol.asyncIterator]();
  try {
    for await (const ours of iterateBytes(source.open(), signal)) {
      for (let offset = 0; offset < ours.length; ) {
        if (rest.length === 0) {
          const { done, value } = await iterator.next();
          if (done === true) return false;
          rest = value;
        }
        const count = Math.min(rest.length, ours.length - offset);
        if (Buffer.compare(rest.subarray(0, count), ours.subarray(offset, offset + count)) !== 0)
          return false;
        offset += count;
        rest = rest.subarray(count);
      }
    }
    return true;
  } finally {
    await iterator.return?.();
  }
}
