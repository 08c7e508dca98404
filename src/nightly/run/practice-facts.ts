/** Facts about the practice's database, beside the copy, by which later nights are judged. */
import { createHash } from 'node:crypto';
import type { Catalog } from '../../catalog/model.js';
import { quoteText } from '../../database/identifiers.js';
import type { Snapshot } from '../../dump/snapshot.js';
import { headsPreference, type KeptHeads, parseKeptHeads } from '../../history/kept-heads.js';

/** A short fingerprint of the columns of each table, to detect changes. */
export function fingerprintsOf({ tables }: Catalog): ReadonlyMap<string, string> {
  return new Map(
    tables.map(({ name, columns }) => {
      const text = JSON.stringify(columns.map((column) => [column.name, column.type]));
      return [name, createHash('sha256').update(text).digest('hex').slice(0, 12)];
    }),
  );
}

/** The version of Open Dental, if it is such a database: an upgrade changes much in one night. */
export async function readVersion(snapshot: Snapshot, signal: AbortSignal): Promise<string | undefined> {
  return (await readPreference(snapshot, 'ProgramVersion', signal))?.slice(0, 100);
}

/**
 * The newest notes in the database that is read, which a stopped replica lacks; undefined where none are
 * kept.
 */
export async function readKeptHeads(
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<readonly KeptHeads[] | undefined> {
  const text = await readPreference(snapshot, headsPreference, signal);
  return text === undefined ? undefined : parseKeptHeads(text ?? '');
}

async function readPreference(
  snapshot: Snapshot,
  name: string,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  if (!snapshot.catalog.tables.some((table) => table.name === 'preference')) return undefined;
  try {
    const [row] = await snapshot
      .sessionFor('preference')
      .query(`SELECT ValueString FROM preference WHERE PrefName = ${quoteText(name)}`, { signal });
    return row === undefined ? null : row['ValueString'];
  } catch {
    signal.throwIfAborted();
    // A foreign table has no such columns; a lost server is noticed by the reading itself.
    return undefined;
  }
}
