import type { ColumnBatch } from '../../model/column-batch.js';
import type { TableDescription } from '../../model/parts.js';
import { loadedColumns } from '../load/cells.js';
import { csvField, csvLine } from '../records/csv-line.js';
import { holdsText, readableValue } from './readable-value.js';

/** Whom a CSV is for. */
export interface CsvOptions {
  /** A spreadsheet runs a text that begins like a formula; a `'` in front makes it text again, and no longer the value. */
  readonly spreadsheet?: boolean | undefined;
}

/** The first line of a table's CSV: the names of the columns whose values are kept. */
export function csvHeader(table: TableDescription, { spreadsheet = false }: CsvOptions = {}): string {
  return csvLine(loadedColumns(table.columns).map(({ name }) => csvField(name, spreadsheet)));
}

/** Rows as CSV after RFC 4180, in UTF-8. NULL is nothing at all, the empty text is `""`. */
export function csvRows(
  table: TableDescription,
  batch: ColumnBatch,
  { spreadsheet = false }: CsvOptions = {},
): string {
  const columns = loadedColumns(table.columns).map((column, index) => {
    const value = readableValue(column, batch.columns[index]!);
    const defuse = spreadsheet && holdsText(column);
    return (row: number): string => csvField(value(row), defuse);
  });
  let text = '';
  for (let row = 0; row < batch.rows; row += 1) text += csvLine(columns.map((value) => value(row)));
  return text;
}
