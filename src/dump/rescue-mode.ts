import type { Connection } from '../database/connection.js';

/**
 * Whether InnoDB is read-only (`innodb_read_only`, a high `innodb_force_recovery`). Data that cannot change
 * needs no snapshot, and some servers refuse to open one in that state.
 */
export async function innodbStandsStill(connection: Connection): Promise<boolean> {
  const rows = await connection.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('innodb_read_only', 'innodb_force_recovery')",
  );
  const values = new Map(rows.map((row) => [row['Variable_name'], row['Value'] ?? '']));
  return (
    /^(?:on|1)$/i.test(values.get('innodb_read_only') ?? '') ||
    Number(values.get('innodb_force_recovery') ?? 0) >= 5
  );
}
