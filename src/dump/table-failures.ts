import { lostAtTable } from '../database/lost-at-table.js';
import { inBrackets, serverErrorNumber } from '../database/server-failures.js';
import { BackupError } from '../errors.js';
import { lockedByOthers } from './innodb-snapshot.js';

/** A table whose definition is another than it was. */
export function changed(table: string): BackupError {
  return new BackupError('schema-changed', `Table "${table}" was altered while it was being read.`, {
    details: { table },
  });
}

/** A table that must not be claimed complete. */
export function damaged(table: string, told: string): BackupError {
  return new BackupError('table-damaged', `Table "${table}" is damaged: ${told}.`, {
    details: { table, told },
  });
}

/** A table that may be whole and cannot be opened here. */
export function unreachable(table: string, why: string): BackupError {
  return new BackupError('database-query-failed', `Table "${table}" cannot be opened: ${why}.`, {
    details: { table, told: why },
  });
}

// The table definition has changed; unknown column; no such table.
const changedErrnos: ReadonlySet<number> = new Set([1412, 1054, 1146]);

/** The same failure with the name of the table it happened to. */
export function aboutTable(error: unknown, table: string): unknown {
  if (!(error instanceof BackupError) || error.details['table'] !== undefined) return error;
  if (error.code === 'database-connection-lost') return lostAtTable(error, table);
  const errno = serverErrorNumber(error);
  const details = { ...error.details, table };
  if (errno !== undefined && changedErrnos.has(errno)) {
    return new BackupError(
      'schema-changed',
      `Table "${table}" was altered while it was being read (${errno}).`,
      { cause: error, details },
    );
  }
  if (error.code === 'lock-not-granted') return lockedByOthers(error, table);
  return new BackupError(error.code, `Reading table "${table}" failed${inBrackets(error)}.`, {
    cause: error,
    details,
  });
}
