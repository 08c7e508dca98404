import type { Connection } from '../database/connection.js';
import { rowsOf } from '../database/statements.js';
import { BackupError } from '../errors.js';

// The size of the socket's read buffer.
const longestWrite: number = 128 * 1024;

/**
 * Prepares a session for reading rows. Values come as bytes in the column's own character set (S1, S2), and
 * in the largest writes that the server makes. Waiting for a table that another session has locked is
 * limited.
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
 * The server's write buffer grows with the longest statement of the session. At its initial 16 KB, ten times
 * as many system calls are needed on both sides. A server that refuses this statement keeps its buffer.
 */
async function widenWrites(reader: Connection): Promise<void> {
  await reader.queryEach([`DO 0 /*${' '.repeat(longestWrite)}*/`]);
}

/**
 * Prepares a session for taking read locks.
 *
 * With autocommit, or with `innodb_table_locks` off, the server would grant a lock while a change is
 * uncommitted, and the change could be committed between two snapshots.
 *
 * @returns the session
 * @throws BackupError `database-query-failed` when the settings are not kept
 */
export async function configureLocker(
  locker: Connection,
  { transactional }: { readonly transactional: boolean },
  { grantSeconds }: { readonly grantSeconds: number },
): Promise<Connection> {
  const limit = wholeSeconds(grantSeconds);
  await locker.query(`SET SESSION lock_wait_timeout = ${limit}`);
  // A server without InnoDB does not have this variable.
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

/** Servers accept whole seconds, and at least one. */
export function wholeSeconds(seconds: number): number {
  return Math.max(1, Math.ceil(seconds));
}
