import { columnItems } from '../../catalog/column-items.js';
import { type Token, tokenise, unquote } from '../../database/tokens.js';
import type { TableDescription } from '../../model/parts.js';
import { dataTypeOf, loadedColumns } from './cells.js';
import { RowsDigest } from './rows-digest.js';

/** An empty digest for the rows of a table. */
export function digestFor(table: TableDescription): RowsDigest {
  const columns = loadedColumns(table.columns);
  const forms = columns.map(({ form }) => form);
  if (!/^csv$/i.test(table.engine) || !columns.some(isEnum)) return new RowsDigest(forms);
  const items = itemsOf(table.createStatement);
  return new RowsDigest(
    forms,
    columns.map((column) => (isEnum(column) ? emptyMemberOf(items.get(column.name) ?? []) : 0)),
  );
}

function isEnum(column: TableDescription['columns'][number]): boolean {
  return dataTypeOf(column) === 'enum';
}

function itemsOf(statement: string): ReadonlyMap<string, readonly Token[]> {
  const tokens = tokenise(statement);
  const items = new Map<string, readonly Token[]>();
  for (const { from, to } of columnItems(tokens)) {
    const [name, ...type] = tokens.slice(from, to).filter(({ kind }) => kind !== 'space');
    items.set(unquote(name!.text), type);
  }
  return items;
}

/**
 * The number of an ENUM's empty member, or 0. A table of the engine CSV stores text, and so cannot
 * distinguish it from the error value (V13).
 */
function emptyMemberOf(type: readonly Token[]): number {
  const list = type.slice(
    0,
    type.findIndex(({ text }) => text === ')'),
  );
  return list.filter(({ kind }) => kind === 'text').findIndex(({ text }) => text === "''") + 1;
}
