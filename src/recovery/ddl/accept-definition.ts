import { join, scan, type Token } from '../../database/tokens.js';
import type { SchemaObjectKind } from '../../model/parts.js';
import { readProgram } from './accept-program.js';
import { readTable } from './accept-table.js';
import { NotAccepted } from './head-reader.js';
import { notADefinition } from './tokens.js';

/** What is known about a definition besides its text. */
export interface DefinitionContext {
  /** The sql_mode in which the definition is executed: it decides how quotes are read. */
  readonly sqlMode?: string | undefined;
  /** Name of the database in the archive. */
  readonly database?: string | undefined;
  /** `keep`: the definer stays. `strip`: the definer becomes the user who creates it. @defaultValue 'keep' */
  readonly definers?: 'keep' | 'strip';
  /**
   * Whether an event is created enabled if it was enabled at the source; otherwise it is created disabled.
   *
   * @defaultValue false
   */
  readonly keepsState?: boolean;
  /**
   * Whether the statement is a byte string, one character for each byte, in another character set than UTF-8.
   */
  readonly inBytes?: boolean;
}

/** A definition that creates exactly what it claims to create. */
export interface AcceptedDefinition {
  /** The statement, rebuilt. */
  readonly tokens: readonly Token[];
  readonly statement: string;
  /** Index in `tokens` of the body, which the author wrote. */
  readonly bodyAt: number;
  /** The user in the statement's DEFINER. */
  readonly definer?: string;
  /** Storage engines by which a table accesses data outside of its database. */
  readonly outside: readonly string[];
}

/**
 * Parses a definition as a server does, checks it against its kind and name in the archive, and rebuilds it.
 * Anybody with the public recipient can forge an archive, so a definition must not hide anything else: it
 * must be one statement that creates one thing of this kind and name, and every server must read it alike.
 *
 * @throws BackupError `archive-damaged`
 */
export function acceptDefinition(
  kind: SchemaObjectKind | 'table',
  name: string,
  statement: string,
  context: DefinitionContext = {},
): AcceptedDefinition {
  try {
    const { tokens, doubt } = scan(statement, quoteRules(context.sqlMode ?? ''));
    if (doubt !== undefined) throw new NotAccepted(doubt);
    checkMarks(tokens, context);
    const isName = nameCheck(name, context.inBytes ?? false);
    if (kind === 'table') {
      const table = readTable(tokens, isName, context.database);
      return accepted(table.tokens, table.tokens.length, undefined, table.outside);
    }
    const keepsDefiner = context.definers !== 'strip';
    const { head, body, definer } = readProgram(tokens, {
      kind,
      isName,
      keepsDefiner,
      keepsState: context.keepsState ?? false,
      database: context.database,
    });
    return accepted([...head, ...body], head.length, definer, []);
  } catch (error) {
    if (!(error instanceof NotAccepted)) throw error;
    throw notADefinition(`${kind.replace('-', ' ')} "${name}"`, error.message);
  }
}

function accepted(
  tokens: readonly Token[],
  bodyAt: number,
  definer: string | undefined,
  outside: readonly string[],
): AcceptedDefinition {
  return { tokens, statement: join(tokens), bodyAt, outside, ...(definer === undefined ? {} : { definer }) };
}

const ansiModes: RegExp = /(?:^|,)(?:ANSI_QUOTES|ANSI|DB2|MAXDB|MSSQL|ORACLE|POSTGRESQL)(?:,|$)/i;

function quoteRules(sqlMode: string): { readonly ansiQuotes: boolean; readonly noBackslashEscapes: boolean } {
  if (!/^(?:[a-z][a-z0-9_]*(?:,[a-z][a-z0-9_]*)*)?$/i.test(sqlMode))
    throw new NotAccepted('its sql_mode is invalid');
  return {
    ansiQuotes: ansiModes.test(sqlMode),
    noBackslashEscapes: /(?:^|,)NO_BACKSLASH_ESCAPES(?:,|$)/i.test(sqlMode),
  };
}

/** Refuses characters that end a comment or a statement only for some servers and clients. */
function checkMarks(tokens: readonly Token[], { inBytes = false }: DefinitionContext): void {
  tokens.forEach(({ kind, text }, i) => {
    if (kind !== 'name' && kind !== 'text' && text.includes('\0'))
      throw new NotAccepted('there is a zero byte in it');
    // In some character sets a letter beyond ASCII is white space, so that two dashes before it begin a
    // comment.
    const after = tokens[i + 2]?.text.charCodeAt(0) ?? 0;
    const isUnclear = inBytes ? after > 0x7f : after > 0x7f && after <= 0xa0;
    if (isUnclear && text === '-' && tokens[i + 1]?.text === '-')
      throw new NotAccepted('a comment in it is unclear');
  });
}

/** Servers that ignore case may show a name in another case than they store. */
function nameCheck(name: string, inBytes: boolean): (given: string) => boolean {
  const folded = name.toLowerCase();
  if (!inBytes) return (given) => given.toLowerCase() === folded;
  // Letters beyond ASCII are other bytes in another character set, so they are not compared.
  const ascii = (text: string): string => text.toLowerCase().replaceAll(/[^\x00-\x7f]+/g, '\x80');
  return (given) => ascii(given) === ascii(name);
}
