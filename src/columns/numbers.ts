/**
 * Whole columns of fixed-width values as numbers: a base and small offsets from it, in byte planes.
 *
 * All arithmetic is modulo 2^(8·width), so signed, unsigned and floating-point bit patterns are handled alike
 * and nothing is rounded. 64-bit values are handled as two halves of 32 bits.
 *
 * Typed arrays are read in the machine's own byte order; every platform that runs JavaScript today is
 * little-endian.
 */
import { engine } from '#engine';
import type { ByteBuilder } from './byte-cursor.js';
import { PlaneWriter, planesBound } from './planes.js';
import { Scratch } from './scratch.js';

/** Bytes per value. */
export type Width = 1 | 2 | 4 | 8;

/** Encoding tags of a column of numbers. */
export const numbersEncoding = 0;
export const deltasEncoding = 1;

/** How a column of numbers is encoded. */
export type NumberEncoding = typeof numbersEncoding | typeof deltasEncoding;

/** Most bytes that {@link encodeNumbers} writes. */
export function numbersBound(count: number, width: Width): number {
  return 2 * width + planesBound(count, width);
}

/**
 * Appends `count` values and returns the encoding: `NUMBERS` (base, planes of the offsets from the base) or,
 * where `allowDeltas` and narrower, `DELTAS` (first value, base, planes of the offsets of each difference
 * from the base).
 */
export function encodeNumbers(
  out: ByteBuilder,
  data: Uint8Array,
  width: Width,
  count: number,
  allowDeltas: boolean,
): NumberEncoding {
  if (count === 0) return numbersEncoding;
  const end = count * width;
  // Most columns of a practice hold one value. A native comparison of the column with itself, shifted by one
  // value, detects that.
  if (engine.equalBytes(data.subarray(0, end - width), data.subarray(width, end))) {
    out.append(data.subarray(0, width));
    new PlaneWriter(out, count, 0);
    return numbersEncoding;
  }
  switch (width) {
    case 1: {
      out.byte(0);
      const planes = new PlaneWriter(out, count, 1);
      out.bytes.set(data.subarray(0, end), out.position);
      planes.end();
      return numbersEncoding;
    }
    case 2:
      return encodeNarrow(out, widened(data, count), 0, 2, allowDeltas, 0);
    case 4:
      return encodeNarrow(out, int32View(data, count), 0, 4, allowDeltas, 0);
    case 8:
      return encodeWide(out, int32View(data, count * 2), count, allowDeltas);
  }
}

// `high` is the upper half that all values of a 64-bit column share. `flip` was applied to the lower halves,
// so that signed comparison orders them as unsigned.
function encodeNarrow(
  out: ByteBuilder,
  values: Int32Array,
  high: number,
  width: Width,
  allowDeltas: boolean,
  flip: number,
): NumberEncoding {
  const count = values.length;
  const { min, max } = rangeOf(values);
  const planeCount = bytesFor(max - min);
  if (allowDeltas && planeCount > 1 && max - min < 0x80000000) {
    const steps = stepRange(values, planeCount);
    if (steps !== null) {
      writeValue(out, values[0]! ^ flip, high, width);
      writeValue(out, steps.min, steps.min >> 31, width);
      writeStepPlanes(out, values, steps.min, bytesFor(steps.max - steps.min));
      return deltasEncoding;
    }
  }
  // Offsets as wide as the values save nothing, so the values themselves are stored.
  const base = planeCount === width ? flip : min;
  writeValue(out, base ^ flip, high, width);
  const planes = new PlaneWriter(out, count, planeCount);
  for (let plane = 0; plane < planeCount; plane++) {
    putOffsets(out.bytes, out.position, values, base, plane * 8);
    planes.end();
  }
  return numbersEncoding;
}

// Each loop over values is a function of its own, so that V8 compiles it for its own types. They read a
// length once, since some versions of V8 read it in every round.

