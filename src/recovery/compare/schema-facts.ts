import { unqualifiedView } from '../../catalog/view-names.js';
import { askForBytes, textOf } from '../../database/byte-answers.js';
import type { Connection, TextRow } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { inBrackets, serverErrorNumber } from '../../database/server-failures.js';
import { sameName } from '../../database/server-names.js';
import { contentOf, tokenise } from '../../database/tokens.js';
import { BackupError, isBackupError } from '../../errors.js';
import type { SchemaObjectKind } from '../../model/parts.js';
import type { HashedColumn } from './content-hash.js';
import {
  normaliseCharacterSet,
  normaliseDefault,
  normaliseDefiner,
  normaliseExpression,
  normaliseExtra,
  normaliseType,
} from './normalise.js';

/**
 * A database's definitions, read for comparison alone: it shares no code with the dump, whose judge it is.
 */
export interface SchemaFacts {
  readonly vendor: 'mariadb' | 'mysql';
  readonly version: string;
  /** `@@lower_case_table_names` of the server. */
  readonly lowerCaseTableNames: number;
  readonly database: Facts;
  readonly tables: ReadonlyMap<string, TableDefinition>;
  /** By `kind name`. */
  readonly objects: ReadonlyMap<string, ObjectDefinition>;
}

/** Named facts in a spelling that no server version changes. */
export type Facts = ReadonlyMap<string, string>;

export interface TableDefinition {
  readonly name: string;
  /** As the server spells it, without the name of the database. */
  readonly statement: string;
  /** The same in pieces, for comparing across versions and for saying where two differ. */
  readonly facts: Facts;
  /**
   * Columns whose content counts: all but the period of a system-versioned table, which the server sets (C3).
   */
  readonly columns: readonly HashedColumn[];
  /** The period of a system-versioned table, where it counts time; empty for others. */
  readonly period: readonly HashedColumn[];
}

export interface ObjectDefinition {
  readonly kind: SchemaObjectKind;
  readonly name: string;
  readonly facts: Facts;
}

/** @param connection - with the database chosen */
export async function readSchemaFacts(connection: Connection, signal?: AbortSignal): Promise<SchemaFacts> {
  return new DefinitionReader(connection, signal).read();
}

/** Read from the statement: what a table's definition does not name is in no list of columns. */
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

type MutableFacts = Map<string, string>;

class DefinitionReader {
  readonly #connection: Connection;
  readonly #signal: AbortSignal | undefined;
  readonly #schema: string;

  constructor(connection: Connection, signal: AbortSignal | undefined) {
    const { database } = connection.address;
    if (database === undefined) throw new TypeError('"address" must name a database');
    this.#connection = connection;
    this.#signal = signal;
    this.#schema = database;
  }

  async read(): Promise<SchemaFacts> {
    const [server] = await this.#query(
      'SELECT VERSION() AS version, @@version_comment AS comment,' +
        ' @@character_set_database AS charset, @@collation_database AS collation',
    );
    const version = server?.['version'] ?? '';
    const vendor = /mariadb/i.test(`${version} ${server?.['comment']}`) ? 'mariadb' : 'mysql';
    const database: Facts = new Map([
      ['character set', normaliseCharacterSet(server?.['charset'] ?? '')],
      ['collation', normaliseCharacterSet(server?.['collation'] ?? '')],
    ]);
    const comment = (await this.#has('SCHEMATA', 'SCHEMA_COMMENT'))
      ? (await this.#ask('SCHEMATA', ['SCHEMA_COMMENT'], 'SCHEMA_NAME'))[0]?.['SCHEMA_COMMENT']
      : undefined;
    const tables: string[] = [];
    const views: string[] = [];
    const sequences: string[] = [];
    for (const row of await this.#query('SHOW FULL TABLES')) {
      const [name, type] = Object.values(row) as [string, string];
      if (type === 'VIEW') views.push(name);
      else if (type === 'SEQUENCE') sequences.push(name);
      else tables.push(name);
    }
    return {
      vendor,
      version,
      lowerCaseTableNames: this.#connection.lowerCaseTableNames,
      database: comment ? new Map([...database, ['comment', comment]]) : database,
      tables: await this.#readTables(tables, vendor),
      objects: await this.#readObjects(views, sequences),
    };
  }

  #query(sql: string): Promise<readonly TextRow[]> {
    return this.#connection.query(sql, { signal: this.#signal });
  }

