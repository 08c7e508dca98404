import type { ArchiveReader } from '../../archive/index.js';
import { assertArgument, assertOptions, assertReader } from '../../arguments.js';
import type { ColumnBatch } from '../../model/column-batch.js';
import type { TableDescription } from '../../model/parts.js';
import { loadedColumns } from '../load/cells.js';
import { csvField, csvLine } from '../records/csv-line.js';
import { holdsText } from '../records/readable-cell.js';
import { readableValue } from './readable-value.js';

/** Options of {@link exportCsv}. */
export interface ExportCsvOptions extends CsvForm {
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the rows written since the last call. */
  readonly onRows?: ((rows: number) => void) | undefined;
}

/** Form of a CSV. */
export interface CsvForm {
  /**
   * Whether a `'` is put before text that begins like a formula, since a spreadsheet would execute it. Such
   * values are then changed.
   */
  readonly spreadsheet?: boolean | undefined;
}

/**
 * The rows of a table as CSV by RFC 4180, in UTF-8, with the columns' names in the first line. NULL is an
 * empty field, the empty text is `""`. Bytes, and text in an unknown character set, are written as `0x…`.
 *
 * @param table - its name
 * @throws BackupError `archive-damaged`; RangeError when the archive has no such table
 * @example
 * ```ts
 * for await (const lines of exportCsv(archive, 'patient')) await file.write(lines);
 * ```
 */
export async function* exportCsv(
  archive: ArchiveReader,
  table: string,
  options: ExportCsvOptions = {},
): AsyncGenerator<string> {
  assertReader('archive', archive);
  assertArgument('table', table, 'text');
  assertOptions(options, { spreadsheet: 'boolean?' });
  const { signal, onRows } = options;
  const description = await archive.table(table, { signal });
  yield csvHeader(description, options);
  for await (const batch of archive.readTable(table, { signal })) {
    yield csvRows(description, batch, options);
    onRows?.(batch.rows);
  }
}

/** The header line of a table's CSV: the names of the columns whose values are kept. */
export function csvHeader(table: TableDescription, { spreadsheet = false }: CsvForm = {}): string {
  return csvLine(loadedColumns(table.columns).map(({ name }) => csvField(name, spreadsheet)));
}

/** Rows as CSV by RFC 4180, in UTF-8. NULL is an empty field, the empty text is `""`. */
export function csvRows(
  table: TableDescription,
  batch: ColumnBatch,
  { spreadsheet = false }: CsvForm = {},
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
