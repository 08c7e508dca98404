import { createHash } from 'node:crypto';
import { enrollmentTable } from '../../admin/stores/database-enrollments.js';
import { parseEntryName } from '../../archive/entry-names.js';
import type { Manifest } from '../../model/parts.js';

/** The service writes to these every night, so they change even when nobody works. */
const ownTables: ReadonlySet<string> = new Set(['alertitem', 'preference', enrollmentTable]);

/**
 * A fingerprint that changes with any row of any other table, from the manifest; without rows there, from the
 * sizes.
 */
export function contentOf({
  tables = [],
  entries = [],
}: Partial<Pick<Manifest, 'entries' | 'tables'>>): string {
  // By name: the index of a table differs in a full copy.
  const names = new Map(tables.map(({ index, name }) => [index, name]));
  // Sorted, because tables are read in parallel and their parts come in another order every night.
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
