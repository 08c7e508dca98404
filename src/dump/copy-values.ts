/**
 * Copies short values in words, which for them is faster than a native call. The last word of a value
 * overlaps the one before. A value shorter than a word is copied in bytes.
 */

const wordBytes = 4;

/** Copies a value of `length` bytes. */
export function copyShort(
  target: DataView,
  to: number,
  source: DataView,
  from: number,
  length: number,
): void {
  if (length < wordBytes) {
    for (let i = 0; i < length; i++) target.setUint8(to + i, source.getUint8(from + i));
    return;
  }
  const last = length - wordBytes;
  for (let i = 0; i < last; i += wordBytes) target.setInt32(to + i, source.getInt32(from + i, true), true);
  target.setInt32(to + last, source.getInt32(from + last, true), true);
}

/**
 * Copies `count` values of one length one after another: first a word of each, then the next word of each.
 *
 * @param positions - start of each value in the source, less `common`
 */
export function copyAlike(
  target: DataView,
  to: number,
  source: DataView,
  positions: Int32Array,
  common: number,
  length: number,
  count: number,
): void {
  if (length < wordBytes) {
    for (let i = 0, at = to; i < count; i++, at += length) {
      copyShort(target, at, source, positions[i]! + common, length);
    }
    return;
  }
  const last = length - wordBytes;
  for (let i = 0; i < last; i += wordBytes) {
    copyWords(target, to + i, length, source, positions, common + i, count);
  }
  copyWords(target, to + last, length, source, positions, common + last, count);
}

/** Copies a word of each value; the targets are `step` bytes apart. */
function copyWords(
  target: DataView,
  start: number,
  step: number,
  source: DataView,
  positions: Int32Array,
  common: number,
  count: number,
): void {
  for (let i = 0, to = start; i < count; i++, to += step) {
    target.setInt32(to, source.getInt32(positions[i]! + common, true), true);
  }
}
