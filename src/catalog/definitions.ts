import type { Connection, QueryOptions } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';

/** `SHOW CREATE TABLE` of every base table, by name; null when the server cannot give it. */
export type Definitions = ReadonlyMap<string, string | null>;

/**
 * Reads one definition.
 *
 * @throws BackupError when the table is gone or cannot be opened
 */
export async function readDefinition(
  connection: Connection,
  table: string,
  options: QueryOptions = {},
): Promise<string> {
  const [row] = await connection.query(`SHOW CREATE TABLE ${quoteName(table)}`, options);
  return row?.['Create Table'] ?? '';
}

/** Whether two definitions are of the same table; the next AUTO_INCREMENT value is content, not definition. */
export function sameDefinition(a: string | null | undefined, b: string | null | undefined): boolean {
  return typeof a === 'string' && typeof b === 'string' && withoutCounter(a) === withoutCounter(b);
}

function withoutCounter(definition: string): string {
  return definition.replace(/ AUTO_INCREMENT=\d+/, '');
}
