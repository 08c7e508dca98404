import { textOf } from '../../database/byte-answers.js';
import type { TextRow } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { contentOf, tokenise } from '../../database/tokens.js';
import type { HashedColumn } from './content-hash.js';
import {
  normaliseCharacterSet,
  normaliseDefault,
  normaliseExpression,
  normaliseExtra,
  normaliseType,
} from './normalise.js';
import type { FactsBeingRead } from './schema-facts.js';
import type { SchemaQueries } from './schema-queries.js';

/** Adds the properties of the columns of all tables, and returns the columns whose content is compared. */
export async function readColumns(
  queries: SchemaQueries,
  facts: ReadonlyMap<string, FactsBeingRead>,
  columns: ReadonlyMap<string, HashedColumn[]>,
  vendor: 'mariadb' | 'mysql',
): Promise<void> {
  const optional = (await queries.has('COLUMNS', 'GENERATION_EXPRESSION')) ? ['GENERATION_EXPRESSION'] : [];
  const rows = await askForColumns(
    queries,
    [...facts.keys()],
    [
      'TABLE_NAME',
      'COLUMN_NAME',
      'ORDINAL_POSITION',
      'COLUMN_DEFAULT',
      'IS_NULLABLE',
      'DATA_TYPE',
      'COLUMN_TYPE',
      'CHARACTER_SET_NAME',
      'COLLATION_NAME',
      'EXTRA',
      'COLUMN_COMMENT',
      ...optional,
    ],
  );
  const ordered = [...rows].sort((a, b) => Number(a['ORDINAL_POSITION']) - Number(b['ORDINAL_POSITION']));
  const defaults = await readDefaults(
    queries,
    rows.filter((row) => facts.has(row['TABLE_NAME']!)),
    vendor,
  );
  const statements = new Map<string, string>();
  for (const row of ordered) {
    const table = row['TABLE_NAME']!;
    const list = columns.get(table);
    if (list === undefined) continue;
    const name = row['COLUMN_NAME']!;
    const listed = row['GENERATION_EXPRESSION'] ?? '';
    // MySQL 8 and newer list a text in an expression either as it was written or as it was resolved. SHOW
    // CREATE always has it resolved.
    const isText = vendor === 'mysql' && /_\w+\\?'/.test(listed);
    if (isText && !statements.has(table)) {
      statements.set(table, (await queries.showBytes(`TABLE ${quoteName(table)}`))['Create Table'] ?? '');
    }
    const shown = isText ? shownExpression(statements.get(table)!, name) : undefined;
    const expression = shown ?? listed;
    const type = normaliseType(row['COLUMN_TYPE']!);
    const bytes = defaults.get(columnKey(row));
    // MySQL 8 and newer list the default of a TIMESTAMP in the time zone of the session that created the
    // table. SHOW CREATE has it in this session's.
    const isMoment = row['DATA_TYPE'] === 'timestamp' && /^'?\d/.test(row['COLUMN_DEFAULT'] ?? '');
    const byDefault = isMoment
      ? 'moment'
      : (bytes ??
        normaliseDefault(
          row['COLUMN_DEFAULT'] ?? null,
          vendor,
          row['DATA_TYPE'] ?? '',
          vendor === 'mysql' && /DEFAULT_GENERATED/i.test(row['EXTRA'] ?? ''),
        ));
    facts
      .get(table)!
      .set(
        `column ${name}`,
        [
          `at ${row['ORDINAL_POSITION']}`,
          type,
          normaliseCharacterSet(row['CHARACTER_SET_NAME'] ?? ''),
          normaliseCharacterSet(row['COLLATION_NAME'] ?? ''),
          row['IS_NULLABLE'] === 'YES' ? 'null' : 'not null',
          `default ${queries.withoutSchema(byDefault)}`,
          normaliseExtra(row['EXTRA'] ?? ''),
          normaliseExpression(expression),
          `comment ${row['COLUMN_COMMENT']}`,
        ].join(' | '),
      );
    if (/^ROW (?:START|END)$/i.test(expression)) continue;
    const dataType = /^year\(2\)/i.test(row['COLUMN_TYPE']!) ? 'year(2)' : row['DATA_TYPE']!;
    list.push({ name, dataType, nullable: row['IS_NULLABLE'] === 'YES' });
    const members = await readMembers(queries, row);
    if (members !== undefined) facts.get(table)!.set(`members of ${name}`, members);
  }
}

/** The bytes of literal defaults, by {@link columnKey}: two different ones may look alike as text. */
async function readDefaults(
  queries: SchemaQueries,
  rows: readonly TextRow[],
  vendor: 'mariadb' | 'mysql',
): Promise<ReadonlyMap<string, string>> {
  const literals = new Map<string, TextRow[]>();
  for (const row of rows) {
    if (!isLiteralText(row, vendor)) continue;
    const table = row['TABLE_NAME']!;
    literals.set(table, [...(literals.get(table) ?? []), row]);
  }
  const defaults = new Map<string, string>();
  for (const [table, columns] of literals) {
    const list = columns.map((column, i) => `HEX(DEFAULT(t.${quoteName(column['COLUMN_NAME']!)})) AS d${i}`);
    const from = `${quoteName(table)} AS t`;
    const [first] = await queries.query(`SELECT ${list.join(', ')} FROM ${from} LIMIT 1`);
    // A table without rows returns the defaults of columns that may be NULL.
    const [row] =
      first === undefined
        ? await queries.query(
            `SELECT ${list.join(', ')} FROM (SELECT 1 AS one) AS o LEFT JOIN ${from} ON FALSE`,
          )
        : [first];
    for (const [i, column] of columns.entries()) {
      const hex = row?.[`d${i}`];
      if (typeof hex === 'string' && hex !== '') defaults.set(columnKey(column), `bytes ${hex}`);
    }
    // Of columns that may not be NULL, an empty table returns no default. Binary ones are unchanged in the
    // statement.
    const untold = columns.filter(
      (column) => !defaults.has(columnKey(column)) && /^(?:var)?binary$/i.test(column['DATA_TYPE'] ?? ''),
    );
    if (untold.length === 0) continue;
    const statement = (await queries.showBytes(`TABLE ${quoteName(table)}`))['Create Table'] ?? '';
    for (const column of untold) {
      const shown = shownDefault(statement, column['COLUMN_NAME']!);
      if (shown !== undefined && shown !== '') defaults.set(columnKey(column), `bytes ${shown}`);
    }
  }
  return defaults;
}

