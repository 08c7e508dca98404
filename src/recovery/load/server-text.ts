/**
 * Writes values of column parts as the text that servers read, directly into a buffer: only floating-point
 * numbers become strings on the way. Every function writes at `at` and returns the end; the caller ensures
 * that there is space.
 */

const zero = 0x30;
const minus = 0x2d;
const colon = 0x3a;
const dot = 0x2e;
const space = 0x20;
const billion = 1_000_000_000;

/** Most bytes of an integer, a date or a time. */
export const maxShortText = 32;

/** 0000 … 9999, four digits each. */
const fourDigits: Uint8Array = new Uint8Array(40_000);
for (let n = 0; n < 10_000; n++) {
  fourDigits[4 * n] = zero + Math.floor(n / 1000);
  fourDigits[4 * n + 1] = zero + (Math.floor(n / 100) % 10);
  fourDigits[4 * n + 2] = zero + (Math.floor(n / 10) % 10);
  fourDigits[4 * n + 3] = zero + (n % 10);
}

/** An integer from 0 to 4294967295. */
export function writeUint32(out: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    out[at] = zero + value;
    return at + 1;
  }
  if (value < 10_000) return writeBelowTenThousand(out, at, value);
  const high = Math.floor(value / 10_000);
  const low = value - high * 10_000;
  if (high < 10_000) return writeFour(out, writeBelowTenThousand(out, at, high), low);
  const top = Math.floor(high / 10_000);
  return writeFour(out, writeFour(out, writeBelowTenThousand(out, at, top), high - top * 10_000), low);
}

function writeBelowTenThousand(out: Uint8Array, at: number, value: number): number {
  let from = 4 * value;
  const end = from + 4;
  if (value < 1000) from += value < 10 ? 3 : value < 100 ? 2 : 1;
  let to = at;
  while (from < end) out[to++] = fourDigits[from++]!;
  return to;
}

function writeFour(out: Uint8Array, at: number, value: number): number {
  const from = 4 * value;
  out[at] = fourDigits[from]!;
  out[at + 1] = fourDigits[from + 1]!;
  out[at + 2] = fourDigits[from + 2]!;
  out[at + 3] = fourDigits[from + 3]!;
  return at + 4;
}

function writeTwo(out: Uint8Array, at: number, value: number): number {
  out[at] = fourDigits[4 * value + 2]!;
  out[at + 1] = fourDigits[4 * value + 3]!;
  return at + 2;
}

function writeNine(out: Uint8Array, at: number, value: number): number {
  const high = Math.floor(value / 10_000);
  const top = Math.floor(high / 10_000);
  out[at] = zero + top;
  writeFour(out, at + 1, high - top * 10_000);
  return writeFour(out, at + 5, value - high * 10_000);
}

export function writeInt32(out: Uint8Array, at: number, value: number): number {
  if (value >= 0) return writeUint32(out, at, value);
  out[at] = minus;
  return writeUint32(out, at + 1, -value);
}

/** An integer of 64 bits, given as two halves; exact to the last digit (V1). */
export function writeUint64(out: Uint8Array, at: number, low: number, high: number): number {
  if (high === 0) return writeUint32(out, at, low);
  // Long division by 10^9 in digits of 16 bits: every step stays far below 2^53.
  let rest = high;
  let quotient = Math.floor(rest / billion);
  rest -= quotient * billion;
  rest = rest * 65_536 + (low >>> 16);
  let digit = Math.floor(rest / billion);
  rest -= digit * billion;
  quotient = quotient * 65_536 + digit;
  rest = rest * 65_536 + (low & 0xffff);
  digit = Math.floor(rest / billion);
  rest -= digit * billion;
  quotient = quotient * 65_536 + digit;
  if (quotient < billion) return writeNine(out, writeUint32(out, at, quotient), rest);
  const top = Math.floor(quotient / billion);
  const end = writeNine(out, writeUint32(out, at, top), quotient - top * billion);
  return writeNine(out, end, rest);
}

export function writeInt64(out: Uint8Array, at: number, low: number, high: number): number {
  if (high < 0x8000_0000) return writeUint64(out, at, low, high);
  out[at] = minus;
  const negatedLow = -low >>> 0;
  const negatedHigh = (~high + (low === 0 ? 1 : 0)) >>> 0;
  return writeUint64(out, at + 1, negatedLow, negatedHigh);
}

/**
 * The shortest text that reads back as the same 64 bits. A FLOAT is written as the DOUBLE it equals, since
 * its own short text would be rounded twice (V3, V4). Negative zero keeps its sign (V5).
 */
export function writeDouble(out: Uint8Array, at: number, value: number): number {
  if (value === 0 && Object.is(value, -0)) {
    out[at] = minus;
    out[at + 1] = zero;
    return at + 2;
  }
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return writeInt32(out, at, value);
  const text = String(value);
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Binary date of 0 or at least 4 bytes. */
export function writeDate(
  out: Uint8Array,
  at: number,
  data: Uint8Array,
  from: number,
  length: number,
): number {
  const known = length >= 4;
  let to = writeFour(out, at, known ? data[from]! | (data[from + 1]! << 8) : 0);
  out[to] = minus;
  to = writeTwo(out, to + 1, known ? data[from + 2]! : 0);
  out[to] = minus;
  return writeTwo(out, to + 1, known ? data[from + 3]! : 0);
}

/** Binary date and time of 0, 4, 7 or 11 bytes. */
export function writeDatetime(
  out: Uint8Array,
  at: number,
  data: Uint8Array,
  from: number,
  length: number,
): number {
  const to = writeDate(out, at, data, from, length);
  out[to] = space;
  return writeClock(out, to + 1, data, from + 4, length >= 7 ? data[from + 4]! : 0, length - 4);
}

/** Binary time of 0, 8 or 12 bytes: up to 838 hours on either side of zero (V11). */
export function writeTime(
  out: Uint8Array,
  at: number,
  data: Uint8Array,
  from: number,
  length: number,
): number {
  if (length < 8) return writeClock(out, at, data, from, 0, 0);
  let to = at;
  if (data[from] === 1) out[to++] = minus;
  const days =
    data[from + 1]! | (data[from + 2]! << 8) | (data[from + 3]! << 16) | ((data[from + 4]! << 24) >>> 0);
  return writeClock(out, to, data, from + 5, 24 * days + data[from + 5]!, length - 5);
}

/**
 * Writes `hours`, then minutes, seconds and microseconds from the bytes after `from`, as far as `length`
 * reaches.
 */
function writeClock(
  out: Uint8Array,
  at: number,
  data: Uint8Array,
  from: number,
  hours: number,
  length: number,
): number {
  let to = hours < 100 ? writeTwo(out, at, hours) : writeUint32(out, at, hours);
  out[to] = colon;
  to = writeTwo(out, to + 1, length >= 3 ? data[from + 1]! : 0);
  out[to] = colon;
  to = writeTwo(out, to + 1, length >= 3 ? data[from + 2]! : 0);
  if (length < 7) return to;
  const micros =
    data[from + 3]! | (data[from + 4]! << 8) | (data[from + 5]! << 16) | ((data[from + 6]! << 24) >>> 0);
  out[to] = dot;
  const high = Math.floor(micros / 10_000);
  return writeFour(out, writeTwo(out, to + 1, high), micros - high * 10_000);
}
