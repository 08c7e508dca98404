import { createHash } from 'node:crypto';
import type { DatabaseAddress } from '../../src/database/address.js';
import { type Connection, openConnection, type TextRow } from '../../src/database/connection.js';
import { quoted } from './model.js';

/** An object's definition by its kind and name, as the vendor's dump writes it. */
export type Blocks = ReadonlyMap<string, string>;

const identifier = '`(?:[^`]|``)+`';
const created = new RegExp(
  `(TABLE|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|SEQUENCE|PACKAGE BODY|PACKAGE)(?:\\s+IF NOT EXISTS)?\\s+(?:\\*/\\s*)?("(?:[^"]|"")+"|${identifier})`,
);
const namesAndTexts = new RegExp(`${identifier}|'(?:[^'\\\\]|\\\\.|'')*'`, 'gs');
const sessionLine =
  /SET\s+(?:SESSION\s+)?(?:character_set_client|character_set_results|collation_connection|sql_mode|time_zone)\s*=/i;

/**
 * Cuts a dump of definitions into objects, without what differs between two databases that are alike.
 *
 * @param names - of the databases
 * @param folded - whether the case of names is passed over, as one of two servers does not keep it
 */
export function blocksOf(dump: Buffer, names: readonly string[], folded: boolean): Blocks {
  // A byte a character: what is no UTF-8 stays what it is.
  let text = dump.toString('latin1');
  // A trigger keeps the spelling of the session that made it.
  text = text.replace(/DEFINER=("?)(\w+|%)\1@("?)(\w+|%)\3/g, 'DEFINER=`$2`@`$4`');
  const owns = names.map((name) => Buffer.from(quoted(name)).toString('latin1'));
  // Statement by statement, and past what stands in marks: one mark too many in a body is no other's.
  const plain = (whole: string): string => {
    const told = folded
      ? whole.replace(namesAndTexts, (one) => (one.startsWith('`') ? lowered(one) : one))
      : whole;
    return owns.reduce((left, own) => left.replaceAll(folded ? lowered(own) : own, '`<database>`'), told);
  };
  const blocks = new Map<string, string>();
  let ending = ';';
  let statement = '';
  let session: string[] = [];
  for (const line of text.split('\n')) {
    const changed = /^DELIMITER (\S+)$/.exec(line);
    if (changed !== null) {
      ending = changed[1]!;
      continue;
    }
    // What a dump tells of things that it cannot show.
    if (statement === '' && /^-- /.test(line)) continue;
    statement += statement === '' ? line : `\n${line}`;
    if (!line.trimEnd().endsWith(ending)) continue;
    const whole = plain(statement.trim());
    statement = '';
    if (sessionLine.test(whole) && !/CREATE/.test(whole)) {
      // The zone of the whole dump is no object's own.
      if (!/@saved|@OLD|^\/\*!40103 /.test(whole)) session.push(whole);
      continue;
    }
    if (
      /^\/\*!\d+ (SET|DROP)/.test(whole) ||
      /^(SET|DROP|USE|LOCK|UNLOCK)/.test(whole) ||
      !/CREATE/.test(whole)
    ) {
      if (/^(DO|SELECT) SETVAL/i.test(whole)) blocks.set(`SETVAL ${whole.split(',')[0]}`, whole);
      continue;
    }
    const made = created.exec(whole);
    // The library's list of what a server refused is no part of a copy.
    if (made?.[2] === '`supplemental_backup_missing`') {
      session = [];
      continue;
    }
    const key = made === null ? `? ${whole.slice(0, 60)}` : `${made[1]} ${made[2]}`;
    blocks.set(key, `${blocks.get(key) ?? ''}${[...session, whole].join('\n')}\n`);
    session = [];
  }
  return blocks;
}

const lowered = (name: string): string =>
  Buffer.from(Buffer.from(name, 'latin1').toString().toLowerCase()).toString('latin1');

interface Column {
  readonly name: string;
  readonly type: string;
  readonly columnType: string;
  readonly generated: boolean;
  readonly hasDefault: boolean;
}

/**
 * What every column of a table holds: a digest of its rows, each with its partners, and some of it to show.
 */
export interface TableValues {
  readonly rows: number;
  /** Digest of all columns together, in a fixed order. */
  readonly whole: string;
  readonly columns: ReadonlyMap<string, { readonly digest: string; readonly shown: readonly string[] }>;
}

export type Values = ReadonlyMap<string, TableValues | string>;

