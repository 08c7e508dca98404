/** Chance that a seed decides: the same seed, the same nights. */
export interface Random {
  /** From 0 to just below 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  is(chance: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
}

/** @param seed - any text */
export function createRandom(seed: string): Random {
  let state = 0x9e3779b9;
  for (const char of seed) state = Math.imul(state ^ char.charCodeAt(0), 0x85ebca6b) ^ (state >>> 13);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between: Random['between'] = (from, to) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    between,
    is: (chance) => next() < chance,
    pick: (items) => items[between(0, items.length - 1)]!,
  };
}
