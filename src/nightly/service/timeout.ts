import { type Clock, deadlineOn } from './clock.js';

/** What a call of somebody else's is waited for with. */
export interface TimeoutOptions {
  readonly clock: Clock;
  /** How long, in milliseconds. */
  readonly milliseconds: number;
  /** Ends the wait before. */
  readonly signal?: AbortSignal | undefined;
  /** What is thrown when the time is over. */
  readonly tooLong: () => Error;
}

/** How long whoever is told to stop may take to tidy up, in milliseconds; after that nobody waits for it. */
const farewell = 1000;

/**
 * Waits for something that may never answer: a sink, a settings store, a store, HQ. It is told to stop when
 * the time is over or the signal says so; where it does not heed that, it is left alone, and whatever it says
 * later is not heard.
 *
 * @throws what `tooLong` makes, the reason of the signal, or whatever the work throws
 */
export async function withTimeout<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  { clock, milliseconds, signal, tooLong }: TimeoutOptions,
): Promise<Result> {
  const deadline = deadlineOn(clock, new Date(clock.now().getTime() + milliseconds));
  const both = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
  try {
    return await heeding(both, clock, () => work(both));
  } catch (error) {
    throw signal?.aborted !== true && deadline.signal.aborted ? tooLong() : error;
  } finally {
    deadline.clear();
  }
}

/**
 * Waits for work no longer than a signal allows. Work that heeds the signal itself has a moment to tidy up
 * and gives its own answer; any other is left behind.
 */
export async function heeding<Result>(
  signal: AbortSignal,
  clock: Clock,
  work: () => Promise<Result>,
  milliseconds: number = farewell,
): Promise<Result> {
  signal.throwIfAborted();
  let answered: AbortController | undefined;
  let leave = (): void => undefined;
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => {
      answered = new AbortController();
      void clock.sleep(milliseconds, answered.signal).then(() => reject(signal.reason));
    };
  });
  // Nobody may be there any more to hear it.
  left.catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work(), left]);
  } finally {
    answered?.abort();
    signal.removeEventListener('abort', leave);
  }
}
