/** Stores that stay silent, and a clock that runs as fast as it can. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { BackupError } from '../../src/errors.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';

/** In milliseconds. */
export const minute = 60_000;
const hour = 60 * minute;

/** A store, and what it was asked for. */
export interface SilentStore {
  readonly store: StorageAdapter;
  /** What was asked for. */
  readonly asked: string[];
}

/**
 * The same store, which stays silent when some of it is read, until it gives up itself as the stores of the
 * library do, or until the reader does.
 */
export function silent(
  inner: StorageAdapter,
  isSilent: (key: string) => boolean,
  givesUpAfter: number | null = minute,
): SilentStore {
  const asked: string[] = [];
  const get: StorageAdapter['get'] = async function* (key, options) {
    asked.push(key);
    if (isSilent(key)) await silence(givesUpAfter, options?.signal);
    yield* inner.get(key, options);
  };
  return { store: { ...inner, get }, asked };
}

function silence(milliseconds: number | null, signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const late = (): void => reject(new BackupError('storage-transient', 'Nothing came for a minute.'));
    const timer = milliseconds === null ? undefined : setTimeout(late, milliseconds);
    const leave = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', leave, { once: true });
  });
}

/** How long it takes by a clock that runs as fast as it can, in milliseconds, and what comes out. */
export async function timed<Result>(
  { mock }: TestContext,
  work: () => Promise<Result>,
): Promise<{ readonly took: number; readonly result: Result }> {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let took = 0;
    let isOver = false;
    const working = work().finally(() => {
      isOver = true;
    });
    working.catch(() => undefined);
    for (;;) {
      for (let i = 0; i < 20 && !isOver; i += 1) await new Promise((resolve) => setImmediate(resolve));
      if (isOver) return { took, result: await working };
      assert.ok(took < 4 * hour, 'it takes hours');
      mock.timers.tick(1000);
      took += 1000;
    }
  } finally {
    mock.timers.reset();
  }
}
