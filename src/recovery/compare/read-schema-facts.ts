import type { Connection } from '../../database/connection.js';
import { normaliseCharacterSet } from './normalise.js';
import { readObjects } from './object-facts.js';
import type { Facts, SchemaFacts } from './schema-facts.js';
import { SchemaQuestions } from './schema-questions.js';
import { readTables } from './table-facts.js';

/** Reads all definitions of a database. @param connection - with the database chosen */
export async function readSchemaFacts(connection: Connection, signal?: AbortSignal): Promise<SchemaFacts> {
  const questions = new SchemaQuestions(connection, signal);
  const [server] = await questions.query(
    'SELECT VERSION() AS version, @@version_comment AS comment,' +
      ' @@character_set_database AS charset, @@collation_database AS collation',
  );
  const version = server?.['version'] ?? '';
  const vendor = /mariadb/i.test(`${version} ${server?.['comment']}`) ? 'mariadb' : 'mysql';
  const database: Facts = new Map([
    ['character set', normaliseCharacterSet(server?.['charset'] ?? '')],
    ['collation', normaliseCharacterSet(server?.['collation'] ?? '')],
  ]);
  const comment = (await questions.has('SCHEMATA', 'SCHEMA_COMMENT'))
    ? (await questions.ask('SCHEMATA', ['SCHEMA_COMMENT'], 'SCHEMA_NAME'))[0]?.['SCHEMA_COMMENT']
    : undefined;
  const tables: string[] = [];
  const views: string[] = [];
  const sequences: string[] = [];
  for (const row of await questions.query('SHOW FULL TABLES')) {
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
    tables: await readTables(questions, tables, vendor),
    objects: await readObjects(questions, views, sequences),
  };
}
