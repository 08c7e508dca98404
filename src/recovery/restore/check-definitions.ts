import { columnItems } from '../../catalog/column-items.js';
import type { Connection } from '../../database/connection.js';
import type { ServerDescription, TableDescription } from '../../model/parts.js';
import { renameDatabase, type Token, tokenise } from '../ddl/tokens.js';
import { madeDefinitions } from './made-definitions.js';
import type { RestoreNote } from './restore-report.js';

/** The source and the target of definitions. */
export interface Journey {
  readonly source: string;
  readonly target: string;
  /** Whether both servers are of one version, and so show the same definition in the same way. */
  readonly sameServer: boolean;
}

/** Whether two servers show definitions alike. */
export function showAlike(
  source: Pick<ServerDescription, 'vendor' | 'version'>,
  target: Pick<ServerDescription, 'vendor' | 'version'>,
): boolean {
  return source.vendor === target.vendor && source.version === target.version;
}

/**
 * Compares the definitions that the server created with the intended ones: because of its settings, a server
 * may accept a definition and create something else without a warning. Tables that do not exist are skipped.
 *
 * @throws BackupError `database-…`
 */
export async function checkDefinitions(
  connection: Connection,
  tables: readonly TableDescription[],
  journey: Journey,
  signal: AbortSignal,
): Promise<readonly RestoreNote[]> {
  const notes: RestoreNote[] = [];
  for await (const { table, made } of madeDefinitions(connection, tables, signal)) {
    const changed = changedColumns(table.createStatement, made, journey);
    if (changed.length === 0) continue;
    const columns = changed.map((column) => `"${column}"`).join(', ');
    notes.push({
      code: 'definition-changed',
      message: `The server created table "${table.name}" differently from its definition in the archive: compare ${columns}.`,
    });
  }
  return notes;
}

/** Names of the columns that differ from the intended ones. Pure. */
export function changedColumns(meant: string, made: string, journey: Journey): readonly string[] {
  if (meant === made) return [];
  const wanted = columnsOf(renameDatabase(tokenise(meant), journey.source, journey.target), journey);
  const found = columnsOf(tokenise(made), journey);
  return [...wanted].filter(([name, column]) => found.get(name) !== column).map(([name]) => name);
}

function columnsOf(tokens: readonly Token[], { sameServer }: Journey): ReadonlyMap<string, string> {
  const columns = new Map<string, string>();
  for (const { from, to } of columnItems(tokens)) {
    const item = tokens.slice(from, to).filter(({ kind }) => kind !== 'space' && kind !== 'comment');
    const name = item[0]!.text.slice(1, -1).replaceAll('``', '`');
    columns.set(name, sameServer ? wordsOf(item) : outlineOf(item));
  }
  return columns;
}

/** Everything in an item except the bytes of literals, which may be shown as text or as hexadecimal. */
function wordsOf(item: readonly Token[]): string {
  return item
    .filter(
      ({ kind, text }, i) => !(kind === 'word' && /^(?:x|_\w+)$/i.test(text) && item[i + 1]?.kind === 'text'),
    )
    .map(({ kind, text }) => (kind === 'text' || /^0x[0-9a-f]*$/i.test(text) ? "''" : text))
    .join(' ');
}

/** The part that every server shows in the same words. */
function outlineOf(item: readonly Token[]): string {
  const words = item.map(({ kind, text }) => (kind === 'word' ? text.toUpperCase() : text));
  const follows = (first: string, second: string): boolean =>
    words.some((word, i) => word === first && words[i + 1] === second);
  const at = words.indexOf('DEFAULT');
  return [
    follows('NOT', 'NULL'),
    at !== -1 && words[at + 1] !== 'NULL',
    follows('ON', 'UPDATE'),
    words.includes('AUTO_INCREMENT'),
    follows('AS', '('),
  ].join(' ');
}
