import type { Catalog, CatalogTable } from '../../src/catalog/model.js';

/** A catalog made up of the tables a test cares for. */
export function catalogOf(tables: readonly (Partial<CatalogTable> & { readonly name: string })[]): Catalog {
  return {
    database: 'practice',
    createStatement: 'CREATE DATABASE `practice`',
    characterSet: 'utf8',
    collation: 'utf8_general_ci',
    server: {
      vendor: 'mariadb',
      version: '10.11.0-MariaDB',
      sqlMode: '',
      timeZone: 'SYSTEM',
      systemTimeZone: 'UTC',
      characterSet: 'utf8',
      collation: 'utf8_general_ci',
      lowerCaseTableNames: 0,
    },
    tables: tables.map((table) => ({
      engine: 'MyISAM',
      transactional: false,
      rowsEstimate: 10,
      dataBytes: 1000,
      indexBytes: 0,
      versioned: false,
      columns: [],
      primaryKey: [],
      ...table,
    })),
    objects: [],
    warnings: [],
  };
}

/** A column, of which only the name matters. */
export function column(name: string): CatalogTable['columns'][number] {
  return { name, type: 'datetime', characterSet: null, nullable: false, form: 'datetime' };
}
