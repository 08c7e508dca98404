import { loadedColumns } from '../../src/recovery/load/cells.js';
import { csvField, csvLine } from '../../src/recovery/records/csv-line.js';
import { holdsText } from '../../src/recovery/records/readable-cell.js';
import type { Progress, TablePage } from './protocol.js';
import type { Rows } from './rows.js';

/** What is shown of one value in a grid; the whole of it is in the CSV. */
const mostCharacters = 400;
/** Pieces of a file are handed to the browser from this size on: it may keep them on the disk. */
const pieceBytes: number = 4 * 2 ** 20;

export async function columnsOf(rows: Rows, table: string, signal?: AbortSignal): Promise<readonly string[]> {
  return loadedColumns((await rows.describe(table, signal)).columns).map(({ name }) => name);
}

/**
 * Rows of a table from a row on; with a text, only rows that contain it.
 *
 * @param from - number of the first row that is looked at, from 0
 */
export async function pageOf(
  rows: Rows,
  { table, text, from, most }: { table: string; text: string; from: number; most: number },
  onProgress: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<TablePage> {
  const columns = await columnsOf(rows, table, signal);
  const wanted = text.trim().toLowerCase();
  const { parts, rows: of } = rows.table(table);
  const found: { number: number; values: readonly (string | null)[] }[] = [];
  let first = 0;
  for (let part = 0; part < parts.length; first += parts[part]!, part++) {
    if (first + parts[part]! <= from) continue;
    const set = await rows.part(table, part, signal);
    const cells = columns.map((column) => set.text(column));
    for (let row = Math.max(0, from - first); row < set.rows; row++) {
      const values = cells.map((cell) => cell(row));
      if (wanted !== '' && !values.some((value) => value?.toLowerCase().includes(wanted) === true)) continue;
      if (found.length === most) return { rows: found, next: first + row };
      found.push({ number: first + row, values: values.map(shortened) });
    }
    if (wanted !== '') onProgress({ done: first + set.rows, of });
  }
  return { rows: found, next: null };
}

function shortened(value: string | null): string | null {
  return value !== null && value.length > mostCharacters ? `${value.slice(0, mostCharacters)}…` : value;
}

/**
 * A table as CSV for a spreadsheet: a `'` is put before text that begins like a formula, so that none of it
 * runs.
 */
export async function csvOf(
  rows: Rows,
  table: string,
  onProgress: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<Blob> {
  const columns = loadedColumns((await rows.describe(table, signal)).columns);
  return blobOf(lines(), 'text/csv;charset=utf-8');

  async function* lines(): AsyncGenerator<string> {
    yield csvLine(columns.map(({ name }) => csvField(name, true)));
    for await (const set of rows.scan(table, signal)) {
      const cells = columns.map((column) => ({ read: set.text(column.name), defuse: holdsText(column) }));
      for (let row = 0; row < set.rows; row++)
        yield csvLine(cells.map(({ read, defuse }) => csvField(read(row), defuse)));
      onProgress({ done: set.firstRow + set.rows, of: rows.table(table).rows });
    }
  }
}

/** Text, piece by piece, as a file for saving. */
export async function blobOf(pieces: AsyncIterable<string>, type: string): Promise<Blob> {
  const done: Blob[] = [];
  let waiting: string[] = [];
  let length = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length < pieceBytes) continue;
    done.push(new Blob(waiting));
    waiting = [];
    length = 0;
  }
  return new Blob([...done, ...waiting], { type });
}
