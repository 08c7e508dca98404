import type { Connection, TextRow } from '../../database/connection.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import type { ReplicaState } from '../../history/loss/facts.js';

/**
 * The statements of MariaDB, of MySQL since 8.0.22, and of older ones; they need `REPLICATION CLIENT` or its
 * like.
 */
const questions = ['SHOW ALL SLAVES STATUS', 'SHOW REPLICA STATUS', 'SHOW SLAVE STATUS'];

/** A replica that is further behind lacks a day of the office. */
const mostSecondsBehind = 12 * 3600;

/**
 * How the server replicates another one; undefined where it does not, or where it does not say.
 *
 * @throws BackupError `database-…` when the server is gone
 */
export async function readReplica(connection: Connection): Promise<ReplicaState | undefined> {
  for (const sql of questions) {
    const rows = await askFor(connection, sql);
    if (rows !== null) return replicaState(rows);
  }
  // MariaDB and MySQL 5.6 tell everybody that they replicate, but not whether they ever did if they do not
  // now.
  const [row] = (await askFor(connection, "SHOW GLOBAL STATUS LIKE 'Slave_running'")) ?? [];
  return row?.['Value'] === 'ON' ? 'follows' : undefined;
}

/** From one row for each source server; the worst of them counts. */
export function replicaState(rows: readonly TextRow[]): ReplicaState | undefined {
  const states = rows.map((row): ReplicaState => {
    const receiver = row['Replica_IO_Running'] ?? row['Slave_IO_Running'];
    const applier = row['Replica_SQL_Running'] ?? row['Slave_SQL_Running'];
    const behind = Number(row['Seconds_Behind_Source'] ?? row['Seconds_Behind_Master'] ?? 0);
    if (receiver === 'No' || applier === 'No' || behind > mostSecondsBehind) return 'stopped';
    return receiver === 'Yes' ? 'follows' : 'waits';
  });
  return (['stopped', 'waits', 'follows'] as const).find((state) => states.includes(state));
}

/** Null where the server does not know the statement, or does not allow it for this login. */
async function askFor(connection: Connection, sql: string): Promise<readonly TextRow[] | null> {
  try {
    return await connection.query(sql);
  } catch (error) {
    if (serverErrorNumber(error) === undefined) throw error;
    return null;
  }
}
