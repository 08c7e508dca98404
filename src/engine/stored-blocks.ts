const mostBytes = 0xffff;

/**
 * DEFLATE blocks that hold bytes uncompressed (RFC 1951, 3.2.4). They must start at a byte boundary, and do
 * not end the stream.
 */
export function storedBlocks(data: Uint8Array): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < data.length; start += mostBytes) {
    const block = data.subarray(start, start + mostBytes);
    const { length } = block;
    pieces.push(Uint8Array.of(0, length, length >> 8, ~length, ~length >> 8), block);
  }
  return pieces;
}
