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

/** Enough rows to rule out a wrong time zone. */
const sampleRows = 1000;

/**
 * Hashes the stored values of generated columns, which the target computes again. The result there may depend
 * on settings of the session that wrote a row.
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

/** The time zone in which the expressions give the stored values in every row. */
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
      // The server refuses the zone, or part of an expression.
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
    // After an abort the session has ended and needs no reset.
    if (signal?.aborted !== true) await reader.query("SET SESSION time_zone = '+00:00'");
  }
}

/** The zone of the server's clock is last, since it means something else on another server. */
function* zonesToTry(globalZone: string): Generator<string> {
  yield '+00:00';
  if (globalZone !== 'SYSTEM') yield globalZone;
  // A zone with daylight saving time has no fixed offset; its offsets fail at the first row of the other half
  // of the year.
  for (let quarters = -48; quarters <= 52; quarters++) {
    const minutes = Math.abs(quarters) * 15;
    const clock = [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, '0'));
    if (quarters !== 0) yield `${quarters < 0 ? '-' : '+'}${clock.join(':')}`;
  }
  yield 'SYSTEM';
}
