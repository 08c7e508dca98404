import type { CatalogTable, SelectedTable } from '../catalog/model.js';
import { columnsWithHistory, systemTimeOf } from '../catalog/system-time.js';
import type { Connection } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import type { ColumnDescription, ValueForm } from '../model/parts.js';
import type { RowQuery } from './row-command.js';
import type { OpenSnapshot } from './snapshot.js';

/** A table about to be read. */
export interface TableTask {
  readonly index: number;
  readonly table: CatalogTable;
  readonly selected: SelectedTable;
}

/** Why no rows of a table are read; undefined when they are. */
export function definitionOnly({ table, selected }: TableTask): string | undefined {
  return table.rowsElsewhere ?? selected.definitionOnly;
}

/** The columns when old versions are kept too; undefined when only current rows are (C3). */
export function historyOf(
  { history, definitions }: OpenSnapshot,
  table: CatalogTable,
): readonly ColumnDescription[] | undefined {
  if (history !== 'all' || !table.versioned) return undefined;
  const systemTime = systemTimeOf(definitions.get(table.name) ?? '');
  return systemTime === undefined ? undefined : columnsWithHistory(table.columns, systemTime);
}

/**
 * The question for the rows of a table.
 *
 * @param conditions - beside the table's own, such as a range of its key
 */
export function queryOf(
  snapshot: OpenSnapshot,
  { table, selected }: TableTask,
  conditions: readonly string[],
): RowQuery {
  const history = historyOf(snapshot, table);
  const kept = (history ?? table.columns).filter(hasForm);
  // A table may have generated columns only. Its rows are counted all the same.
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
 * True in this session and an error in any other: a proxy may give this statement to another one, and the
 * question for the session's number not (S8). To the server it is a constant, so it costs no row anything.
 */
export function inSession({ id }: Connection): string {
  return `EXP(710 * (CONNECTION_ID() <> ${id}))`;
}

/**
 * What a server answers that ran a statement in another session: out of range, as above (generated columns,
 * which could be too, are not read); and a prepared statement or a savepoint that the session does not know.
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
  // The number is the value; the text of ENUM's error value is that of an empty member (V13). The bitwise
  // operator makes every server send 64 bits.
  return /^(?:enum|set)\b/i.test(column.type) ? `CAST(${name} AS UNSIGNED) | 0` : name;
}
