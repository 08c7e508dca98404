import { assertCatalog } from '../arguments.js';
import type { Catalog, TableSelection } from './model.js';

/**
 * Everything: the selection of a full copy.
 *
 * @example
 * ```ts
 * const { tables } = selectAllTables(catalog);
 * console.log(tables.map(({ name }) => name));
 * ```
 */
export function selectAllTables(catalog: Catalog): TableSelection {
  assertCatalog('catalog', catalog);
  return {
    scope: 'full',
    tables: catalog.tables.map((table) => ({ name: table.name, tier: 'unclassified' })),
    leftOut: [],
    warnings: [],
  };
}
