// Smaller values are not worth the test.
const worthwhileBytes = 64 * 1024;
// DEFLATE finds repetitions at most this far back, so this much is examined in one piece …
const windowBytes = 32 * 1024;
// … and one piece in four.
const strideBytes: number = 4 * windowBytes;
const slots = 1 << 13;
// Of the examined positions, the share that must be a repetition.
const enoughRepeats = 0.02;

const seen: Int32Array = new Int32Array(slots);

/**
 * Whether sequences of bytes repeat, so that searching for repetitions is worth a compressor's time. In
 * images, signatures and hashes, in binary or as base64, they do not: searching them in vain can take half
 * the time of a backup.
 */
export function hasRepeats(data: Uint8Array): boolean {
  if (data.length < worthwhileBytes) return true;
  for (let start = 0; start < data.length; start += strideBytes) {
    if (repeatsWithin(data, start, Math.min(data.length, start + windowBytes))) return true;
  }
  return false;
}

/**
 * Examines the positions whose four bytes have a certain hash, about one in sixteen, so that repetitions are
 * compared at any alignment.
 */
function repeatsWithin(data: Uint8Array, start: number, end: number): boolean {
  // Too little to judge.
  if (end - start < windowBytes / 8) return false;
  seen.fill(0);
  const enough = Math.floor(((end - start) / 16) * enoughRepeats);
  let places = 0;
  let repeats = 0;
  let window = (data[start]! << 8) | (data[start + 1]! << 16) | (data[start + 2]! << 24);
  for (let i = start + 3; i < end; i++) {
    window = (window >>> 8) | (data[i]! << 24);
    const hash = Math.imul(window, 0x9e3779b1);
    if (hash >>> 28 !== 0) continue;
    const slot = (hash >>> 12) & (slots - 1);
    places++;
    if (seen[slot] !== window) seen[slot] = window;
    // A few kilobytes of text are enough to decide.
    else if (++repeats > enough) return true;
  }
  // A short sequence that repeats all over may have no position with that hash at all.
  return places < (end - start) / 64;
}
