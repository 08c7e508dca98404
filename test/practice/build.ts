import type { DatabaseAddress } from '../../src/database/address.js';
import { type Connection, openConnection } from '../../src/database/connection.js';
import { quoteName } from '../../src/database/identifiers.js';
import { clinicalPlans } from './clinical.js';
import { type Expression, type Row, randomColumns, rowOf } from './expressions.js';
import { imagePlans } from './images.js';
import { logPlans } from './logs.js';
import { moneyPlans } from './money.js';
import { type FixedRows, insertRows, officeRows } from './office.js';
import { otherPlan } from './other-tables.js';
import { peoplePlans } from './people.js';
import { practicePreferences } from './preferences.js';
import {
  createTable,
  keyDefinitions,
  type PracticeColumn,
  type PracticeTable,
  practiceTables,
} from './schema.js';
import { type Shape, shapeOf, type TablePlan } from './shape.js';

export interface PracticeOptions {
  /** About how many bytes the rows have as SQL text; at least 3,000,000 or so come out in any case. */
  readonly size: number;
  /** Other numbers, other practice. @defaultValue 1 */
  readonly seed?: number;
  /** `mixed` keeps the clinical tables in InnoDB and the logs in MyISAM. @defaultValue 'MyISAM' */
  readonly engine?: 'MyISAM' | 'InnoDB' | 'mixed';
  /** The practice's today, `YYYY-MM-DD`; the logins lie before it. @defaultValue '2024-11-15' */
  readonly today?: string;
  /**
   * Adds what is no part of Open Dental: a wiki list, a leftover of a conversion, a plug-in's table without a
   * key, a view. @defaultValue false
   */
  readonly userMade?: boolean;
  /** Preferences to add or to change. */
  readonly preferences?: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: PracticeProgress) => void;
}

export interface PracticeProgress {
  readonly table: string;
  /** Rows of all tables so far, and in the end. */
  readonly rows: number;
  readonly ofRows: number;
}

/** What was built. */
export interface Practice {
  readonly tables: number;
  readonly rows: number;
  readonly patients: number;
  readonly today: string;
}

const userMadeStatements: readonly string[] = [
  'CREATE TABLE wikilist_suppliers (suppliersNum BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, Name TEXT NOT NULL, Phone TEXT NOT NULL) ENGINE=MyISAM DEFAULT CHARSET=utf8',
  "INSERT INTO wikilist_suppliers VALUES (1, 'Gloves & More', '(800)555-0101'), (2, 'Burs Unlimited', '')",
  'CREATE TABLE tempConv_patient20190412 ENGINE=MyISAM SELECT * FROM patient WHERE PatNum <= 5',
  'CREATE TABLE plugin_visits (PatNum BIGINT NOT NULL, Note VARCHAR(100), KEY (PatNum)) ENGINE=MyISAM DEFAULT CHARSET=utf8',
  "INSERT INTO plugin_visits VALUES (1, 'twice'), (1, 'twice'), (2, NULL)",
  'CREATE VIEW activepatients AS SELECT PatNum, LName, FName FROM patient WHERE PatStatus = 0',
];
const numbers = 16_384;
const rowsPerStatement = numbers;
const inInnodb: ReadonlySet<string> = new Set([
  'appointment',
  'claim',
  'claimproc',
  'patient',
  'procedurelog',
]);

/**
 * Fills a new database with an invented Open Dental practice of any size. Same options, same rows, on every
 * server.
 *
 * The server does the work: one INSERT … SELECT per few thousand rows, secondary keys of large tables
 * afterwards.
 *
 * @param address a user who may create databases
 * @throws BackupError when the database exists already or the server refuses
 */
