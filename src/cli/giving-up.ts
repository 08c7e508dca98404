import { BackupError } from '../errors.js';

/** How long a file or folder may stay silent, in milliseconds. */
const silence = 60_000;

let isLeft = false;

/**
 * Whether a call was left behind that never came back: the system would wait for it before a program ends.
 */
export function hasLeftCalls(): boolean {
  return isLeft;
}

/** How long nothing has moved. */
export interface Watch {
  /** Something moved, and the file is waited for from now on. */
  go(): void;
  /** Something else is waited for. */
  pause(): void;
}

/**
 * Work on a file that may be on a share whose server is gone. Such a call cannot be taken back; it is left
 * behind when nothing has moved for a minute.
 *
 * @param what - of whom people are told
 * @throws BackupError `storage-transient`
 */
export async function givingUp<Result>(
  what: string,
  work: (watch: Watch) => Promise<Result>,
  milliseconds: number = silence,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let leave = (_: Error): void => undefined;
  const left = new Promise<never>((_, reject) => {
    leave = reject;
  });
  const pause = (): void => clearTimeout(timer);
  const go = (): void => {
    pause();
    timer = setTimeout(() => {
      isLeft = true;
      leave(
        new BackupError('storage-transient', `The ${what} has not answered for a minute and was given up.`),
      );
    }, milliseconds);
  };
  go();
  const working = work({ go, pause });
  // Nobody may be there any more to hear it.
  working.catch(() => undefined);
  try {
    return await Promise.race([working, left]);
  } finally {
    pause();
  }
}

/** What comes from elsewhere: while it is waited for, the file is not. */
export async function* notWatched<Item>(items: AsyncIterable<Item>, watch: Watch): AsyncGenerator<Item> {
  watch.pause();
  for await (const item of items) {
    watch.go();
    yield item;
    watch.pause();
  }
  watch.go();
}
