/**
 * Values that are base64 text (RFC 4648, section 4), as images, signatures and documents in text columns are.
 * They are stored decoded: no compressor makes the text shorter than the bytes it encodes, and repetitions in
 * those bytes are not visible in the text.
 *
 * The mark of a value is twice the number of its stored bytes, plus 1 when the value is the base64 of them.
 */

/** A column is not worth decoding when more than one byte in so many would be stored as it is. */
const share = 8;

// Size of a sample, in bytes.
const pieceBytes = 4096;
// Of 64. Hexadecimal digits, codes and numbers use fewer, and gain nothing from decoding.
const manyLetters = 48;

/** Whether a sample of a column looks like base64: it uses nearly all letters, and little else. */
export function looksLikeBase64(data: Uint8Array): boolean {
  const middle = data.length >> 1;
  const pieces = [data.subarray(0, pieceBytes), data.subarray(middle, middle + pieceBytes)];
  const seen = new Uint8Array(256);
  let others = 0;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i]!;
      if (fourth[byte]! < 0) others++;
      else seen[byte] = 1;
    }
  }
  const letterCount = seen.reduce((sum, one) => sum + one, 0);
  return letterCount >= manyLetters && others * share <= pieces[0]!.length + pieces[1]!.length;
}

/**
 * Decodes base64, value by value. A value that is not base64, or that encoding would not restore exactly, is
 * stored as it is.
 *
 * @param room - receives the stored bytes, one value after another; `data.length` bytes are enough
 * @param marks - receives the mark of each value
 * @returns number of stored bytes; −1 when too little of it is base64
 */
export function takeBase64Apart(
  room: Uint8Array,
  marks: Uint32Array,
  lengths: Uint32Array,
  data: Uint8Array,
): number {
  let kept = 0;
  let to = 0;
  for (let i = 0, from = 0; i < lengths.length; i++) {
    const length = lengths[i]!;
    const size = decode(room, to, data, from, length);
    if (size < 0) {
      kept += length;
      if (kept * share > data.length) return -1;
      room.set(data.subarray(from, from + length), to);
      marks[i] = length * 2;
      to += length;
    } else {
      marks[i] = size * 2 + 1;
      to += size;
    }
    from += length;
  }
  return to;
}

/** The length of each value, from its mark. */
export function lengthsOfBase64(marks: Uint32Array): Uint32Array {
  return marks.map((mark) => ((mark & 1) === 0 ? mark >>> 1 : 4 * Math.ceil((mark >>> 1) / 3)));
}

/** Number of stored bytes of all values. */
export function storedBytes(marks: Uint32Array): number {
  return marks.reduce((sum, mark) => sum + (mark >>> 1), 0);
}

/**
 * The reverse of {@link takeBase64Apart}.
 *
 * @param data - receives the values, one after another
 */
export function putBase64Together(data: Uint8Array, marks: Uint32Array, stored: Uint8Array): void {
  for (let i = 0, from = 0, to = 0; i < marks.length; i++) {
    const mark = marks[i]!;
    const size = mark >>> 1;
    if ((mark & 1) === 0) {
      data.set(stored.subarray(from, from + size), to);
      to += size;
    } else {
      to = encode(data, to, stored, from, size);
    }
    from += size;
  }
}

const padding = 0x3d;
const letters: Uint8Array = Uint8Array.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  (letter) => letter.charCodeAt(0),
);
// The six bits of a letter, shifted for each of the four positions in a group. The entry of any other byte is
// negative, and so is a result that includes it.
const first: Int32Array = bitsAt(18);
const second: Int32Array = bitsAt(12);
const third: Int32Array = bitsAt(6);
const fourth: Int32Array = bitsAt(0);

function bitsAt(shift: number): Int32Array {
  const bits = new Int32Array(256).fill(-1);
  for (const [value, letter] of letters.entries()) bits[letter] = value << shift;
  return bits;
}

/** @returns number of bytes; −1 if {@link encode} would not restore the text */
function decode(room: Uint8Array, start: number, data: Uint8Array, from: number, length: number): number {
  if (length === 0 || length % 4 !== 0) return -1;
  let to = start;
  let at = from;
  for (const last = from + length - 4; at < last; at += 4, to += 3) {
    const bits = first[data[at]!]! | second[data[at + 1]!]! | third[data[at + 2]!]! | fourth[data[at + 3]!]!;
    if (bits < 0) return -1;
    room[to] = bits >> 16;
    room[to + 1] = bits >> 8;
    room[to + 2] = bits;
  }
  let bytes = 3;
  let bits = first[data[at]!]! | second[data[at + 1]!]!;
  if (data[at + 3] === padding) bytes = data[at + 2] === padding ? 1 : 2;
  if (bytes > 1) bits |= third[data[at + 2]!]!;
  if (bytes > 2) bits |= fourth[data[at + 3]!]!;
  // Unused bits must be zero, or encoding would not restore the text.
  if (bits < 0 || (bits & (0xffffff >> (8 * bytes))) !== 0) return -1;
  for (let byte = 0; byte < bytes; byte++) room[to++] = bits >> (16 - 8 * byte);
  return to - start;
}

/** @returns end of the text */
function encode(data: Uint8Array, start: number, stored: Uint8Array, from: number, size: number): number {
  let to = start;
  for (let at = from, end = from + size; at < end; at += 3, to += 4) {
    const left = end - at;
    const bits =
      (stored[at]! << 16) | (left > 1 ? stored[at + 1]! << 8 : 0) | (left > 2 ? stored[at + 2]! : 0);
    data[to] = letters[bits >> 18]!;
    data[to + 1] = letters[(bits >> 12) & 63]!;
    data[to + 2] = left > 1 ? letters[(bits >> 6) & 63]! : padding;
    data[to + 3] = left > 2 ? letters[bits & 63]! : padding;
  }
  return to;
}
