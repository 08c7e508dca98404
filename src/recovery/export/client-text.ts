/**
 * Statements as a stock client takes them from a file. Without `--binary-mode` it obeys a backslash outside
 * of quotes (`\!` runs a shell), the word `delimiter`, and the end of a statement, wherever it believes to
 * see them.
 */

/** What the sql_mode of a session says of quotes. */
export interface QuoteMode {
  readonly noBackslashEscapes: boolean;
  readonly ansiQuotes: boolean;
}

/** What a client meets in a statement. */
interface Met {
  /** Every client reads it from the first byte to the last as a server does. */
  readonly plain: boolean;
  readonly semicolon: boolean;
  readonly comment: boolean;
}

const usual: QuoteMode = { noBackslashEscapes: false, ansiQuotes: false };

/** @param sqlMode - as a server tells it */
export function quoteModeOf(sqlMode: string): QuoteMode {
  const modes = sqlMode.toUpperCase().split(',');
  return {
    noBackslashEscapes: modes.includes('NO_BACKSLASH_ESCAPES'),
    ansiQuotes: modes.some((mode) => /^(ANSI|ANSI_QUOTES|DB2|MAXDB|MSSQL|ORACLE|POSTGRESQL)$/.test(mode)),
  };
}

/** Whether a client reads a text as one statement that ends where it ends. */
export function isOneStatement(statement: string): boolean {
  const { plain, semicolon, comment } = look(statement, usual);
  return plain && !semicolon && !comment && !statement.includes('\\');
}

/** Whether a client reads a text that stands under a delimiter of its own as a whole. */
export function isWhole(statement: string, mode: QuoteMode): boolean {
  return look(statement, mode).plain;
}

// One step at a time, each from where the last one ended: linear whatever the text.
const step =
  /\/\*M?!\d*|\*\/|\/\*|--(?=[\s\u0000-\u0020]|$)|#|[`'";\\]|delimiter(?=\s)|[^/*\-#`'";\\dD]+|[\s\S]/iy;

function look(text: string, mode: QuoteMode): Met {
  let semicolon = false;
  let comment = false;
  const met = (plain: boolean): Met => ({ plain, semicolon, comment });
  // A zero ends the text for some clients.
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

/** @returns -1 when it has none, or clients and servers do not agree where it is */
function endOfQuoted(text: string, from: number, mark: string, mode: QuoteMode): number {
  const isName = mark === '`' || (mark === '"' && mode.ansiQuotes);
  for (let at = from; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '\\') {
      const next = text[at + 1];
      // Every client knows that a backslash does not hold on to the end of a name in backticks.
      if (mark === '`' && next === '`') continue;
      // Else it stands for itself there, and for some clients takes what follows with it.
      if ((isName || mode.noBackslashEscapes) && [mark, '\n', undefined].includes(next)) return -1;
      at += 1;
    } else if (character === mark) {
      if (text[at + 1] !== mark) return at + 1;
      at += 1;
    }
  }
  return -1;
}

/** A statement as hexadecimal, which the server takes apart itself: one statement, or an error. */
export function prepared(statement: Uint8Array): string {
  return `SET @supplemental_backup = X'${Buffer.from(statement).toString('hex')}';\n${runPrepared}`;
}

/** Runs the statement that stands in a variable. */
export const runPrepared =
  'PREPARE supplemental_backup FROM @supplemental_backup;\nEXECUTE supplemental_backup;\nDEALLOCATE PREPARE supplemental_backup;\n';

/** A text for people in a comment of one line. */
export function printed(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\\]+/gu, ' ');
}
