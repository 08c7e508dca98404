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

/** A table with fewer rows is filled in less time than one more statement takes. */
const fewRows = 2000;

/** A table that was made. */
export interface MadeTable {
  readonly statements: TableStatements;
  /** As it was made: without its places on the disk, where they are taken. */
  readonly description: TableDescription;
}

/** A table that the server refuses to make, with its first answer. */
export interface RefusedTable {
  readonly missing: MissingObject;
}

/**
 * Makes an empty table, ready to take rows, without the places on the disk that it names unless they are
 * allowed. Where the server refuses that, its keys and checks come one by one after the rows: a key that
 * cannot be made keeps no row away.
 *
 * @throws BackupError naming the table, when it is no refusal
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
    // Foreign keys that are there already may want a key of this one from the start.
    [elsewhere, 'at-once'],
    ...(usualName(table.name) === table.name ? [] : ([[withUsualName(elsewhere), keys]] as const)),
  ];
  let refused: RefusedTable | undefined;
  const refuse = async (error: unknown): Promise<RefusedTable> => {
    if (!isRefusal(error)) throw aboutTable(error, table.name, 'cannot be made in the target');
    return { missing: await describeMissing(connection, { kind: 'table', name: table.name }, error) };
  };
  for (const sequence of sequencesOf(table)) {
    // When it cannot be made, neither can the table, and its own failure says more.
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

/** A table that is a window into another server, file or program, for which whoever restores has to ask. */
function reachesOutside({ name }: TableDescription, engine: string): RefusedTable {
  const message = `It reaches beyond its database (${engine}), and is made only when that is allowed: outside-engines.`;
  return { missing: { kind: 'table', name, errno: 0, message } };
}

/**
 * Tables that refer to each other, made at the same time, can be in each other's way; a table that was not
 * made may be.
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

/** A default may call a sequence, which in a stream comes after the tables (C5). */
function sequencesOf({ createStatement }: TableDescription): readonly string[] {
  const calls = createStatement.matchAll(
    /\bnext(?:val\(|\s+value\s+for\s+)(?:`(?:[^`]|``)*`\.)?(`(?:[^`]|``)*`)/gi,
  );
  return [...calls].map(([, name]) => name!);
}

/**
 * When a table's keys are best made, if all its rows come in one go. A server that loads many rows into an
 * empty MyISAM table with one LOAD DATA builds the keys afterwards by itself; few rows are not worth a
 * statement of their own.
 */
export function keyTimeOf(engine: string, rows: number, method: LoadMethod): KeyTime {
  if (rows < fewRows) return 'at-once';
  return method === 'load-data' && /^(?:myisam|aria)$/i.test(engine) ? 'at-once' : 'after-rows';
}

/**
 * Whether a table had better come with all its keys, and be altered no more: MySQL writes down the checks of
 * a table anew whenever it is altered, and where tables share a file also that it does. Another version might
 * refuse a table for a foreign key that this one of the same kind is known to take.
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

/**
 * Gives a loaded table its keys. @returns those that the server refuses @throws BackupError naming the table
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
