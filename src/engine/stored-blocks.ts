const mostBytes = 0xffff;

/**
 * Blocks of DEFLATE that hold bytes as they are (RFC 1951, 3.2.4), in pieces: they must begin at a byte, and
 * do not end the stream.
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
