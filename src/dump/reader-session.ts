import type { Connection } from '../database/connection.js';
import { rowsOf } from '../database/statements.js';

// As many bytes as the socket's window takes at a time.
const longestWrite: number = 128 * 1024;

/**
 * Prepares a session for reading rows: they come as the bytes of the column's own character set (S1, S2), in the largest pieces
 * that the server makes, and a table that is being altered is waited for only so long.
 */
export async function settleReader(reader: Connection, grantSeconds: number): Promise<void> {
  const answers = await reader.queryEach([
    `SET SESSION character_set_results = NULL, SESSION lock_wait_timeout = ${grantSeconds}`,
    'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
    'SELECT @@max_allowed_packet AS packet',
  ]);
  const limits = answers.map(rowsOf).at(-1)?.[0];
  if (Number(limits?.['packet']) > 2 * longestWrite) await widenWrites(reader);
}

/**
 * A server writes as much at a time as the longest statement of the session took, at first 16 KB: ten times as many calls
 * of the system on either side as are needed. Whoever refuses such a statement goes on as before.
 */
async function widenWrites(reader: Connection): Promise<void> {
  await reader.queryEach([`DO 0 /*${' '.repeat(longestWrite)}*/`]);
}
