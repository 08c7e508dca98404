import type { ColumnBatch } from '../../archive/column-batch.js';
import type { TableDescription } from '../../archive/model.js';
import { valueText } from './value-text.js';

/** The first line of a table's CSV: the names of the columns whose values are kept. */
export function csvHeader(table: TableDescription): string {
  return line(keptColumns(table).map(({ name }) => name));
}

/** Rows as CSV after RFC 4180, in UTF-8. NULL is nothing at all, the empty text is `""`. */
export function csvRows(table: TableDescription, batch: ColumnBatch): string {
  const columns = keptColumns(table).map((column, index) => valueText(column, batch.columns[index]!));
  let text = '';
  for (let row = 0; row < batch.rows; row += 1) text += line(columns.map((value) => value(row)));
  return text;
}

function keptColumns(table: TableDescription): TableDescription['columns'] {
  return table.columns.filter(({ form }) => form !== null);
}

function line(fields: readonly (string | null)[]): string {
  return `${fields.map(field).join(',')}\r\n`;
}

function field(value: string | null): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
