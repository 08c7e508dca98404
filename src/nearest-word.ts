/**
 * The known word that a typed word most likely means; undefined if none is similar.
 *
 * @param least - typing errors that are allowed even in a short word
 */
export function nearestWord(typed: string, known: readonly string[], least = 1): string | undefined {
  const lower = typed.toLowerCase();
  const [nearest] = known
    .map((word) => ({
      word,
      distance: word.startsWith(typed) && typed.length > 2 ? 0 : distanceOf(lower, word.toLowerCase()),
    }))
    .filter(
      ({ word, distance }) =>
        distance <= Math.max(least, Math.floor(Math.min(typed.length, word.length) / 3)),
    )
    .sort((a, b) => a.distance - b.distance);
  return nearest?.word;
}

/** A sentence to append to another one; empty without a word. */
export function didYouMean(word: string | undefined): string {
  return word === undefined ? '' : ` Did you mean ${word}?`;
}

/** Letters that must be added, removed, changed or swapped. */
function distanceOf(from: string, to: string): number {
  if (from.length > 40) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1];
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      const isExchanged = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isExchanged) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    before = last;
    last = row;
  }
  return last[to.length]!;
}
