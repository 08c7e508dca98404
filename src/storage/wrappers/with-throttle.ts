import { setTimeout as delay } from 'node:timers/promises';
import { assertArgument, assertStorage } from '../../arguments.js';
import { iterateBytes } from '../../bytes.js';
import type { StorageAdapter } from '../adapter.js';

/** Options of {@link withThrottle}. */
export interface ThrottleOptions {
  /** Most bytes per second on average, uploads and downloads together. */
  readonly bytesPerSecond: number;
}

/** Longest burst at full speed, in seconds of the allowed rate. */
const burstSeconds = 0.25;

/**
 * A store whose transfers together stay under a rate, so that a practice that works at night keeps its line.
 * The rate holds on average: a store that sends in parts sends each part at full speed.
 *
 * @throws RangeError when the rate is not a positive number
 * @example
 * ```ts
 * const gentle = withThrottle(store, { bytesPerSecond: 500_000 });
 * await gentle.put('notes/0005', replayableBytes(bytes));
 * ```
 */
export function withThrottle(adapter: StorageAdapter, options: ThrottleOptions): StorageAdapter {
  assertStorage('adapter', adapter);
  assertArgument('options', options, 'object');
  const { bytesPerSecond } = options;
  if (!(bytesPerSecond > 0)) throw new RangeError('"bytesPerSecond" must be a positive number');
  // Until when the line is reserved, in milliseconds.
  let reservedUntil = 0;

  async function* pace(
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      const now = performance.now();
      reservedUntil = Math.max(reservedUntil, now) + (chunk.length / bytesPerSecond) * 1000;
      const ahead = reservedUntil - now - burstSeconds * 1000;
      if (ahead > 0) await pause(ahead, signal);
      yield chunk;
    }
  }

  return {
    description: adapter.description,
    capabilities: adapter.capabilities,
    put: (key, source, putOptions) =>
      adapter.put(
        key,
        {
          ...source,
          open: (start, end) =>
            pace(iterateBytes(source.open(start, end), putOptions?.signal), putOptions?.signal),
        },
        putOptions,
      ),
    get: (key, getOptions) => pace(adapter.get(key, getOptions), getOptions?.signal),
    stat: (key, statOptions) => adapter.stat(key, statOptions),
    list: (prefix, listOptions) => adapter.list(prefix, listOptions),
    delete: (key, deleteOptions) => adapter.delete(key, deleteOptions),
    ...(adapter.retainUntil !== undefined && {
      retainUntil: (key, until, retainOptions) => adapter.retainUntil!(key, until, retainOptions),
    }),
    classify: (error) => adapter.classify(error),
  };
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
