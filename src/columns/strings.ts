/**
 * Whole columns of variable-length values: the lengths as numbers, separate from the bytes. Short values of
 * nearly one length (dates, codes) are stored in byte planes. A value that all rows share is stored once.
 * Base64 is stored decoded.
 */

import { engine } from '#engine';
import type { Texture } from '../engine/stretches.js';
import type { BackupError } from '../errors.js';
import {
  lengthsOfBase64,
  looksLikeBase64,
  putBase64Together,
  storedBytes,
  takeBase64Apart,
} from './base64.js';
import { type ByteBuilder, type ByteCursor, damagedPart } from './byte-cursor.js';
import { encodeNumbers, numbersBound, numbersEncoding } from './numbers.js';
import { maxPlanes, PlaneWriter, planesBound, readPlanes } from './planes.js';
import { looksRandom } from './randomness.js';
import { hasRepeats } from './repeats.js';
import { Scratch } from './scratch.js';
import { addUp, joinNumbers, type StoredNumbers, takeNumbers } from './stored-numbers.js';

/** Encoding tags of a column of strings. */
export const stringsEncoding = 2;
export const repeatedEncoding = 3;
export const planesEncoding = 4;
export const base64Encoding = 5;

/** How a column of strings is encoded. */
export type StringEncoding =
  | typeof stringsEncoding
  | typeof repeatedEncoding
  | typeof planesEncoding
  | typeof base64Encoding;

/** Result of {@link encodeStrings}. */
export interface WrittenStrings {
  readonly encoding: StringEncoding;
  /** How the bytes of the values compress. */
  readonly texture: Texture;
  /** Start of the values in the builder, behind their lengths. */
  readonly valuesAt: number;
}

/** Columns of at least so many bytes are examined for base64, repetitions and randomness. */
const longBytes: number = 64 * 1024;

/** Most bytes that {@link encodeStrings} writes. */
export function stringsBound(count: number, dataLength: number): number {
  // Planes are chosen only where padding adds at most a quarter.
  return numbersBound(count, 4) + planesBound(0, maxPlanes) + Math.ceil(dataLength * 1.25);
}

/** Appends values and returns the encoding. */
export function encodeStrings(out: ByteBuilder, lengths: Uint32Array, data: Uint8Array): WrittenStrings {
  const count = lengths.length;
  if (count === 0) return { encoding: stringsEncoding, texture: 'runs', valuesAt: out.position };
  const first = lengths[0]!;
  const { longest, alike } = lookOver(lengths);
  const isRepeated =
    count === 1
      ? first < longBytes
      : alike && engine.equalBytes(data.subarray(first), data.subarray(0, data.length - first));
  if (isRepeated) {
    const value = data.subarray(0, first);
    const valuesAt = out.position;
    out.append(value);
    return { encoding: repeatedEncoding, texture: first < longBytes ? 'runs' : textureOf(value), valuesAt };
  }
  if (longest > maxPlanes || count * longest > data.length * 1.25) return encodeWhole(out, lengths, data);
  appendNumbers(out, lengths);
  const padded = alike ? data : scratch.bytes(count * longest);
  if (!alike) pad(padded, data, lengths, longest);
  const valuesAt = out.position;
  const planes = new PlaneWriter(out, count, longest);
  const start = out.position;
  putPlanes(out.bytes, start, padded, longest, count);
  for (let plane = 0; plane < longest; plane++) planes.end(start + plane * count);
  return { encoding: planesEncoding, texture: 'runs', valuesAt };
}

function encodeWhole(out: ByteBuilder, lengths: Uint32Array, data: Uint8Array): WrittenStrings {
  if (data.length >= longBytes && looksLikeBase64(data)) {
    const valuesAt = appendBase64(out, lengths, data);
    if (valuesAt !== null) {
      return {
        encoding: base64Encoding,
        texture: textureOf(out.bytes.subarray(valuesAt, out.position)),
        valuesAt,
      };
    }
  }
  appendNumbers(out, lengths);
  const valuesAt = out.position;
  out.append(data);
  return { encoding: stringsEncoding, texture: textureOf(data), valuesAt };
}

/** @returns start of the values' bytes; null, with nothing appended, when too little of it is base64 */
function appendBase64(out: ByteBuilder, lengths: Uint32Array, data: Uint8Array): number | null {
  const marks = new Uint32Array(lengths.length);
  // The marks precede the bytes: leave as much space as they can need.
  const room = out.bytes.subarray(out.position + numbersBound(marks.length, 4));
  const size = takeBase64Apart(room, marks, lengths, data);
  if (size < 0) return null;
  appendNumbers(out, marks);
  const valuesAt = out.position;
  out.append(room.subarray(0, size));
  return valuesAt;
}

function textureOf(data: Uint8Array): Texture {
  if (hasRepeats(data)) return 'text';
  return looksRandom(data) ? 'random' : 'noise';
}

function appendNumbers(out: ByteBuilder, numbers: Uint32Array): void {
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.length * 4);
  encodeNumbers(out, bytes, 4, numbers.length, false);
}

const scratch: Scratch = new Scratch();

// Each loop over values is a function of its own, so that V8 compiles it for its own types. They read a
// length once, since some versions of V8 read it in every round.

function lookOver(lengths: Uint32Array): { readonly longest: number; readonly alike: boolean } {
  const first = lengths[0]!;
  let longest = first;
  let alike = true;
  for (let i = 1, end = lengths.length; i < end; i++) {
    const length = lengths[i]!;
    if (length === first) continue;
    alike = false;
    if (length > longest) longest = length;
  }
  return { longest, alike };
}

