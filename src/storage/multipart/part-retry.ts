import pRetry from 'p-retry';
import { classifyByCode } from '../classify.js';

/** How often and how long a part is tried. */
export interface PartRetry {
  /** Tries after the first, for each part. @defaultValue 10 */
  readonly retries?: number | undefined;
  /** First pause in milliseconds; each next one is twice as long. @defaultValue 250 */
  readonly minTimeout?: number | undefined;
  /** Longest pause in milliseconds. @defaultValue 30 seconds */
  readonly maxTimeout?: number | undefined;
}

/** Retries transient failures. */
export function withPartRetry<Result>(
  attempt: () => Promise<Result>,
  partRetry: PartRetry,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const { retries = 10, minTimeout = 250, maxTimeout = 30_000 } = partRetry;
  return pRetry(attempt, {
    retries,
    minTimeout,
    maxTimeout,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => classifyByCode(error) === 'transient',
  });
}
