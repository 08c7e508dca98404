// One piece in eight is examined.
const pieceBytes = 16 * 1024;
const strideBytes: number = 8 * pieceBytes;
// Of eight. Compressed and encrypted bytes have 7.95 and more; between the two, a Huffman code saves only a
// hundredth.
const enoughBits = 7.9;

/**
 * Whether every byte is about as frequent as every other, so that not even a Huffman code makes it shorter.
 * True of what was compressed or encrypted already.
 */
export function looksRandom(data: Uint8Array): boolean {
  const counts = new Uint32Array(256);
  let counted = 0;
  for (let start = 0; start + pieceBytes <= data.length; start += strideBytes) {
    countBytes(counts, data, start, start + pieceBytes);
    counted += pieceBytes;
  }
  if (counted === 0) return false;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / counted);
  return bits > enoughBits * counted;
}

function countBytes(counts: Uint32Array, data: Uint8Array, start: number, end: number): void {
  for (let i = start; i < end; i++) counts[data[i]!]!++;
}
