import type { Margins } from './engine.js';

/** Pieces one after another, with room around them. */
export function withMargins(
  pieces: readonly Uint8Array[],
  { before, behind }: Margins,
): Uint8Array<ArrayBuffer> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const joined = new Uint8Array(before + length + behind);
  let end = before;
  for (const piece of pieces) {
    joined.set(piece, end);
    end += piece.length;
  }
  return joined;
}
