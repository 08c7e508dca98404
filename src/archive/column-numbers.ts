/**
 * Whole columns of fixed-width values as numbers: a base and small offsets from it, in *planes* (the lowest byte of
 * every offset, then the next byte of every offset …), because bytes of the same weight look alike.
 *
 * All arithmetic is modulo 2^(8·width), so that signed, unsigned and floating bit patterns need no telling apart and
 * nothing is ever rounded. 64-bit values are handled as two halves of 32 bits.
 *
 * Typed arrays are read in the machine's own byte order; every platform that runs JavaScript today is little-endian.
 */
import { type ByteBuilder, type ByteCursor, damagedPart } from './byte-cursor.js';

/** Bytes per value. */
export type Width = 1 | 2 | 4 | 8;

/** Encoding tags of a column of numbers, as they stand in a segment. */
export const NUMBERS = 0;
export const DELTAS = 1;

/** Most bytes that {@link encodeNumbers} writes. */
export function numbersBound(count: number, width: Width): number {
  return 2 * width + 1 + count * width;
}

/**
 * Appends `count` values and says how: `NUMBERS` (base, plane count, offsets from the base) or, where `allowDeltas`
 * and narrower, `DELTAS` (first value, base, plane count, offsets of each step from the base).
 */
export function encodeNumbers(
  out: ByteBuilder,
  data: Uint8Array,
  width: Width,
  count: number,
  allowDeltas: boolean,
): typeof NUMBERS | typeof DELTAS {
  if (count === 0) return NUMBERS;
  switch (width) {
    case 1:
      return encodeBytes(out, data, count);
    case 2:
      return encodeNarrow(out, Int32Array.from(int16View(data, count)), 0, 2, allowDeltas);
    case 4:
      return encodeNarrow(out, int32View(data, count), 0, 4, allowDeltas);
    case 8:
      return encodeWide(out, int32View(data, count * 2), count, allowDeltas);
  }
}

function encodeBytes(out: ByteBuilder, data: Uint8Array, count: number): typeof NUMBERS {
  const first = data[0]!;
  let same = 1;
  while (same < count && data[same] === first) same++;
  if (same === count) {
    out.byte(first);
    out.byte(0);
  } else {
    out.byte(0);
    out.byte(1);
    out.append(data.subarray(0, count));
  }
  return NUMBERS;
}

