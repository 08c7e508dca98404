// Smaller values are not worth looking at.
const worthwhileBytes = 64 * 1024;
// DEFLATE finds what stands at most this far back, so this much is looked at in one piece …
const windowBytes = 32 * 1024;
// … and one piece in four.
const strideBytes: number = 4 * windowBytes;
const slots = 1 << 13;
// Of the places looked at, the share that must have been seen before.
const enoughRepeats = 0.02;

const seen: Int32Array = new Int32Array(slots);

/**
 * Whether bytes repeat themselves, so that looking for repeats is worth a compressor's time. Images,
 * signatures and hashes, in binary or as base64, do not: half of the time of a whole backup can go into
 * looking through them in vain.
 */
export function hasRepeats(data: Uint8Array): boolean {
  if (data.length < worthwhileBytes) return true;
  for (let start = 0; start < data.length; start += strideBytes) {
    if (repeatsWithin(data, start, Math.min(data.length, start + windowBytes))) return true;
  }
  return false;
}

/** Looks at every place whose four bytes have a certain hash, about one in sixteen, wherever they stand. */
function repeatsWithin(data: Uint8Array, start: number, end: number): boolean {
  // Too little to judge by.
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
    // Text is known as text after a few kilobytes.
    else if (++repeats > enough) return true;
  }
  // The same few bytes all over may have no place with that hash at all.
  return places < (end - start) / 64;
}
