import { assertArgument, assertStorage } from '../../arguments.js';
import { isBackupError } from '../../errors.js';
import type { StorageAdapter } from '../adapter.js';

/** One call of a store that ended, well or not. Holds no secret: keys, sizes, times and codes. */
export interface StorageLogEvent {
  /** What the store calls itself. */
  readonly store: string;
  /** What was asked of it. */
  readonly operation: 'put' | 'get' | 'stat' | 'list' | 'delete' | 'retainUntil';
  /** The key, or the prefix of a `list`. */
  readonly key: string;
  /** How long it took. */
  readonly milliseconds: number;
  /** Bytes moved, by `put` and `get`. */
  readonly bytes?: number;
  /** Objects listed. */
  readonly objects?: number;
  /** Why it failed: the code of the error, or its name when it is none of the library. */
  readonly failure?: string;
}

/**
 * A store that reports every call when it has ended.
 *
 * @param log - called after each call; what it throws reaches the caller of the store
 * @example
 * ```ts
 * const told = withLog(store, (call) => console.log(call.operation, call.key, call.milliseconds));
 * await told.stat(key);
 * ```
 */
export function withLog(adapter: StorageAdapter, log: (event: StorageLogEvent) => void): StorageAdapter {
  assertStorage('adapter', adapter);
  assertArgument('log', log, 'function');
  function started(operation: StorageLogEvent['operation'], key: string) {
    const start = performance.now();
    return (outcome: Pick<StorageLogEvent, 'bytes' | 'objects' | 'failure'> = {}): void =>
      log({
        store: adapter.description,
        operation,
        key,
        milliseconds: Math.round(performance.now() - start),
        ...outcome,
      });
  }

  async function told<Result>(
    operation: StorageLogEvent['operation'],
    key: string,
    work: Promise<Result>,
    bytesOf?: (result: Result) => number,
  ): Promise<Result> {
    const end = started(operation, key);
    try {
      const result = await work;
      end(bytesOf === undefined ? {} : { bytes: bytesOf(result) });
      return result;
    } catch (error) {
      end({ failure: nameOf(error) });
      throw error;
    }
  }

  return {
    description: adapter.description,
    capabilities: adapter.capabilities,
    put: (key, source, options) => told('put', key, adapter.put(key, source, options), ({ size }) => size),
    async *get(key, options) {
      const end = started('get', key);
      let bytes = 0;
      let failure: string | undefined;
      try {
        for await (const chunk of adapter.get(key, options)) {
          bytes += chunk.length;
          yield chunk;
        }
      } catch (error) {
        failure = nameOf(error);
        throw error;
      } finally {
        end({ bytes, ...(failure !== undefined && { failure }) });
      }
    },
    stat: (key, options) => told('stat', key, adapter.stat(key, options)),
    async *list(prefix, options) {
      const end = started('list', prefix);
      let objects = 0;
      let failure: string | undefined;
      try {
        for await (const object of adapter.list(prefix, options)) {
          objects += 1;
          yield object;
        }
      } catch (error) {
        failure = nameOf(error);
        throw error;
      } finally {
        end({ objects, ...(failure !== undefined && { failure }) });
      }
    },
    delete: (key, options) => told('delete', key, adapter.delete(key, options)),
    ...(adapter.retainUntil !== undefined && {
      retainUntil: (key, until, options) =>
        told('retainUntil', key, adapter.retainUntil!(key, until, options)),
    }),
    classify: (error) => adapter.classify(error),
  };
}

function nameOf(error: unknown): string {
  if (isBackupError(error)) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
