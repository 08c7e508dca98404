import type { Clock } from '../../../src/nightly/service/clock.js';

/** A clock whose sleepers wake at once, and find that the time has passed. */
export interface FakeClock extends Clock {
  /** Puts the clock somewhere else, as a person or a time server would. */
  set(now: string): void;
}

/**
 * @param onSleep - told of every nap before it is over; may set the clock
 * @param leastNap - a nap lasts at least so many milliseconds, as it does on a computer that is suspended
 */
export function createFakeClock(
  start: string,
  onSleep: (clock: FakeClock) => void | Promise<void> = () => undefined,
  leastNap: number = 0,
): FakeClock {
  let now = new Date(start).getTime();
  const clock: FakeClock = {
    now: () => new Date(now),
    set: (text) => {
      now = new Date(text).getTime();
    },
    async sleep(milliseconds, signal) {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return;
      now += Math.max(milliseconds, leastNap);
      await onSleep(clock);
    },
  };
  return clock;
}
