import type { VerifiedCopy } from './journal-state.js';

/** How many copies per place are remembered: more than the longest default retention keeps. */
export const rememberedCopies = 400;
/**
 * Of those that are gone, the newest: a store that brings them back was rolled back, which is told anyway.
 */
const rememberedGone = 60;

/**
 * What a journal remembers of copies, newest first. Those that are there come first: one that is kept for
 * years is watched for years, however many have come and gone since.
 */
export function remembered(copies: readonly VerifiedCopy[]): readonly VerifiedCopy[] {
  let gone = 0;
  return [...copies]
    .sort((a, b) => (a.night < b.night ? 1 : Number(a.night === b.night) - 1))
    .filter(({ state }) => state !== 'gone' || ++gone <= rememberedGone)
    .slice(0, rememberedCopies);
}
