import type { ColumnBatch } from '../../archive/column-batch.js';
import type { TableDescription } from '../../archive/model.js';
import { loadedColumns } from '../../recovery/load/cells.js';
import { readableValue } from './readable-value.js';

/** The first line of a table's CSV: the names of the columns whose values are kept. */
export function csvHeader(table: TableDescription): string {
  return line(loadedColumns(table.columns).map(({ name }) => name));
}

/** Rows as CSV after RFC 4180, in UTF-8. NULL is nothing at all, the empty text is `""`. */
export function csvRows(table: TableDescription, batch: ColumnBatch): string {
  const columns = loadedColumns(table.columns).map((column, index) =>
    readableValue(column, batch.columns[index]!),
  );
  let text = '';
  for (let row = 0; row < batch.rows; row += 1) text += line(columns.map((value) => value(row)));
  return text;
}

function line(fields: readonly (string | null)[]): string {
  return `${fields.map(field).join(',')}\r\n`;
}

function field(value: string | null): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
