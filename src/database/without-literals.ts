/** Characters of a statement that are read; the rest is not shown. */
const mostRead = 10_000;
const mostTold = 300;

// Names in backticks are kept. Comments are removed, as are quoted text, hexadecimal values and numbers. A
// token that was cut off reaches to the end.
const literals =
  /(`[^`]*(?:`|$))|(\/\*.*?(?:\*\/|$)|--\s.*?(?:\n|$)|#.*?(?:\n|$))|(?:\b[xbn])?'[^']*(?:'|$)|"[^"]*(?:"|$)|\b(?:0[xb][0-9a-f]+|\d[\d.]*(?:e[+-]?\d+)?)\b/gis;

/**
 * A statement that is safe to show: its literals are replaced by `?`, and it is short. It ends at a
 * backslash: whether that escapes a quote depends on the session's mode, and a value must never be shown.
 */
export function withoutLiterals(sql: string): string {
  const [read = ''] = sql.slice(0, mostRead).split('\\', 1);
  const told = read
    .replace(literals, (_, name: string | undefined, comment: string | undefined) =>
      comment === undefined ? (name ?? '?') : ' ',
    )
    .replace(/\?\?+/g, '?')
    .replace(/\?(?:\s*,\s*\?)+/g, '?, …')
    .replace(/\(\?(?:, …)?\)(?:\s*,\s*\(\?(?:, …)?\))+/g, '(?), …')
    .replace(/\s+/g, ' ')
    .trim();
  return told.length > mostTold || read.length < sql.length ? `${told.slice(0, mostTold)}…` : told;
}
