/** Reads what `numbers.ts` wrote; its arithmetic is explained there. */
import type { ByteCursor } from './byte-cursor.js';
import { deltasEncoding, type NumberEncoding, type Width } from './numbers.js';
import { readPlanes } from './planes.js';

/** A column of numbers as it is stored: checked, but not decoded. */
export interface StoredNumbers {
  readonly width: Width;
  readonly count: number;
  /** The first value, where the planes hold differences. */
  readonly first: Halves | null;
  readonly base: Halves;
  readonly planes: readonly Uint8Array[];
}

/**
 * Reads what {@link encodeNumbers} wrote; `encoding` is its result.
 *
 * @throws BackupError `archive-damaged`
 */
export function takeNumbers(
  input: ByteCursor,
  encoding: NumberEncoding,
  width: Width,
  count: number,
): StoredNumbers {
  if (count === 0) return { width, count, first: null, base: { low: 0, high: 0 }, planes: [] };
  const first = encoding === deltasEncoding ? readValue(input, width) : null;
  const base = readValue(input, width);
  return { width, count, first, base, planes: readPlanes(input, first === null ? count : count - 1, width) };
}

/**
 * Sum and maximum of unsigned 32-bit numbers that are not stored as differences. Computed plane by plane, so
 * that checking lengths allocates no array.
 */
export function addUp({ count, base, planes }: StoredNumbers): {
  readonly total: number;
  readonly longest: number;
} {
  let least = base.low;
  const varying: { readonly plane: Uint8Array; readonly shift: number }[] = [];
  for (const [index, plane] of planes.entries()) {
    if (plane.length === 1) least += plane[0]! << (8 * index);
    else varying.push({ plane, shift: 8 * index });
  }
  const [first, second] = varying;
  if (first === undefined) return { total: (least >>> 0) * count, longest: count === 0 ? 0 : least >>> 0 };
  let total = 0;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    let value = least + (first.plane[i]! << first.shift);
    if (second !== undefined) {
      value += second.plane[i]! << second.shift;
      for (let more = 2; more < varying.length; more++) {
        const { plane, shift } = varying[more]!;
        value += plane[i]! << shift;
      }
    }
    // Modulo 2^32, as when decoding.
    value >>>= 0;
    total += value;
    if (value > longest) longest = value;
  }
  return { total, longest };
}

/** The numbers themselves, little-endian, one after another. */
export function joinNumbers({ width, count, first, base, planes }: StoredNumbers): Uint8Array {
  if (count === 0) return new Uint8Array(0);
  const skipped = first === null ? 0 : 1;
  if (planes.length === 0 && first === null) return repeat(base, width, count);
  const values = new Int32Array(width === 8 ? count * 2 : count);
  if (width === 8) {
    for (const [plane, bytes] of planes.entries()) {
      addPlane(values, bytes, (plane & 3) * 8, 2 * skipped + (plane >> 2), 2);
    }
    if (first === null) addWide(values, base);
    else sumWide(values, base, first);
    return new Uint8Array(values.buffer);
  }
  for (const [plane, bytes] of planes.entries()) addPlane(values, bytes, plane * 8, skipped, 1);
  if (first !== null) {
    values[0] = first.low;
    for (let i = 1; i < count; i++) values[i] = values[i - 1]! + values[i]! + base.low;
  } else if (base.low !== 0) {
    for (let i = 0; i < count; i++) values[i] = values[i]! + base.low;
  }
  if (width === 4) return new Uint8Array(values.buffer);
  // Conversion to a narrower typed array keeps the lowest bits, which is the modulo wanted.
  return width === 2 ? new Uint8Array(Int16Array.from(values).buffer) : Uint8Array.from(values);
}

// Adds a plane, shifted, to every `stride`th value from `at` on.
function addPlane(values: Int32Array, plane: Uint8Array, shift: number, at: number, stride: number): void {
  const count = Math.ceil((values.length - at) / stride);
  if (plane.length === 1 && count > 1) {
    const bits = plane[0]! << shift;
    if (bits === 0) return;
    for (let to = at; to < values.length; to += stride) values[to] = values[to]! | bits;
    return;
  }
  for (let i = 0, to = at; i < plane.length; i++, to += stride)
    values[to] = values[to]! | (plane[i]! << shift);
}

/** A number of 64 bits; narrower ones are in `low`. */
export interface Halves {
  readonly low: number;
  readonly high: number;
}

function repeat(value: Halves, width: Width, count: number): Uint8Array {
  switch (width) {
    case 1:
      return new Uint8Array(count).fill(value.low);
    case 2:
      return new Uint8Array(new Int16Array(count).fill(value.low).buffer);
    case 4:
      return new Uint8Array(new Int32Array(count).fill(value.low).buffer);
    case 8: {
      const values = new Int32Array(count * 2);
      if (value.low !== 0 || value.high !== 0) addWide(values, value);
      return new Uint8Array(values.buffer);
    }
  }
}

function addWide(values: Int32Array, base: Halves): void {
  const baseLow = base.low >>> 0;
  if (baseLow === 0 && base.high === 0) return;
  for (let i = 0; i < values.length; i += 2) {
    const low = (values[i]! >>> 0) + baseLow;
    values[i] = low;
    values[i + 1] = values[i + 1]! + base.high + (low > 0xffffffff ? 1 : 0);
  }
}

function sumWide(values: Int32Array, base: Halves, first: Halves): void {
  const baseLow = base.low >>> 0;
  let low = first.low >>> 0;
  let high = first.high;
  values[0] = low;
  values[1] = high;
  for (let i = 2; i < values.length; i += 2) {
    const sum = low + (values[i]! >>> 0) + baseLow;
    const carry = sum > 0x1ffffffff ? 2 : sum > 0xffffffff ? 1 : 0;
    low = sum >>> 0;
    high = (high + values[i + 1]! + base.high + carry) | 0;
    values[i] = low;
    values[i + 1] = high;
  }
}

function readValue(input: ByteCursor, width: Width): Halves {
  let low = 0;
  let high = 0;
  for (let i = 0; i < width; i++) {
    if (i < 4) low |= input.byte() << (8 * i);
    else high |= input.byte() << (8 * (i - 4));
  }
  return { low, high };
}
