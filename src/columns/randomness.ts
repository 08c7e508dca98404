// One piece in eight is looked at.
const PIECE_BYTES = 16 * 1024;
const STRIDE_BYTES: number = 8 * PIECE_BYTES;
// Of eight. Compressed and encrypted bytes have 7.95 and more; below this a code of their own saves a
// hundredth.
const ENOUGH_BITS = 7.9;

/**
 * Whether every byte is about as frequent as every other, so that not even a code for single bytes can make
 * anything of them: what was compressed or encrypted already.
 */
export function looksRandom(data: Uint8Array): boolean {
  const counts = new Uint32Array(256);
  let counted = 0;
  for (let start = 0; start + PIECE_BYTES <= data.length; start += STRIDE_BYTES) {
    countBytes(counts, data, start, start + PIECE_BYTES);
    counted += PIECE_BYTES;
  }
  if (counted === 0) return false;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / counted);
  return bits > ENOUGH_BITS * counted;
}

function countBytes(counts: Uint32Array, data: Uint8Array, start: number, end: number): void {
  for (let i = start; i < end; i++) counts[data[i]!]!++;
}
