import { isAtLeast } from '../../database/server-version.js';
import type { ColumnBatch } from '../../model/column-batch.js';
import type { ServerDescription } from '../../model/parts.js';

/** As in the binary protocol: year, month, day, hour, minute, second, microsecond. */
const ends: Readonly<Record<'32-bit' | '64-bit', Uint8Array>> = {
  '32-bit': endOfTime(2038, 1, 19, 3, 14, 7),
  '64-bit': endOfTime(2106, 2, 7, 6, 28, 15),
};

/**
 * The end of time of a server: the current version of a row ends then. It changed with MariaDB 11.5, and a
 * current row with the other end would count as deleted (C3).
 */
export function endOfTimeOn({ version }: Pick<ServerDescription, 'version'>): Uint8Array {
  return ends[isAtLeast(version, 11, 5) ? '64-bit' : '32-bit'];
}

/**
 * Sets the end of current rows to the target's end of time, in place.
 *
 * @param column - index of the period's end in the batch
 * @param end - the target's end of time
 */
export function moveOpenEnds(batch: ColumnBatch, column: number, end: Uint8Array): void {
  const values = batch.columns[column]!;
  if (values.kind !== 'variable') throw new RangeError('"batch" does not fit the table');
  let at = 0;
  for (let row = 0; row < batch.rows; row++) {
    const length = values.lengths[row]!;
    const value = values.data.subarray(at, at + length);
    if (Object.values(ends).some((open) => sameBytes(open, value))) value.set(end);
    at += length;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function endOfTime(
  ...[year, month, day, hour, minute, second]: [number, number, number, number, number, number]
): Uint8Array {
  const bytes = Uint8Array.of(0, 0, month, day, hour, minute, second, 0, 0, 0, 0);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, year, true);
  view.setUint32(7, 999_999, true);
  return bytes;
}
