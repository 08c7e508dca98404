import { quoteName } from '../../database/identifiers.js';
import { sameName } from '../../database/server-names.js';
import { BackupError } from '../../errors.js';
import { readColumns } from './column-facts.js';
import type { HashedColumn } from './content-hash.js';
import { normaliseCharacterSet, normaliseExpression } from './normalise.js';
import type { FactsBeingRead, TableDefinition } from './schema-facts.js';
import type { SchemaQueries } from './schema-queries.js';

/**
 * Reads the definitions of tables. @throws BackupError when the server does not show all columns of a table
 */
export async function readTables(
  queries: SchemaQueries,
  names: readonly string[],
  vendor: 'mariadb' | 'mysql',
): Promise<ReadonlyMap<string, TableDefinition>> {
  const facts = new Map<string, FactsBeingRead>(names.map((name) => [name, new Map()]));
  const columns = new Map<string, HashedColumn[]>(names.map((name) => [name, []]));
  await readColumns(queries, facts, columns, vendor);
  await readTableOptions(queries, facts);
  await readIndexes(queries, facts);
  await readForeignKeys(queries, facts);
  await readPartitions(queries, facts);
  if (vendor === 'mariadb') await readChecks(queries, facts);
  const tables = new Map<string, TableDefinition>();
  for (const name of names) {
    const row = await queries.show(`TABLE ${quoteName(name)}`);
    const statement = queries.withoutSchema(row['Create Table'] ?? '');
    // Two tables whose columns are not shown would compare as equal, whatever they hold.
    const shown = statement.match(/^ {2}`/gm)?.length ?? 0;
    const known = [...facts.get(name)!.keys()].filter((fact) => fact.startsWith('column ')).length;
    if (shown === 0 || shown !== known) throw columnsUnseen(name);
    // Some servers list no next AUTO_INCREMENT value of a table that never had a row.
    const next = /\) ENGINE=\w+ AUTO_INCREMENT=(\d+)/.exec(statement)?.[1];
    const own = facts.get(name)!;
    if (next !== undefined && own.get('next number') === '') own.set('next number', next);
    // Some list one for a table without an AUTO_INCREMENT column, which its statement does not have.
    if (!/^ {2}`.* AUTO_INCREMENT\b/m.test(statement)) own.set('next number', '');
    const moments = statement.matchAll(/^ {2}`((?:[^`]|``)*)` timestamp.* DEFAULT '([^']*)'/gim);
    for (const [, column, moment] of moments) facts.get(name)!.set(`moment of ${column}`, moment!);
    const period = periodOf(statement);
    tables.set(name, { name, statement, facts: facts.get(name)!, columns: columns.get(name)!, period });
  }
  return tables;
}

async function readTableOptions(
  queries: SchemaQueries,
  facts: ReadonlyMap<string, FactsBeingRead>,
): Promise<void> {
  const rows = await queries.ask('TABLES', [
    'TABLE_NAME',
    'ENGINE',
    'TABLE_COLLATION',
    'TABLE_COMMENT',
    'CREATE_OPTIONS',
    'AUTO_INCREMENT',
  ]);
  for (const row of rows) {
    const own = facts.get(row['TABLE_NAME']!);
    if (own === undefined) continue;
    own.set('engine', (row['ENGINE'] ?? '').toLowerCase());
    own.set('collation', normaliseCharacterSet(row['TABLE_COLLATION'] ?? ''));
    own.set('comment', row['TABLE_COMMENT'] ?? '');
    own.set('row format', /row_format=(\w+)/i.exec(row['CREATE_OPTIONS'] ?? '')?.[1]?.toLowerCase() ?? '');
    // For a table without rows so far, some servers list 1, some nothing.
    const next = row['AUTO_INCREMENT'] ?? '';
    own.set('next number', next === '1' ? '' : next);
  }
}

async function readIndexes(
  queries: SchemaQueries,
  facts: ReadonlyMap<string, FactsBeingRead>,
): Promise<void> {
  const rows = await queries.ask('STATISTICS', [
    'TABLE_NAME',
    'INDEX_NAME',
    'NON_UNIQUE',
    'SEQ_IN_INDEX',
    'COLUMN_NAME',
    'COLLATION',
    'SUB_PART',
    'INDEX_TYPE',
    'INDEX_COMMENT',
  ]);
  const ordered = [...rows].sort((a, b) => Number(a['SEQ_IN_INDEX']) - Number(b['SEQ_IN_INDEX']));
  for (const row of ordered) {
    const own = facts.get(row['TABLE_NAME']!);
    if (own === undefined) continue;
    const key = `index ${row['INDEX_NAME']}`;
    const head = `${row['NON_UNIQUE'] === '0' ? 'unique' : 'plain'} ${row['INDEX_TYPE']} ${row['INDEX_COMMENT']}`;
    const column = `${row['COLUMN_NAME']}(${row['SUB_PART'] ?? ''})${row['COLLATION'] === 'D' ? ' desc' : ''}`;
    own.set(key, `${own.get(key) ?? head} | ${column}`);
  }
}

async function readForeignKeys(
  queries: SchemaQueries,
  facts: ReadonlyMap<string, FactsBeingRead>,
): Promise<void> {
  const rules = await queries.ask(
    'REFERENTIAL_CONSTRAINTS',
    ['TABLE_NAME', 'CONSTRAINT_NAME', 'UPDATE_RULE', 'DELETE_RULE'],
    'CONSTRAINT_SCHEMA',
  );
  for (const row of rules) {
    const own = facts.get(row['TABLE_NAME']!);
    // RESTRICT and NO ACTION are equal here, and servers show either.
    const rule = (text: string | null | undefined): string =>
      text === 'RESTRICT' ? 'NO ACTION' : (text ?? '');
    own?.set(
      `foreign key ${row['CONSTRAINT_NAME']}`,
      `update ${rule(row['UPDATE_RULE'])} delete ${rule(row['DELETE_RULE'])}`,
    );
  }
  const columns = await queries.ask(
    'KEY_COLUMN_USAGE',
    [
      'TABLE_NAME',
      'CONSTRAINT_NAME',
      'COLUMN_NAME',
      'ORDINAL_POSITION',
      'REFERENCED_TABLE_SCHEMA',
      'REFERENCED_TABLE_NAME',
      'REFERENCED_COLUMN_NAME',
    ],
    'CONSTRAINT_SCHEMA',
  );
  const ordered = [...columns].sort((a, b) => Number(a['ORDINAL_POSITION']) - Number(b['ORDINAL_POSITION']));
  for (const row of ordered) {
    const own = facts.get(row['TABLE_NAME']!);
    const key = `foreign key ${row['CONSTRAINT_NAME']}`;
    const head = own?.get(key);
    if (own === undefined || head === undefined) continue;
    const schema = sameName(row['REFERENCED_TABLE_SCHEMA'], queries.schema, queries.connection)
      ? ''
      : `${row['REFERENCED_TABLE_SCHEMA']}.`;
    // MySQL 5.6 may store the name of a table as that of an old file; the definition shows it without the
    // prefix.
    const other = row['REFERENCED_TABLE_NAME']?.replace(/^#mysql50#/, '');
    const target = `${schema}${other}.${row['REFERENCED_COLUMN_NAME']}`;
    own.set(key, `${head} | ${row['COLUMN_NAME']} to ${target}`);
  }
}

async function readPartitions(
  queries: SchemaQueries,
  facts: ReadonlyMap<string, FactsBeingRead>,
): Promise<void> {
  const rows = await queries.ask('PARTITIONS', [
    'TABLE_NAME',
    'PARTITION_NAME',
    'SUBPARTITION_NAME',
    'PARTITION_ORDINAL_POSITION',
    'PARTITION_METHOD',
    'SUBPARTITION_METHOD',
    'PARTITION_EXPRESSION',
    'PARTITION_DESCRIPTION',
  ]);
  for (const row of rows) {
    if (row['PARTITION_NAME'] === null || row['PARTITION_NAME'] === undefined) continue;
    facts
      .get(row['TABLE_NAME']!)
      ?.set(
        `partition ${row['PARTITION_NAME']} ${row['SUBPARTITION_NAME'] ?? ''}`.trim(),
        [
          row['PARTITION_ORDINAL_POSITION'],
          row['PARTITION_METHOD'],
          row['SUBPARTITION_METHOD'] ?? '',
          normaliseExpression(row['PARTITION_EXPRESSION'] ?? ''),
          normaliseExpression(row['PARTITION_DESCRIPTION'] ?? ''),
        ].join(' | '),
      );
  }
}

async function readChecks(queries: SchemaQueries, facts: ReadonlyMap<string, FactsBeingRead>): Promise<void> {
  if (!(await queries.has('CHECK_CONSTRAINTS', 'TABLE_NAME'))) return;
  const rows = await queries.ask(
    'CHECK_CONSTRAINTS',
    ['TABLE_NAME', 'CONSTRAINT_NAME', 'CHECK_CLAUSE'],
    'CONSTRAINT_SCHEMA',
  );
  for (const row of rows) {
    facts
      .get(row['TABLE_NAME']!)
      ?.set(
        `check ${row['CONSTRAINT_NAME']}`,
        normaliseExpression(queries.withoutSchema(row['CHECK_CLAUSE'] ?? '')),
      );
  }
}

/** The period columns, from the statement: hidden ones are in no list of columns. */
function periodOf(statement: string): readonly HashedColumn[] {
  if (!/\) ENGINE=.*\bWITH SYSTEM VERSIONING\b/s.test(statement)) return [];
  const names = /^ *(`(?:[^`]|``)*`) (\w+)\S* .*GENERATED ALWAYS AS ROW (?:START|END)/gim;
  const named = [...statement.matchAll(names)].map(([, name, dataType]) => ({
    name: name!.slice(1, -1).replaceAll('``', '`'),
    dataType: dataType!.toLowerCase(),
    nullable: false,
  }));
  if (named.length === 0) {
    return ['ROW_START', 'ROW_END'].map((name) => ({ name, dataType: 'timestamp', nullable: false }));
  }
  return named.every(({ dataType }) => dataType === 'timestamp') ? named : [];
}

function columnsUnseen(table: string): BackupError {
  return new BackupError(
    'database-query-failed',
    `The columns of table "${table}" are not all shown by the server, so it cannot be compared.`,
    { details: { table } },
  );
}
