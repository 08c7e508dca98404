/** Turns a server's answers about the schema, rows of text, into descriptions. */

import type { TextRow } from '../database/connection.js';
import { compareNames } from '../database/identifiers.js';
import { isAtLeast, vendorOf } from '../database/server-version.js';
import type { ColumnDescription, ServerDescription } from '../model/parts.js';
import { formOfColumn } from './column-forms.js';
import type { CatalogObject } from './model.js';

/** Result of a query about the schema. */
type Rows = readonly TextRow[];

/** The query for {@link serverOf}. */
export const serverQuestion: string =
  'SELECT VERSION() AS version, @@version_comment AS comment, @@global.sql_mode AS mode,' +
  ' @@global.time_zone AS zone, @@system_time_zone AS system_zone,' +
  ' @@character_set_server AS charset, @@collation_server AS collation,' +
  ' @@lower_case_table_names AS lower_case';

/**
 * Variables that decide what a definition means, or what its expressions compute. A table's own definition
 * takes precedence; these apply where it is silent.
 */
const definingVariables: readonly string[] = [
  'block_encryption_mode',
  'character_set_collations',
  'default_collation_for_utf8mb4',
  'default_storage_engine',
  'default_tmp_storage_engine',
  'default_week_format',
  'div_precision_increment',
  'explicit_defaults_for_timestamp',
  'innodb_default_row_format',
  'innodb_strict_mode',
  'lc_time_names',
  'old_mode',
  'sql_generate_invisible_primary_key',
  'system_versioning_alter_history',
];

/** The query for the `variables` of {@link serverOf}; a server returns those that it has. */
export const variablesQuestion: string = `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('${definingVariables.join("', '")}')`;

/** The description of the server. */
export function serverOf([row]: Rows, variables: Rows): ServerDescription {
  const version = row?.['version'] ?? '';
  return {
    vendor: vendorOf(version, row?.['comment']),
    version,
    sqlMode: row?.['mode'] ?? '',
    timeZone: row?.['zone'] ?? '',
    systemTimeZone: row?.['system_zone'] ?? '',
    characterSet: row?.['charset'] ?? '',
    collation: row?.['collation'] ?? '',
    lowerCaseTableNames: Number(row?.['lower_case'] ?? 0),
    variables: Object.fromEntries(
      variables.map(({ Variable_name: name, Value: value }) => [(name ?? '').toLowerCase(), value ?? '']),
    ),
  };
}

/** The type of every name in the database, such as `BASE TABLE`, from `SHOW FULL TABLES`. */
export function kindsOf(rows: Rows): ReadonlyMap<string, string> {
  return new Map(
    rows.map((row): [string, string] => {
      const [name, kind] = Object.values(row);
      return [name!, kind ?? ''];
    }),
  );
}

/** The engine of every base table, empty where it is not known. */
export function enginesOf(kinds: ReadonlyMap<string, string>, rows: Rows): ReadonlyMap<string, string> {
  const known = new Map(rows.map((row) => [row['table_name']!, row['engine'] ?? '']));
  const engines = new Map<string, string>();
  for (const [name, kind] of kinds) {
    if (kind !== 'VIEW' && kind !== 'SEQUENCE') engines.set(name, known.get(name) ?? '');
  }
  return engines;
}

/** All objects except tables, sorted by kind and name. */
export function objectsOf(
  kinds: ReadonlyMap<string, string>,
  rows: { readonly routines: Rows; readonly events: Rows; readonly triggers: Rows },
): readonly CatalogObject[] {
  const objects: CatalogObject[] = [];
  for (const row of rows.routines) {
    const kind = routineKind(row['routine_type']);
    if (kind !== undefined) objects.push({ kind, name: row['routine_name']! });
  }
  for (const row of rows.events) objects.push({ kind: 'event', name: row['event_name']! });
  for (const row of rows.triggers) {
    objects.push({ kind: 'trigger', name: row['trigger_name']!, table: row['event_object_table']! });
  }
  for (const [name, type] of kinds) {
    if (type === 'VIEW') objects.push({ kind: 'view', name });
    // Only MariaDB has them.
    if (type === 'SEQUENCE') objects.push({ kind: 'sequence', name });
  }
  return objects.sort((a, b) => compareNames(a.kind, b.kind) || compareNames(a.name, b.name));
}

/** Columns of `information_schema.COLUMNS` that {@link columnsOf} needs. */
export function columnFacts({ vendor, version }: ServerDescription): readonly string[] {
  const hasExpression = vendor === 'mariadb' ? isAtLeast(version, 10, 2) : isAtLeast(version, 5, 7);
  return [
    'TABLE_NAME',
    'COLUMN_NAME',
    'DATA_TYPE',
    'COLUMN_TYPE',
    'CHARACTER_SET_NAME',
    'IS_NULLABLE',
    'EXTRA',
    ...(hasExpression ? ['GENERATION_EXPRESSION'] : []),
  ];
}

/** The columns of every table, in their order. */
export function columnsOf(rows: Rows): ReadonlyMap<string, readonly ColumnDescription[]> {
  const columns = new Map<string, ColumnDescription[]>();
  for (const row of rows) {
    listOf(columns, row['table_name']!).push({
      name: row['column_name']!,
      type: row['column_type']!,
      characterSet: row['character_set_name'] ?? null,
      nullable: row['is_nullable'] === 'YES',
      form: isGenerated(row) ? null : formOfColumn(row['data_type']!, row['column_type']!),
    });
  }
  return columns;
}

/** The columns of the primary key of every table that has one, in their order. */
export function primaryKeysOf(rows: Rows): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, string[]>();
  for (const row of rows) listOf(keys, row['table_name']!).push(row['column_name']!);
  return keys;
}

function listOf<Item>(lists: Map<string, Item[]>, name: string): Item[] {
  let list = lists.get(name);
  if (list === undefined) {
    list = [];
    lists.set(name, list);
  }
  return list;
}

/** The kind of object that a `ROUTINE_TYPE` means. */
export function routineKind(type: string | null | undefined): CatalogObject['kind'] | undefined {
  switch (type) {
    case 'FUNCTION':
      return 'function';
    case 'PROCEDURE':
      return 'procedure';
    case 'PACKAGE':
      return 'package';
    case 'PACKAGE BODY':
      return 'package-body';
    default:
      return undefined;
  }
}

function isGenerated(row: TextRow): boolean {
  const extra = row['extra'] ?? '';
  // DEFAULT_GENERATED is an ordinary column with an expression as its default.
  return /\b(?:VIRTUAL|STORED|PERSISTENT)\b/i.test(extra) || (row['generation_expression'] ?? '') !== '';
}
