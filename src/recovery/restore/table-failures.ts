import { inBrackets } from '../../database/server-failures.js';
import { BackupError } from '../../errors.js';

/** @throws BackupError `archive-damaged` or `restore-failed` when a row is missing or too many */
export function checkRows(table: string, expected: number, found: number, taken: number): void {
  if (found !== expected) {
    throw new BackupError(
      'archive-damaged',
      `The archive should hold ${expected} rows of table "${table}" and holds ${found}.`,
      { details: { table, expected, found } },
    );
  }
  if (taken !== expected) {
    throw new BackupError(
      'restore-failed',
      `The target took ${taken} of ${expected} rows of table "${table}".`,
      { details: { table, expected, taken } },
    );
  }
}

/** The same failure with the name of the table it happened to. */
export function aboutTable(error: unknown, table: string, what: string): unknown {
  if (!(error instanceof BackupError) || error.details['table'] !== undefined) return error;
  const code = error.code === 'database-query-failed' ? 'restore-failed' : error.code;
  return new BackupError(code, `Table "${table}" ${what}${inBrackets(error)}.`, {
    cause: error,
    details: { ...error.details, table },
  });
}
