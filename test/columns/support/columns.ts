import { type ColumnValues, widthOf } from '../../../src/model/column-batch.js';
import type { ValueForm } from '../../../src/model/parts.js';

/** A value of a row: a bigint stands in its form's width; null is NULL. */
export type Value = bigint | Uint8Array | null;

/** A column from one value per row. */
export function column(form: ValueForm, values: readonly Value[]): ColumnValues {
  const rows = values.length;
  const nulls = values.includes(null) ? new Uint8Array(Math.ceil(rows / 8)) : null;
  values.forEach((value, row) => {
    if (value === null) nulls![row >> 3]! |= 1 << (row & 7);
  });
  const width = widthOf(form);
  if (width === 0) {
    const bytes = values.map((value) => (value instanceof Uint8Array ? value : new Uint8Array(0)));
    return {
      kind: 'variable',
      nulls,
      lengths: Uint32Array.from(bytes, (value) => value.length),
      data: new Uint8Array(Buffer.concat(bytes)),
    };
  }
  const data = new Uint8Array(rows * width);
  values.forEach((value, row) => {
    if (typeof value !== 'bigint') return;
    for (let i = 0; i < width; i++) data[row * width + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  });
  return { kind: 'fixed', width, nulls, data };
}
