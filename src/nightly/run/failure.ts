import { type BackupErrorCode, isBackupError } from '../../errors.js';

/** The code of an error. */
export function codeOf(error: unknown): BackupErrorCode | 'unexpected' {
  return isBackupError(error) ? error.code : 'unexpected';
}

/** A sentence that may be shown and logged. The text of a foreign error could hold anything. */
export function sentenceOf(error: unknown): string {
  if (isBackupError(error)) return error.message;
  return `An unexpected fault (${error instanceof Error ? error.name : typeof error}) ended the work.`;
}

/** Only what happened, for alerts and lines of a log, which have little room. */
export function happenedOf(error: unknown): string {
  return isBackupError(error) ? error.happened : sentenceOf(error);
}

/** Where an unexpected error came from, for the log: the first lines of its stack, without its text. */
export function originOf(error: unknown): string | undefined {
  if (isBackupError(error) || !(error instanceof Error)) return undefined;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return frames
    .slice(0, 3)
    .map((line) => line.trim())
    .join(' < ');
}

const ownTroubles = ['source-changed', 'storage-permanent', 'verification-failed'] as const;

/** Whether an error is about one archive only and says nothing about the next. */
export function hasTroubleOfItsOwn(error: unknown): boolean {
  return ownTroubles.some((code) => isBackupError(error, code));
}
