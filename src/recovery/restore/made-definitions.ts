import { definitionIn, definitionQuestion } from '../../catalog/definitions.js';
import type { Connection } from '../../database/connection.js';
import type { TableDescription } from '../../model/parts.js';

/** Most definitions that are in memory at a time. */
const tablesAtOnce = 64;

/**
 * The definitions of tables as the server shows them now. Tables that do not exist are skipped.
 *
 * @throws BackupError `database-…`
 */
export async function* madeDefinitions(
  connection: Connection,
  tables: readonly TableDescription[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly table: TableDescription; readonly made: string }> {
  for (let i = 0; i < tables.length; i += tablesAtOnce) {
    const some = tables.slice(i, i + tablesAtOnce);
    const answers = await connection.queryEach(
      some.map(({ name }) => definitionQuestion(name)),
      { signal },
    );
    for (const [at, table] of some.entries()) {
      const { rows } = answers[at] ?? {};
      if (rows !== undefined) yield { table, made: definitionIn(rows) };
    }
  }
}
