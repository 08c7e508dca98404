import { openConnection } from '../../database/connection.js';
import { quoteName } from '../../database/identifiers.js';
import { configureReader } from '../../dump/reader-session.js';
import { readRows } from '../../dump/row-reader.js';
import { isBackupError } from '../../errors.js';
import type { TableDescription } from '../../model/parts.js';
import type { RestoreSession } from '../restore/session.js';
import { dataTypeOf, type LoadedColumn, loadedColumns } from './cells.js';
import type { RowsDigest } from './rows-digest.js';
import { digestFor } from './table-digest.js';

// Seconds to wait for a table that another session alters.
const grantSeconds = 60;

/**
 * Reads a table of the target back, and returns whether it holds the rows it should. Uses a session of its
 * own, which receives the bytes of every value.
 *
 * @throws BackupError `database-…`
 */
export async function holdsRows(
  { connection }: RestoreSession,
  table: TableDescription,
  expected: RowsDigest,
  signal: AbortSignal,
): Promise<boolean> {
  const columns = loadedColumns(table.columns);
  const forms = columns.map(({ form }) => form);
  const reader = await openConnection(connection.address, { signal });
  try {
    await configureReader(reader, grantSeconds);
    const found = digestFor(table);
    const rows = readRows(reader, { sql: selectionOf(table, columns), forms: [...forms, 'u64'] }, { signal });
    for await (const { rows: count, columns: values } of rows) {
      found.add({ rows: count, columns: values.slice(0, -1) });
    }
    return found.equals(expected);
  } catch (error) {
    // The column has another type here, and so other values.
    if (isBackupError(error, 'dump-incomplete')) return false;
    throw error;
  } finally {
    await reader.close();
  }
}

function selectionOf(table: TableDescription, columns: readonly LoadedColumn[]): string {
  // The number is the value of an ENUM (V13). A table may keep no values at all.
  const list = columns.map((column) => {
    const name = quoteName(column.name);
    return /^(?:enum|set)$/.test(dataTypeOf(column)) ? `CAST(${name} AS UNSIGNED) | 0` : name;
  });
  const versions = table.versioned === 'history' ? ' FOR SYSTEM_TIME ALL' : '';
  return `SELECT ${[...list, 'CAST(1 AS UNSIGNED) | 0'].join(', ')} FROM ${quoteName(table.name)}${versions}`;
}
