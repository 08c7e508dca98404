import type { CatalogTable, SelectedTable } from '../catalog/model.js';
import { columnsWithHistory, systemTimeOf } from '../catalog/system-time.js';
import type { Connection } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import type { ColumnDescription, ValueForm } from '../model/parts.js';
import type { RowQuery } from './row-command.js';
import type { OpenSnapshot } from './snapshot.js';

/** A table to be read. */
export interface TableTask {
  readonly index: number;
  readonly table: CatalogTable;
  readonly selected: SelectedTable;
}

/** Why a table's rows are not read; undefined when they are. */
export function definitionOnly({ table, selected }: TableTask): string | undefined {
  return table.rowsElsewhere ?? selected.definitionOnly;
}

/** The columns when old versions are copied too; undefined when only current rows are (C3). */
export function historyOf(
  { history, definitions }: OpenSnapshot,
  table: CatalogTable,
): readonly ColumnDescription[] | undefined {
  if (history !== 'all' || !table.versioned) return undefined;
  const systemTime = systemTimeOf(definitions.get(table.name) ?? '');
  return systemTime === undefined ? undefined : columnsWithHistory(table.columns, systemTime);
}

/**
 * The query for a table's rows.
 *
 * @param conditions - in addition to the table's own filter, such as a range of its key
 */
export function queryOf(
  snapshot: OpenSnapshot,
  { table, selected }: TableTask,
  conditions: readonly string[],
): RowQuery {
  const history = historyOf(snapshot, table);
  const kept = (history ?? table.columns).filter(hasForm);
  // A table may have only generated columns. Its rows are counted nevertheless.
  const list = kept.length === 0 ? [noValues] : kept.map(expressionOf);
  const all = selected.rowFilter === undefined ? conditions : [selected.rowFilter.where, ...conditions];
  const from = `${quoteName(table.name)}${history === undefined ? '' : ' FOR SYSTEM_TIME ALL'}`;
  return {
    sql: `SELECT SQL_NO_CACHE ${list.join(', ')} FROM ${from} WHERE (${all.join(') AND (')})`,
    forms: kept.length === 0 ? ['u64'] : kept.map((column) => column.form),
  };
}

const noValues = 'CAST(1 AS UNSIGNED) | 0';

/**
 * A condition that is true in this session and an error in any other: a proxy may run this statement in
 * another session, even if `CONNECTION_ID()` returned the right id before (S8). The server evaluates it once,
 * as a constant.
 */
export function inSession({ id }: Connection): string {
  return `EXP(710 * (CONNECTION_ID() <> ${id}))`;
}

/**
 * Error numbers of a statement that ran in another session: out of range, as above (generated columns, which
 * could also cause it, are not read), and an unknown prepared statement or savepoint.
 */
export const replacedErrnos: ReadonlySet<number> = new Set([1690, 1243, 1305]);

/** Whether the values of a column are read. */
export function hasForm(
  column: ColumnDescription,
): column is ColumnDescription & { readonly form: ValueForm } {
  return column.form !== null;
}

function expressionOf(column: ColumnDescription): string {
  const name = quoteName(column.name);
  // The number is the value: the text of ENUM's error value equals that of an empty member (V13). The bitwise
  // operator makes every server send 64 bits.
  return /^(?:enum|set)\b/i.test(column.type) ? `CAST(${name} AS UNSIGNED) | 0` : name;
}
