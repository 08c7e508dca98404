import { type Connection, serverErrorNumber } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';

/** `SHOW CREATE TABLE` of every base table, by name; null when the server cannot give it. */
export type Definitions = ReadonlyMap<string, string | null>;

/** Reads the definition of every base table of the connection's database. */
export async function readDefinitions(
  connection: Connection,
  signal?: AbortSignal,
): Promise<Map<string, string | null>> {
  const rows = await connection.query('SHOW FULL TABLES', signal === undefined ? {} : { signal });
  const names = rows
    .map((row) => Object.values(row))
    .filter(([, type]) => type !== 'VIEW' && type !== 'SEQUENCE')
    .map(([name]) => name!);
  const definitions = new Map<string, string | null>();
  // All at once: the driver sends the next as soon as the last is answered, without a turn of the loop between.
  const read = await Promise.all(names.map((name) => readDefinition(connection, name)));
  for (const [i, name] of names.entries()) definitions.set(name, read[i]!);
  return definitions;
}

/** Reads one definition; null when the table is gone or cannot be opened. */
export async function readDefinition(connection: Connection, table: string): Promise<string | null> {
  try {
    const [row] = await connection.query(`SHOW CREATE TABLE ${quoteName(table)}`);
    return row?.['Create Table'] ?? null;
  } catch (error) {
    // A connection or privilege problem is not the table's.
    if (serverErrorNumber(error) === undefined || serverErrorNumber(error) === 1142) throw error;
    return null;
  }
}

/** Whether two definitions are of the same table; the next AUTO_INCREMENT value is content, not definition. */
export function sameDefinition(a: string | null | undefined, b: string | null | undefined): boolean {
  return typeof a === 'string' && typeof b === 'string' && withoutCounter(a) === withoutCounter(b);
}

function withoutCounter(definition: string): string {
  return definition.replace(/ AUTO_INCREMENT=\d+/, '');
}
