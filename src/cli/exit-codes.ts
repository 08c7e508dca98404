import { type BackupErrorCode, isBackupError } from '../errors.js';

/** What the process says to a script when it ends. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130;

/** The meaning of every {@link ExitCode}. Fixed: scripts rely on them. */
export const exitCodes: {
  readonly done: 0;
  readonly failed: 1;
  readonly usage: 2;
  readonly wrongKey: 3;
  readonly damaged: 4;
  readonly notEligible: 5;
  readonly targetRefused: 6;
  /** Restored except for what the server refused, which is listed: tables with their rows, views, keys. */
  readonly objectsMissing: 7;
  readonly interrupted: 130;
} = {
  done: 0,
  failed: 1,
  usage: 2,
  wrongKey: 3,
  damaged: 4,
  notEligible: 5,
  targetRefused: 6,
  objectsMissing: 7,
  interrupted: 130,
};

const codeOf: Partial<Record<BackupErrorCode, ExitCode>> = {
  'archive-damaged': exitCodes.damaged,
  'archive-limit-exceeded': exitCodes.damaged,
  'archive-unsupported': exitCodes.damaged,
  'no-usable-admin': exitCodes.notEligible,
  'not-eligible': exitCodes.notEligible,
  'settings-invalid': exitCodes.usage,
  'target-refused': exitCodes.targetRefused,
  'verification-failed': exitCodes.damaged,
  'wrong-key': exitCodes.wrongKey,
};

/** The command was not understood; nothing was done. */
export class UsageError extends Error {
  override readonly name: 'UsageError' = 'UsageError';
}

/** The person or the system asked the process to stop. */
export class Interrupted extends Error {
  override readonly name: 'Interrupted' = 'Interrupted';
}

/** The exit code for something thrown. */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof UsageError) return exitCodes.usage;
  if (thrown instanceof Interrupted) return exitCodes.interrupted;
  if (isBackupError(thrown)) return codeOf[thrown.code] ?? exitCodes.failed;
  return exitCodes.failed;
}
