import type { ServerKind } from '../support/servers.js';

/** What a server can do, as far as the choice of what to make depends on it. */
export interface Ground {
  readonly kind: Exclude<ServerKind, 'env'>;
  readonly mariadb: boolean;
  /** As in `/*!80013`: 10.11.2 is 101102. */
  readonly version: number;
}

/**
 * A statement, and how its session must stand. Text is sent as UTF-8, or a byte a character under another
 * `charset`.
 */
export interface Statement {
  readonly sql: string;
  /** Character set of the client; one of a byte a character. @defaultValue utf8mb4 */
  readonly charset?: string;
  readonly sqlMode?: string;
  /** Sent before, in the same session. */
  readonly before?: readonly string[];
}

export interface FuzzColumn {
  readonly name: string;
  /** All that stands behind the name. */
  readonly definition: string;
  /** Generated columns and the like take no value. */
  readonly takesValues: boolean;
}

/** A key, a check, a foreign key, a period: it goes when a column that it names goes. */
export interface FuzzConstraint {
  readonly sql: string;
  readonly columns: readonly string[];
  /** The table that a foreign key points to. */
  readonly refersTo?: string;
}

export interface FuzzTable {
  readonly name: string;
  readonly columns: readonly FuzzColumn[];
  readonly constraints: readonly FuzzConstraint[];
  readonly options: readonly string[];
  /** A literal for each column that takes values. */
  readonly rows: readonly (readonly string[])[];
  /** Statements that change rows afterwards, so that there is history or bulk. */
  readonly afterwards: readonly string[];
  readonly charset?: string;
  readonly sqlMode?: string;
  /** Session variables while it is made and filled. */
  readonly before: readonly string[];
}

/** Views, triggers, routines, events, sequences: made after all rows, in this order. */
export interface FuzzObject {
  readonly kind: string;
  readonly statements: readonly Statement[];
  /** Tables and objects without which it cannot be. */
  readonly needs: readonly string[];
  readonly name: string;
}

/** How a copy is made. */
export type Route = 'archive' | 'stream' | 'resumed' | 'killed' | 'some-tables' | 'sql' | 'reader';

/** Everything that a seed decides. */
export interface FuzzCase {
  readonly seed: number;
  readonly database: string;
  readonly copy: string;
  /** `CHARACTER SET …` and so on of the database. */
  readonly databaseOptions: string;
  readonly sequences: readonly FuzzObject[];
  readonly tables: readonly FuzzTable[];
  readonly objects: readonly FuzzObject[];
  readonly sourceSettings: readonly Setting[];
  readonly targetSettings: readonly Setting[];
  readonly route: Route;
  /** For `some-tables`: their names. For `resumed`: after how many calls of progress it is broken off. */
  readonly some: readonly string[];
  readonly breakAfter: number;
  readonly connections: number;
  readonly method: 'auto' | 'insert';
}

/** A global variable of a server. */
export interface Setting {
  readonly name: string;
  /** A literal. */
  readonly value: string;
}

export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A text as a literal that no mode and no character set changes. */
export function hexText(text: string): string {
  return text === '' ? "''" : `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`;
}

export function createTable(table: FuzzTable): string {
  const lines = [
    ...table.columns.map(({ name, definition }) => `${quoted(name)} ${definition}`),
    ...table.constraints.map(({ sql }) => sql),
  ];
  return `CREATE TABLE ${quoted(table.name)} (${lines.join(', ')}) ${table.options.join(' ')}`;
}

function insertRow(table: FuzzTable, row: readonly string[]): string {
  const columns = table.columns.filter(({ takesValues }) => takesValues).map(({ name }) => quoted(name));
  return `INSERT INTO ${quoted(table.name)} (${columns.join(', ')}) VALUES (${row.join(', ')})`;
}

/** The statements that make a database, from an empty server. */
export function statementsOf(made: FuzzCase): readonly Statement[] {
  const statements: Statement[] = [
    { sql: `CREATE DATABASE ${quoted(made.database)} ${made.databaseOptions}` },
    { sql: `USE ${quoted(made.database)}` },
    ...made.sequences.flatMap((sequence) => sequence.statements),
  ];
  for (const table of made.tables) {
    const base = { sqlMode: table.sqlMode ?? '' };
    const { charset } = table;
    const create = { ...base, sql: createTable(table), before: table.before };
    statements.push(charset === undefined ? create : { ...create, charset });
    const filling = { sqlMode: 'NO_AUTO_VALUE_ON_ZERO' };
    for (const row of table.rows) statements.push({ ...filling, sql: insertRow(table, row) });
    for (const sql of table.afterwards) statements.push({ ...filling, sql });
    statements.push({ sql: 'SET SESSION timestamp = DEFAULT' });
  }
  return [...statements, ...made.objects.flatMap((object) => object.statements)];
}

/** Stands between statements; no name, body or value holds it. */
export const delimiter = '~$fz$~';

/**
 * The script of a database for the stock client, in bytes: every statement in the character set of its
 * client.
 */
export function scriptOf(made: FuzzCase): Buffer {
  const pieces: Buffer[] = [Buffer.from(`delimiter ${delimiter}\n`)];
  const push = (sql: string, encoding: BufferEncoding = 'utf8'): void => {
    pieces.push(Buffer.from(sql, encoding), Buffer.from(`\n${delimiter}\n`));
  };
  push('SET SESSION foreign_key_checks = 0, unique_checks = 0, sql_mode = DEFAULT, autocommit = 1');
  let charset = '';
  let mode: string | undefined;
  for (const statement of statementsOf(made)) {
    const wantedCharset = statement.charset ?? 'utf8mb4';
    if (wantedCharset !== charset) push(`SET NAMES ${wantedCharset}`);
    charset = wantedCharset;
    const wantedMode = statement.sqlMode ?? '';
    if (wantedMode !== mode) push(`SET SESSION sql_mode = '${wantedMode}'`);
    mode = wantedMode;
    for (const before of statement.before ?? []) push(before);
    push(statement.sql, wantedCharset === 'utf8mb4' ? 'utf8' : 'latin1');
  }
  return Buffer.concat(pieces);
}
