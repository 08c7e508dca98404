import type { Connection } from '../../database/connection.js';
import { quoteName } from '../../database/identifiers.js';
import { isAtLeast } from '../../database/server-version.js';
import type { ServerDescription, TableDescription } from '../../model/parts.js';
import { checksIn, planTable, type TableItem } from '../ddl/table-statement.js';
import { tokenise } from '../ddl/tokens.js';
import { madeDefinitions } from './made-definitions.js';
import { isRefusal } from './missing.js';

/** Names of the database at the source and at the target. */
interface Names {
  readonly source: string;
  readonly target: string;
}

/**
 * Restores the text of checks. Whenever it alters a table, MySQL writes the table's checks anew, with their
 * texts in the character set of the column they are compared with; the definition it shows may then not be
 * valid text. If the server refuses the restored check, it keeps its own version, which accepts the same
 * rows.
 *
 * @throws BackupError `database-…`
 */
export async function keepCheckWords(
  connection: Connection,
  tables: readonly TableDescription[],
  names: Names,
  { vendor, version }: Pick<ServerDescription, 'vendor' | 'version'>,
  signal: AbortSignal,
): Promise<void> {
  if (vendor !== 'mysql' || !isAtLeast(version, 8, 0)) return;
  // A table without text in its checks is not affected.
  const some = tables.filter(({ createStatement }) => /\bCHECK\b[^\n]*'/i.test(createStatement));
  for await (const { table, made } of madeDefinitions(connection, some, signal)) {
    const changed = rewrittenChecks(table, made, names);
    if (changed.length === 0) continue;
    const parts = changed.map(({ name, clause }) => `DROP CHECK ${quoteName(name)}, ${clause}`);
    try {
      await connection.query(`ALTER TABLE ${quoteName(table.name)} ${parts.join(', ')}`, { signal });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
}

/** Checks that are shown with text in a character set that the definition did not have. Pure. */
export function rewrittenChecks(
  table: TableDescription,
  made: string,
  { source, target }: Names,
): readonly TableItem[] {
  const shown = new Map(checksIn(made).map(({ name, clause }) => [name, clause]));
  const meant = planTable(table, source, target, 'one-by-one').items.filter(({ kind }) => kind === 'check');
  return meant.filter(({ name, clause }) => {
    const named = new Set(['_utf8mb4', ...characterSetsIn(clause)]);
    return characterSetsIn(shown.get(name) ?? '').some((set) => !named.has(set));
  });
}

/** `_latin2` of `_latin2'…'`. */
function characterSetsIn(clause: string): readonly string[] {
  return tokenise(clause)
    .filter(
      ({ kind, text }, i, all) => kind === 'word' && text.startsWith('_') && all[i + 1]?.kind === 'text',
    )
    .map(({ text }) => text.toLowerCase());
}
