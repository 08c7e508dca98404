import type { Connection } from '../../database/connection.js';
import { normaliseCharacterSet } from './normalise.js';
import { readObjects } from './object-facts.js';
import type { Facts, SchemaFacts } from './schema-facts.js';
import { SchemaQueries } from './schema-queries.js';
import { readTables } from './table-facts.js';

/** Reads all definitions of a database. @param connection - with the database selected */
export async function readSchemaFacts(connection: Connection, signal?: AbortSignal): Promise<SchemaFacts> {
  const queries = new SchemaQueries(connection, signal);
  const [server] = await queries.query(
    'SELECT VERSION() AS version, @@version_comment AS comment,' +
      ' @@character_set_database AS charset, @@collation_database AS collation',
  );
  const version = server?.['version'] ?? '';
  const vendor = /mariadb/i.test(`${version} ${server?.['comment']}`) ? 'mariadb' : 'mysql';
  const database: Facts = new Map([
    ['character set', normaliseCharacterSet(server?.['charset'] ?? '')],
    ['collation', normaliseCharacterSet(server?.['collation'] ?? '')],
  ]);
  const comment = (await queries.has('SCHEMATA', 'SCHEMA_COMMENT'))
    ? (await queries.ask('SCHEMATA', ['SCHEMA_COMMENT'], 'SCHEMA_NAME'))[0]?.['SCHEMA_COMMENT']
    : undefined;
  const tables: string[] = [];
  const views: string[] = [];
  const sequences: string[] = [];
  for (const row of await queries.query('SHOW FULL TABLES')) {
    const [name, type] = Object.values(row);
    if (typeof name !== 'string') continue;
    if (type === 'VIEW') views.push(name);
    else if (type === 'SEQUENCE') sequences.push(name);
    else tables.push(name);
  }
  return {
    vendor,
    version,
    lowerCaseTableNames: connection.lowerCaseTableNames,
    database: comment ? new Map([...database, ['comment', comment]]) : database,
    tables: await readTables(queries, tables, vendor),
    objects: await readObjects(queries, views, sequences),
  };
}
