import { inBrackets, serverErrorNumber } from '../../database/server-failures.js';
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

/** What a number of the server means here. */
const reasons: Readonly<Record<number, string>> = {
  1021: 'the disk of the server is full',
  1114: 'it is full, by a limit of the server or for want of disk',
  1118: 'a row is larger than the server takes with its log or its pages',
  1153: "a row is larger than the server's max_allowed_packet",
  1205: 'another session held a lock on it, and the server waited in vain',
  1206: 'the server has no room for as many locks',
  1213: 'it and another session of the server waited for each other',
};

/** The same failure with the name of the table it happened to. */
export function aboutTable(error: unknown, table: string, what: string): unknown {
  if (!(error instanceof BackupError) || error.details['table'] !== undefined) return error;
  // The advice for `lock-not-granted` is that of a backup, so a restore tells it as its own failure.
  const ours = error.code === 'database-query-failed' || error.code === 'lock-not-granted';
  const reason = reasons[serverErrorNumber(error) ?? 0];
  const told = `Table "${table}" ${what}${reason === undefined ? '' : `: ${reason}`}${inBrackets(error)}.`;
  return new BackupError(ours ? 'restore-failed' : error.code, told, {
    cause: error,
    details: { ...error.details, table },
  });
}