export async function buildPractice(
  address: DatabaseAddress,
  database: string,
  options: PracticeOptions,
): Promise<Practice> {
  const today = options.today ?? '2024-11-15';
  const seed = options.seed ?? 1;
  const shape = shapeOf(options.size, today);
  const preferences = new Map([...practicePreferences(today), ...Object.entries(options.preferences ?? {})]);
  const fixed = officeRows(shape, preferences);
  const plans = allPlans(shape, fixed);
  const ofRows = plans.reduce((sum, plan) => sum + plan.rows, 0);

  const { database: _none, ...root } = address;
  const server = await openConnection(root);
  try {
    await server.query(`CREATE DATABASE ${quoteName(database)} CHARACTER SET utf8 COLLATE utf8_general_ci`);
    await run(server, `USE ${quoteName(database)}`);
    await prepareSession(server, seed);
    let rows = 0;
    for (const table of practiceTables.values()) {
      const plan = plans.find((candidate) => candidate.table === table.name);
      const engine = engineOf(table.name, options.engine ?? 'MyISAM');
      const large = (plan?.rows ?? 0) > 2000;
      const innodbLarge = large && engine === 'InnoDB';
      await run(
        server,
        createTable(table, {
          engine,
          keys: !innodbLarge,
          ...(plan?.deleted === undefined ? {} : { nextKey: plan.rows + 1 + plan.deleted }),
        }),
      );
      for (const part of fixed.filter((candidate) => candidate.table === table.name)) {
        const sql = insertRows(completed(part, table));
        if (sql !== undefined) await write(server, sql);
      }
      if (plan === undefined || plan.rows === 0) continue;
      if (large && engine === 'MyISAM')
        await run(server, `ALTER TABLE ${quoteName(table.name)} DISABLE KEYS`);
      const step = Math.min(plan.chunk ?? rowsPerStatement, rowsPerStatement);
      for (let offset = 0; offset < plan.rows; offset += step) {
        const count = Math.min(step, plan.rows - offset);
        await write(server, insertChunk(table, plan, seed, offset, count, shape));
        rows += count;
        options.onProgress?.({ table: table.name, rows, ofRows });
      }
      if (large && engine === 'MyISAM') await run(server, `ALTER TABLE ${quoteName(table.name)} ENABLE KEYS`);
      if (innodbLarge) await addKeys(server, table);
    }
    if (options.userMade === true) for (const sql of userMadeStatements) await write(server, sql);
    const tables = practiceTables.size + (options.userMade === true ? 3 : 0);
    return { tables, rows, patients: shape.patients, today };
  } finally {
    await server.close();
  }
}

function allPlans(shape: Shape, fixed: readonly FixedRows[]): readonly TablePlan[] {
  const plans = [
    ...peoplePlans(shape),
    ...clinicalPlans(shape),
    ...moneyPlans(shape),
    ...logPlans(shape),
    ...imagePlans(shape),
  ];
  const planned = new Map(plans.map((plan) => [plan.table, plan]));
  const given = new Map(fixed.map((part) => [part.table, part]));
  // Only tables whose keys run from 1 without a gap can be pointed into blindly.
  const rowsOf = (table: string): number => {
    const plan = planned.get(table);
    if (plan !== undefined) return plan.where === undefined && table !== 'apptfield' ? plan.rows : 0;
    return table === 'definition' ? 0 : (given.get(table)?.rows.length ?? 0);
  };
  const others = [...practiceTables.values()]
    .filter((table) => !planned.has(table.name) && !given.has(table.name))
    .map((table) => otherPlan(table, rowsOf, shape));
  return [...plans, ...others];
}

function engineOf(table: string, engine: 'MyISAM' | 'InnoDB' | 'mixed'): 'MyISAM' | 'InnoDB' {
  if (engine !== 'mixed') return engine;
  return inInnodb.has(table) ? 'InnoDB' : 'MyISAM';
}

// Two tables of random numbers, because a statement cannot read a temporary table twice.
async function prepareSession(server: Connection, seed: number): Promise<void> {
  for (const sql of [
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_UNSIGNED_SUBTRACTION'",
    'SET SESSION max_heap_table_size = 67108864, group_concat_max_len = 33554432',
    'SET SESSION myisam_sort_buffer_size = 134217728, bulk_insert_buffer_size = 33554432',
    'SET SESSION foreign_key_checks = 0, unique_checks = 0',
  ]) {
    await run(server, sql);
  }
  const columns = Array.from({ length: randomColumns }, (_, index) => `r${index} INT UNSIGNED NOT NULL`);
  const hashes = Array.from(
    { length: randomColumns / 4 },
    (_, index) => `LEFT(SHA2(CONCAT(${seed}, '/${index}/', n), 256), 32) AS h${index}`,
  );
  const values = Array.from(
    { length: randomColumns },
    (_, index) => `CONV(SUBSTR(h${Math.floor(index / 4)}, ${1 + (index % 4) * 8}, 8), 16, 10)`,
  );
  const digits = (name: string): string =>
    `(SELECT 0 AS d ${Array.from({ length: 15 }, (_, index) => `UNION ALL SELECT ${index + 1}`).join(' ')}) ${name}`;
  const counted = `SELECT 1 + a.d + 16 * b.d + 256 * c.d + 4096 * e.d AS n FROM ${digits('a')}, ${digits('b')}, ${digits('c')}, (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) e`;
  for (const name of ['builder_numbers', 'builder_numbers_again']) {
    await run(
      server,
      `CREATE TEMPORARY TABLE ${name} (n INT UNSIGNED NOT NULL, ${columns.join(', ')}, PRIMARY KEY USING BTREE (n)) ENGINE=MEMORY`,
    );
  }
  await write(
    server,
    `INSERT INTO builder_numbers SELECT n, ${values.join(', ')} FROM (SELECT n, ${hashes.join(', ')} FROM (${counted}) counted) hashed ORDER BY n`,
  );
  await write(server, 'INSERT INTO builder_numbers_again SELECT * FROM builder_numbers ORDER BY n');
}

