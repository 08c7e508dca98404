import type { ColumnValues } from '../../model/column-batch.js';
import type { ColumnDescription } from '../../model/parts.js';
import { readableCell } from './readable-cell.js';
import { webCharacterSets } from './web-character-sets.js';

/** The value of a key: an exact integer, or text. */
export type KeyValue = bigint | string;

/** Returns a function for the key in a row; null is NULL. Integers of all widths are comparable. */
export function keyReader(column: ColumnDescription, values: ColumnValues): (row: number) => KeyValue | null {
  if (values.kind === 'variable' || column.form === 'f32' || column.form === 'f64')
    return readableCell(column, values, webCharacterSets);
  const { nulls } = values;
  const read = wholeNumbers(column, values.data);
  return (row) => (nulls !== null && ((nulls[row >> 3]! >> (row & 7)) & 1) === 1 ? null : read(row));
}

function wholeNumbers({ form }: ColumnDescription, data: Uint8Array): (row: number) => bigint {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  switch (form) {
    case 'i8':
      return (row) => BigInt(view.getInt8(row));
    case 'u8':
      return (row) => BigInt(view.getUint8(row));
    case 'i16':
      return (row) => BigInt(view.getInt16(2 * row, true));
    case 'u16':
      return (row) => BigInt(view.getUint16(2 * row, true));
    case 'i32':
      return (row) => BigInt(view.getInt32(4 * row, true));
    case 'u32':
      return (row) => BigInt(view.getUint32(4 * row, true));
    case 'i64':
      return (row) => view.getBigInt64(8 * row, true);
    default:
      return (row) => view.getBigUint64(8 * row, true);
  }
}
