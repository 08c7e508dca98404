import { concatBytes } from '../bytes.js';
import type { Margins } from './engine.js';

/** Pieces one after another, with room around them. */
export function withMargins(pieces: readonly Uint8Array[], { before, behind }: Margins): Uint8Array {
  return concatBytes([new Uint8Array(before), ...pieces, new Uint8Array(behind)]);
}