function rangeOf(values: Int32Array): { readonly min: number; readonly max: number } {
  let min = values[0]!;
  let max = min;
  for (let i = 1, end = values.length; i < end; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  return { min, max };
}

function putOffsets(
  target: Uint8Array,
  start: number,
  values: Int32Array,
  base: number,
  shift: number,
): void {
  for (let i = 0, end = values.length; i < end; i++) target[start + i] = (values[i]! - base) >> shift;
}

// The range of the differences between neighbours; null once it is clear that they need as many bytes as the
// values.
function stepRange(values: Int32Array, planes: number): { min: number; max: number } | null {
  const widest = 2 ** (8 * (planes - 1));
  let previous = values[0]!;
  let min = values[1]! - previous;
  let max = min;
  for (let i = 1, end = values.length; i < end; i++) {
    const value = values[i]!;
    const step = (value - previous) | 0;
    previous = value;
    if (step < min) min = step;
    else if (step > max) max = step;
    else continue;
    if (max - min >= widest) return null;
  }
  return { min, max };
}

function writeStepPlanes(out: ByteBuilder, values: Int32Array, base: number, planeCount: number): void {
  const planes = new PlaneWriter(out, values.length - 1, planeCount);
  for (let plane = 0; plane < planeCount; plane++) {
    putSteps(out.bytes, out.position - 1, values, base, plane * 8);
    planes.end();
  }
}

function putSteps(target: Uint8Array, start: number, values: Int32Array, base: number, shift: number): void {
  for (let i = 1, end = values.length; i < end; i++)
    target[start + i] = (values[i]! - values[i - 1]! - base) >> shift;
}

// Holds the lower halves of a column, then its offsets; one at a time.
const scratch: Scratch = new Scratch();

function encodeWide(
  out: ByteBuilder,
  halves: Int32Array,
  count: number,
  allowDeltas: boolean,
): NumberEncoding {
  const lows = scratch.numbers(count);
  if (takeLows(lows, halves)) return encodeNarrow(out, lows, halves[1]!, 8, allowDeltas, signBit);

  const range = wideRangeOf(halves);
  const rangeHigh = (range.maxHigh - range.minHigh - (range.maxLow < range.minLow ? 1 : 0)) >>> 0;
  const planeCount = rangeHigh === 0 ? 4 : 4 + bytesFor(rangeHigh);
  const [baseLow, baseHigh] = planeCount === 8 ? [0, 0] : [range.minLow ^ signBit, range.minHigh];
  writeValue(out, baseLow, baseHigh, 8);
  writeWidePlanes(out, halves, baseLow, baseHigh, planeCount);
  return numbersEncoding;
}

/** Copies the lower halves, and returns whether all values share the upper one. */
function takeLows(lows: Int32Array, halves: Int32Array): boolean {
  const high = halves[1]!;
  for (let i = 0, from = 0, end = lows.length; i < end; i++, from += 2) {
    if (halves[from + 1] !== high) return false;
    lows[i] = halves[from]! ^ signBit;
  }
  return true;
}

// With the sign bit inverted, signed comparison orders the lower halves. Unsigned numbers would be heap
// objects.
const signBit: number = 0x80000000 | 0;

/** The least and the greatest value; lower halves with the sign bit inverted. */
function wideRangeOf(halves: Int32Array): {
  readonly minHigh: number;
  readonly minLow: number;
  readonly maxHigh: number;
  readonly maxLow: number;
} {
  let minHigh = halves[1]!;
  let minLow = halves[0]! ^ signBit;
  let maxHigh = minHigh;
  let maxLow = minLow;
  for (let i = 2, end = halves.length; i < end; i += 2) {
    const high = halves[i + 1]!;
    if (high > minHigh && high < maxHigh) continue;
    const low = halves[i]! ^ signBit;
    if (high < minHigh || (high === minHigh && low < minLow)) {
      minHigh = high;
      minLow = low;
    }
    if (high > maxHigh || (high === maxHigh && low > maxLow)) {
      maxHigh = high;
      maxLow = low;
    }
  }
  return { minHigh, minLow, maxHigh, maxLow };
}

// Planes of 64-bit offsets. Amounts of money as DOUBLE have zeros in most low bytes; those planes are
// skipped.
function writeWidePlanes(
  out: ByteBuilder,
  halves: Int32Array,
  baseLow: number,
  baseHigh: number,
  planeCount: number,
): void {
  const offsets = scratch.numbers(halves.length);
  const [usedLow, usedHigh] = takeWideOffsets(offsets, halves, baseLow, baseHigh);
  const planes = new PlaneWriter(out, halves.length / 2, planeCount);
  for (let plane = 0; plane < planeCount; plane++) {
    const shift = (plane & 3) * 8;
    const used = plane < 4 ? usedLow : usedHigh;
    if (((used >>> shift) & 0xff) === 0) {
      planes.zeros();
      continue;
    }
    putHalves(out.bytes, out.position, offsets, plane >> 2, shift);
    planes.end();
  }
}

/** @returns which bits of the lower and of the upper halves are set in some offset */
function takeWideOffsets(
  offsets: Int32Array,
  halves: Int32Array,
  baseLow: number,
  baseHigh: number,
): readonly [number, number] {
  const turnedBase = baseLow ^ signBit;
  let usedLow = 0;
  let usedHigh = 0;
  for (let i = 0, end = halves.length; i < end; i += 2) {
    const valueLow = halves[i]!;
    const low = (valueLow - baseLow) | 0;
    const borrow = (valueLow ^ signBit) < turnedBase ? 1 : 0;
    const high = (halves[i + 1]! - baseHigh - borrow) | 0;
    offsets[i] = low;
    offsets[i + 1] = high;
    usedLow |= low;
    usedHigh |= high;
  }
  return [usedLow, usedHigh];
}

function putHalves(target: Uint8Array, start: number, halves: Int32Array, half: number, shift: number): void {
  for (let from = half, to = start, end = halves.length; from < end; from += 2, to++)
    target[to] = halves[from]! >> shift;
}

function writeValue(out: ByteBuilder, low: number, high: number, width: Width): void {
  for (let i = 0; i < width; i++) out.byte(i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4)));
}

// How many bytes hold every number from 0 to `range` (below 2^32).
function bytesFor(range: number): number {
  if (range === 0) return 0;
  if (range < 0x100) return 1;
  if (range < 0x10000) return 2;
  return range < 0x1000000 ? 3 : 4;
}

function widened(data: Uint8Array, count: number): Int32Array {
  const aligned = data.byteOffset % 2 === 0 ? data : data.slice();
  const values = scratch.numbers(count);
  values.set(new Int16Array(aligned.buffer, aligned.byteOffset, count));
  return values;
}

function int32View(data: Uint8Array, count: number): Int32Array {
  const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, count);
}
