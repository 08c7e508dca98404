/**
 * Whole columns of variable-length values: the lengths as numbers, apart from the bytes. Short values of nearly one
 * length (dates, codes) stand in planes, first byte of every value, then second …; a value that all rows share
 * stands once.
 */

import { engine } from '#engine';
import { type ByteBuilder, type ByteCursor, damagedPart } from './byte-cursor.js';
import { decodeNumbers, encodeNumbers, NUMBERS, numbersBound } from './column-numbers.js';
import { MAX_PLANES, PlaneWriter, planesBound, readPlanes } from './column-planes.js';

/** Encoding tags of a column of strings, as they stand in a segment. */
export const STRINGS = 2;
export const REPEATED = 3;
export const PLANES = 4;

/** Most bytes that {@link encodeStrings} writes. */
export function stringsBound(count: number, dataLength: number): number {
  // Planes are chosen only where the padding adds at most a quarter.
  return numbersBound(count, 4) + planesBound(0, MAX_PLANES) + Math.ceil(dataLength * 1.25);
}

/** Appends values and says how. */
export function encodeStrings(
  out: ByteBuilder,
  lengths: Uint32Array,
  data: Uint8Array,
): typeof STRINGS | typeof REPEATED | typeof PLANES {
  const count = lengths.length;
  if (count === 0) return STRINGS;
  const first = lengths[0]!;
  let longest = first;
  let same = true;
  for (let i = 1; i < count; i++) {
    const length = lengths[i]!;
    if (length !== first) same = false;
    if (length > longest) longest = length;
  }
  if (
    same &&
    (count === 1 || engine.equalBytes(data.subarray(first), data.subarray(0, data.length - first)))
  ) {
    out.append(data.subarray(0, first));
    return REPEATED;
  }
  encodeNumbers(out, new Uint8Array(lengths.buffer, lengths.byteOffset, count * 4), 4, count, false);
  if (longest > MAX_PLANES || count * longest > data.length * 1.25) {
    out.append(data);
    return STRINGS;
  }
  const planes = new PlaneWriter(out, count, longest);
  if (same) {
    for (let plane = 0; plane < longest; plane++) {
      const { bytes: target, position } = out;
      for (let i = 0, from = plane; i < count; i++, from += longest) target[position + i] = data[from]!;
      planes.end();
    }
    return PLANES;
  }
  const padded = new Uint8Array(count * longest);
  for (let i = 0, from = 0; i < count; i++) {
    const length = lengths[i]!;
    for (let plane = 0, to = i; plane < length; plane++, to += count) padded[to] = data[from++]!;
  }
  for (let plane = 0; plane < longest; plane++) {
    out.bytes.set(padded.subarray(plane * count, (plane + 1) * count), out.position);
    planes.end();
  }
  return PLANES;
}

/** Reads to the end of `input` what {@link encodeStrings} wrote; `budget` is the most bytes `data` may have. */
export function decodeStrings(
  input: ByteCursor,
  encoding: typeof STRINGS | typeof REPEATED | typeof PLANES,
  count: number,
  budget: number,
): { readonly lengths: Uint32Array; readonly data: Uint8Array } {
  if (encoding === REPEATED) return decodeRepeated(input, count, budget);
  const lengths = new Uint32Array(decodeNumbers(input, NUMBERS, 4, count).buffer, 0, count);
  let total = 0;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const length = lengths[i]!;
    total += length;
    if (length > longest) longest = length;
  }
  if (encoding === STRINGS) {
    if (total !== input.remaining) throw damagedPart('the lengths of its values do not add up');
    return { lengths, data: input.take(total) };
  }
  if (total > budget) throw damagedPart('it asks for more memory than a genuine one ever does');
  const planes = readPlanes(input, count, MAX_PLANES);
  if (planes.length !== longest) throw damagedPart('the lengths of its values do not add up');
  const data = new Uint8Array(total);
  const isSame = planes.map((plane) => plane.length === 1);
  for (let i = 0, to = 0; i < count; i++) {
    const length = lengths[i]!;
    for (let plane = 0; plane < length; plane++) data[to++] = planes[plane]![isSame[plane] ? 0 : i]!;
  }
  return { lengths, data };
}

function decodeRepeated(
  input: ByteCursor,
  count: number,
  budget: number,
): { readonly lengths: Uint32Array; readonly data: Uint8Array } {
  const value = input.take(input.remaining);
  if (count === 0) throw damagedPart('it repeats a value no times');
  const total = value.length * count;
  if (total > budget) throw damagedPart('it asks for more memory than a genuine one ever does');
  const data = new Uint8Array(total);
  // Doubling: each copy is native and twice as long as the one before.
  data.set(value);
  for (let filled = value.length; filled > 0 && filled < total; filled *= 2) {
    data.copyWithin(filled, 0, Math.min(filled, total - filled));
  }
  return { lengths: new Uint32Array(count).fill(value.length), data };
}
