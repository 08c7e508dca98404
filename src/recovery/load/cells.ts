import type { ColumnBatch, ColumnValues, VariableValues } from '../../model/column-batch.js';
import type { ColumnDescription, ValueForm } from '../../model/parts.js';
import {
  maxShortText,
  writeDate,
  writeDatetime,
  writeDouble,
  writeInt32,
  writeInt64,
  writeTime,
  writeUint32,
  writeUint64,
} from './server-text.js';

/** A column whose values are kept and loaded. */
export interface LoadedColumn extends ColumnDescription {
  readonly form: ValueForm;
}

/** The columns of a table whose values are in the archive. */
export function loadedColumns(columns: readonly ColumnDescription[]): readonly LoadedColumn[] {
  return columns.filter((column): column is LoadedColumn => column.form !== null);
}

/** Bare lower-case type, such as `bigint`. */
export function dataTypeOf(column: ColumnDescription): string {
  return (/^\w+/.exec(column.type)?.[0] ?? '').toLowerCase();
}

/** How a kind of statement writes values. */
export interface Spelling {
  readonly null: Uint8Array;
  /** Put around dates and times; empty if none are needed. */
  readonly quote: Uint8Array;
  /** Put behind a floating-point number that would otherwise be read as another kind of number. */
  readonly exponent: Uint8Array;
}

/** Most bytes of a short value, with quotes. */
export const shortRoom: number = maxShortText + 8;

/** Writes the values of one column, row by row, in order, each once. */
export type Cell = LongCell | ShortCell;

/** Numbers and dates: never more than {@link shortRoom} bytes. */
export interface ShortCell {
  readonly long: false;
  write(row: number, out: Uint8Array, at: number): number;
}

/** Text and bytes of any length, which the statement's own writer formats. */
export interface LongCell {
  readonly long: true;
  readonly nulls: Uint8Array | null;
  readonly values: VariableValues;
  /** Start of the next value in the data. */
  offset: number;
}

/** Creates a cell for every loaded column of a batch. */
export function cellsOf(
  columns: readonly LoadedColumn[],
  batch: ColumnBatch,
  spelling: Spelling,
): readonly Cell[] {
  if (columns.length !== batch.columns.length) {
    throw new RangeError(`"batch" has ${batch.columns.length} columns and the table ${columns.length}`);
  }
  return columns.map((column, i) => cellOf(column, batch.columns[i]!, spelling));
}

function cellOf(column: LoadedColumn, values: ColumnValues, spelling: Spelling): Cell {
  if (column.form === 'bytes') {
    if (values.kind !== 'variable') throw new RangeError('"batch" does not fit the table');
    return { long: true, nulls: values.nulls, values, offset: 0 };
  }
  const write = shortCellOf(column, values, spelling);
  const { nulls } = values;
  if (nulls === null) return { long: false, write };
  return {
    long: false,
    write(row, out, at) {
      if ((nulls[row >> 3]! & (1 << (row & 7))) === 0) return write(row, out, at);
      out.set(spelling.null, at);
      return at + spelling.null.length;
    },
  };
}

type Write = ShortCell['write'];

/** Writes the values of a column of short ones, which must not be NULL. */
export function shortCellOf(column: LoadedColumn, values: ColumnValues, spelling: Spelling): Write {
  if (dataTypeOf(column) === 'year') return yearWriter(values, digitsOfYear(column), spelling);
  if (values.kind === 'fixed') return numberWriter(column.form, values.data, spelling);
  return dateWriter(column.form, values, spelling);
}

function numberWriter(form: ValueForm, data: Uint8Array, spelling: Spelling): Write {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  switch (form) {
    case 'i8':
      return (row, out, at) => writeInt32(out, at, view.getInt8(row));
    case 'u8':
      return (row, out, at) => writeUint32(out, at, data[row]!);
    case 'i16':
      return (row, out, at) => writeInt32(out, at, view.getInt16(2 * row, true));
    case 'u16':
      return (row, out, at) => writeUint32(out, at, view.getUint16(2 * row, true));
    case 'i32':
      return (row, out, at) => writeInt32(out, at, view.getInt32(4 * row, true));
    case 'u32':
      return (row, out, at) => writeUint32(out, at, view.getUint32(4 * row, true));
    case 'i64':
      return (row, out, at) =>
        writeInt64(out, at, view.getUint32(8 * row, true), view.getUint32(8 * row + 4, true));
    case 'u64':
      return (row, out, at) =>
        writeUint64(out, at, view.getUint32(8 * row, true), view.getUint32(8 * row + 4, true));
    case 'f32':
      return floatWriter((row) => view.getFloat32(4 * row, true), spelling);
    case 'f64':
      return floatWriter((row) => view.getFloat64(8 * row, true), spelling);
    default:
      throw new RangeError(`"form" ${form} is not a number`);
  }
}

function floatWriter(read: (row: number) => number, { exponent }: Spelling): Write {
  return (row, out, at) => {
    const end = writeDouble(out, at, read(row));
    if (exponent.length === 0 || out.subarray(at, end).includes(exponent[0]!)) return end;
    out.set(exponent, end);
    return end + exponent.length;
  };
}

/**
 * A YEAR(2) is sent as the number of its last two digits: 0 is the year 2000, and `0000` would be the zero
 * year (V12).
 */
function digitsOfYear({ type }: ColumnDescription): 2 | 4 {
  return /^year\(2\)/i.test(type) ? 2 : 4;
}

/** As many digits as the type has: a server reads the text `0` as the year 2000 (V12). */
function yearWriter(values: ColumnValues, digits: 2 | 4, { quote }: Spelling): Write {
  const { data } = values;
  const highest = 10 ** (digits - 1);
  return (row, out, at) => {
    const year = data[2 * row]! | (data[2 * row + 1]! << 8);
    out.set(quote, at);
    let to = at + quote.length;
    for (let scale = highest; scale >= 1; scale /= 10) out[to++] = 0x30 + (Math.floor(year / scale) % 10);
    out.set(quote, to);
    return to + quote.length;
  };
}

function dateWriter(form: ValueForm, values: VariableValues | ColumnValues, { quote }: Spelling): Write {
  if (values.kind !== 'variable') throw new RangeError('"batch" does not fit the table');
  const { data, lengths } = values;
  const write = form === 'date' ? writeDate : form === 'datetime' ? writeDatetime : writeTime;
  let from = 0;
  let seen = 0;
  return (row, out, at) => {
    // NULLs are skipped by the caller and take no bytes.
    while (seen < row) from += lengths[seen++]!;
    const quoted = quote.length > 0;
    if (quoted) out[at] = quote[0]!;
    const end = write(out, quoted ? at + 1 : at, data, from, lengths[row]!);
    if (!quoted) return end;
    out[end] = quote[0]!;
    return end + 1;
  };
}
