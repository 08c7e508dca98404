/** Keeps some rows of a column part, by the date in one of its columns: a `WHERE` without a server. */
import { concatBytes } from '../bytes.js';
import type { ColumnBatch, ColumnValues, VariableValues } from '../model/column-batch.js';
import type { DateFilter } from '../model/parts.js';

/** Rows from `start` to before `end`. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * The rows of a batch that a filter keeps; the batch itself when it keeps all.
 *
 * @param column - index of the filter's column in the batch
 * @throws RangeError when that column holds no dates
 */
export function filterRows(batch: ColumnBatch, column: number, filter: DateFilter): ColumnBatch {
  const dates = batch.columns[column];
  if (dates?.kind !== 'variable') throw new RangeError('"column" must hold dates');
  const runs = keptRuns(batch.rows, dates, filter);
  const rows = runs.reduce((sum, { start, end }) => sum + end - start, 0);
  if (rows === batch.rows) return batch;
  return { rows, columns: batch.columns.map((values) => pick(values, runs, rows)) };
}

function keptRuns(rows: number, dates: VariableValues, { since, unsetBefore }: DateFilter): Run[] {
  const [first, real] = [dayNumber(since), dayNumber(unsetBefore)];
  const runs: Run[] = [];
  let start = -1;
  let offset = 0;
  for (let row = 0; row < rows; row++) {
    const length = dates.lengths[row]!;
    const day = length === 0 ? 0 : dayAt(dates.data, offset);
    offset += length;
    // NULL has length 0 and so counts as day 0, which is no real date either.
    const isKept = day >= first || day < real;
    if (isKept && start < 0) start = row;
    if (!isKept && start >= 0) {
      runs.push({ start, end: row });
      start = -1;
    }
  }
  if (start >= 0) runs.push({ start, end: rows });
  return runs;
}

/**
 * The date as a number that is larger for later days, in the server's order. Month or day may be 0, and the
 * day need not exist.
 */
function dayAt(data: Uint8Array, offset: number): number {
  return ((data[offset]! | (data[offset + 1]! << 8)) * 16 + data[offset + 2]!) * 32 + data[offset + 3]!;
}

function dayNumber(day: string): number {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  return (year * 16 + month) * 32 + date;
}

function pick(values: ColumnValues, runs: readonly Run[], rows: number): ColumnValues {
  const nulls = values.nulls === null ? null : pickBits(values.nulls, runs, rows);
  if (values.kind === 'fixed') {
    const { width } = values;
    const data = new Uint8Array(rows * width);
    let at = 0;
    for (const { start, end } of runs) {
      data.set(values.data.subarray(start * width, end * width), at);
      at += (end - start) * width;
    }
    return { kind: 'fixed', width, nulls, data };
  }
  const lengths = new Uint32Array(rows);
  const pieces: Uint8Array[] = [];
  let row = 0;
  let offset = 0;
  let at = 0;
  const skipTo = (end: number): number => {
    for (; row < end; row++) offset += values.lengths[row]!;
    return offset;
  };
  for (const { start, end } of runs) {
    lengths.set(values.lengths.subarray(start, end), at);
    at += end - start;
    pieces.push(values.data.subarray(skipTo(start), skipTo(end)));
  }
  return { kind: 'variable', nulls, lengths, data: concatBytes(pieces) };
}

function pickBits(bits: Uint8Array, runs: readonly Run[], rows: number): Uint8Array {
  const picked = new Uint8Array(Math.ceil(rows / 8));
  let at = 0;
  for (const { start, end } of runs) {
    for (let row = start; row < end; row++, at++) {
      if ((bits[row >> 3]! >> (row & 7)) & 1) picked[at >> 3]! |= 1 << (at & 7);
    }
  }
  return picked;
}
