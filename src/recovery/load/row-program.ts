import type { ColumnBatch, ColumnValues } from '../../model/column-batch.js';
import { dataTypeOf, type LoadedColumn, type Spelling, shortCellOf, shortRoom } from './cells.js';

/** How a column's values are written; numbers, since the loop over all values switches on them. */
export const asBytes = 0;
export const asInt8 = 1;
export const asUint8 = 2;
export const asInt16 = 3;
export const asUint16 = 4;
export const asInt32 = 5;
export const asUint32 = 6;
export const asInt64 = 7;
export const asUint64 = 8;
/** Dates, floating-point numbers, years: written by the cell's own function. */
export const asOther = 9;

/** A column whose values differ within the batch, with the bytes that follow each of its values. */
export interface Step {
  readonly kind: number;
  readonly nulls: Uint8Array | null;
  /**
   * Integers as 32-bit words, of 64-bit ones the low word first; or bytes, for {@link asBytes} and narrow
   * numbers.
   */
  readonly words: Int32Array;
  readonly halves: Int16Array;
  readonly bytes: Uint8Array;
  readonly lengths: Uint32Array;
  /** Start of the next value of {@link asBytes}. */
  offset: number;
  readonly write: (row: number, out: Uint8Array, at: number) => number;
  /** Separators, and the text of constant columns up to the next step. */
  readonly after: Uint8Array;
}

/** A batch prepared for writing row by row. */
export interface RowProgram {
  /** The bytes that every row begins with. */
  readonly before: Uint8Array;
  readonly steps: readonly Step[];
  /** Most bytes of a row without the values of {@link asBytes}. */
  readonly room: number;
}

const none: Uint8Array = new Uint8Array(0);

/**
 * Prepares a batch. Most columns of a practice are constant over many rows; their text is formatted once
 * here, and copied together for every row.
 *
 * @param separator - between values
 * @param terminator - after the last value of a row
 */
export function planRows(
  columns: readonly LoadedColumn[],
  batch: ColumnBatch,
  spelling: Spelling,
  separator: number,
  terminator: number,
): RowProgram {
  if (columns.length !== batch.columns.length) {
    throw new RangeError(`"batch" has ${batch.columns.length} columns and the table ${columns.length}`);
  }
  let before: Uint8Array | undefined;
  let literal: number[] = [];
  const steps: Step[] = [];
  let pending: Omit<Step, 'after'> | undefined;
  const close = (): void => {
    const bytes = Uint8Array.from(literal);
    if (pending === undefined) before = bytes;
    else steps.push({ ...pending, after: bytes });
    literal = [];
  };
  let room = 0;
  for (const [i, column] of columns.entries()) {
    const values = batch.columns[i]!;
    const constant = constantText(column, values, batch.rows, spelling);
    if (constant === undefined) {
      close();
      pending = stepOf(column, values, spelling);
      room += shortRoom;
    } else {
      literal.push(...constant);
      room += constant.length;
    }
    literal.push(i === columns.length - 1 ? terminator : separator);
    room++;
  }
  // A row without values still takes a line.
  if (columns.length === 0) literal.push(terminator);
  close();
  return { before: before ?? none, steps, room };
}

function stepOf(column: LoadedColumn, values: ColumnValues, spelling: Spelling): Omit<Step, 'after'> {
  const kind = kindOf(column);
  if ((kind === asBytes) !== (values.kind === 'variable' && column.form === 'bytes')) {
    throw new RangeError('"batch" does not fit the table');
  }
  const { nulls } = values;
  const data = aligned(values.data);
  return {
    kind,
    nulls,
    bytes: data,
    halves: new Int16Array(data.buffer, data.byteOffset, data.length >> 1),
    words: new Int32Array(data.buffer, data.byteOffset, data.length >> 2),
    lengths: values.kind === 'variable' ? values.lengths : new Uint32Array(0),
    offset: 0,
    write: kind === asOther ? shortCellOf(column, values, spelling) : never,
  };
}

function never(): number {
  throw new RangeError('a value is written by the loop itself');
}

function kindOf(column: LoadedColumn): number {
  if (dataTypeOf(column) === 'year') return asOther;
  switch (column.form) {
    case 'bytes':
      return asBytes;
    case 'i8':
      return asInt8;
    case 'u8':
      return asUint8;
    case 'i16':
      return asInt16;
    case 'u16':
      return asUint16;
    case 'i32':
      return asInt32;
    case 'u32':
      return asUint32;
    case 'i64':
      return asInt64;
    case 'u64':
      return asUint64;
    default:
      return asOther;
  }
}

/** Typed arrays start at multiples of their width; a part that was decoded in place may not. */
function aligned(data: Uint8Array): Uint8Array {
  return data.byteOffset % 8 === 0 ? data : data.slice();
}

/** The text of a column that is constant in the batch; undefined when its values differ or are long. */
function constantText(
  column: LoadedColumn,
  values: ColumnValues,
  rows: number,
  spelling: Spelling,
): Uint8Array | undefined {
  if (rows === 0) return none;
  if (values.nulls !== null) return everyBit(values.nulls, rows) ? spelling.null : undefined;
  if (values.kind === 'variable' && column.form === 'bytes') {
    // Empty texts are frequent; other texts are rarely constant.
    return values.data.length === 0 ? none : undefined;
  }
  if (!isRepeated(values, rows)) return undefined;
  const text = new Uint8Array(shortRoom);
  return text.slice(0, shortCellOf(column, values, spelling)(0, text, 0));
}

function everyBit(bits: Uint8Array, rows: number): boolean {
  for (let row = 0; row < rows; row++) if ((bits[row >> 3]! & (1 << (row & 7))) === 0) return false;
  return true;
}

function isRepeated(values: ColumnValues, rows: number): boolean {
  let width: number;
  if (values.kind === 'fixed') ({ width } = values);
  else {
    const { lengths } = values;
    width = lengths[0]!;
    for (let row = 1; row < rows; row++) if (lengths[row] !== width) return false;
  }
  const { data } = values;
  for (let i = width; i < width * rows; i++) if (data[i] !== data[i - width]) return false;
  return true;
}
