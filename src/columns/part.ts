/**
 * The only format of our own: consecutive rows of one table, stored column by column.
 *
 *     rows  columns  length[0] … length[columns-1]  segment[0] … segment[columns-1]
 *
 * Numbers in the frame are unsigned LEB128. A segment is a tag byte, a bitmap of the NULLs where some values
 * are NULL, and the values that are not NULL. `docs/FORMAT.md` specifies it; `reader.py` reads it in sixty
 * lines.
 */

import { joinStretches, type Stretch, type Texture } from '../engine/stretches.js';
import { type ColumnBatch, type ColumnValues, widthOf } from '../model/column-batch.js';
import type { ValueForm } from '../model/parts.js';
import { ByteBuilder, ByteCursor, damagedPart } from './byte-cursor.js';
import { compactFixed, compactLengths, countBits, expandFixed, expandLengths } from './nulls.js';
import { deltasEncoding, encodeNumbers, numbersBound, numbersEncoding, type Width } from './numbers.js';
import { joinNumbers, type StoredNumbers, takeNumbers } from './stored-numbers.js';
import {
  base64Encoding,
  costOf,
  encodeStrings,
  joinStrings,
  planesEncoding,
  repeatedEncoding,
  type StoredStrings,
  stringsBound,
  stringsEncoding,
  takeStrings,
} from './strings.js';

// The tag of a segment: its encoding times four, plus the kind of its NULLs.
const noNulls = 0;
const someNulls = 1;
const allNulls = 2;

/** Most rows in one part. */
export const maxPartRows: number = 2 ** 22;
/** Most columns; MySQL and MariaDB allow 4096. */
const maxPartColumns = 4096;
// Most bytes by which the values may be longer than their part, whatever the part claims.
const maxExpansion = 64 * 2 ** 20;

/**
 * Encodes rows as a column part.
 *
 * @throws RangeError when the batch has more than {@link maxPartRows} rows, or columns of another length
 */
export function encodeColumnPart(batch: ColumnBatch): Uint8Array {
  return encodeColumns(batch).bytes;
}

/**
 * {@link encodeColumnPart}, and how the bytes of the part compress.
 *
 * @param roomOf - returns a buffer of at least that size for `bytes`
 */
export function encodeColumns(
  batch: ColumnBatch,
  roomOf: (size: number) => Uint8Array = (size) => new Uint8Array(size),
): {
  readonly bytes: Uint8Array;
  readonly stretches: readonly Stretch[];
} {
  const { rows, columns } = batch;
  if (rows > maxPartRows) throw new RangeError(`"batch" has more than ${maxPartRows} rows`);
  const room = columns.reduce((sum, column) => sum + segmentBound(rows, column), 0);
  // The lengths precede the segments and are known last: space is reserved for them, and the unused part cut
  // off.
  const reserved = 10 + 5 * columns.length;
  const out = new ByteBuilder(roomOf(reserved + room));
  out.position = reserved;
  const segments = columns.map((column) => encodeSegment(out, rows, column));
  const frame = new ByteBuilder(reserved);
  frame.leb128(rows);
  frame.leb128(columns.length);
  for (const stretches of segments) frame.leb128(stretches.at(-1)!.end - stretches[0]!.start);
  const from = reserved - frame.position;
  out.bytes.set(frame.finish(), from);
  const stretches = joinStretches([{ start: from, end: reserved, texture: 'runs' }, ...segments.flat()]);
  return {
    bytes: out.bytes.subarray(from, out.position),
    stretches: stretches.map((each) => ({ ...each, start: each.start - from, end: each.end - from })),
  };
}

function segmentBound(rows: number, column: ColumnValues): number {
  const values =
    column.kind === 'fixed' ? numbersBound(rows, column.width) : stringsBound(rows, column.data.length);
  return 1 + Math.ceil(rows / 8) + values;
}

/** @returns how the bytes of the segment compress, in order; at least one stretch */
function encodeSegment(out: ByteBuilder, rows: number, column: ColumnValues): readonly Stretch[] {
  const nullCount = column.nulls === null ? 0 : countBits(column.nulls);
  const start = out.position;
  if (nullCount === rows && rows > 0) {
    out.byte(allNulls);
    return [{ start, end: out.position, texture: 'runs' }];
  }
  out.byte(0);
  const nulls = nullCount === 0 ? null : column.nulls;
  if (nulls !== null) out.append(nulls.subarray(0, Math.ceil(rows / 8)));
  const count = rows - nullCount;
  let encoding: number;
  let texture: Texture = 'runs';
  let valuesAt = start;
  if (column.kind === 'fixed') {
    if (column.data.length !== rows * column.width)
      throw new RangeError('"batch" has a column of the wrong size');
    const data = nulls === null ? column.data : compactFixed(column.data, column.width, nulls, rows, count);
    encoding = encodeNumbers(out, data, column.width, count, true);
  } else {
    if (column.lengths.length !== rows) throw new RangeError('"batch" has a column of the wrong size');
    const lengths = nulls === null ? column.lengths : compactLengths(column.lengths, nulls, count);
    ({ encoding, texture, valuesAt } = encodeStrings(out, lengths, column.data));
  }
  out.bytes[start] = encoding * 4 + (nulls === null ? noNulls : someNulls);
  const end = out.position;
  // Random values are not compressed, but the bytes before them are.
  return texture === 'random'
    ? [
        { start, end: valuesAt, texture: 'runs' },
        { start: valuesAt, end, texture },
      ]
    : [{ start, end, texture }];
}

