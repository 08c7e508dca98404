import type { Connection } from '../../database/connection.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { isAtLeast } from '../../database/server-version.js';
import type { TableDescription } from '../../model/parts.js';
import type { Capabilities } from '../adapt/capabilities.js';
import { acceptDefinition } from '../ddl/accept-definition.js';
import {
  type KeyTime,
  planTable,
  type TableStatements,
  usualName,
  withoutPlaces,
  withUsualName,
} from '../ddl/table-statement.js';
import type { LoadMethod } from '../load/table-loader.js';
import { addItems } from './foreign-keys.js';
import { describeMissing, isRefusal, type MissingObject } from './missing.js';
import type { RestoreAllowance } from './options.js';
import type { RestoreSession } from './session.js';
import { aboutTable } from './table-failures.js';

/** A table with fewer rows is loaded in less time than one more statement takes. */
const fewRows = 2000;

/** A table that was created. */
export interface MadeTable {
  readonly statements: TableStatements;
  /** As it was created: without its paths, if they are taken. */
  readonly description: TableDescription;
}

/** A table that the server refuses to create, with its first error. */
export interface RefusedTable {
  readonly missing: MissingObject;
}

/**
 * Creates an empty table, ready to be loaded, without the paths in its definition unless they are allowed. If
 * the server refuses it, its keys and checks are added one by one after the rows, so that a refused key costs
 * no rows.
 *
 * @throws BackupError naming the table, when the error is not a refusal
 */
export async function makeTable(
  session: RestoreSession,
  table: TableDescription,
  source: string,
  target: string,
  keys: KeyTime,
  allow: readonly RestoreAllowance[] = [],
): Promise<MadeTable | RefusedTable> {
  const { connection } = session;
  const { statement, outside } = acceptDefinition('table', table.name, table.createStatement, {
    database: source,
  });
  const [engine] = outside;
  if (engine !== undefined && !allow.includes('outside-engines')) return reachesOutside(table, engine);
  const rebuilt = statement === table.createStatement ? table : { ...table, createStatement: statement };
  const elsewhere = withoutPlaces(rebuilt);
  const ways: (readonly [TableDescription, KeyTime])[] = [
    ...(allow.includes('directories') ? ([[rebuilt, keys]] as const) : []),
    [elsewhere, keys],
    ...(keys === 'whole' ? ([[elsewhere, 'at-once']] as const) : []),
    [elsewhere, 'one-by-one'],
    // Existing foreign keys may need a key of this table from the start.
    [elsewhere, 'at-once'],
    ...(usualName(table.name) === table.name ? [] : ([[withUsualName(elsewhere), keys]] as const)),
  ];
  let refused: RefusedTable | undefined;
  const refuse = async (error: unknown): Promise<RefusedTable> => {
    if (!isRefusal(error)) throw aboutTable(error, table.name, 'cannot be made in the target');
    return { missing: await describeMissing(connection, { kind: 'table', name: table.name }, error) };
  };
  for (const sequence of sequencesOf(table)) {
    // If the sequence cannot be created, neither can the table, whose own error is clearer.
    await connection.query(`CREATE SEQUENCE IF NOT EXISTS ${sequence}`).catch(refuse);
  }
  const tried = new Set<string>();
  for (const [description, time] of ways) {
    const statements = planTable(description, source, target, time);
    if (tried.has(statements.create)) continue;
    tried.add(statements.create);
    try {
      await createOnce(connection, statements.create);
      return { statements, description };
    } catch (error) {
      refused ??= await refuse(error);
    }
  }
  return refused!;
}

/** The refusal of a table that accesses another server, file or program without being allowed. */
function reachesOutside({ name }: TableDescription, engine: string): RefusedTable {
  const message = `It accesses data outside of its database (${engine}), and is created only if that is allowed: outside-engines.`;
  return { missing: { kind: 'table', name, errno: 0, message } };
}

/**
 * Tables that refer to each other can deadlock when they are created at the same time. The table that was
 * refused is then tried again.
 */
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

/** The sequences that a table's defaults use. In a stream they come after the tables (C5). */
function sequencesOf({ createStatement }: TableDescription): readonly string[] {
  const calls = createStatement.matchAll(
    /\bnext(?:val\(|\s+value\s+for\s+)(?:`(?:[^`]|``)*`\.)?(`(?:[^`]|``)*`)/gi,
  );
  return [...calls].map(([, name]) => name!);
}

/**
 * When a table's keys are best created, if all its rows are loaded at once. A server that loads many rows
 * into an empty MyISAM table with one LOAD DATA builds the keys afterwards itself; few rows are not worth a
 * separate statement.
 */
export function keyTimeOf(engine: string, rows: number, method: LoadMethod): KeyTime {
  if (rows < fewRows) return 'at-once';
  return method === 'load-data' && /^(?:myisam|aria)$/i.test(engine) ? 'at-once' : 'after-rows';
}

/**
 * Whether a table is better created with all its keys and never altered. MySQL writes a table's checks anew
 * whenever it alters the table, and, if tables share a file, records that as well. Only from MySQL 8 or newer
 * to the same: another server might refuse the table because of a foreign key.
 */
export function isBestWhole(
  { engine, createStatement }: TableDescription,
  source: Pick<Capabilities, 'vendor' | 'version'>,
  target: Capabilities,
): boolean {
  const isNewMysql = [source, target].every(
    ({ vendor, version }) => vendor === 'mysql' && isAtLeast(version, 8, 0),
  );
  if (!isNewMysql || !/^innodb$/i.test(engine)) return false;
  return target.tablesShareFile || /\bCHECK\b/i.test(createStatement);
}

/** Runs the statements before the rows. @throws BackupError naming the table */
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

/**
 * Adds the keys of a loaded table. @returns those that the server refuses @throws BackupError naming the
 * table
 */
export async function finishTable(
  session: RestoreSession,
  table: TableDescription,
  statements: TableStatements,
  signal: AbortSignal | undefined,
): Promise<readonly MissingObject[]> {
  try {
    if (statements.items.length > 0)
      return await addItems(session.connection, table.name, statements.items, signal);
    for (const sql of statements.after) await session.connection.query(sql, { signal });
    return [];
  } catch (error) {
    throw aboutTable(error, table.name, 'cannot be given its keys');
  }
}
