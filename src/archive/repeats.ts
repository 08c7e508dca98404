// Smaller values are not worth looking at.
const WORTHWHILE_BYTES = 64 * 1024;
const SLOTS = 1 << 16;
// Of the places looked at, the share that must have been seen before.
const ENOUGH = 0.02;

/**
 * Whether bytes repeat themselves, so that looking for repeats is worth a compressor's time. Images, signatures and
 * hashes, in binary or as base64, do not: half of the time of a whole backup can go into looking through them in vain.
 *
 * Looks at every place whose four bytes have a certain hash, about one in sixteen, wherever they stand.
 */
export function hasRepeats(data: Uint8Array): boolean {
  if (data.length < WORTHWHILE_BYTES) return true;
  const seen = new Int32Array(SLOTS);
  const enough = (data.length / 16) * ENOUGH;
  let places = 0;
  let repeats = 0;
  let window = data[0]! | (data[1]! << 8) | (data[2]! << 16);
  window <<= 8;
  for (let i = 3; i < data.length; i++) {
    window = (window >>> 8) | (data[i]! << 24);
    const hash = Math.imul(window, 0x9e3779b1);
    if (hash >>> 28 !== 0) continue;
    const slot = (hash >>> 12) & (SLOTS - 1);
    places++;
    if (seen[slot] !== window) seen[slot] = window;
    // Text is known as text after a few kilobytes.
    else if (++repeats > enough) return true;
  }
  // The same few bytes all over may have no place with that hash at all.
  return places < data.length / 64;
}
