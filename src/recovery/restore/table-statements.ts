import type { TableDescription } from '../../archive/model.js';
import type { Connection } from '../../database/connection.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { type KeyTime, planTable, type TableStatements } from '../ddl/table-statement.js';
import type { LoadMethod } from '../load/table-loader.js';
import type { RestoreSession } from './session.js';
import { aboutTable } from './table-failures.js';

/** Up to here a table is filled in less time than a further statement takes. */
const FEW_ROWS = 2000;

/** Makes an empty table, ready to take rows. @throws BackupError naming the table */
export async function makeTable(
  session: RestoreSession,
  table: TableDescription,
  source: string,
  target: string,
  keys: KeyTime,
): Promise<TableStatements> {
  const { connection } = session;
  const statements = planTable(table, source, target, keys);
  try {
    for (const sequence of sequencesOf(table))
      await connection.query(`CREATE SEQUENCE IF NOT EXISTS ${sequence}`);
    await createOnce(connection, statements.create);
  } catch (error) {
    throw aboutTable(error, table.name, 'cannot be made in the target');
  }
  return statements;
}

/** Tables that refer to each other, made at the same time, can be in each other's way; a table that was not made may be. */
async function createOnce(connection: Connection, create: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.query(create);
      return;
    } catch (error) {
      if (serverErrorNumber(error) !== deadlock || attempt === 5) throw error;
    }
  }
}

const deadlock = 1213;

/** A default may call a sequence, which in a stream comes after the tables (C5). */
function sequencesOf({ createStatement }: TableDescription): readonly string[] {
  const calls = createStatement.matchAll(
    /\bnext(?:val\(|\s+value\s+for\s+)(?:`(?:[^`]|``)*`\.)?(`(?:[^`]|``)*`)/gi,
  );
  return [...calls].map(([, name]) => name!);
}

/**
 * When a table's keys are best made, if all its rows come in one go. A server that loads many rows into an empty MyISAM
 * table with one LOAD DATA builds the keys afterwards by itself; few rows are not worth a statement of their own.
 */
export function keyTimeOf(engine: string, rows: number, method: LoadMethod): KeyTime {
  if (rows < FEW_ROWS) return 'at-once';
  return method === 'load-data' && /^(?:myisam|aria)$/i.test(engine) ? 'at-once' : 'after-rows';
}

/** Says that rows are about to come. @throws BackupError naming the table */
export async function prepareTable(
  session: RestoreSession,
  table: TableDescription,
  statements: TableStatements,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (const sql of statements.before) await session.connection.query(sql, { signal });
  } catch (error) {
    throw aboutTable(error, table.name, 'cannot be loaded');
  }
}

/** Gives a loaded table its keys. @throws BackupError naming the table */
export async function finishTable(
  session: RestoreSession,
  table: TableDescription,
  statements: TableStatements,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    for (const sql of statements.after) {
      await session.connection.query(sql, { signal });
    }
  } catch (error) {
    throw aboutTable(error, table.name, 'cannot be given its keys');
  }
}
