/**
 * How a stock client reads statements from a file. Without `--binary-mode` it reacts to a backslash outside
 * of quotes (`\!` runs a shell), to the word `delimiter`, and to the end of a statement, even where the
 * server would not see them.
 */

/** How a session's sql_mode changes quoting. */
export interface QuoteMode {
  readonly noBackslashEscapes: boolean;
  readonly ansiQuotes: boolean;
}

/** What a client finds in a statement. */
interface Met {
  /** Every client reads it exactly as a server does. */
  readonly plain: boolean;
  readonly semicolon: boolean;
  readonly comment: boolean;
}

const usual: QuoteMode = { noBackslashEscapes: false, ansiQuotes: false };

/** @param sqlMode - as a server reports it */
export function quoteModeOf(sqlMode: string): QuoteMode {
  const modes = sqlMode.toUpperCase().split(',');
  return {
    noBackslashEscapes: modes.includes('NO_BACKSLASH_ESCAPES'),
    ansiQuotes: modes.some((mode) => /^(ANSI|ANSI_QUOTES|DB2|MAXDB|MSSQL|ORACLE|POSTGRESQL)$/.test(mode)),
  };
}

/** Whether a client reads a text as exactly one statement. */
export function isOneStatement(statement: string): boolean {
  const { plain, semicolon, comment } = look(statement, usual);
  return plain && !semicolon && !comment && !statement.includes('\\');
}

/** Whether a client reads a text under a delimiter of its own as a whole. */
export function isWhole(statement: string, mode: QuoteMode): boolean {
  return look(statement, mode).plain;
}

// One token at a time, each from the end of the last one, so that the time is linear for any text.
const step =
  /\/\*M?!\d*|\*\/|\/\*|--(?=[\s\u0000-\u0020]|$)|#|[`'";\\]|delimiter(?=\s)|[^/*\-#`'";\\dD]+|[\s\S]/iy;

function look(text: string, mode: QuoteMode): Met {
  let semicolon = false;
  let comment = false;
  const met = (plain: boolean): Met => ({ plain, semicolon, comment });
  // For some clients a zero byte ends the text.
  if (text.includes('\0')) return met(false);
  for (let at = 0; at < text.length; ) {
    step.lastIndex = at;
    const [found] = step.exec(text)!;
    at = step.lastIndex;
    if (found === ';') semicolon = true;
    else if (found === '\\' || found.toLowerCase() === 'delimiter') return met(false);
    else if (found === '/*' || found === '#' || found === '--') {
      comment = true;
      const end = found === '/*' ? text.indexOf('*/', at) : text.indexOf('\n', at);
      if (end === -1 && found === '/*') return met(false);
      at = end === -1 ? text.length : end + (found === '/*' ? 2 : 1);
    } else if (found === "'" || found === '"' || found === '`') {
      const end = endOfQuoted(text, at, found, mode);
      if (end === -1) return met(false);
      at = end;
    }
  }
  return met(true);
}

/** @returns -1 when it has no end, or clients and servers do not agree on it */
function endOfQuoted(text: string, from: number, mark: string, mode: QuoteMode): number {
  const isName = mark === '`' || (mark === '"' && mode.ansiQuotes);
  for (let at = from; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '\\') {
      const next = text[at + 1];
      // To every client a backslash is an ordinary character in a name in backticks.
      if (mark === '`' && next === '`') continue;
      // In other names and modes it is an ordinary character to the server, but some clients treat it as an
      // escape.
      if ((isName || mode.noBackslashEscapes) && [mark, '\n', undefined].includes(next)) return -1;
      at += 1;
    } else if (character === mark) {
      if (text[at + 1] !== mark) return at + 1;
      at += 1;
    }
  }
  return -1;
}

/** A statement as hexadecimal, which the server parses itself: one statement, or an error. */
export function prepared(statement: Uint8Array): string {
  return `SET @supplemental_backup = X'${Buffer.from(statement).toString('hex')}';\n${runPrepared}`;
}

/** Executes the statement in a user variable. */
export const runPrepared =
  'PREPARE supplemental_backup FROM @supplemental_backup;\nEXECUTE supplemental_backup;\nDEALLOCATE PREPARE supplemental_backup;\n';

/** A text for people, for a comment of one line. */
export function printed(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\\]+/gu, ' ');
}
