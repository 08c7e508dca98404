import { BackupError } from '../../errors.js';

/** The clock of the service, which tests replace. */
export interface Clock {
  /** The present moment. */
  now(): Date;
  /** Resolves after so many milliseconds, or at once when the signal is aborted; never rejects. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /**
   * A signal that aborts when a moment has come. It counts the moment, not milliseconds, which a suspended
   * computer does not count.
   *
   * @defaultValue looks at `now` every second
   */
  deadline?(at: Date): Deadline;
}

/** A moment to wait for. */
export interface Deadline {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  /** Stops waiting for it. */
  clear(): void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      signal.addEventListener('abort', wake, { once: true });
    }),
};

/**
 * The deadline of a clock, or a default one: whichever comes first, its moment or so much time of the
 * machine.
 */
export function deadlineOn(clock: Clock, at: Date): Deadline {
  if (clock.deadline !== undefined) return clock.deadline(at);
  const controller = new AbortController();
  const left = at.getTime() - clock.now().getTime();
  const started = performance.now();
  const look = (): void => {
    if (clock.now() < at && performance.now() - started < left) return;
    clear();
    controller.abort(new BackupError('window-closed', 'The time for backups of this night is over.'));
  };
  const clear = (): void => {
    clearInterval(every);
    clearTimeout(once);
  };
  const every = setInterval(look, 1000);
  // A second is too coarse where little time is left.
  const once = setTimeout(look, Math.min(Math.max(left, 0), 2 ** 31 - 1));
  every.unref();
  once.unref();
  if (left <= 0) look();
  return { signal: controller.signal, clear };
}
