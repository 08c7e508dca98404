import { lostAtTable } from '../database/lost-at-table.js';
import { inBrackets, serverErrorNumber } from '../database/server-failures.js';
import { BackupError } from '../errors.js';
import { lockedByOthers } from './innodb-snapshot.js';

/** The error of a table whose definition has changed. */
export function changed(table: string): BackupError {
  return new BackupError('schema-changed', `Table "${table}" was altered while it was being read.`, {
    details: { table },
  });
}

/** The error of a table that cannot be read completely. */
export function damaged(table: string, told: string): BackupError {
  return new BackupError('table-damaged', `Table "${table}" is damaged: ${told}.`, {
    details: { table, told },
  });
}

/** The error of a table that may be intact and cannot be opened here. */
export function unreachable(table: string, why: string): BackupError {
  return new BackupError('database-query-failed', `Table "${table}" cannot be opened: ${why}.`, {
    details: { table, told: why },
  });
}

// The table definition has changed; unknown column; no such table.
const changedErrnos: ReadonlySet<number> = new Set([1412, 1054, 1146]);

/** Adds the table's name to an error. */
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
