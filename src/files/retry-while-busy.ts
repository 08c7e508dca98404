import { setTimeout as delay } from 'node:timers/promises';
import { systemCodeOf } from './failures.js';

/** How long to retry, in milliseconds. */
const longestWait = 30_000;
const longestPause = 1000;

/** The surroundings of {@link retryWhileBusy}, which tests replace. */
export interface RetryWorld {
  readonly platform: NodeJS.Platform;
  readonly now: () => number;
  readonly pause: (milliseconds: number) => Promise<unknown>;
}

const realWorld: RetryWorld = {
  platform: process.platform,
  now: () => performance.now(),
  pause: (milliseconds) => delay(milliseconds),
};

/**
 * Retries while another program holds the file. On Windows a virus scanner or an indexer opens a new file for
 * a moment, and a rename then fails with EPERM, EACCES or EBUSY. Elsewhere EPERM and EACCES are permanent.
 */
export async function retryWhileBusy<Result>(
  attempt: () => Promise<Result>,
  signal?: AbortSignal,
  world: RetryWorld = realWorld,
): Promise<Result> {
  const busy = world.platform === 'win32' ? ['EPERM', 'EACCES', 'EBUSY'] : ['EBUSY'];
  const start = world.now();
  for (let pause = 10; ; pause = Math.min(pause * 2, longestPause)) {
    try {
      return await attempt();
    } catch (error) {
      if (!busy.includes(systemCodeOf(error) ?? '') || world.now() - start > longestWait) throw error;
      signal?.throwIfAborted();
      await world.pause(pause);
    }
  }
}
