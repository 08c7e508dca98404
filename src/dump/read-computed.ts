import {
  type ComputedColumn,
  computedAlikeQuery,
  computedColumns,
  computedHashQuery,
} from '../catalog/computed-columns.js';
import type { Connection } from '../database/connection.js';
import { quoteText } from '../database/identifiers.js';
import { serverErrorNumber } from '../database/server-failures.js';
import type { ComputedContent, ServerDescription } from '../model/parts.js';

/** Enough rows to tell that a time zone is not the one. */
const sampleRows = 1000;

/**
 * Reads what is stored in generated columns, which a target computes again: by what session a row was
 * written, it may come to something else there.
 *
 * @param reader - in the snapshot, in UTC
 * @throws BackupError `database-…`
 */
export async function readComputed(
  reader: Connection,
  table: string,
  createStatement: string,
  server: ServerDescription,
  signal: AbortSignal | undefined,
): Promise<ComputedContent | undefined> {
  const columns = computedColumns(createStatement);
  if (columns.length === 0) return undefined;
  const names = columns.map(({ name }) => name);
  const [row] = await reader.query(computedHashQuery(table, names), { signal });
  const zoned = columns.filter(({ isZoned }) => isZoned);
  const timeZone =
    zoned.length === 0 ? undefined : await zoneOf(reader, table, zoned, server.timeZone, signal);
  return {
    columns: names,
    hash: row?.['content'] ?? '0',
    ...(timeZone === undefined ? {} : { timeZone }),
  };
}

/** The time zone in which the expressions give what is stored, in every row. */
async function zoneOf(
  reader: Connection,
  table: string,
  columns: readonly ComputedColumn[],
  globalZone: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const holds = async (zone: string, most?: number): Promise<boolean> => {
    try {
      await reader.query(`SET SESSION time_zone = ${quoteText(zone)}`);
      const [row] = await reader.query(computedAlikeQuery(table, columns, most), { signal });
      return row?.['alike'] === row?.['all_rows'];
    } catch (error) {
      // A zone, or something of an expression, that the server does not take back.
      if (serverErrorNumber(error) === undefined) throw error;
      return false;
    }
  };
  try {
    for (const zone of zonesToTry(globalZone)) {
      if ((await holds(zone, sampleRows)) && (await holds(zone))) return zone;
    }
    return undefined;
  } finally {
    // A session that was given up has none to set back.
    if (signal?.aborted !== true) await reader.query("SET SESSION time_zone = '+00:00'");
  }
}

/** That of the server's clock goes last: it means something else on another server. */
function* zonesToTry(globalZone: string): Generator<string> {
  yield '+00:00';
  if (globalZone !== 'SYSTEM') yield globalZone;
  // A clock that is put forward and back has no offset, and fails at the first row of the other half of the
  // year.
  for (let quarters = -48; quarters <= 52; quarters++) {
    const minutes = Math.abs(quarters) * 15;
    const clock = [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, '0'));
    if (quarters !== 0) yield `${quarters < 0 ? '-' : '+'}${clock.join(':')}`;
  }
  yield 'SYSTEM';
}
