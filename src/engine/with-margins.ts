import { concatBytes } from '../bytes.js';
import type { Margins } from './engine.js';

/** Joins pieces, with free bytes before and behind. */
export function withMargins(pieces: readonly Uint8Array[], { before, behind }: Margins): Uint8Array {
  return concatBytes([new Uint8Array(before), ...pieces, new Uint8Array(behind)]);
}
