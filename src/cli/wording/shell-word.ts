/** A word as it can be typed in a shell, in quotes where it needs them. */
export function shellWord(word: string): string {
  if (/^[A-Za-z0-9_./:@%+=,\\-]+$/.test(word)) return word;
  if (process.platform === 'win32') return `"${word}"`;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
