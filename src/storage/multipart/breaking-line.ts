import type { OutgoingPart } from './upload-in-parts.js';

/** How many parts go in pieces after a line broke, the first time; each further time twice as many. */
const firstSpan = 8;
const longestSpan = 64;

/**
 * Remembers that a line breaks. A store takes nothing smaller than 5 MiB as a part, and a line that breaks
 * every few megabytes would send each part again and again. So after a break the next parts go in pieces,
 * which cost more requests and lose less.
 */
export class BreakingLine {
  #left = 0;
  #span: number = firstSpan;

  /** Whether this part is to go in pieces. */
  wantsPieces(part: OutgoingPart): boolean {
    if (part.failures > 0 && this.#left === 0) {
      this.#left = this.#span;
      this.#span = Math.min(longestSpan, this.#span * 2);
    }
    return this.#left > 0;
  }

  /** A part has gone in pieces. */
  sentInPieces(): void {
    this.#left -= 1;
  }
}
