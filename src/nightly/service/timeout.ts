import { type Clock, deadlineOn } from './clock.js';

/** How long to wait for a foreign call. */
export interface TimeoutOptions {
  readonly clock: Clock;
  /** How long, in milliseconds. */
  readonly milliseconds: number;
  /** Ends the wait early. */
  readonly signal?: AbortSignal | undefined;
  /** Makes the error for the timeout. */
  readonly tooLong: () => Error;
}

/** How long an aborted call may clean up before it is abandoned, in milliseconds. */
const cleanupTime = 1000;

/**
 * Waits for something that may never answer: a sink, a settings store, a store, HQ. It is aborted when the
 * time is over or the signal says so. If it ignores that, it is abandoned, and its later result is ignored.
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
    return await untilAborted(either.signal, clock, () => work(either.signal));
  } catch (error) {
    throw signal?.aborted !== true && deadline.signal.aborted ? tooLong() : error;
  } finally {
    deadline.clear();
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * Waits for work no longer than a signal allows. Work that obeys the signal has a moment to clean up and
 * gives its own result; any other is abandoned.
 */
export async function untilAborted<Result>(
  signal: AbortSignal,
  clock: Clock,
  work: () => Promise<Result>,
  milliseconds: number = cleanupTime,
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
