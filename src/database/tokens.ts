import { BackupError } from '../errors.js';

/** A piece of an SQL statement; the pieces together are the statement, byte for byte. */
export interface Token {
  readonly kind: 'comment' | 'name' | 'space' | 'symbol' | 'text' | 'word';
  readonly text: string;
}

// What begins a piece. Where a comment, a name or a text ends is looked for by hand: a regular expression remembers every
// step back that it could take, and has no room for those of a long literal.
const beginning: RegExp =
  /(?<space>\s+)|(?<symbol1>\/\*M?!\d*|\*\/)|(?<comment>\/\*|--(?=\s|$)|#)|(?<quote>[`'"])|(?<word>[\w$\u0080-\uffff]+)|(?<symbol>.)/gsy;

/** Most pieces of a statement; the largest that a server makes has a tenth of them. */
const mostTokens: number = 2 ** 20;

/**
 * Takes a statement apart, as a server with an empty sql_mode reads it. Nothing is looked at twice, and what is not closed
 * goes to the end, so that the work is linear.
 *
 * @throws BackupError `archive-limit-exceeded` when it has more pieces than a definition ever has
 */
export function tokenise(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  const take = (kind: Token['kind'], from: number, to: number): void => {
    if (tokens.length === mostTokens) throw tooLong();
    tokens.push({ kind, text: sql.slice(from, to) });
    beginning.lastIndex = to;
  };
  beginning.lastIndex = 0;
  for (let at = 0; at < sql.length; at = beginning.lastIndex) {
    const { comment, quote, space, word } = beginning.exec(sql)!.groups!;
    const end = beginning.lastIndex;
    // A comment that servers of some version execute is not one: its marks are symbols, and what is between counts.
    if (space !== undefined) take('space', at, end);
    else if (comment !== undefined) take('comment', at, endOfComment(sql, at, comment));
    else if (quote !== undefined) take(quote === '`' ? 'name' : 'text', at, endOfQuoted(sql, at, quote));
    else take(word === undefined ? 'symbol' : 'word', at, end);
  }
  return tokens;
}

function endOfComment(sql: string, at: number, beginning: string): number {
  const isBlock = beginning === '/*';
  const end = sql.indexOf(isBlock ? '*/' : '\n', at + beginning.length);
  if (end === -1) return sql.length;
  return isBlock ? end + 2 : end;
}

/** A mark that is doubled stands for itself, and so does any behind a backslash, except in a name. */
function endOfQuoted(sql: string, at: number, mark: string): number {
  const markCode = mark.charCodeAt(0);
  for (let i = at + 1; i < sql.length; i++) {
    const code = sql.charCodeAt(i);
    if (code === BACKSLASH && mark !== '`') i++;
    else if (code === markCode) {
      if (sql.charCodeAt(i + 1) !== markCode) return i + 1;
      i++;
    }
  }
  return sql.length;
}

const BACKSLASH = 0x5c;

function tooLong(): BackupError {
  return new BackupError('archive-limit-exceeded', 'A definition is longer than one that a server makes.');
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
