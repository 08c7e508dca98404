import { quoteName } from '../../database/identifiers.js';

/** The properties of a column that a content hash needs. */
export interface HashedColumn {
  readonly name: string;
  /** Bare type as `information_schema` gives it, such as `bigint`. */
  readonly dataType: string;
  readonly nullable: boolean;
}

/**
 * A statement that counts a table's rows and hashes their content on the server: `row_count`, `content`,
 * `unhashed`.
 *
 * The hash is the sum over all rows of 64 bits of a SHA-256 of the row: equal for equal sets of rows in any
 * order, and, unlike XOR, different when a row is duplicated. No value is converted: text is hashed as the
 * bytes of its own character set, FLOAT with all its digits (V3), ENUM and SET by number (V13), and NULL
 * differs from the empty text (V9). It uses only functions of every server since MySQL 5.5 (MySQL 9 has no
 * MD5 any more), and the result is the same on all.
 */
export function contentHashQuery(
  table: string,
  columns: readonly HashedColumn[],
  where: string | undefined,
  history = false,
): string {
  const row = columns.length === 0 ? "''" : `CONCAT_WS(',', ${columns.map(valueExpression).join(', ')})`;
  // For a row beyond max_allowed_packet, CONCAT_WS returns NULL, which SUM ignores; hence `unhashed`.
  return (
    `SELECT COUNT(*) AS row_count, COALESCE(SUM(${sixtyFourBits(row)}), 0) AS content,` +
    ` COUNT(*) - COUNT(${row}) AS unhashed FROM ${rowsOf(table, where, history)}`
  );
}

function rowsOf(table: string, where: string | undefined, history: boolean): string {
  const versions = history ? ' FOR SYSTEM_TIME ALL' : '';
  return `${quoteName(table)}${versions}${where === undefined ? '' : ` WHERE ${where}`}`;
}

/** The same per column, `c0`, `c1` …, to find the columns that differ. */
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

/** An unambiguous text or byte form of a value, in which no comma can shift into the next value. */
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
      // As text, 2000 and zero are both 00; as a date, one is in 2000 and the other in 1900.
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
      // Only the hash of the value is concatenated: a copy of a long value would exceed max_allowed_packet.
      return `CONCAT(LENGTH(${column}), ':', SHA2(${column}, 256))`;
    default:
      return `SHA2(CAST(${column} AS BINARY), 256)`;
  }
}
