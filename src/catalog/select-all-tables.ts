import type { Catalog, TableSelection } from './model.js';

/** Everything: the selection of a full copy. */
export function selectAllTables(catalog: Catalog): TableSelection {
  return {
    scope: 'full',
    tables: catalog.tables.map((table) => ({ name: table.name, tier: 'unclassified' })),
    leftOut: [],
    warnings: [],
  };
}