/**
 * The INSERT of one run of rows. Columns that the plan does not name get what a new row of the program has
 * there.
 */
export function insertChunk(
  table: PracticeTable,
  plan: TablePlan,
  seed: number,
  offset: number,
  count: number,
  shape: Shape,
): string {
  const row = rowOf(seed, table.name, offset);
  const names: string[] = [];
  const values: string[] = [];
  for (const column of table.columns) {
    // The number of the row itself already counts from the start of the table.
    const value =
      plan.columns[column.name] ??
      (column.name === table.key ? ({ n }: Row): string => n : neutral(column, shape));
    names.push(quoteName(column.name));
    values.push(typeof value === 'string' ? value.replaceAll('m.n', row.n) : value(row));
  }
  const where = plan.where === undefined ? '' : ` AND ${plan.where.replaceAll('m.n', row.n)}`;
  return `INSERT INTO ${quoteName(table.name)} (${names.join(', ')}) SELECT ${values.join(', ')} FROM builder_numbers m WHERE m.n <= ${count}${where} ORDER BY m.n`;
}

function neutral(column: PracticeColumn, shape: Shape): Expression {
  // Never the clock of the server: the same practice must come out tomorrow.
  if (column.type === 'timestamp') return `('${shape.start} 12:00:00' + INTERVAL m.n MINUTE)`;
  if (column.defaultValue !== null) return `'${column.defaultValue}'`;
  if (column.nullable) return 'NULL';
  if (column.type === 'date') return "'0001-01-01'";
  if (column.type === 'datetime') return "'0001-01-01 00:00:00'";
  if (column.type === 'time') return "'00:00:00'";
  if (/char|text|blob/.test(column.type)) return "''";
  return '0';
}

/**
 * Fixed rows with every column of the table: the program writes whole rows, and no default may differ by
 * server.
 */
function completed(part: FixedRows, table: PracticeTable): FixedRows {
  const missing = table.columns.filter((column) => !part.columns.includes(column.name));
  const fill = missing.map((column): string | number | null => {
    if (column.type === 'timestamp') return '2012-11-19 12:00:00';
    if (column.defaultValue !== null) return column.defaultValue;
    if (column.nullable) return null;
    if (column.type === 'date') return '0001-01-01';
    if (column.type === 'datetime') return '0001-01-01 00:00:00';
    return /char|text|blob/.test(column.type) ? '' : 0;
  });
  return {
    table: part.table,
    columns: [...part.columns, ...missing.map((column) => column.name)],
    rows: part.rows.map((row) => [...row, ...fill]),
  };
}

async function addKeys(server: Connection, table: PracticeTable): Promise<void> {
  const keys = keyDefinitions(table);
  if (keys.length === 0) return;
  await run(server, `ALTER TABLE ${quoteName(table.name)} ${keys.map((key) => `ADD ${key}`).join(', ')}`);
}

/** Runs a statement; the rows are invented, so a failure may show it. */
async function run(server: Connection, sql: string): Promise<void> {
  await server.query(sql).catch((error: unknown) => {
    throw new Error(`cannot run: ${sql.slice(0, 600)}`, { cause: error });
  });
}

// sql_mode is lenient here, because the practice needs zero dates; so a value that did not fit must be seen
// this way.
async function write(server: Connection, sql: string): Promise<void> {
  await run(server, sql);
  const [warning] = await server.query('SHOW WARNINGS LIMIT 1');
  if (warning !== undefined) {
    throw new Error(`a value was changed (${warning['Message'] ?? ''}): ${sql.slice(0, 600)}`);
  }
}
