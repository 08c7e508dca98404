import { BackupError } from '../errors.js';

/** A token of an SQL statement; all tokens together are the statement, byte for byte. */
export interface Token {
  readonly kind: 'comment' | 'name' | 'space' | 'symbol' | 'text' | 'word';
  readonly text: string;
}

/** How a server reads quotes, which depends on its sql_mode. */
export interface QuoteRules {
  /** Text in double quotes is a name. */
  readonly ansiQuotes?: boolean;
  /** A backslash is an ordinary character. */
  readonly noBackslashEscapes?: boolean;
}

/** A tokenised statement. */
export interface Scan {
  readonly tokens: readonly Token[];
  /**
   * Why servers of other versions or settings may read the statement differently: a token has no end, or a
   * comment that only some versions execute ends elsewhere for the others.
   */
  readonly doubt?: string;
}

// The white space of a server; other Unicode spaces belong to words.
const space: RegExp = /[ \t\n\v\f\r]+/y;
const word: RegExp = /[\w$\u0080-\uffff]+/y;
const lineComment: RegExp = /(?:#|--(?=[\x00-\x20\x7f]|$))[^\n]*/y;
const executable: RegExp = /\/\*M?!\d*/y;

/**
 * Every server executes a version comment up to this version, so the end of the comment does not depend on
 * the server.
 */
const executedByAll = 50500;

/** Most tokens of a statement; the largest definition that a server makes has a tenth of them. */
const mostTokens: number = 2 ** 20;

/**
 * Splits a statement into tokens as a server with an empty sql_mode does. A token without an end reaches to
 * the end of the statement.
 *
 * @throws BackupError `archive-limit-exceeded` when it has more tokens than any definition
 */
export function tokenise(sql: string): readonly Token[] {
  return scan(sql).tokens;
}

/**
 * The same by the rules of a session, with the reason for a possible misreading. Every character is read
 * once, so the work is linear.
 *
 * @throws BackupError `archive-limit-exceeded`
 */
export function scan(sql: string, rules: QuoteRules = {}): Scan {
  const tokens: Token[] = [];
  let doubt: string | undefined;
  /** The end of the current version comment for a server that does not execute it. */
  let commentEnd: number | undefined;
  let mayCross = false;
  let found = -1;
  const endOfComment = (from: number): number => {
    // The positions increase, so an end that lies ahead is searched only once.
    if (found < from) found = sql.indexOf('*/', from);
    if (found === -1) found = sql.length;
    if (found === sql.length) doubt ??= 'a comment has no end';
    return found;
  };
  for (let at = 0; at < sql.length; ) {
    const [kind, end, open] = next(sql, at, rules, commentEnd !== undefined);
    if (open) doubt ??= 'something in it has no end';
    const text = sql.slice(at, end);
    if (tokens.length === mostTokens) throw tooLong();
    tokens.push({ kind, text });
    if (kind === 'symbol' && text.startsWith('/*')) {
      // A version comment, `/*!…`, is not a comment: its marks are symbols, and its content is tokenised.
      if (commentEnd !== undefined) doubt ??= 'a comment begins within another';
      commentEnd = endOfComment(end);
      mayCross = Number(/\d*$/.exec(text)![0] || 0) <= executedByAll;
    } else if (commentEnd !== undefined && text === '*/' && kind === 'symbol') {
      commentEnd = undefined;
    } else if (commentEnd !== undefined) {
      if (kind === 'comment') doubt ??= 'a comment begins within another';
      if (end > commentEnd) {
        if (!mayCross) doubt ??= 'a text reaches beyond the comment it stands in';
        commentEnd = endOfComment(end);
      }
    }
    at = end;
  }
  return doubt === undefined ? { tokens } : { tokens, doubt };
}

/** The token at a position: its kind, its end, and whether its end is missing. */
function next(
  sql: string,
  at: number,
  rules: QuoteRules,
  inComment: boolean,
): readonly [Token['kind'], number, boolean] {
  const char = sql[at]!;
  switch (char) {
    case '`':
      return quoted(sql, at, 'name', false);
    case "'":
      return quoted(sql, at, 'text', rules.noBackslashEscapes !== true);
    case '"':
      return rules.ansiQuotes === true
        ? quoted(sql, at, 'name', false)
        : quoted(sql, at, 'text', rules.noBackslashEscapes !== true);
    case '/':
      if (sql[at + 1] === '*') {
        const marks = endOf(executable, sql, at);
        if (marks !== undefined) return ['symbol', marks, false];
        const end = sql.indexOf('*/', at + 2);
        return end === -1 ? ['comment', sql.length, true] : ['comment', end + 2, false];
      }
      return ['symbol', at + 1, false];
    case '*':
      return ['symbol', inComment && sql[at + 1] === '/' ? at + 2 : at + 1, false];
    case '#':
    case '-': {
      const end = endOf(lineComment, sql, at);
      return end === undefined ? ['symbol', at + 1, false] : ['comment', end, false];
    }
  }
  const blank = endOf(space, sql, at);
  if (blank !== undefined) return ['space', blank, false];
  const end = endOf(word, sql, at);
  return end === undefined ? ['symbol', at + 1, false] : ['word', end, false];
}

function endOf(pattern: RegExp, sql: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : undefined;
}

function quoted(
  sql: string,
  at: number,
  kind: 'name' | 'text',
  escapes: boolean,
): readonly ['name' | 'text', number, boolean] {
  const mark = sql[at]!;
  for (let i = at + 1; i < sql.length; i++) {
    const char = sql[i];
    if (char === '\\' && escapes) {
      i++;
    } else if (char === mark) {
      if (sql[i + 1] !== mark) return [kind, i + 1, false];
      i++;
    }
  }
  return [kind, sql.length, true];
}

function tooLong(): BackupError {
  return new BackupError('archive-limit-exceeded', 'A definition is longer than any that a server makes.');
}

/** Joins tokens to the statement. */
export function join(tokens: readonly Token[]): string {
  return tokens.map((token) => token.text).join('');
}

/** A name without its backticks or quotes. */
export function unquote(name: string): string {
  const mark = name[0];
  if (mark !== '`' && mark !== '"') return name;
  return name.slice(1, -1).replaceAll(mark + mark, mark);
}

/** The value of a literal that a server printed. */
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
