import { readFileSync } from 'node:fs';
import { quoteName } from '../../src/database/identifiers.js';

/** A column of an Open Dental table. */
export interface PracticeColumn {
  readonly name: string;
  /** As MariaDB shows it, such as `tinyint(3) unsigned`. */
  readonly type: string;
  readonly nullable: boolean;
  readonly autoIncrement: boolean;
  /** `ON UPDATE CURRENT_TIMESTAMP`. */
  readonly touched: boolean;
  /**
   * `CURRENT_TIMESTAMP` or the literal's text; null is `DEFAULT NULL` for a nullable column and no default
   * otherwise.
   */
  readonly defaultValue: string | null;
  /** The table whose key this column holds, where that is known. Open Dental declares no foreign keys. */
  readonly references: string | undefined;
}

export interface PracticeTable {
  readonly name: string;
  /** The one column of the primary key. */
  readonly key: string;
  readonly columns: readonly PracticeColumn[];
  readonly indexes: Readonly<Record<string, readonly string[]>>;
}

interface StoredTable {
  readonly key: string;
  readonly columns: readonly (readonly [string, string, string?, (string | null)?, string?])[];
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
}

// Read from the source tree: the compiler does not copy data files.
const stored = JSON.parse(
  readFileSync(new URL('../../../test/practice/schema.json', import.meta.url), 'utf8'),
) as { readonly version: string; readonly tables: Readonly<Record<string, StoredTable>> };

/** The version of Open Dental whose schema this is. */
export const practiceVersion: string = stored.version;

/** All 424 tables by name. */
export const practiceTables: ReadonlyMap<string, PracticeTable> = new Map(
  Object.entries(stored.tables).map(([name, table]) => [
    name,
    {
      name,
      key: table.key,
      columns: table.columns.map(([column, type, flags = '', defaultValue = null, references]) => ({
        name: column,
        type,
        nullable: flags.includes('N'),
        autoIncrement: flags.includes('A'),
        touched: flags.includes('U'),
        defaultValue,
        references,
      })),
      indexes: table.indexes ?? {},
    },
  ]),
);

// What MyISAM takes, at three bytes per character.
const longestKeyBytes = 1000;
const prefixCharacters = 50;

/** The CREATE TABLE statement; `keys` false leaves the secondary keys out, to be added after the rows. */
export function createTable(
  table: PracticeTable,
  options: {
    readonly engine: string;
    readonly keys: boolean;
    /** Value of AUTO_INCREMENT, for a table whose newest rows were deleted. */
    readonly nextKey?: number;
  },
): string {
  const lines = table.columns.map(columnDefinition);
  lines.push(`PRIMARY KEY (${quoteName(table.key)})`);
  if (options.keys) lines.push(...keyDefinitions(table));
  const next = options.nextKey === undefined ? '' : ` AUTO_INCREMENT=${options.nextKey}`;
  // One table of the shipped databases never left latin1.
  const charset = table.name === 'files' ? 'latin1' : 'utf8';
  return `CREATE TABLE ${quoteName(table.name)} (\n  ${lines.join(',\n  ')}\n) ENGINE=${options.engine}${next} DEFAULT CHARSET=${charset}`;
}

/** The secondary keys as parts of CREATE TABLE, or, each after ADD, of ALTER TABLE. */
export function keyDefinitions(table: PracticeTable): string[] {
  const types = new Map(table.columns.map((column) => [column.name, column.type]));
  return Object.entries(table.indexes).map(([name, columns]) => {
    const lengths = columns.map((column) => textLength(types.get(column) ?? ''));
    const tooLong = lengths.reduce((sum, length) => sum + 3 * length + 8, 0) > longestKeyBytes;
    const parts = columns.map((column, index) => {
      const length = lengths[index] ?? 0;
      const prefix = length > prefixCharacters && (tooLong || types.get(column)?.includes('text') === true);
      return prefix ? `${quoteName(column)}(${prefixCharacters})` : quoteName(column);
    });
    return `KEY ${quoteName(name)} (${parts.join(', ')})`;
  });
}

/** Characters of a text column; 0 for another type. */
function textLength(type: string): number {
  if (type.includes('text')) return 65_535;
  return type.includes('char') ? Number(/\d+/.exec(type)?.[0] ?? 0) : 0;
}

function columnDefinition(column: PracticeColumn): string {
  const parts = [quoteName(column.name), column.type, column.nullable ? 'NULL' : 'NOT NULL'];
  if (column.autoIncrement) parts.push('AUTO_INCREMENT');
  else if (column.defaultValue === 'CURRENT_TIMESTAMP') parts.push('DEFAULT CURRENT_TIMESTAMP');
  else if (column.defaultValue !== null) parts.push(`DEFAULT '${column.defaultValue}'`);
  if (column.touched) parts.push('ON UPDATE CURRENT_TIMESTAMP');
  return parts.join(' ');
}
