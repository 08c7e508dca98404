import { quoteName } from '../../database/identifiers.js';

/** A column as a content hash needs it. */
export interface HashedColumn {
  readonly name: string;
  /** Bare type as `information_schema` gives it, such as `bigint`. */
  readonly dataType: string;
  readonly nullable: boolean;
}

/**
 * One statement that has the server count a table's rows and hash their content: `row_count`, `content`,
 * `unhashed`.
 *
 * The hash is the sum over all rows of 64 bits of a SHA-256 of the row: equal for equal sets of rows in any
 * order, and unlike a XOR it sees duplicates. No value is converted on the way: text is hashed as the bytes
 * of its own character set, FLOAT with all its digits (V3), ENUM and SET by number (V13), and NULL is not the
 * empty text (V9). Only features that every server since MySQL 5.5 has are used (MySQL 9 has no MD5 any
 * more), and the result is the same on all.
 */
export function contentHashQuery(
  table: string,
  columns: readonly HashedColumn[],
  where: string | undefined,
  history = false,
): string {
  const row = columns.length === 0 ? "''" : `CONCAT_WS(',', ${columns.map(valueExpression).join(', ')})`;
  // A row beyond max_allowed_packet makes CONCAT_WS answer NULL, which SUM would pass over; hence `unhashed`.
  return (
    `SELECT COUNT(*) AS row_count, COALESCE(SUM(${sixtyFourBits(row)}), 0) AS content,` +
    ` COUNT(*) - COUNT(${row}) AS unhashed FROM ${rowsOf(table, where, history)}`
  );
}

function rowsOf(table: string, where: string | undefined, history: boolean): string {
  const versions = history ? ' FOR SYSTEM_TIME ALL' : '';
  return `${quoteName(table)}${versions}${where === undefined ? '' : ` WHERE ${where}`}`;
}

/** The same per column, `c0`, `c1` …: says which columns differ. */
export function columnHashQuery(
  table: string,
  columns: readonly HashedColumn[],
  where: string | undefined,
  history = false,
): string {
  const sums = columns.map(
    (column, i) => `COALESCE(SUM(${sixtyFourBits(`CONCAT(${valueExpression(column)}, '')`)}), 0) AS c${i}`,
  );
  return `SELECT ${sums.join(', ')} FROM ${rowsOf(table, where, history)}`;
}

function sixtyFourBits(text: string): string {
  return `CAST(CONV(LEFT(SHA2(${text}, 256), 16), 16, 10) AS UNSIGNED)`;
}

/** A value as text or bytes that no other value has and that no comma can blur. */
function valueExpression({ name, dataType, nullable }: HashedColumn): string {
  const value = exactValue(quoteName(name), dataType.toLowerCase());
  return nullable ? `IFNULL(${value}, 'N')` : value;
}

function exactValue(column: string, dataType: string): string {
  switch (dataType) {
    case 'float':
    case 'double':
    case 'real':
      return `${column} * 1e0`;
    case 'bit':
    case 'enum':
    case 'set':
      return `CAST(${column} AS UNSIGNED)`;
    case 'year(2)':
      // As text 2000 and zero are both 00; as a date the one is of 2000 and the other of 1900.
      return `COALESCE(LPAD(REPLACE(LEFT(CAST(${column} AS DATE), 4), '1900', '0'), 4, '0'), ${column})`;
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'decimal':
    case 'year':
    case 'date':
    case 'datetime':
    case 'timestamp':
    case 'time':
    case 'uuid':
    case 'inet4':
    case 'inet6':
      return column;
    case 'char':
    case 'varchar':
    case 'binary':
    case 'varbinary':
      return `CONCAT(LENGTH(${column}), ':', CAST(${column} AS BINARY))`;
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
    case 'json':
      // Hashed where it lies: a copy of a long one would break max_allowed_packet.
      return `CONCAT(LENGTH(${column}), ':', SHA2(${column}, 256))`;
    default:
      return `SHA2(CAST(${column} AS BINARY), 256)`;
  }
}
