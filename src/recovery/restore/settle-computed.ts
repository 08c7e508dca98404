import { computedHashQuery } from '../../catalog/computed-columns.js';
import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import type { ServerDescription, TableDescription } from '../../model/parts.js';
import type { RestoreNote } from './restore-report.js';

/**
 * Sees to it that stored generated columns hold what they held. The rows came in under UTC; where that
 * computes something else, the table is written again in the time zone of the source, which leaves all other
 * values as they are.
 *
 * @returns what a person must know: values that no session of ours computes
 * @throws BackupError `database-…`
 */
export async function settleComputed(
  connection: Connection,
  { name, computed }: TableDescription,
  source: Pick<ServerDescription, 'systemTimeZone' | 'timeZone'>,
  signal: AbortSignal,
): Promise<RestoreNote | undefined> {
  if (computed === undefined) return undefined;
  const asItWas = async (): Promise<boolean> => {
    const [row] = await connection.query(computedHashQuery(name, computed.columns), { signal });
    return row?.['content'] === computed.hash;
  };
  if (await asItWas()) return undefined;
  for (const zone of new Set([computed.timeZone, source.timeZone, source.systemTimeZone])) {
    if (zone === undefined || zone === '+00:00') continue;
    if ((await writeAgain(connection, name, zone, signal)) && (await asItWas())) return undefined;
  }
  const columns = computed.columns.map((column) => `"${column}"`).join(', ');
  return {
    code: 'computed-differently',
    message:
      `Generated columns of table "${name}" (${columns}) came to other values here than were stored in the original: rows of` +
      ' it were written by sessions with other settings, such as another time zone.',
  };
}

/** @returns whether the server could: it need not know the zone, or alter such a table */
async function writeAgain(
  connection: Connection,
  table: string,
  zone: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await connection.query(`SET SESSION time_zone = ${quoteText(zone)}`);
    await connection.query(`ALTER TABLE ${quoteName(table)} FORCE, ALGORITHM=COPY`, { signal });
    return true;
  } catch (error) {
    if (serverErrorNumber(error) === undefined) throw error;
    return false;
  } finally {
    if (!connection.lost) await connection.query("SET SESSION time_zone = '+00:00'").catch(() => undefined);
  }
}
