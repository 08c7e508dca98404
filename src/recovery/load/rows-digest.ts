import { hash } from 'node:crypto';
import type { ColumnBatch, ColumnValues } from '../../model/column-batch.js';
import type { ValueForm } from '../../model/parts.js';

// Longer values are represented by their own digest, so that a row is never copied as a whole.
const longValue = 4096;
const nullMark = 0xff_ff_ff_ff;
/** For every value its length, and the value or its digest. */
const mostBytes = 4 + longValue;

/**
 * A digest of a set of rows: equal for the same rows in any order and in any batches. The sum over all rows
 * of a SHA-256 of the row, word by word, so that a duplicate row counts twice.
 */
export class RowsDigest {
  readonly #forms: readonly ValueForm[];
  readonly #asNone: readonly number[];
  readonly #sums: Uint32Array = new Uint32Array(8);
  readonly #row: Buffer;
  #rows = 0;

  /**
   * @param forms - how the values of each column are stored
   * @param asNone - for each column a number that counts as 0
   */
  constructor(forms: readonly ValueForm[], asNone: readonly number[] = []) {
    this.#forms = forms;
    this.#asNone = asNone;
    this.#row = Buffer.allocUnsafe(Math.max(1, forms.length) * mostBytes);
  }

  add(batch: ColumnBatch): void {
    const starts = batch.columns.map(() => 0);
    for (let row = 0; row < batch.rows; row++) {
      let at = 0;
      for (const [i, values] of batch.columns.entries()) {
        const length = lengthOf(values, row);
        const from = starts[i]!;
        starts[i] = from + length;
        const isNull = values.nulls !== null && (values.nulls[row >> 3]! & (1 << (row & 7))) !== 0;
        at = isNull ? this.#row.writeUInt32LE(nullMark, at) : this.#put(values, i, from, length, at);
      }
      const digest = hash('sha256', this.#row.subarray(0, at), 'buffer');
      for (let word = 0; word < 8; word++) this.#sums[word]! += digest.readUInt32LE(4 * word);
    }
    this.#rows += batch.rows;
  }

  /** Whether both are of the same rows. */
  equals(other: RowsDigest): boolean {
    return this.#rows === other.#rows && this.#sums.every((sum, i) => sum === other.#sums[i]);
  }

  #put({ data }: ColumnValues, column: number, from: number, length: number, at: number): number {
    const form = this.#forms[column]!;
    const none = this.#asNone[column] ?? 0;
    let kept = length;
    // Servers differ in how many trailing zeros of a time they send.
    if (form === 'date' || form === 'datetime' || form === 'time') {
      while (kept > 0 && data[from + kept - 1] === 0) kept--;
    }
    const next = this.#row.writeUInt32LE(kept, at);
    const given = data.subarray(from, from + kept);
    const value = none > 0 && isNumber(given, none) ? new Uint8Array(kept) : given;
    const put = kept <= longValue ? value : hash('sha256', value, 'buffer');
    this.#row.set(put, next);
    return next + put.length;
  }
}

function isNumber(bytes: Uint8Array, number: number): boolean {
  return bytes.every((byte, i) => byte === Math.floor(number / 256 ** i) % 256);
}

function lengthOf(values: ColumnValues, row: number): number {
  return values.kind === 'fixed' ? values.width : values.lengths[row]!;
}
