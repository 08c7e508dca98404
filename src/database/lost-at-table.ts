import { BackupError, isBackupError } from '../errors.js';

/**
 * A lost connection with the name of the table that was being worked on: some servers go down over a page of
 * InnoDB that is none (F10), and the name is what leads to it. Other errors stay as they are.
 */
export function lostAtTable(error: unknown, table: string): unknown {
  if (!isBackupError(error, 'database-connection-lost') || error.details['table'] !== undefined) return error;
  return new BackupError(
    'database-connection-lost',
    `The server was at table "${table}" when the connection was lost. If it goes away there again, the table is damaged, and the server's error log says where: keep the older copies, and repair it with the help of support.`,
    { cause: error, details: { ...error.details, table } },
  );
}
