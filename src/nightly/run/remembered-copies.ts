import type { VerifiedCopy } from './journal-state.js';

/** How many copies per place are remembered: more than the longest default retention keeps. */
export const rememberedCopies = 400;
/**
 * How many removed copies are remembered, the newest: a store that brings older ones back was rolled back,
 * which is reported anyway.
 */
const rememberedGone = 60;

/**
 * The copies that a journal remembers, newest first. Existing ones come first: one that is kept for years is
 * watched for years.
 */
export function remembered(copies: readonly VerifiedCopy[]): readonly VerifiedCopy[] {
  let gone = 0;
  return [...copies]
    .sort((a, b) => (a.night < b.night ? 1 : Number(a.night === b.night) - 1))
    .filter(({ state }) => state !== 'gone' || ++gone <= rememberedGone)
    .slice(0, rememberedCopies);
}

/** The copy that was made last: by number, not by date, since a clock may have been ahead. */
export function madeLast(copies: readonly VerifiedCopy[]): VerifiedCopy | undefined {
  const last = Math.max(...copies.map(({ number = 0 }) => number));
  return copies.find(({ number = 0 }) => number === last);
}