// `high` is the upper half that all values of a 64-bit column share; `flip` was applied to the lower half to make
// signed comparison order it as unsigned.
function encodeNarrow(
  out: ByteBuilder,
  values: Int32Array,
  high: number,
  width: Width,
  allowDeltas: boolean,
  flip = 0,
): typeof NUMBERS | typeof DELTAS {
  const count = values.length;
  let min = values[0]!;
  let max = min;
  for (let i = 1; i < count; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  const planes = bytesFor(max - min);
  if (allowDeltas && planes > 1 && max - min < 0x80000000) {
    const steps = stepRange(values, planes);
    if (steps !== null) {
      writeValue(out, values[0]! ^ flip, high, width);
      writeValue(out, steps.min, steps.min >> 31, width);
      const stepPlanes = bytesFor(steps.max - steps.min);
      out.byte(stepPlanes);
      writeStepPlanes(out, values, steps.min, stepPlanes);
      return DELTAS;
    }
  }
  // Offsets as wide as the values save nothing: then the values themselves stand there.
  const base = planes === width ? flip : min;
  writeValue(out, base ^ flip, high, width);
  out.byte(planes);
  for (let plane = 0; plane < planes; plane++) {
    const target = out.bytes;
    const start = out.position;
    const shift = plane * 8;
    for (let i = 0; i < count; i++) target[start + i] = (values[i]! - base) >> shift;
    out.position = start + count;
  }
  return NUMBERS;
}

// The range of the steps between neighbours, or null once it is clear that they need as many bytes as the values.
function stepRange(values: Int32Array, planes: number): { min: number; max: number } | null {
  const widest = 2 ** (8 * (planes - 1));
  let previous = values[0]!;
  let min = values[1]! - previous;
  let max = min;
  for (let i = 1; i < values.length; i++) {
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

function writeStepPlanes(out: ByteBuilder, values: Int32Array, base: number, planes: number): void {
  const target = out.bytes;
  for (let plane = 0; plane < planes; plane++) {
    const start = out.position - 1;
    const shift = plane * 8;
    for (let i = 1; i < values.length; i++) {
      target[start + i] = (values[i]! - values[i - 1]! - base) >> shift;
    }
    out.position += values.length - 1;
  }
}

function encodeWide(
  out: ByteBuilder,
  halves: Int32Array,
  count: number,
  allowDeltas: boolean,
): typeof NUMBERS | typeof DELTAS {
  const high = halves[1]!;
  const lows = new Int32Array(count);
  let i = 0;
  // The lowest bit flipped at the top makes signed order the unsigned one.
  while (i < count && halves[2 * i + 1] === high) {
    lows[i] = halves[2 * i]! ^ 0x80000000;
    i++;
  }
  if (i === count) return encodeNarrow(out, lows, high, 8, allowDeltas, 0x80000000 | 0);

  let minHigh = high;
  let minLow = halves[0]! >>> 0;
  let maxHigh = minHigh;
  let maxLow = minLow;
  for (i = 1; i < count; i++) {
    const valueHigh = halves[2 * i + 1]!;
    const valueLow = halves[2 * i]! >>> 0;
    if (valueHigh < minHigh || (valueHigh === minHigh && valueLow < minLow)) {
      minHigh = valueHigh;
      minLow = valueLow;
    } else if (valueHigh > maxHigh || (valueHigh === maxHigh && valueLow > maxLow)) {
      maxHigh = valueHigh;
      maxLow = valueLow;
    }
  }
  const rangeHigh = (maxHigh - minHigh - (maxLow < minLow ? 1 : 0)) >>> 0;
  const planes = rangeHigh === 0 ? 4 : 4 + bytesFor(rangeHigh);
  if (planes === 8) {
    minHigh = 0;
    minLow = 0;
  }
  writeValue(out, minLow, minHigh, 8);
  out.byte(planes);
  const target = out.bytes;
  const start = out.position;
  for (i = 0; i < count; i++) {
    const valueLow = halves[2 * i]! >>> 0;
    const low = valueLow - minLow;
    target[start + i] = low;
    target[start + count + i] = low >> 8;
    target[start + 2 * count + i] = low >> 16;
    target[start + 3 * count + i] = low >> 24;
  }
  for (let plane = 4; plane < planes; plane++) {
    const at = start + plane * count;
    const shift = (plane - 4) * 8;
    for (i = 0; i < count; i++) {
      const borrow = halves[2 * i]! >>> 0 < minLow ? 1 : 0;
      target[at + i] = (halves[2 * i + 1]! - minHigh - borrow) >> shift;
    }
  }
  out.position = start + planes * count;
  return NUMBERS;
}

/** Reads what {@link encodeNumbers} wrote; `encoding` is what it returned. */
export function decodeNumbers(
  input: ByteCursor,
  encoding: typeof NUMBERS | typeof DELTAS,
  width: Width,
  count: number,
): Uint8Array {
  if (count === 0) return new Uint8Array(0);
  const isDeltas = encoding === DELTAS;
  const first = isDeltas ? readValue(input, width) : { low: 0, high: 0 };
  const base = readValue(input, width);
  const planes = input.byte();
  if (planes > width) throw damagedPart('a number is wider than its column');
  const offsetCount = isDeltas ? count - 1 : count;
  const source = input.take(planes * offsetCount);
  const values = width === 8 ? new Int32Array(count * 2) : new Int32Array(count);
  const skipped = isDeltas ? 1 : 0;
  if (width === 8) {
    readWidePlanes(source, planes, offsetCount, values.subarray(skipped * 2));
    if (isDeltas) sumWide(values, base, first);
    else addWide(values, base);
    return new Uint8Array(values.buffer);
  }
  readPlanes(source, planes, offsetCount, values.subarray(skipped));
  if (isDeltas) {
    values[0] = first.low;
    for (let i = 1; i < count; i++) values[i] = values[i - 1]! + values[i]! + base.low;
  } else if (base.low !== 0) {
    for (let i = 0; i < count; i++) values[i] = values[i]! + base.low;
  }
  if (width === 4) return new Uint8Array(values.buffer);
  // Conversion to a narrower typed array keeps the lowest bits, which is the modulo wanted.
  return width === 2 ? new Uint8Array(Int16Array.from(values).buffer) : Uint8Array.from(values);
}

function readPlanes(source: Uint8Array, planes: number, count: number, into: Int32Array): void {
  for (let plane = 0; plane < planes; plane++) {
    const start = plane * count;
    const shift = plane * 8;
    if (plane === 0) for (let i = 0; i < count; i++) into[i] = source[i]!;
    else for (let i = 0; i < count; i++) into[i] = into[i]! | (source[start + i]! << shift);
  }
}

function readWidePlanes(source: Uint8Array, planes: number, count: number, into: Int32Array): void {
  for (let plane = 0; plane < planes; plane++) {
    const start = plane * count;
    const half = plane >> 2;
    const shift = (plane & 3) * 8;
    for (let i = 0; i < count; i++) {
      const at = 2 * i + half;
      into[at] = into[at]! | (source[start + i]! << shift);
    }
  }
}

interface Halves {
  readonly low: number;
  readonly high: number;
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

function writeValue(out: ByteBuilder, low: number, high: number, width: Width): void {
  for (let i = 0; i < width; i++) out.byte(i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4)));
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

// How many bytes hold every number from 0 to `range` (below 2^32).
function bytesFor(range: number): number {
  if (range === 0) return 0;
  if (range < 0x100) return 1;
  if (range < 0x10000) return 2;
  return range < 0x1000000 ? 3 : 4;
}

function int16View(data: Uint8Array, count: number): Int16Array {
  const aligned = data.byteOffset % 2 === 0 ? data : data.slice();
  return new Int16Array(aligned.buffer, aligned.byteOffset, count);
}

function int32View(data: Uint8Array, count: number): Int32Array {
  const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, count);
}