function expression(column: Column): string {
  const it = quoted(column.name);
  switch (column.type) {
    case 'float':
    case 'double':
      return `CONCAT(${it} * 1e0)`;
    case 'bit':
      return `CONCAT(${it} + 0)`;
    case 'enum':
    case 'set':
      return `CONCAT(${it} + 0, ':', HEX(${it}))`;
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'decimal':
    case 'date':
    case 'datetime':
    case 'timestamp':
    case 'time':
    case 'year':
    case 'inet4':
    case 'inet6':
    case 'uuid':
    case 'json':
      return `HEX(CONCAT(${it}))`;
    default:
      return `HEX(${it})`;
  }
}

const sha = (lines: readonly string[]): string =>
  createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);

/** Reads all rows by questions of its own: bytes as hexadecimals, floats as doubles, moments in UTC. */
export async function valuesOf(address: DatabaseAddress): Promise<Values> {
  const { database, ...server } = address;
  const connection = await openConnection(server);
  try {
    const question = (of: string): string =>
      `SELECT HEX(c.TABLE_NAME) AS t, HEX(COLUMN_NAME) AS n, DATA_TYPE AS d, COLUMN_TYPE AS y, EXTRA AS e, COLUMN_DEFAULT IS NOT NULL AS f FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON BINARY t.TABLE_SCHEMA = c.TABLE_SCHEMA AND BINARY t.TABLE_NAME = c.TABLE_NAME WHERE c.TABLE_SCHEMA = CONVERT(x'${Buffer.from(database!).toString('hex')}' USING utf8) AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')${of} ORDER BY 1, c.ORDINAL_POSITION`;
    // MariaDB tells of no table when it cannot read one view.
    const [together] = await connection.queryEach([question('')]);
    const found = together?.rows ?? (await columnsOfEach(connection, database!, question));
    const tables = new Map<string, Column[]>();
    const text = (hex: string | null | undefined): string => Buffer.from(hex ?? '', 'hex').toString();
    for (const row of found) {
      const columns = tables.get(text(row['t'])) ?? [];
      tables.set(text(row['t']), columns);
      const generated = /GENERATED|VIRTUAL|STORED|PERSISTENT/.test(
        (row['e'] ?? '').replace('DEFAULT_GENERATED', ''),
      );
      const hasDefault = row['f'] === '1' && !(row['e'] ?? '').includes('DEFAULT_GENERATED');
      columns.push({
        name: text(row['n']),
        type: row['d'] ?? '',
        columnType: row['y'] ?? '',
        generated,
        hasDefault,
      });
    }
    const values = new Map<string, TableValues | string>();
    const names = [...tables.keys()];
    const questions = names.map((name) => {
      const columns = tables.get(name)!;
      const list = columns.map((column, index) => `${expression(column)} AS c${index}`);
      return `SELECT ${list.join(', ')} FROM ${quoted(database!)}.${quoted(name)}`;
    });
    const answers = await connection.queryEach(questions);
    for (const [index, name] of names.entries()) {
      const answer = answers[index]!;
      const rows = answer.rows;
      values.set(
        name,
        rows === undefined ? `cannot be read: ${String(answer.error)}` : digest(tables.get(name)!, rows),
      );
    }
    return values;
  } finally {
    await connection.close();
  }
}

async function columnsOfEach(
  connection: Connection,
  database: string,
  question: (of: string) => string,
): Promise<readonly TextRow[]> {
  const tables = await connection.query(`SHOW FULL TABLES FROM ${quoted(database)}`);
  const names = tables.map((row) => Object.values(row)).filter(([, kind]) => kind !== 'VIEW');
  const each = await connection.queryEach(
    names.map(([name]) =>
      question(` AND c.TABLE_NAME = CONVERT(x'${Buffer.from(name!).toString('hex')}' USING utf8)`),
    ),
  );
  return each.flatMap(({ rows = [] }) => rows);
}

function digest(columns: readonly Column[], rows: readonly TextRow[]): TableValues {
  const cell = (row: TextRow, index: number): string => row[`c${index}`] ?? 'NULL';
  const lines = rows.map((row) => columns.map((_, index) => cell(row, index)).join(',')).sort();
  const each = columns.map(({ name }, index) => {
    const cells = rows.map((row) => cell(row, index)).sort();
    return [
      name,
      { digest: sha(cells), shown: [...new Set(cells)].map((one) => one.slice(0, 60)).slice(0, 12) },
    ] as const;
  });
  return { rows: rows.length, whole: sha(lines), columns: new Map(each) };
}
