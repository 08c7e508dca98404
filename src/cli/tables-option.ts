import { fitsGlob } from '../catalog/globs.js';
import type { Catalog, TableSelection } from '../catalog/model.js';
import { selectAllTables } from '../catalog/select-all-tables.js';
import { selectCriticalTables } from '../catalog/select-critical-tables.js';
import { UsageError } from './exit-codes.js';

/**
 * Reads `--tables critical|all|a,b`; the names of a list may hold `*` and `?`.
 *
 * @returns the choice, to be made once the catalog is known; it throws UsageError when a name fits no table
 */
export function readTablesOption(text: string | undefined): (catalog: Catalog) => TableSelection {
  if (text === 'critical') return (catalog) => selectCriticalTables(catalog);
  if (text === undefined || text === 'all') return selectAllTables;
  const globs = readNames(text);
  return (catalog) => selectNamed(catalog, globs);
}

/** The names of a comma-separated list. @throws UsageError when there is none */
export function readNames(text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new UsageError('--tables names no table.');
  return names;
}

/** Those of `names` that fit one of the globs. @throws UsageError when a glob fits none */
export function pickNames(names: readonly string[], globs: readonly string[]): readonly string[] {
  for (const glob of globs) {
    if (!names.some((name) => fitsGlob(name, glob))) throw new UsageError(`There is no table ${glob}.`);
  }
  return names.filter((name) => globs.some((glob) => fitsGlob(name, glob)));
}

function selectNamed(catalog: Catalog, globs: readonly string[]): TableSelection {
  const names = catalog.tables.map(({ name }) => name);
  const wanted = new Set(pickNames(names, globs));
  return {
    scope: 'critical',
    tables: names.filter((name) => wanted.has(name)).map((name) => ({ name, tier: 'unclassified' })),
    leftOut: names
      .filter((name) => !wanted.has(name))
      .map((name) => ({ kind: 'table', name, reason: 'Not among the tables that were asked for.' })),
    warnings: [],
  };
}