/** The bytes of the members in use of an ENUM or SET, if the server does not show its members unchanged. */
async function readMembers(queries: SchemaQueries, row: TextRow): Promise<string | undefined> {
  const type = row['COLUMN_TYPE']!;
  if (!/^(?:enum|set)\(/i.test(type)) return undefined;
  // A member that is not text in its character set is shown with a question mark, empty, or truncated.
  if (!/[?\ufffd]|[^)]$|[(,]''[,)]/.test(type) && !severalBytes.test(row['CHARACTER_SET_NAME'] ?? '')) {
    return undefined;
  }
  const name = quoteName(row['COLUMN_NAME']!);
  const found = await queries.query(
    `SELECT DISTINCT CAST(${name} AS UNSIGNED) AS member_number, HEX(${name}) AS member_bytes` +
      ` FROM ${quoteName(row['TABLE_NAME']!)} WHERE ${name} IS NOT NULL`,
  );
  return found
    .map(({ member_number: number, member_bytes: bytes }) => `${number} ${bytes}`)
    .sort()
    .join(', ');
}

/** MariaDB returns no columns at all when it cannot read one view (O2); then each table is queried alone. */
async function askForColumns(
  queries: SchemaQueries,
  tables: readonly string[],
  columns: readonly string[],
): Promise<readonly TextRow[]> {
  try {
    return await queries.ask('COLUMNS', columns);
  } catch (error) {
    if (serverErrorNumber(error) === undefined) throw error;
    const rows: TextRow[] = [];
    for (const name of tables) {
      const own = await queries.ask('COLUMNS', columns, undefined, ` AND TABLE_NAME = ${quoteText(name)}`);
      rows.push(...own.filter((row) => row['TABLE_NAME'] === name));
    }
    return rows;
  }
}

/** Character sets in which bytes need not be characters. UTF-8 is absent: its bytes are shown unchanged. */
const severalBytes =
  /^(?:big5|binary|cp932|eucjpms|euckr|gb18030|gb2312|gbk|sjis|ucs2|ujis|utf16|utf16le|utf32)$/i;

function columnKey(row: TextRow): string {
  return `${row['TABLE_NAME']}\n${row['COLUMN_NAME']}`;
}

function columnLine(bytes: string, column: string): string | undefined {
  const name = quoteName(Buffer.from(column, 'utf8').toString('latin1'));
  return bytes.split('\n').find((each) => each.startsWith(`  ${name} `));
}

/** The expression of a generated column, from a statement. */
function shownExpression(bytes: string, column: string): string | undefined {
  const line = columnLine(bytes, column) ?? '';
  const expression = /GENERATED ALWAYS AS \((.*)\) (?:STORED|VIRTUAL)/.exec(line)?.[1];
  return expression === undefined ? undefined : (textOf(expression) ?? expression);
}

/** The bytes of a default in a statement: from a literal, or from hexadecimal in either of its forms. */
function shownDefault(bytes: string, column: string): string | undefined {
  const line = columnLine(bytes, column);
  const tokens = tokenise(line ?? '').filter(({ kind }) => kind !== 'space');
  const at = tokens.findIndex(({ kind, text }) => kind === 'word' && /^default$/i.test(text)) + 1;
  const said = tokens.slice(at, at + 3);
  const i = said.findIndex(({ kind, text }) => kind === 'text' || /^0x/i.test(text));
  const literal = said[i];
  if (at === 0 || literal === undefined) return undefined;
  if (literal.kind !== 'text') return literal.text.slice(2).toUpperCase();
  const content = contentOf(literal.text);
  // MariaDB 11.8.9 and later show bytes as x'…'.
  const isHex = /^x$/i.test(said[i - 1]?.text ?? '');
  return (isHex ? content : Buffer.from(content, 'latin1').toString('hex')).toUpperCase();
}

/** Whether the default of a column is text or bytes, and neither empty nor an expression. */
function isLiteralText(row: TextRow, vendor: 'mariadb' | 'mysql'): boolean {
  const { COLUMN_DEFAULT: value, DATA_TYPE: type, EXTRA: extra } = row;
  if (typeof value !== 'string' || !/^(?:char|varchar|binary|varbinary|enum|set)$/i.test(type ?? '')) {
    return false;
  }
  // MySQL 5.6 shows bytes that are not text as an empty default.
  if (vendor === 'mysql') return !/DEFAULT_GENERATED/i.test(extra ?? '');
  return value !== "''" && /^(?:_\w+ ?)?x?'/i.test(value);
}
