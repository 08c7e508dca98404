import { BackupError, isBackupError } from '../errors.js';

/**
 * Adds the table's name to a lost connection: some servers crash on an invalid page of InnoDB (F10), and the
 * name leads to it. Other errors are returned unchanged.
 */
export function lostAtTable(error: unknown, table: string): unknown {
  if (!isBackupError(error, 'database-connection-lost') || error.details['table'] !== undefined) return error;
  return new BackupError(
    'database-connection-lost',
    `The connection was lost while the server was reading table "${table}". If that happens again at this table, the table is damaged, and the server's error log says where. Keep the older copies, and have support repair it.`,
    { cause: error, details: { ...error.details, table } },
  );
}
