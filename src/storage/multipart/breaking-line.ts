import type { OutgoingPart } from './upload-in-parts.js';

/** How many parts go in pieces after the first break; twice as many after each further one. */
const firstSpan = 8;
const longestSpan = 64;

/**
 * Remembers that the line breaks. A store accepts no part below 5 MiB, so a line that breaks every few
 * megabytes would send each part again and again. After a break the next parts go in pieces, which need more
 * requests and lose less.
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
