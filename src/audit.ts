import { type BackupErrorCode, isBackupError } from './errors.js';

/** What was done with an archive. */
export type AuditAction = 'extract' | 'open' | 'rehearse' | 'restore' | 'salvage';

/** One line of an {@link AuditLog}. It never holds a password, a key or a value of a row. */
export interface AuditEntry {
  /** What was done with the archive. */
  readonly action: AuditAction;
  /** Null if unknown, as for parts that came as a stream. */
  readonly archiveId: string | null;
  /** The destination: a database on a server, a folder. */
  readonly target?: string | undefined;
  /** Names of the requested tables; absent for all of them. */
  readonly tables?: readonly string[] | undefined;
  /** `begun` without an entry after it: the process ended in between. */
  readonly outcome: 'begun' | 'done' | 'failed' | 'stopped';
  /** Code of a failure. */
  readonly code?: BackupErrorCode | 'unexpected' | undefined;
}

/** Records who opened an archive, and what for. The log itself adds the user, the time and the process. */
export interface AuditLog {
  /** Records an entry. A failure is reported in the log's own way and does not stop a recovery. */
  write(entry: AuditEntry): Promise<void>;
}

/** Records an entry if there is a log; never rejects. */
export async function note(audit: AuditLog | undefined, entry: AuditEntry): Promise<void> {
  try {
    await audit?.write(entry);
  } catch {
    // A log that fails must not stop a restore.
  }
}

/** Records the beginning of an action, runs it, and records its result. */
export async function audited<Result>(
  { audit, signal }: { readonly audit?: AuditLog | undefined; readonly signal?: AbortSignal | undefined },
  deed: Omit<AuditEntry, 'code' | 'outcome'>,
  work: () => Promise<Result>,
): Promise<Result> {
  if (audit === undefined) return work();
  await note(audit, { ...deed, outcome: 'begun' });
  try {
    const result = await work();
    await note(audit, { ...deed, outcome: 'done' });
    return result;
  } catch (error) {
    await note(audit, signal?.aborted === true ? { ...deed, outcome: 'stopped' } : failed(deed, error));
    throw error;
  }
}

/** The entry of a failure. */
export function failed(deed: Omit<AuditEntry, 'code' | 'outcome'>, error: unknown): AuditEntry {
  return { ...deed, outcome: 'failed', code: isBackupError(error) ? error.code : 'unexpected' };
}
