import type { Connection } from '../database/connection.js';
import { rowsOf } from '../database/statements.js';
import { BackupError } from '../errors.js';

// As many bytes as the socket's window takes at a time.
const longestWrite: number = 128 * 1024;

/**
 * Prepares a session for reading rows: they come as the bytes of the column's own character set (S1, S2), in
 * the largest pieces that the server makes, and a table that somebody else has locked is waited for only so
 * long.
 */
export async function configureReader(reader: Connection, lockSeconds: number): Promise<void> {
  const answers = await reader.queryEach([
    `SET SESSION character_set_results = NULL, SESSION lock_wait_timeout = ${wholeSeconds(lockSeconds)}`,
    'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
    'SELECT @@max_allowed_packet AS packet',
  ]);
  const limits = answers.map(rowsOf).at(-1)?.[0];
  if (Number(limits?.['packet']) > 2 * longestWrite) await widenWrites(reader);
}

/**
 * A server writes as much at a time as the longest statement of the session took, at first 16 KB: ten times
 * as many calls of the system on either side as are needed. Whoever refuses such a statement goes on as
 * before.
 */
async function widenWrites(reader: Connection): Promise<void> {
  await reader.queryEach([`DO 0 /*${' '.repeat(longestWrite)}*/`]);
}

/**
 * Prepares a session for taking read locks.
 *
 * With autocommit InnoDB would grant a lock while a change is still uncommitted, and so it does where
 * `innodb_table_locks` is off: the change could come in between.
 *
 * @returns the session
 * @throws BackupError `database-query-failed` when the settings do not hold
 */
export async function configureLocker(
  locker: Connection,
  { transactional }: { readonly transactional: boolean },
  { grantSeconds }: { readonly grantSeconds: number },
): Promise<Connection> {
  const limit = wholeSeconds(grantSeconds);
  await locker.query(`SET SESSION lock_wait_timeout = ${limit}`);
  // A server without InnoDB does not know this one.
  await locker.queryEach([`SET SESSION innodb_lock_wait_timeout = ${limit}`]);
  if (!transactional) return locker;
  const answers = await locker.queryEach([
    'SET SESSION autocommit = 0, SESSION innodb_table_locks = 1',
    'SELECT @@session.autocommit AS autocommit, @@session.innodb_table_locks AS locks',
  ]);
  const [row] = answers.map(rowsOf).at(-1)!;
  if (row?.['autocommit'] !== '0' || row['locks'] !== '1') {
    throw new BackupError(
      'database-query-failed',
      'The database server, or a proxy before it, does not let read locks wait for changes that are not committed yet.',
      { details: { autocommit: row?.['autocommit'] ?? undefined, tableLocks: row?.['locks'] ?? undefined } },
    );
  }
  return locker;
}

/** Servers take whole seconds, and one at least. */
export function wholeSeconds(seconds: number): number {
  return Math.max(1, Math.ceil(seconds));
}
