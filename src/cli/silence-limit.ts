import { BackupError } from '../errors.js';

/** How long a file or folder may stay silent, in milliseconds. */
const silence = 60_000;

let isAbandoned = false;

/** Whether a call was abandoned that never returned: it would keep the process from ending. */
export function hasAbandonedCalls(): boolean {
  return isAbandoned;
}

/** The timer of the file that is worked on. */
export interface Watch {
  /** Begins again to wait for the file. */
  go(): void;
  /** Something other than the file is waited for. */
  pause(): void;
}

/**
 * Works on a file that may be on a share whose server is gone. Such a call cannot be cancelled, so it is
 * abandoned when there was no progress for a minute, or when the signal says so.
 *
 * @param what - for the message, such as `file NAME`
 * @throws BackupError `storage-transient`; the reason of the signal
 */
export async function withSilenceLimit<Result>(
  what: string,
  work: (watch: Watch) => Promise<Result>,
  milliseconds: number = silence,
  signal?: AbortSignal,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let abandon = (_: unknown): void => undefined;
  const abandoned = new Promise<never>((_, reject) => {
    abandon = (reason) => {
      isAbandoned = true;
      reject(reason);
    };
  });
  const stop = (): void => abandon(signal?.reason);
  const pause = (): void => clearTimeout(timer);
  const go = (): void => {
    pause();
    timer = setTimeout(() => {
      abandon(
        new BackupError('storage-transient', `The ${what} has not answered for a minute and was abandoned.`),
      );
    }, milliseconds);
  };
  go();
  const working = work({ go, pause });
  // After that nobody handles its failure.
  working.catch(() => undefined);
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([working, abandoned]);
  } finally {
    pause();
    signal?.removeEventListener('abort', stop);
  }
}

/** Pauses the timer of the file while the next item is waited for. */
export async function* pausingFor<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  watch: Watch,
): AsyncGenerator<Item> {
  watch.pause();
  for await (const item of items) {
    watch.go();
    yield item;
    watch.pause();
  }
  watch.go();
}