/** Pads every value with zeros to the same length. */
function pad(padded: Uint8Array, data: Uint8Array, lengths: Uint32Array, longest: number): void {
  padded.fill(0);
  for (let i = 0, from = 0, room = 0, end = lengths.length; i < end; i++, room += longest) {
    const length = lengths[i]!;
    for (let byte = 0; byte < length; byte++) padded[room + byte] = data[from + byte]!;
    from += length;
  }
}

/** Splits all values into planes. */
function putPlanes(
  target: Uint8Array,
  start: number,
  values: Uint8Array,
  width: number,
  count: number,
): void {
  if (width < 4) {
    for (let plane = 0; plane < width; plane++) {
      putPlane(target, start + plane * count, values, plane, width, count);
    }
    return;
  }
  // Word by word; the last word overlaps the one before.
  const view = new DataView(values.buffer, values.byteOffset, values.length);
  for (let plane = 0; plane < width; plane += 4) {
    const first = Math.min(plane, width - 4);
    putFourPlanes(target, start + first * count, view, first, width, count);
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

function putFourPlanes(
  target: Uint8Array,
  start: number,
  values: DataView,
  plane: number,
  width: number,
  count: number,
): void {
  const second = start + count;
  const third = second + count;
  const fourth = third + count;
  for (let i = 0, from = plane; i < count; i++, from += width) {
    const word = values.getInt32(from, true);
    target[start + i] = word;
    target[second + i] = word >> 8;
    target[third + i] = word >> 16;
    target[fourth + i] = word >> 24;
  }
}

/** A column of strings as it is stored: checked, but not decoded. */
export type StoredStrings =
  | { readonly kind: 'repeated'; readonly total: number; readonly count: number; readonly value: Uint8Array }
  | {
      readonly kind: 'whole';
      readonly total: number;
      readonly lengths: StoredNumbers;
      readonly data: Uint8Array;
    }
  | {
      readonly kind: 'base64';
      readonly total: number;
      readonly lengths: Uint32Array;
      readonly marks: Uint32Array;
      readonly stored: Uint8Array;
    }
  | {
      readonly kind: 'planes';
      readonly total: number;
      readonly lengths: StoredNumbers;
      readonly planes: readonly Uint8Array[];
    };

/**
 * Reads what {@link encodeStrings} wrote, to the end of `input`.
 *
 * @param budget - most bytes that the values may have together
 * @throws BackupError `archive-damaged`
 */
export function takeStrings(
  input: ByteCursor,
  encoding: StringEncoding,
  count: number,
  budget: number,
): StoredStrings {
  if (encoding === repeatedEncoding) {
    const value = input.take(input.remaining);
    const total = value.length * count;
    if (total > budget) throw tooLarge();
    return { kind: 'repeated', total, count, value };
  }
  const numbers = takeNumbers(input, numbersEncoding, 4, count);
  if (encoding === base64Encoding) {
    const marks = lengthsFrom(numbers);
    const lengths = lengthsOfBase64(marks);
    const stored = input.take(input.remaining);
    if (storedBytes(marks) !== stored.length) throw damagedPart('the lengths of its values do not add up');
    return { kind: 'base64', total: totalOf(lengths), lengths, marks, stored };
  }
  const { total, longest } = addUp(numbers);
  if (encoding === stringsEncoding) {
    if (total !== input.remaining) throw damagedPart('the lengths of its values do not add up');
    return { kind: 'whole', total, lengths: numbers, data: input.take(total) };
  }
  if (total > budget) throw tooLarge();
  const planes = readPlanes(input, count, maxPlanes);
  if (planes.length !== longest) throw damagedPart('the lengths of its values do not add up');
  return { kind: 'planes', total, lengths: numbers, planes };
}

/**
 * The share of a part's budget that its strings take. For base64 that is its stored size: the text is a third
 * longer whatever the part claims, and an image of hundreds of megabytes is genuine.
 */
export function costOf(stored: StoredStrings): number {
  return stored.kind === 'base64' ? stored.stored.length : stored.total;
}

/** The values themselves, one after another, and the length of each. */
export function joinStrings(stored: StoredStrings): {
  readonly lengths: Uint32Array;
  readonly data: Uint8Array;
} {
  switch (stored.kind) {
    case 'whole':
      return { lengths: lengthsFrom(stored.lengths), data: stored.data };
    case 'base64': {
      const data = new Uint8Array(stored.total);
      putBase64Together(data, stored.marks, stored.stored);
      return { lengths: stored.lengths, data };
    }
    case 'planes': {
      const lengths = lengthsFrom(stored.lengths);
      return { lengths, data: joinPlanes(stored.planes, lengths, stored.total) };
    }
    case 'repeated': {
      const { value, count, total } = stored;
      return { lengths: new Uint32Array(count).fill(value.length), data: repeat(value, total) };
    }
  }
}

function lengthsFrom(numbers: StoredNumbers): Uint32Array {
  return new Uint32Array(joinNumbers(numbers).buffer, 0, numbers.count);
}

function totalOf(lengths: Uint32Array): number {
  let total = 0;
  for (let i = 0; i < lengths.length; i++) total += lengths[i]!;
  return total;
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
  // Each copy is native and twice as long as the one before.
  data.set(value);
  for (let filled = value.length; filled > 0 && filled < total; filled *= 2) {
    data.copyWithin(filled, 0, Math.min(filled, total - filled));
  }
  return data;
}

function tooLarge(): BackupError {
  return damagedPart('it needs more memory than any genuine part');
}
