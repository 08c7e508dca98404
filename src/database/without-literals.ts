/** No more of a statement is looked at, and no more is told, in characters. */
const mostRead = 10_000;
const mostTold = 300;

// Names in backquotes stay. Comments go, and what is quoted, hexadecimal or a number; what is cut off goes to
// its end.
const literals =
  /(`[^`]*(?:`|$))|(\/\*.*?(?:\*\/|$)|--\s.*?(?:\n|$)|#.*?(?:\n|$))|(?:\b[xbn])?'[^']*(?:'|$)|"[^"]*(?:"|$)|\b(?:0[xb][0-9a-f]+|\d[\d.]*(?:e[+-]?\d+)?)\b/gis;

/**
 * A statement as it may be shown: its literals are `?`, and it is short. It ends where a backslash stands:
 * whether that guards a quote depends on the session's mode, and a value must not be told by mistake.
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
