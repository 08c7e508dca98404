/** The known word that somebody who typed another most likely meant; undefined when none is near. */
export function nearestOf(typed: string, known: readonly string[]): string | undefined {
  const word = typed.toLowerCase().slice(0, 64);
  const [nearest] = known
    .map((each) => ({ each, edits: editsBetween(word, each.toLowerCase()) }))
    .filter(({ each, edits }) => edits <= Math.max(2, Math.floor(each.length / 3)))
    .sort((one, other) => one.edits - other.edits);
  return nearest?.each;
}

/** Levenshtein: how many characters must be put in, taken out or exchanged. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const change = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change));
    }
    row = next;
  }
  return row[other.length]!;
}
