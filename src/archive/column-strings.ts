/**
 * Whole columns of variable-length values: the lengths as numbers, apart from the bytes. Short values of nearly one
 * length (dates, codes) stand in planes, first byte of every value, then second …; a value that all rows share
 * stands once.
 */

import { engine } from '#engine';
import type { BackupError } from '../errors.js';
import { type ByteBuilder, type ByteCursor, damagedPart } from './byte-cursor.js';
import { encodeNumbers, joinNumbers, NUMBERS, numbersBound, takeNumbers } from './column-numbers.js';
import { MAX_PLANES, PlaneWriter, planesBound, readPlanes } from './column-planes.js';
import { Scratch } from './scratch.js';

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
  const { longest, alike } = lookOver(lengths);
  if (
    alike &&
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
  const padded = alike ? data : scratch.bytes(count * longest);
  if (!alike) pad(padded, data, lengths, longest);
  const planes = new PlaneWriter(out, count, longest);
  for (let plane = 0; plane < longest; plane++) {
    putPlane(out.bytes, out.position, padded, plane, longest, count);
    planes.end();
  }
  return PLANES;
}

const scratch: Scratch = new Scratch();

// The loops over values stand in functions of their own: each is compiled once, for its own types.

function lookOver(lengths: Uint32Array): { readonly longest: number; readonly alike: boolean } {
  const first = lengths[0]!;
  let longest = first;
  let alike = true;
  for (let i = 1; i < lengths.length; i++) {
    const length = lengths[i]!;
    if (length === first) continue;
    alike = false;
    if (length > longest) longest = length;
  }
  return { longest, alike };
}

/** Gives every value the same room, with zeros behind it. */
function pad(padded: Uint8Array, data: Uint8Array, lengths: Uint32Array, longest: number): void {
  padded.fill(0);
  for (let i = 0, from = 0, room = 0; i < lengths.length; i++, room += longest) {
    const length = lengths[i]!;
    for (let byte = 0; byte < length; byte++) padded[room + byte] = data[from + byte]!;
    from += length;
  }
}

function putPlane(
  target: Uint8Array,
  start: number,
  values: Uint8Array,
  plane: number,
  width: number,
  count: number,
): void {
  for (let to = start, from = plane, end = start + count; to < end; to++, from += width)
    target[to] = values[from]!;
}

/** Values as they stand in a segment, looked through but not yet put together. */
export type StoredStrings =
  | { readonly kind: 'repeated'; readonly total: number; readonly count: number; readonly value: Uint8Array }
  | {
      readonly kind: 'whole';
      readonly total: number;
      readonly lengths: Uint32Array;
      readonly data: Uint8Array;
    }
  | {
      readonly kind: 'planes';
      readonly total: number;
      readonly lengths: Uint32Array;
      readonly planes: readonly Uint8Array[];
    };

/**
 * Takes to the end of `input` what {@link encodeStrings} wrote.
 *
 * @param budget - most bytes that the values may have together
 * @throws BackupError `archive-damaged`
 */
export function takeStrings(
  input: ByteCursor,
  encoding: typeof STRINGS | typeof REPEATED | typeof PLANES,
  count: number,
  budget: number,
): StoredStrings {
  if (encoding === REPEATED) {
    const value = input.take(input.remaining);
    const total = value.length * count;
    if (total > budget) throw tooLarge();
    return { kind: 'repeated', total, count, value };
  }
  const numbers = joinNumbers(takeNumbers(input, NUMBERS, 4, count));
  const lengths = new Uint32Array(numbers.buffer, 0, count);
  const { total, longest } = addUp(lengths);
  if (encoding === STRINGS) {
    if (total !== input.remaining) throw damagedPart('the lengths of its values do not add up');
    return { kind: 'whole', total, lengths, data: input.take(total) };
  }
  if (total > budget) throw tooLarge();
  const planes = readPlanes(input, count, MAX_PLANES);
  if (planes.length !== longest) throw damagedPart('the lengths of its values do not add up');
  return { kind: 'planes', total, lengths, planes };
}

/** The values themselves, one after another, and the length of each. */
export function joinStrings(stored: StoredStrings): {
  readonly lengths: Uint32Array;
  readonly data: Uint8Array;
} {
  switch (stored.kind) {
    case 'whole':
      return stored;
    case 'planes':
      return { lengths: stored.lengths, data: joinPlanes(stored.planes, stored.lengths, stored.total) };
    case 'repeated': {
      const { value, count, total } = stored;
      return { lengths: new Uint32Array(count).fill(value.length), data: repeat(value, total) };
    }
  }
}

function addUp(lengths: Uint32Array): { readonly total: number; readonly longest: number } {
  let total = 0;
  let longest = 0;
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!;
    total += length;
    if (length > longest) longest = length;
  }
  return { total, longest };
}

function joinPlanes(planes: readonly Uint8Array[], lengths: Uint32Array, total: number): Uint8Array {
  const data = new Uint8Array(total);
  const isSame = planes.map((plane) => plane.length === 1);
  for (let i = 0, to = 0; i < lengths.length; i++) {
    const length = lengths[i]!;
    for (let plane = 0; plane < length; plane++) data[to++] = planes[plane]![isSame[plane] ? 0 : i]!;
  }
  return data;
}

function repeat(value: Uint8Array, total: number): Uint8Array {
  const data = new Uint8Array(total);
  // Doubling: each copy is native and twice as long as the one before.
  data.set(value);
  for (let filled = value.length; filled > 0 && filled < total; filled *= 2) {
    data.copyWithin(filled, 0, Math.min(filled, total - filled));
  }
  return data;
}

function tooLarge(): BackupError {
  return damagedPart('it asks for more memory than a genuine one ever does');
}
