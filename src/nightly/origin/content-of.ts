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
export function contentOf({
  tables = [],
  entries = [],
}: Partial<Pick<Manifest, 'entries' | 'tables'>>): string {
  // By their names: the place of a table is another one in a copy of everything.
  const names = new Map(tables.map(({ index, name }) => [index, name]));
  // Tables are read several at a time, so that their parts come in another order every night.
  const parts = entries.flatMap(({ name, sha256 }) => {
    const entry = parseEntryName(name);
    if (entry.kind !== 'rows') return [];
    const table = names.get(entry.table) ?? '';
    return ownTables.has(table.toLowerCase()) ? [] : [`${table} ${entry.sequence} ${sha256}`];
  });
  const isBare = parts.length === 0;
  const known = tables.map(({ name, rows, plainBytes, storedBytes }) =>
    isBare ? `${name} ${rows} ${plainBytes} ${storedBytes}` : name,
  );
  return createHash('sha256')
    .update([...known.sort(), ...parts.sort()].join('\n'))
    .digest('hex')
    .slice(0, 16);
}
