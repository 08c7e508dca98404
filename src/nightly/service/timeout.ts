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
  signal?.throwIfAborted();
  const deadline = deadlineOn(clock, new Date(clock.now().getTime() + milliseconds));
  // Not `AbortSignal.any`: it costs more than most of the calls, and a signal of years remembers each of them.
  const either = new AbortController();
  const stop = (): void => either.abort(signal?.reason);
  const end = (): void => either.abort(deadline.signal.reason);
  signal?.addEventListener('abort', stop, { once: true });
  deadline.signal.addEventListener('abort', end, { once: true });
  if (deadline.signal.aborted) end();
  try {
    return await heeding(either.signal, clock, () => work(either.signal));
  } catch (error) {
    throw signal?.aborted !== true && deadline.signal.aborted ? tooLong() : error;
  } finally {
    deadline.clear();
    signal?.removeEventListener('abort', stop);
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
  try {
    return await new Promise<Result>((resolve, reject) => {
      leave = () => {
        answered = new AbortController();
        void clock.sleep(milliseconds, answered.signal).then(() => reject(signal.reason));
      };
      signal.addEventListener('abort', leave, { once: true });
      work().then(resolve, reject);
    });
  } finally {
    answered?.abort();
    signal.removeEventListener('abort', leave);
  }
}
