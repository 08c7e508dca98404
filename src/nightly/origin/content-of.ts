import { createHash } from 'node:crypto';
import { enrollmentTable } from '../../admin/stores/database-enrollments.js';
import { parseEntryName } from '../../archive/entry-names.js';
import type { Manifest } from '../../model/parts.js';

/** The service writes into these every night, so that they change though nobody else works. */
const ownTables: ReadonlySet<string> = new Set(['alertitem', 'preference', enrollmentTable]);

/**
 * Changes with any row of any other table: what the manifest knows of the rows anyway, in few characters.
 * Where it tells nothing of rows, with sizes.
 */
export function contentOf({ tables, entries = [] }: Partial<Pick<Manifest, 'entries' | 'tables'>>): string {
  const own = new Set(
    tables?.filter(({ name }) => ownTables.has(name.toLowerCase())).map(({ index }) => index),
  );
  // Tables are read several at a time, so that their parts come in another order every night.
  const parts = entries
    .filter(({ name }) => {
      const entry = parseEntryName(name);
      return entry.kind === 'rows' && !own.has(entry.table);
    })
    .map(({ name, sha256 }) => `${name} ${sha256}`)
    .sort();
  const isBare = parts.length === 0;
  const names = (tables ?? []).map(({ name, rows, plainBytes, storedBytes }) =>
    isBare ? `${name} ${rows} ${plainBytes} ${storedBytes}` : name,
  );
  return createHash('sha256')
    .update([...names, ...parts].join('\n'))
    .digest('hex')
    .slice(0, 16);
}
