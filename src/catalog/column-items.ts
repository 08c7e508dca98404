import type { Token } from '../database/tokens.js';

/** The ranges of the columns in a table definition: items of the list that begin with a name. */
export function* columnItems(
  tokens: readonly Token[],
): Generator<{ readonly from: number; readonly to: number }> {
  let depth = 0;
  let from = 0;
  for (const [i, { kind, text }] of tokens.entries()) {
    if (kind !== 'symbol') continue;
    const ends = (text === ',' && depth === 1) || (text === ')' && depth === 1);
    if (ends) {
      const first = tokens.slice(from, i).find((token) => token.kind !== 'space');
      if (first?.kind === 'name') yield { from, to: i };
    }
    if (text === '(') depth++;
    if (text === ')' && --depth === 0) return;
    if (ends || (text === '(' && depth === 1)) from = i + 1;
  }
}
