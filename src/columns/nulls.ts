/** NULLs of a column: removes their places before storing, and inserts them again. */

import type { Width } from './numbers.js';

/** Number of set bits. */
export function countBits(bitmap: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bitmap.length; i++) {
    let byte = bitmap[i]!;
    while (byte !== 0) {
      byte &= byte - 1;
      count++;
    }
  }
  return count;
}

function isNull(nulls: Uint8Array, row: number): boolean {
  return ((nulls[row >> 3]! >> (row & 7)) & 1) !== 0;
}

/** The values that are not NULL, one after another. */
export function compactFixed(
  data: Uint8Array,
  width: Width,
  nulls: Uint8Array,
  rows: number,
  count: number,
): Uint8Array {
  const compact = new Uint8Array(count * width);
  let to = 0;
  for (let row = 0; row < rows; row++) {
    if (isNull(nulls, row)) continue;
    for (let i = 0, from = row * width; i < width; i++) compact[to++] = data[from++]!;
  }
  return compact;
}

/** The reverse of {@link compactFixed}, with zeros where NULL. */
export function expandFixed(compact: Uint8Array, width: Width, nulls: Uint8Array, rows: number): Uint8Array {
  const data = new Uint8Array(rows * width);
  let from = 0;
  for (let row = 0; row < rows; row++) {
    if (isNull(nulls, row)) continue;
    for (let i = 0, to = row * width; i < width; i++) data[to++] = compact[from++]!;
  }
  return data;
}

/** The lengths of the values that are not NULL. */
export function compactLengths(lengths: Uint32Array, nulls: Uint8Array, count: number): Uint32Array {
  const compact = new Uint32Array(count);
  let to = 0;
  for (let row = 0, rows = lengths.length; row < rows; row++) {
    if (!isNull(nulls, row)) compact[to++] = lengths[row]!;
  }
  return compact;
}

/** The reverse of {@link compactLengths}, with zeros where NULL. */
export function expandLengths(compact: Uint32Array, nulls: Uint8Array, rows: number): Uint32Array {
  const lengths = new Uint32Array(rows);
  let from = 0;
  for (let row = 0; row < rows; row++) if (!isNull(nulls, row)) lengths[row] = compact[from++]!;
  return lengths;
}
