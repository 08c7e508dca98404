import type { Connection } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import { lostAtTable } from '../database/lost-at-table.js';
import { inBrackets, serverErrorNumber } from '../database/server-failures.js';
import type { StatementAnswer } from '../database/session.js';
import { rowsOf } from '../database/statements.js';
import { BackupError, isBackupError } from '../errors.js';
import { innodbStandsStill } from './rescue-mode.js';

/** Properties of the moment of the snapshot. */
export interface SnapshotMoment {
  readonly takenAt: Date;
  readonly position: Readonly<Record<string, string>> | undefined;
  /** Tables of transactional engines that had rows at that moment. */
  readonly withRows: ReadonlySet<string>;
}

/** Reading sessions roll back to it after each table: that releases the definition and keeps the snapshot. */
const savepoint = 'snapshot_start';

/** Releases the definitions of tables and keeps the snapshot. */
export const rollbackToSnapshot: string = `ROLLBACK TO SAVEPOINT ${savepoint}`;

/** Opens a snapshot and checks that the server did so (K1). */
export async function openInnodbSnapshot(connection: Connection): Promise<void> {
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  // 1193, unknown variable, may remain from configuring the session.
  const warnings = (await connection.query('SHOW WARNINGS')).filter((row) => row['Code'] !== '1193');
  if (warnings.length > 0 && !(await innodbStandsStill(connection))) {
    throw new BackupError(
      'database-query-failed',
      'The database server did not open a consistent snapshot.',
      { details: { serverCodes: warnings.map((row) => row['Code'] ?? '') } },
    );
  }
  await connection.query(`SAVEPOINT ${savepoint}`);
}

/**
 * The tables that have rows. Some servers show a table that was truncated later as an empty one, without an
 * error (K6). Each table is queried by a statement of its own, so that an error, or a crash of the server,
 * can be assigned to it (F10).
 *
 * @param connection - the one that holds their locks: any other could queue behind a session that waits for
 *   these locks
 */
export async function findTablesWithRows(
  connection: Connection,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const answers = await connection.queryEach(
    tables.map((table) => `SELECT EXISTS(SELECT 1 FROM ${quoteName(table)}) AS has_rows`),
    { signal },
  );
  return new Set(tables.filter((table, i) => hasRows(answers[i], table)));
}

function hasRows(answer: StatementAnswer | undefined, table: string): boolean {
  const error = answer?.error;
  if (error === undefined) return rowsOf(answer)[0]?.['has_rows'] === '1';
  // Damage is handled when the table's rows are read.
  if (isBackupError(error, 'table-damaged')) return false;
  if (isBackupError(error, 'database-connection-lost')) throw lostAtTable(error, table);
  if (!isBackupError(error) || serverErrorNumber(error) === undefined) throw error;
  if (isBackupError(error, 'lock-not-granted')) throw lockedByOthers(error, table);
  const { code, details } = error;
  throw new BackupError(code, `Table "${table}" cannot be read (${details['errno']}).`, {
    cause: error,
    details: { ...details, table },
  });
}

/** The error for a table whose lock was not granted in time (1205). */
export function lockedByOthers(error: BackupError, table: string): BackupError {
  return new BackupError(
    'lock-not-granted',
    `Table "${table}" could not be read in time: somebody has locked it, or is waiting to lock or alter it${inBrackets(error)}.`,
    { cause: error, details: { ...error.details, table } },
  );
}

/** Binary log file, position and GTID set; undefined without a binary log or the privilege to see it (K7). */
export async function readPosition(
  connection: Connection,
): Promise<Readonly<Record<string, string>> | undefined> {
  for (const sql of ['SHOW MASTER STATUS', 'SHOW BINARY LOG STATUS']) {
    try {
      const [row] = await connection.query(sql);
      if (row === undefined) return undefined;
      const position: Record<string, string> = {};
      if (row['File']) position['file'] = row['File'];
      if (row['Position']) position['position'] = row['Position'];
      if (row['Executed_Gtid_Set']) position['gtid'] = row['Executed_Gtid_Set'];
      return position;
    } catch (error) {
      if (serverErrorNumber(error) === undefined) throw error;
    }
  }
  return undefined;
}
