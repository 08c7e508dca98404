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

/** What error numbers of the server mean here. */
const reasons: Readonly<Record<number, string>> = {
  1021: 'the disk of the server is full',
  1114: 'it is full, because of a limit of the server or a full disk',
  1118: 'a row is too large for the log or the pages of the server',
  1153: "a row is larger than the server's max_allowed_packet",
  1205: 'another session held a lock on it, and the server waited in vain',
  1206: 'the server has no memory for so many locks',
  1213: 'it and another session of the server waited for each other',
};

/** Adds the table's name to an error. */
export function aboutTable(error: unknown, table: string, what: string): unknown {
  if (!(error instanceof BackupError) || error.details['table'] !== undefined) return error;
  // The advice for `lock-not-granted` is for backups, so a restore reports `restore-failed` instead.
  const ours = error.code === 'database-query-failed' || error.code === 'lock-not-granted';
  const reason = reasons[serverErrorNumber(error) ?? 0];
  const told = `Table "${table}" ${what}${reason === undefined ? '' : `: ${reason}`}${inBrackets(error)}.`;
  return new BackupError(ours ? 'restore-failed' : error.code, told, {
    cause: error,
    details: { ...error.details, table },
  });
}
