import { join, scan, type Token } from '../../database/tokens.js';
import type { SchemaObjectKind } from '../../model/parts.js';
import { readProgram } from './accept-program.js';
import { readTable } from './accept-table.js';
import { NotAccepted } from './head-reader.js';
import { notADefinition } from './tokens.js';

/** What is known of a definition beside its text. */
export interface DefinitionContext {
  /** In which the definition is run: it says how quotes are read. */
  readonly sqlMode?: string | undefined;
  /** Name of the database in the archive. */
  readonly database?: string | undefined;
  /** `keep`: it acts for whom it acted. `strip`: it acts for whoever makes it. @defaultValue 'keep' */
  readonly definers?: 'keep' | 'strip';
  /**
   * Whether an event runs at once where it did; otherwise it is made at rest, whatever it says.
   *
   * @defaultValue false
   */
  readonly keepsState?: boolean;
  /**
   * Whether the statement is a string of bytes, one character for each, in another character set than UTF-8.
   */
  readonly inBytes?: boolean;
}

/** A definition that makes what it says and nothing else. */
export interface AcceptedDefinition {
  /** The statement, rebuilt. */
  readonly tokens: readonly Token[];
  readonly statement: string;
  /** Where in `tokens` that begins which its author wrote: the body. */
  readonly bodyAt: number;
  /** For whom it acts, as the statement itself says. */
  readonly definer?: string;
  /** Storage engines by which a table reaches beyond its database. */
  readonly outside: readonly string[];
}

/**
 * Reads a definition as a server does, holds it against what the archive says it is, and rebuilds it. Whoever
 * knows the public recipient can forge an archive, and a definition must not be anything else in disguise: it
 * is one statement, makes one thing of this kind and name, and no server reads another statement in it than
 * this one.
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
    throw new NotAccepted('its sql_mode is none');
  return {
    ansiQuotes: ansiModes.test(sqlMode),
    noBackslashEscapes: /(?:^|,)NO_BACKSLASH_ESCAPES(?:,|$)/i.test(sqlMode),
  };
}

/** Marks that end a comment or a statement for some servers and clients only. */
function checkMarks(tokens: readonly Token[], { inBytes = false }: DefinitionContext): void {
  tokens.forEach(({ kind, text }, i) => {
    if (kind !== 'name' && kind !== 'text' && text.includes('\0'))
      throw new NotAccepted('there is a zero byte in it');
    // In some character sets a letter beyond ASCII is white space, and with it two dashes begin a comment.
    const after = tokens[i + 2]?.text.charCodeAt(0) ?? 0;
    const isUnclear = inBytes ? after > 0x7f : after > 0x7f && after <= 0xa0;
    if (isUnclear && text === '-' && tokens[i + 1]?.text === '-')
      throw new NotAccepted('a comment in it is unclear');
  });
}

/** Servers that forget about case show names in one, and keep them in another. */
function nameCheck(name: string, inBytes: boolean): (given: string) => boolean {
  const folded = name.toLowerCase();
  if (!inBytes) return (given) => given.toLowerCase() === folded;
  // Letters beyond ASCII are other bytes there.
  const ascii = (text: string): string => text.toLowerCase().replaceAll(/[^\x00-\x7f]+/g, '\x80');
  return (given) => ascii(given) === ascii(name);
}
