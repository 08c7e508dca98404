import { type Expression, hashText, quote } from './expressions.js';
import type { PracticeColumn, PracticeTable } from './schema.js';
import type { Shape, TablePlan } from './shape.js';
import { dateAt, momentAt } from './shape.js';
import { noteEndings, plainWords } from './words.js';

// Tables that a customer's database has, but that stay empty: headquarters, live sessions, scratch.
const alwaysEmpty: ReadonlySet<string> = new Set([
  'activeinstance',
  'alertitem',
  'centralconnection',
  'famaging',
  'jobteam',
  'jobteamuser',
  'maparea',
  'registrationkey',
  'replicationserver',
  'reseller',
  'resellerservice',
  'sessiontoken',
]);

/**
 * A few rows for a table that no plan names, by the types of its columns; every fourth such table stays
 * empty.
 */
export function otherPlan(table: PracticeTable, rowsOf: (table: string) => number, shape: Shape): TablePlan {
  const hash = hashText(table.name);
  const rows = alwaysEmpty.has(table.name) || hash % 4 === 0 ? 0 : 2 + (hash % 11);
  return {
    table: table.name,
    rows: table.name === 'ehrpatient' ? Math.min(rows, shape.patients) : rows,
    columns: Object.fromEntries(
      table.columns
        .filter((column) => column.name !== table.key)
        .map((column) => [column.name, anyValue(column, rowsOf, shape)]),
    ),
  };
}

/** A believable value of a type; a reference holds an existing key or 0. */
function anyValue(column: PracticeColumn, rowsOf: (table: string) => number, shape: Shape): Expression {
  const value = valueOfType(column, rowsOf, shape);
  if (!column.nullable) return value;
  return (row) => row.chance(70, typeof value === 'string' ? value : value(row), 'NULL');
}

function valueOfType(column: PracticeColumn, rowsOf: (table: string) => number, shape: Shape): Expression {
  if (column.references !== undefined) {
    const count = rowsOf(column.references);
    return count === 0 ? '0' : ({ below, chance }) => chance(70, `1 + ${below(count)}`, '0');
  }
  const { type } = column;
  const length = Number(/\((\d+)/.exec(type)?.[1] ?? 0);
  if (type.startsWith('varchar') || type.startsWith('char')) {
    if (length < 12) return ({ below }) => `LEFT(${below(100000)}, ${Math.min(length, 5)})`;
    return ({ pick, below, chance }) => chance(60, `CONCAT(${pick(plainWords)}, ' ', ${below(100)})`, "''");
  }
  if (type.includes('text')) return ({ pick, chance }) => chance(60, pick(noteEndings), "''");
  if (type === 'longblob') return ({ n }) => `UNHEX(REPEAT(SHA2(${n}, 512), 20))`;
  if (type.startsWith('datetime') || type === 'timestamp') {
    const moment: Expression = ({ below }) => momentAt(shape, below(4300), below(86400));
    return type === 'timestamp' ? moment : (row) => row.chance(60, moment(row), quote('0001-01-01 00:00:00'));
  }
  if (type === 'date') return (row) => row.chance(60, dateAt(shape, row.below(4300)), quote('0001-01-01'));
  if (type === 'time') return ({ below }) => `SEC_TO_TIME(${below(200000)} - 40000)`;
  if (type.startsWith('double')) return ({ below }) => `${below(1000000)} / 100`;
  if (type.startsWith('float')) return ({ below }) => `${below(1000)} / 7`;
  if (type.startsWith('tinyint')) return ({ below }) => below(3);
  return ({ below }) => below(1000);
}
