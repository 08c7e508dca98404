import { quoteName } from '../database/identifiers.js';
import { join, type Token, tokenise } from '../database/tokens.js';
import { columnItems } from './column-items.js';

/** A generated column whose values are stored: they were computed in the session that wrote each row. */
export interface ComputedColumn {
  readonly name: string;
  /** As in the definition. */
  readonly expression: string;
  /** Whether its values may depend on the time zone. */
  readonly isZoned: boolean;
}

/** The stored generated columns of a table. */
export function computedColumns(createStatement: string): readonly ComputedColumn[] {
  if (!/\b(?:STORED|PERSISTENT)\b/i.test(createStatement)) return [];
  const tokens = tokenise(createStatement);
  const items = [...columnItems(tokens)].map(({ from, to }) =>
    tokens.slice(from, to).filter(({ kind }) => kind !== 'space'),
  );
  // Columns that the server converts between time zones on reading and writing.
  const zoned = new Set<string>();
  for (const [name, type] of items) if (/^timestamp$/i.test(type?.text ?? '')) zoned.add(name!.text);
  return items.flatMap((item) => {
    const column = computedColumnOf(item, zoned);
    return column === undefined ? [] : [column];
  });
}

/**
 * @param zoned - names, in backticks, of columns that depend on the time zone; this one is added if it does
 */
function computedColumnOf(item: readonly Token[], zoned: Set<string>): ComputedColumn | undefined {
  const as = item.findIndex(
    ({ kind, text }, i) => kind === 'word' && /^as$/i.test(text) && item[i + 1]?.text === '(',
  );
  if (as === -1) return undefined;
  let depth = 0;
  const end = item.findIndex(
    ({ text }, i) => i > as && ((text === '(' && ++depth === 0) || (text === ')' && --depth === 0)),
  );
  const expression = item.slice(as + 1, end + 1);
  const isZoned = expression.some(
    ({ kind, text }) =>
      (kind === 'name' && zoned.has(text)) ||
      (kind === 'word' && /^(?:from_unixtime|unix_timestamp)$/i.test(text)),
  );
  if (isZoned) zoned.add(item[0]!.text);
  if (!item.slice(end).some(({ text }) => /^(?:stored|persistent)$/i.test(text))) return undefined;
  const spaced = expression.flatMap((token): Token[] => [token, { kind: 'space', text: ' ' }]);
  return {
    name: item[0]!.text.slice(1, -1).replaceAll('``', '`'),
    // `_utf8mb4 'x'` and `f (` mean the same as without the space.
    expression: join(spaced).trim(),
    isZoned,
  };
}

/** A statement that hashes the values of some columns over all rows, on the server: `content`. */
export function computedHashQuery(table: string, columns: readonly string[]): string {
  const values = columns.map((name) => `IFNULL(HEX(CAST(${quoteName(name)} AS BINARY)), 'N')`);
  const bits = `CAST(CONV(LEFT(SHA2(CONCAT_WS(',', ${values.join(', ')}), 256), 16), 16, 10) AS UNSIGNED)`;
  return `SELECT COALESCE(SUM(${bits}), 0) AS content FROM ${quoteName(table)}`;
}

/**
 * A statement that counts the rows whose stored values equal what their expressions give in this session:
 * `alike` of `all_rows`.
 *
 * @param most - rows to compare, in the server's order; all if absent
 */
export function computedAlikeQuery(table: string, columns: readonly ComputedColumn[], most?: number): string {
  const alike = columns.map(({ name, expression }) => `${quoteName(name)} <=> ${expression}`);
  const some = most === undefined ? '' : ` LIMIT ${most}`;
  return (
    `SELECT COUNT(*) AS all_rows, COALESCE(SUM(alike), 0) AS alike` +
    ` FROM (SELECT (${alike.join(') AND (')}) AS alike FROM ${quoteName(table)}${some}) AS looked_at`
  );
}