  /**
   * `SHOW CREATE` in the character sets of the clients that made things, byte by byte: what a server turns
   * into UTF-8 may be alike where the things are not.
   */
  async #showBytes(what: string): Promise<TextRow> {
    const [, rows = []] = await askForBytes(this.#connection, [
      'SET character_set_results = NULL',
      `SHOW CREATE ${what}`,
      'SET character_set_results = utf8mb4',
    ]);
    return rows[0] ?? {};
  }

  /** The same as text where it is text. */
  async #show(what: string): Promise<TextRow> {
    return Object.fromEntries(
      Object.entries(await this.#showBytes(what)).map(([key, value]) => [
        key,
        value === null ? null : (textOf(value) ?? value),
      ]),
    );
  }

  /** Rows about this schema and no other: the server's own comparison may forget about case (F15). */
  async #ask(
    view: string,
    columns: readonly string[],
    schemaColumn = 'TABLE_SCHEMA',
    more = '',
  ): Promise<readonly TextRow[]> {
    const list = columns.map((column) => `${column} AS ${column}`).join(', ');
    const question =
      `SELECT ${schemaColumn} AS compared_schema, ${list} FROM information_schema.${view}` +
      ` WHERE ${schemaColumn} = ${quoteText(this.#schema)}${more}`;
    const rows = await this.#query(question).catch((error: unknown) => {
      throw serverErrorNumber(error) === undefined ? error : unseen(view, error);
    });
    return rows.filter((row) => sameName(row['compared_schema'], this.#schema, this.#connection));
  }

  /**
   * MariaDB tells no column of any table when it cannot read one view (O2): then each table is asked for by
   * itself.
   */
  async #askForColumns(tables: readonly string[], columns: readonly string[]): Promise<readonly TextRow[]> {
    try {
      return await this.#ask('COLUMNS', columns);
    } catch (error) {
      if (serverErrorNumber(error) === undefined) throw error;
      const rows: TextRow[] = [];
      for (const name of tables) {
        const own = await this.#ask('COLUMNS', columns, undefined, ` AND TABLE_NAME = ${quoteText(name)}`);
        rows.push(...own.filter((row) => row['TABLE_NAME'] === name));
      }
      return rows;
    }
  }

  async #readTables(
    names: readonly string[],
    vendor: 'mariadb' | 'mysql',
  ): Promise<ReadonlyMap<string, TableDefinition>> {
    const facts = new Map<string, MutableFacts>(names.map((name) => [name, new Map()]));
    const columns = new Map<string, HashedColumn[]>(names.map((name) => [name, []]));
    await this.#readColumns(facts, columns, vendor);
    await this.#readTableOptions(facts);
    await this.#readIndexes(facts);
    await this.#readForeignKeys(facts);
    await this.#readPartitions(facts);
    if (vendor === 'mariadb') await this.#readChecks(facts);
    const tables = new Map<string, TableDefinition>();
    for (const name of names) {
      const row = await this.#show(`TABLE ${quoteName(name)}`);
      const statement = this.#withoutSchema(row['Create Table'] ?? '');
      // Without its columns two tables would be alike whatever they hold.
      const shown = statement.match(/^ {2}`/gm)?.length ?? 0;
      const known = [...facts.get(name)!.keys()].filter((fact) => fact.startsWith('column ')).length;
      if (shown === 0 || shown !== known) throw columnsUnseen(name);
      // Some servers list no next number of a table that never had a row.
      const next = /\) ENGINE=\w+ AUTO_INCREMENT=(\d+)/.exec(statement)?.[1];
      const own = facts.get(name)!;
      if (next !== undefined && own.get('next number') === '') own.set('next number', next);
      // And one of a table without a column that counts, which no statement tells.
      if (!/^ {2}`.* AUTO_INCREMENT\b/m.test(statement)) own.set('next number', '');
      const moments = statement.matchAll(/^ {2}`((?:[^`]|``)*)` timestamp.* DEFAULT '([^']*)'/gim);
      for (const [, column, moment] of moments) facts.get(name)!.set(`moment of ${column}`, moment!);
      const period = periodOf(statement);
      tables.set(name, { name, statement, facts: facts.get(name)!, columns: columns.get(name)!, period });
    }
    return tables;
  }

  async #readColumns(
    facts: ReadonlyMap<string, MutableFacts>,
    columns: ReadonlyMap<string, HashedColumn[]>,
    vendor: 'mariadb' | 'mysql',
  ): Promise<void> {
    const optional = (await this.#has('COLUMNS', 'GENERATION_EXPRESSION')) ? ['GENERATION_EXPRESSION'] : [];
    const rows = await this.#askForColumns(
      [...facts.keys()],
      [
        'TABLE_NAME',
        'COLUMN_NAME',
        'ORDINAL_POSITION',
        'COLUMN_DEFAULT',
        'IS_NULLABLE',
        'DATA_TYPE',
        'COLUMN_TYPE',
        'CHARACTER_SET_NAME',
        'COLLATION_NAME',
        'EXTRA',
        'COLUMN_COMMENT',
        ...optional,
      ],
    );
    const ordered = [...rows].sort((a, b) => Number(a['ORDINAL_POSITION']) - Number(b['ORDINAL_POSITION']));
    const defaults = await this.#readDefaults(
      rows.filter((row) => facts.has(row['TABLE_NAME']!)),
      vendor,
    );
    const statements = new Map<string, string>();
    for (const row of ordered) {
      const table = row['TABLE_NAME']!;
      const list = columns.get(table);
      if (list === undefined) continue;
      const name = row['COLUMN_NAME']!;
      const listed = row['GENERATION_EXPRESSION'] ?? '';
      // MySQL 8 and newer list text in it as it was written, or as it was resolved; the statement has it
      // resolved.
      const isText = vendor === 'mysql' && /_\w+\\?'/.test(listed);
      if (isText && !statements.has(table)) {
        statements.set(table, (await this.#showBytes(`TABLE ${quoteName(table)}`))['Create Table'] ?? '');
      }
      const shown = isText ? shownExpression(statements.get(table)!, name) : undefined;
      const expression = shown ?? listed;
      const type = normaliseType(row['COLUMN_TYPE']!);
      const bytes = defaults.get(columnKey(row));
      // MySQL 8 and newer have that of a TIMESTAMP in the time zone of whoever made it; the statement has it
      // in ours.
      const isMoment = row['DATA_TYPE'] === 'timestamp' && /^'?\d/.test(row['COLUMN_DEFAULT'] ?? '');
      const byDefault = isMoment
        ? 'moment'
        : (bytes ??
          normaliseDefault(
            row['COLUMN_DEFAULT'] ?? null,
            vendor,
            row['DATA_TYPE'] ?? '',
            vendor === 'mysql' && /DEFAULT_GENERATED/i.test(row['EXTRA'] ?? ''),
          ));
      facts
        .get(table)!
        .set(
          `column ${name}`,
          [
            `at ${row['ORDINAL_POSITION']}`,
            type,
            normaliseCharacterSet(row['CHARACTER_SET_NAME'] ?? ''),
            normaliseCharacterSet(row['COLLATION_NAME'] ?? ''),
            row['IS_NULLABLE'] === 'YES' ? 'null' : 'not null',
            `default ${this.#withoutSchema(byDefault)}`,
            normaliseExtra(row['EXTRA'] ?? ''),
            normaliseExpression(expression),
            `comment ${row['COLUMN_COMMENT']}`,
          ].join(' | '),
        );
      if (/^ROW (?:START|END)$/i.test(expression)) continue;
      const dataType = /^year\(2\)/i.test(row['COLUMN_TYPE']!) ? 'year(2)' : row['DATA_TYPE']!;
      list.push({ name, dataType, nullable: row['IS_NULLABLE'] === 'YES' });
      const members = await this.#readMembers(row);
      if (members !== undefined) facts.get(table)!.set(`members of ${name}`, members);
    }
  }

  /** The bytes of defaults that are literals, by {@link columnKey}: their text need not tell them. */
  async #readDefaults(
    rows: readonly TextRow[],
    vendor: 'mariadb' | 'mysql',
  ): Promise<ReadonlyMap<string, string>> {
    const literals = new Map<string, TextRow[]>();
    for (const row of rows) {
      if (!isLiteralText(row, vendor)) continue;
      const table = row['TABLE_NAME']!;
      literals.set(table, [...(literals.get(table) ?? []), row]);
    }
    const defaults = new Map<string, string>();
    for (const [table, columns] of literals) {
      const list = columns.map(
        (column, i) => `HEX(DEFAULT(t.${quoteName(column['COLUMN_NAME']!)})) AS d${i}`,
      );
      const from = `${quoteName(table)} AS t`;
      const [first] = await this.#query(`SELECT ${list.join(', ')} FROM ${from} LIMIT 1`);
      // A table without rows tells those of columns that may be NULL.
      const [row] =
        first === undefined
          ? await this.#query(
              `SELECT ${list.join(', ')} FROM (SELECT 1 AS one) AS o LEFT JOIN ${from} ON FALSE`,
            )
          : [first];
      for (const [i, column] of columns.entries()) {
        const hex = row?.[`d${i}`];
        if (typeof hex === 'string' && hex !== '') defaults.set(columnKey(column), `bytes ${hex}`);
      }
      // Of one that may not be NULL, an empty table tells nothing; bytes stand in the statement as they are.
      const untold = columns.filter(
        (column) => !defaults.has(columnKey(column)) && /^(?:var)?binary$/i.test(column['DATA_TYPE'] ?? ''),
      );
      if (untold.length === 0) continue;
      const statement = (await this.#showBytes(`TABLE ${quoteName(table)}`))['Create Table'] ?? '';
      for (const column of untold) {
        const shown = shownDefault(statement, column['COLUMN_NAME']!);
        if (shown !== undefined && shown !== '') defaults.set(columnKey(column), `bytes ${shown}`);
      }
    }
    return defaults;
  }

  /**
   * The bytes of the members that rows have, of an ENUM or SET whose members the server does not show as they
   * are.
   */
  async #readMembers(row: TextRow): Promise<string | undefined> {
    const type = row['COLUMN_TYPE']!;
    if (!/^(?:enum|set)\(/i.test(type)) return undefined;
    // What is no text in its character set is shown as another mark, as nothing, or as the start of it.
    if (!/[?\ufffd]|[^)]$|[(,]''[,)]/.test(type) && !severalBytes.test(row['CHARACTER_SET_NAME'] ?? '')) {
      return undefined;
    }
    const name = quoteName(row['COLUMN_NAME']!);
    const found = await this.#query(
      `SELECT DISTINCT CAST(${name} AS UNSIGNED) AS member_number, HEX(${name}) AS member_bytes` +
        ` FROM ${quoteName(row['TABLE_NAME']!)} WHERE ${name} IS NOT NULL`,
    );
    return found
      .map(({ member_number: number, member_bytes: bytes }) => `${number} ${bytes}`)
      .sort()
      .join(', ');
  }

  async #readTableOptions(facts: ReadonlyMap<string, MutableFacts>): Promise<void> {
    const rows = await this.#ask('TABLES', [
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
      // Never given out yet: some servers say 1, some nothing.
      const next = row['AUTO_INCREMENT'] ?? '';
      own.set('next number', next === '1' ? '' : next);
    }
  }

  async #readIndexes(facts: ReadonlyMap<string, MutableFacts>): Promise<void> {
    const rows = await this.#ask('STATISTICS', [
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

  async #readForeignKeys(facts: ReadonlyMap<string, MutableFacts>): Promise<void> {
    const rules = await this.#ask(
      'REFERENTIAL_CONSTRAINTS',
      ['TABLE_NAME', 'CONSTRAINT_NAME', 'UPDATE_RULE', 'DELETE_RULE'],
      'CONSTRAINT_SCHEMA',
    );
    for (const row of rules) {
      const own = facts.get(row['TABLE_NAME']!);
      // RESTRICT and NO ACTION are one and the same here, and servers spell it either way.
      const rule = (text: string | null | undefined): string =>
        text === 'RESTRICT' ? 'NO ACTION' : (text ?? '');
      own?.set(
        `foreign key ${row['CONSTRAINT_NAME']}`,
        `update ${rule(row['UPDATE_RULE'])} delete ${rule(row['DELETE_RULE'])}`,
      );
    }
    const columns = await this.#ask(
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
    const ordered = [...columns].sort(
      (a, b) => Number(a['ORDINAL_POSITION']) - Number(b['ORDINAL_POSITION']),
    );
    for (const row of ordered) {
      const own = facts.get(row['TABLE_NAME']!);
      const key = `foreign key ${row['CONSTRAINT_NAME']}`;
      const head = own?.get(key);
      if (own === undefined || head === undefined) continue;
      const schema = sameName(row['REFERENCED_TABLE_SCHEMA'], this.#schema, this.#connection)
        ? ''
        : `${row['REFERENCED_TABLE_SCHEMA']}.`;
      // MySQL 5.6 may write down the name of a table as that of an old file, and shows it without in the
      // definition.
      const other = row['REFERENCED_TABLE_NAME']?.replace(/^#mysql50#/, '');
      const target = `${schema}${other}.${row['REFERENCED_COLUMN_NAME']}`;
      own.set(key, `${head} | ${row['COLUMN_NAME']} to ${target}`);
    }
  }

  async #readPartitions(facts: ReadonlyMap<string, MutableFacts>): Promise<void> {
    const rows = await this.#ask('PARTITIONS', [
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

  async #readChecks(facts: ReadonlyMap<string, MutableFacts>): Promise<void> {
    if (!(await this.#has('CHECK_CONSTRAINTS', 'TABLE_NAME'))) return;
    const rows = await this.#ask(
      'CHECK_CONSTRAINTS',
      ['TABLE_NAME', 'CONSTRAINT_NAME', 'CHECK_CLAUSE'],
      'CONSTRAINT_SCHEMA',
    );
    for (const row of rows) {
      facts
        .get(row['TABLE_NAME']!)
        ?.set(
          `check ${row['CONSTRAINT_NAME']}`,
          normaliseExpression(this.#withoutSchema(row['CHECK_CLAUSE'] ?? '')),
        );
    }
  }

  async #has(view: string, column: string): Promise<boolean> {
    const rows = await this.#query(
      'SELECT COUNT(*) AS known FROM information_schema.COLUMNS' +
        ` WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = '${view}' AND COLUMN_NAME = '${column}'`,
    );
    return rows[0]?.['known'] !== '0';
  }

  async #readObjects(
    views: readonly string[],
    sequences: readonly string[],
  ): Promise<ReadonlyMap<string, ObjectDefinition>> {
    const objects = new Map<string, ObjectDefinition>();
    const add = async (
      kind: SchemaObjectKind,
      name: string,
      statementColumn: string,
      more: Readonly<Record<string, string | null | undefined>> = {},
    ): Promise<void> => {
      const words = kind.replace('-', ' ').toUpperCase();
      const row = await this.#show(`${words} ${quoteName(name)}`).catch(async (error: unknown) => {
        // Of a view that a server does not show, it has all in its list the same.
        if (kind !== 'view' || serverErrorNumber(error) === undefined) throw error;
        if (isBackupError(error, 'privilege-missing')) throw error;
        return this.#listedView(name);
      });
      const statement = row[statementColumn];
      if (statement === null || statement === undefined) {
        throw new BackupError(
          'privilege-missing',
          `The definition of ${kind} "${name}" is not shown to this user.`,
          {
            details: { kind, name },
          },
        );
      }
      const facts = new Map<string, string>([
        [
          'statement',
          kind === 'view'
            ? this.#spellings.reduce(unqualifiedView, statement)
            : normaliseDefiner(this.#withoutSchema(statement)),
        ],
      ]);
      const settings = ['sql_mode', 'character_set_client', 'collation_connection', 'time_zone'];
      for (const key of settings) if (row[key] != null) facts.set(key, normaliseCharacterSet(row[key]));
      for (const [key, value] of Object.entries(more)) if (value != null) facts.set(key, value);
      objects.set(`${kind} ${name}`, { kind, name, facts });
    };
    for (const name of sequences) {
      const [state] = await this.#query(`SELECT next_not_cached_value AS next_value FROM ${quoteName(name)}`);
      await add('sequence', name, 'Create Table', { 'next value': state?.['next_value'] });
    }
    for (const name of views) await add('view', name, 'Create View');
    const routines = await this.#ask('ROUTINES', ['ROUTINE_NAME', 'ROUTINE_TYPE'], 'ROUTINE_SCHEMA');
    for (const row of routines) {
      const kind = row['ROUTINE_TYPE']!.toLowerCase().replace(' ', '-') as SchemaObjectKind;
      await add(kind, row['ROUTINE_NAME']!, statementColumnOf[kind] ?? '');
    }
    const triggers = await this.#ask('TRIGGERS', ['TRIGGER_NAME', 'ACTION_ORDER'], 'TRIGGER_SCHEMA');
    for (const row of triggers) {
      await add('trigger', row['TRIGGER_NAME']!, 'SQL Original Statement', {
        // Servers with one trigger per event know no order and say 0 or 1.
        order: row['ACTION_ORDER'] === '0' ? '1' : row['ACTION_ORDER'],
      });
    }
    const events = await this.#ask('EVENTS', ['EVENT_NAME', 'STATUS'], 'EVENT_SCHEMA');
    if (events.length === 0) await this.#refuseHiddenEvents();
    for (const row of events)
      await add('event', row['EVENT_NAME']!, 'Create Event', {
        status: row['STATUS']?.replace('REPLICA_SIDE_', 'SLAVESIDE_'),
      });
    return objects;
  }

  /** A view that is not shown, as one of which a column is gone on MySQL 5.6. */
  async #listedView(name: string): Promise<TextRow> {
    const columns = ['TABLE_NAME', 'VIEW_DEFINITION', 'DEFINER', 'SECURITY_TYPE', 'CHECK_OPTION'];
    const listed = (await this.#ask('VIEWS', columns)).find((row) => row['TABLE_NAME'] === name);
    if (!listed?.['VIEW_DEFINITION']) throw unseen('VIEWS');
    return {
      'Create View': columns
        .slice(1)
        .map((column) => listed[column])
        .join(' '),
    };
  }

  /** MariaDB without its accounts says that there is no event, and has them in its table all the same. */
  async #refuseHiddenEvents(): Promise<void> {
    const [stored] = await this.#connection.queryEach(
      [`SELECT db AS compared_schema FROM mysql.event WHERE db = ${quoteText(this.#schema)}`],
      { signal: this.#signal },
    );
    // Not every server has such a table, nor shows it to everybody.
    const hidden = stored?.rows?.some((row) =>
      sameName(row['compared_schema'], this.#schema, this.#connection),
    );
    if (hidden === true) throw unseen('EVENTS');
  }

  #withoutSchema(statement: string): string {
    return this.#spellings.reduce((left, name) => left.replaceAll(`${quoteName(name)}.`, ''), statement);
  }

  /** The schema's name, and how it is read in a statement that is no text, byte by byte. */
  get #spellings(): readonly string[] {
    return [...new Set([this.#schema, Buffer.from(this.#schema).toString('latin1')])];
  }
}

/** Character sets in which bytes need not be characters; those of UTF-8 are shown as they are. */
const severalBytes =
  /^(?:big5|binary|cp932|eucjpms|euckr|gb18030|gb2312|gbk|sjis|ucs2|ujis|utf16|utf16le|utf32)$/i;

function columnKey(row: TextRow): string {
  return `${row['TABLE_NAME']}\n${row['COLUMN_NAME']}`;
}

function columnLine(bytes: string, column: string): string | undefined {
  const name = quoteName(Buffer.from(column, 'utf8').toString('latin1'));
  return bytes.split('\n').find((each) => each.startsWith(`  ${name} `));
}

/** What a column is generated by, as a statement has it. */
function shownExpression(bytes: string, column: string): string | undefined {
  const line = columnLine(bytes, column) ?? '';
  const expression = /GENERATED ALWAYS AS \((.*)\) (?:STORED|VIRTUAL)/.exec(line)?.[1];
  return expression === undefined ? undefined : (textOf(expression) ?? expression);
}

/** The bytes of a default as a statement has them: in a literal, or as hexadecimal. */
function shownDefault(bytes: string, column: string): string | undefined {
  const line = columnLine(bytes, column);
  const tokens = tokenise(line ?? '').filter(({ kind }) => kind !== 'space');
  const at = tokens.findIndex(({ kind, text }) => kind === 'word' && /^default$/i.test(text)) + 1;
  const literal = tokens.slice(at, at + 3).find(({ kind, text }) => kind === 'text' || /^0x/i.test(text));
  if (at === 0 || literal === undefined) return undefined;
  const hex =
    literal.kind === 'text'
      ? Buffer.from(contentOf(literal.text), 'latin1').toString('hex')
      : literal.text.slice(2);
  return hex.toUpperCase();
}

/** Whether the default of a column is a text or bytes, and not empty or an expression. */
function isLiteralText(row: TextRow, vendor: 'mariadb' | 'mysql'): boolean {
  const { COLUMN_DEFAULT: value, DATA_TYPE: type, EXTRA: extra } = row;
  if (typeof value !== 'string' || !/^(?:char|varchar|binary|varbinary|enum|set)$/i.test(type ?? '')) {
    return false;
  }
  // MySQL 5.6 shows bytes that are no text as nothing.
  if (vendor === 'mysql') return !/DEFAULT_GENERATED/i.test(extra ?? '');
  return value !== "''" && /^(?:_\w+ ?)?x?'/i.test(value);
}

function columnsUnseen(table: string): BackupError {
  return new BackupError(
    'database-query-failed',
    `The columns of table "${table}" are not all shown by the server, so nothing can be compared with it.`,
    { details: { table } },
  );
}

/** A list that a server cannot show is no empty list. */
function unseen(view: string, cause?: unknown): unknown {
  if (
    cause !== undefined &&
    !isBackupError(cause, 'database-query-failed') &&
    !isBackupError(cause, 'table-damaged')
  ) {
    return cause;
  }
  const answer = cause instanceof BackupError ? inBrackets(cause) : '';
  return new BackupError(
    'database-query-failed',
    `The server cannot show its ${view.toLowerCase()}${answer}, so they cannot be compared.`,
    { cause, details: { ...(cause instanceof BackupError ? cause.details : {}), list: view } },
  );
}

const statementColumnOf: Partial<Record<SchemaObjectKind, string>> = {
  function: 'Create Function',
  procedure: 'Create Procedure',
  package: 'Create Package',
  'package-body': 'Create Package Body',
};
