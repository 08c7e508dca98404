/** A piece of an SQL statement; the pieces together are the statement, byte for byte. */
export interface Token {
  readonly kind: 'comment' | 'name' | 'space' | 'symbol' | 'text' | 'word';
  readonly text: string;
}

// A comment that servers of some version execute is not one: its marks are symbols, and what is between counts. What is
// not closed goes to the end: nothing is looked at twice, so that the work is linear.
const pattern: RegExp =
  /(?<space>\s+)|(?<symbol1>\/\*M?!\d*|\*\/)|(?<comment>\/\*.*?(?:\*\/|$)|(?:--(?=\s|$)|#)[^\n]*)|(?<name>`(?:[^`]|``)*(?:`|$))|(?<text>'(?:[^'\\]|''|\\.)*(?:'|\\?$)|"(?:[^"\\]|""|\\.)*(?:"|\\?$))|(?<word>[\w$\u0080-\uffff]+)|(?<symbol>.)/gsy;

/** Takes a statement apart, as a server with an empty sql_mode reads it. */
export function tokenise(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(pattern)) {
    const groups = match.groups!;
    const kind =
      groups['space'] !== undefined
        ? 'space'
        : groups['comment'] !== undefined
          ? 'comment'
          : groups['name'] !== undefined
            ? 'name'
            : groups['text'] !== undefined
              ? 'text'
              : groups['word'] !== undefined
                ? 'word'
                : 'symbol';
    tokens.push({ kind, text: match[0] });
  }
  return tokens;
}

/** The statement again. */
export function join(tokens: readonly Token[]): string {
  return tokens.map((token) => token.text).join('');
}

/** A name without its marks. */
export function unquote(name: string): string {
  const mark = name[0];
  if (mark !== '`' && mark !== '"') return name;
  return name.slice(1, -1).replaceAll(mark + mark, mark);
}

/** What stands in a literal that a server printed. */
export function contentOf(literal: string): string {
  const escapes: Readonly<Record<string, string>> = {
    0: '\0',
    b: '\b',
    n: '\n',
    r: '\r',
    t: '\t',
    Z: '\x1a',
  };
  return literal
    .slice(1, -1)
    .replaceAll(/''|\\(.)/gs, (_, char: string | undefined) =>
      char === undefined ? "'" : (escapes[char] ?? char),
    );
}