/**
 * Decodes a column part.
 *
 * @param forms - how the values of each kept column are stored
 * @throws BackupError `archive-damaged` when the part does not parse to the last byte
 */
export function decodeColumnPart(bytes: Uint8Array, forms: readonly ValueForm[]): ColumnBatch {
  const { rows, columns } = takeColumns(bytes, forms);
  return { rows, columns: columns.map((column) => joinColumn(column, rows)) };
}

/**
 * Parses a column part to its last byte without building its values. It accepts exactly what {@link
 * decodeColumnPart} accepts.
 *
 * @returns number of rows
 * @throws BackupError `archive-damaged`, exactly when {@link decodeColumnPart} does
 */
export function checkColumnPart(bytes: Uint8Array, forms: readonly ValueForm[]): number {
  return takeColumns(bytes, forms).rows;
}

type StoredColumn =
  | { readonly kind: 'nulls'; readonly width: Width | 0 }
  | { readonly kind: 'fixed'; readonly nulls: Uint8Array | null; readonly numbers: StoredNumbers }
  | { readonly kind: 'variable'; readonly nulls: Uint8Array | null; readonly strings: StoredStrings };

function takeColumns(
  bytes: Uint8Array,
  forms: readonly ValueForm[],
): { readonly rows: number; readonly columns: readonly StoredColumn[] } {
  const input = new ByteCursor(bytes);
  const rows = input.leb128();
  if (rows > maxPartRows) throw damagedPart('it claims more rows than a part ever has');
  const columnCount = input.leb128();
  if (columnCount !== forms.length || columnCount > maxPartColumns) {
    throw damagedPart(`it has ${columnCount} columns and its table ${forms.length}`);
  }
  const lengths = forms.map(() => input.leb128());
  let budget = bytes.length + maxExpansion;
  const columns = forms.map((form, i) => {
    const segment = new ByteCursor(input.take(lengths[i]!));
    const width = widthOf(form);
    budget -= rows * (width || 4);
    if (budget < 0) throw damagedPart('it needs more memory than any genuine part');
    const column = takeColumn(segment, rows, width, budget);
    if (segment.remaining !== 0) throw damagedPart('a column is longer than its values');
    if (column.kind === 'variable') budget -= costOf(column.strings);
    return column;
  });
  if (input.remaining !== 0) throw damagedPart('it goes on after its last column');
  return { rows, columns };
}

function takeColumn(input: ByteCursor, rows: number, width: Width | 0, budget: number): StoredColumn {
  const tag = input.byte();
  const encoding = tag >> 2;
  const nullKind = tag & 3;
  if (nullKind === allNulls && encoding === 0) return { kind: 'nulls', width };
  if (nullKind > someNulls) throw damagedPart('a column has an unknown tag');
  let nulls: Uint8Array | null = null;
  let count = rows;
  if (nullKind === someNulls) {
    nulls = input.take(Math.ceil(rows / 8)).slice();
    if (rows % 8 !== 0 && nulls[nulls.length - 1]! >> (rows % 8) !== 0) {
      throw damagedPart('it marks a row as NULL that it does not have');
    }
    count -= countBits(nulls);
  }
  if (width === 0) {
    if (
      encoding !== stringsEncoding &&
      encoding !== repeatedEncoding &&
      encoding !== planesEncoding &&
      encoding !== base64Encoding
    ) {
      throw damagedPart('a column has an unknown tag');
    }
    if (count === 0 && encoding !== stringsEncoding)
      throw damagedPart('a column without values is not empty');
    return { kind: 'variable', nulls, strings: takeStrings(input, encoding, count, budget) };
  }
  if (encoding !== numbersEncoding && encoding !== deltasEncoding)
    throw damagedPart('a column has an unknown tag');
  if (encoding === deltasEncoding && count < 2)
    throw damagedPart('a column of fewer than two values holds differences');
  return { kind: 'fixed', nulls, numbers: takeNumbers(input, encoding, width, count) };
}

function joinColumn(column: StoredColumn, rows: number): ColumnValues {
  switch (column.kind) {
    case 'nulls': {
      const { width } = column;
      const nulls = new Uint8Array(Math.ceil(rows / 8)).fill(0xff);
      if (rows % 8 !== 0) nulls[nulls.length - 1] = (1 << (rows % 8)) - 1;
      return width === 0
        ? { kind: 'variable', nulls, lengths: new Uint32Array(rows), data: new Uint8Array(0) }
        : { kind: 'fixed', width, nulls, data: new Uint8Array(rows * width) };
    }
    case 'fixed': {
      const { nulls, numbers } = column;
      const values = joinNumbers(numbers);
      const { width } = numbers;
      return {
        kind: 'fixed',
        width,
        nulls,
        data: nulls === null ? values : expandFixed(values, width, nulls, rows),
      };
    }
    case 'variable': {
      const { nulls, strings } = column;
      const { lengths, data } = joinStrings(strings);
      return {
        kind: 'variable',
        nulls,
        lengths: nulls === null ? lengths : expandLengths(lengths, nulls, rows),
        data,
      };
    }
  }
}
