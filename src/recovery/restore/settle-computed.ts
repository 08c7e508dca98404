import { computedHashQuery } from '../../catalog/computed-columns.js';
import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import type { ServerDescription, TableDescription } from '../../model/parts.js';
import type { RestoreNote } from './restore-report.js';
import { computingMode } from './session.js';

/**
 * Ensures that stored generated columns have their original values. Rows are loaded under UTC and a mode that
 * allows invalid dates. If that gives other values, the table is rewritten in the time zone of the source,
 * which does not affect other columns, and then also in its sql_mode, if no other value could change.
 *
 * @returns a note for people: values that none of these settings gives
 * @throws BackupError `database-…`
 */
export async function settleComputed(
  connection: Connection,
  { name, computed, columns: all }: TableDescription,
  source: Pick<ServerDescription, 'sqlMode' | 'systemTimeZone' | 'timeZone'>,
  signal: AbortSignal,
): Promise<RestoreNote | undefined> {
  if (computed === undefined) return undefined;
  const asItWas = async (): Promise<boolean> => {
    const [row] = await connection.query(computedHashQuery(name, computed.columns), { signal });
    return row?.['content'] === computed.hash;
  };
  if (await asItWas()) return undefined;
  const zones = new Set(['+00:00', computed.timeZone, source.timeZone, source.systemTimeZone]);
  const [session] = await connection.query('SELECT @@sql_mode AS mode');
  const usual = session?.['mode'] ?? '';
  // MySQL writes dates anew, and changes invalid ones.
  const hasMoments = all.some(({ type, form }) => form !== null && /^(?:date|time)/i.test(type));
  for (const mode of new Set([usual, ...(hasMoments ? [] : [computingMode(source.sqlMode)])])) {
    for (const zone of zones) {
      if (zone === undefined || (zone === '+00:00' && mode === usual)) continue;
      if ((await writeAgain(connection, name, { zone, mode, usual }, signal)) && (await asItWas()))
        return undefined;
    }
  }
  const columns = computed.columns.map((column) => `"${column}"`).join(', ');
  return {
    code: 'computed-differently',
    message:
      `Generated columns of table "${name}" (${columns}) have other values here than in the original: rows of` +
      ' it were written by sessions with other settings, such as another time zone.',
  };
}

/** @returns whether the server could: it may lack the zone or the mode, or refuse to alter such a table */
async function writeAgain(
  connection: Connection,
  table: string,
  { zone, mode, usual }: { readonly zone: string; readonly mode: string; readonly usual: string },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await connection.query(
      `SET SESSION time_zone = ${quoteText(zone)}, SESSION sql_mode = ${quoteText(mode)}`,
    );
    await connection.query(`ALTER TABLE ${quoteName(table)} FORCE, ALGORITHM=COPY`, { signal });
    return true;
  } catch (error) {
    if (serverErrorNumber(error) === undefined) throw error;
    return false;
  } finally {
    if (!connection.lost) {
      const back = `SET SESSION time_zone = '+00:00', SESSION sql_mode = ${quoteText(usual)}`;
      await connection.query(back).catch(() => undefined);
    }
  }
}
