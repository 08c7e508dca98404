import { BackupError } from '../../errors.js';

/** A signal that aborts when the night is over. */
export interface Deadline {
  readonly signal: AbortSignal;
  clear(): void;
}

/** A timer holds no more, in milliseconds; no night is that long. */
const longestTimer = 2 ** 31 - 1;

/** @param at - when the work must be over; never without */
export function startDeadline(at: Date | undefined, now: Date): Deadline {
  const controller = new AbortController();
  if (at === undefined) return { signal: controller.signal, clear: () => undefined };
  const close = (): void =>
    controller.abort(new BackupError('window-closed', 'The time for backups of this night is over.'));
  const left = at.getTime() - now.getTime();
  if (left <= 0) close();
  const timer = setTimeout(close, Math.min(Math.max(left, 0), longestTimer));
  timer.unref();
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
