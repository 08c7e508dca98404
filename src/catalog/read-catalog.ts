import { assertOptions } from '../arguments.js';
import { checkConnection } from '../database/check-address.js';
import type { Connection, QueryOptions, TextRow } from '../database/connection.js';
import { compareNames, quoteName, quoteText } from '../database/identifiers.js';
import { lostAtTable } from '../database/lost-at-table.js';
import { seesOtherSessions } from '../database/sees-sessions.js';
import { foldName, sameName } from '../database/server-names.js';
import type { StatementAnswer } from '../database/session.js';
import { rowsOf } from '../database/statements.js';
import { isSystemDatabase } from '../database/system-databases.js';
import { BackupError, isBackupError } from '../errors.js';
import type { ColumnDescription, DumpWarning, LeftOut, ServerDescription } from '../model/parts.js';
import {
  columnFacts,
  columnsOf,
  enginesOf,
  kindsOf,
  objectsOf,
  primaryKeysOf,
  serverOf,
  serverQuestion,
  variablesQuestion,
} from './catalog-rows.js';
import type { Definitions } from './definitions.js';
import { isTransactional, rowsElsewhere } from './engines.js';
import type { Catalog, CatalogObject, CatalogTable } from './model.js';
import { openTables, otherCapitals } from './open-tables.js';
import { checkPrivileges, grantsIn } from './privileges.js';
import { isJournalMark, whyOurs } from './restore-mark.js';
import { type ServerList, type Unseen, unseen, unseenEvents } from './unseen.js';

/**
 * Reads what a database holds, in a few round trips however many tables there are.
 *
 * Names are compared here, byte for byte, since the server's own comparison ignores case (F15).
 *
 * @param connection - with the database selected
 * @throws BackupError `privilege-missing` when the user cannot see everything; `settings-invalid` for a
 *   system database of the server; `database-…`
 * @example
 * ```ts
 * const catalog = await readCatalog(connection);
 * for (const { name, dataBytes } of catalog.tables) console.log(name, dataBytes);
 * ```
 */
export async function readCatalog(
  connection: Connection,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Catalog> {
  checkConnection(connection);
  assertOptions(options);
  return (await readCatalogAndDefinitions(connection, options)).catalog;
}

/** A catalog, and the definitions that were read before its columns. */
export interface CatalogAndDefinitions {
  readonly catalog: Catalog;
  readonly definitions: Definitions;
}

/**
 * Reads the definitions of all tables first and the catalog after them. If a definition is still the same
 * later, it was the same while the columns were read (K6).
 */
export async function readCatalogAndDefinitions(
  connection: Connection,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<CatalogAndDefinitions> {
  return new CatalogReader(connection, options).read();
}

class CatalogReader {
  readonly #connection: Connection;
  readonly #options: QueryOptions;
  readonly #database: string;
  readonly #warnings: DumpWarning[] = [];
  readonly #unseen: LeftOut[] = [];

  constructor(connection: Connection, options: QueryOptions) {
    const { database } = connection.address;
    if (database === undefined) throw new TypeError('"address" must name a database');
    if (isSystemDatabase(database)) {
      throw new BackupError('settings-invalid', `Database "${database}" belongs to the server itself.`, {
        details: { setting: 'database', database },
      });
    }
    this.#connection = connection;
    this.#options = options;
    this.#database = database;
  }

  async read(): Promise<CatalogAndDefinitions> {
    const database = quoteName(this.#database);
    const about = await this.#ask({
      server: serverQuestion,
      variables: variablesQuestion,
      created: `SHOW CREATE DATABASE ${database}`,
      defaults: 'SELECT @@character_set_database AS characterset, @@collation_database AS collation',
      grants: 'SHOW GRANTS',
      // The only list with a table whose definition is destroyed: `information_schema` of some servers omits
      // it without a warning (C18).
      kinds: `SHOW FULL TABLES FROM ${database}`,
      routines: this.#questionOf('ROUTINES', 'ROUTINE_SCHEMA', ['ROUTINE_NAME', 'ROUTINE_TYPE']),
      events: this.#questionOf('EVENTS', 'EVENT_SCHEMA', ['EVENT_NAME']),
      storedEvents: `SELECT db AS schema_name, name AS event_name FROM mysql.event WHERE db = ${quoteText(this.#database)}`,
      triggers: this.#questionOf('TRIGGERS', 'TRIGGER_SCHEMA', ['TRIGGER_NAME', 'EVENT_OBJECT_TABLE']),
      // These columns are read without opening tables: opening may repair one, with warnings to be read.
      engines: this.#questionOf('TABLES', 'TABLE_SCHEMA', ['TABLE_NAME', 'ENGINE']),
    });
    const server = serverOf(rowsOf(about.server()), rowsOf(about.variables()));
    const [created] = rowsOf(about.created());
    const [defaults] = rowsOf(about.defaults());
    checkPrivileges(this.#database, grantsIn(about.grants()));
    const kinds = kindsOf(rowsOf(about.kinds()));
    const objects = objectsOf(kinds, {
      routines: this.#listed('routines', about.routines()),
      events: this.#listedEvents(about.events(), about.storedEvents()),
      triggers: this.#ours(rowsOf(about.triggers())),
    });
    const engines = enginesOf(kinds, this.#ours(rowsOf(about.engines())));
    const { definitions, damage, outOfReach } = await openTables(
      this.#connection,
      [...engines.keys()],
      this.#options,
    );
    if (server.vendor === 'mysql') await this.#lookAtFiles(engines, damage);
    const tables = (await this.#readTables(engines, damage, server)).map((table) =>
      outOfReach.has(table.name) ? { ...table, outOfReach: true as const } : table,
    );
    const hidden = tables.some((table) => !table.transactional) && (await this.#hidesSessions());
    const catalog = {
      database: this.#database,
      createStatement: created?.['Create Database'] ?? '',
      characterSet: defaults?.['characterset'] ?? '',
      collation: defaults?.['collation'] ?? '',
      server,
      tables,
      objects: objects.filter((object) => !this.#isClosed(object, definitions)),
      ...(hidden ? { hidesSessions: true as const } : {}),
      ...(this.#unseen.length === 0 ? {} : { unseen: this.#unseen }),
      warnings: this.#warnings,
    };
    return { catalog, definitions };
  }

  /** Runs several queries in one round trip. @returns for each query a function that returns its result */
  async #ask<Name extends string>(
    questions: Readonly<Record<Name, string>>,
  ): Promise<Readonly<Record<Name, () => StatementAnswer>>> {
    const names = Object.keys(questions) as Name[];
    const answers = await this.#connection.queryEach(
      names.map((name) => questions[name]),
      this.#options,
    );
    return Object.fromEntries(names.map((name, i) => [name, () => answers[i]])) as Record<
      Name,
      () => StatementAnswer
    >;
  }

  #questionOf(view: string, schemaColumn: string, columns: readonly string[], more = ''): string {
    const list = columns.map((column) => `${column} AS ${column.toLowerCase()}`).join(', ');
    return (
      `SELECT ${schemaColumn} AS schema_name, ${list} FROM information_schema.${view} ` +
      `WHERE ${schemaColumn} = ${quoteText(this.#database)} ${more}`
    );
  }

  /** The rows of this database: the server's comparison also matches similar names. */
  #ours(rows: readonly TextRow[]): readonly TextRow[] {
    return rows.filter((row) => sameName(row['schema_name'], this.#database, this.#connection));
  }

  /** The rows of a list that the server may be unable to show. */
  #listed(list: ServerList, answer: StatementAnswer): readonly TextRow[] {
    if (answer.error === undefined) return this.#ours(rowsOf(answer));
    this.#miss(unseen(list, answer.error));
    return [];
  }

  /**
   * With a disabled event scheduler, a server refuses to show events or shows none, although `mysql.event`
   * still has them. Not every server has that table, nor may every user read it.
   */
  #listedEvents(answer: StatementAnswer, stored: StatementAnswer): readonly TextRow[] {
    const names = stored.rows && this.#ours(stored.rows).map((row) => row['event_name'] ?? '');
    if (answer.rows === undefined) {
      this.#miss(unseen('events', answer.error, names));
      return [];
    }
    const shown = this.#ours(answer.rows);
    if (shown.length === 0 && names !== undefined) this.#miss(unseenEvents(names));
    return shown;
  }

  /** A trigger needs its table, and a view or sequence a file name that the server looks for. */
  #isClosed({ kind, name, table }: CatalogObject, definitions: Definitions): boolean {
    const isFile = kind === 'view' || kind === 'sequence';
    if (isFile && this.#connection.lowerCaseTableNames === 1 && foldName(name, this.#connection) !== name) {
      this.#unseen.push({ kind, name, reason: otherCapitals });
      return true;
    }
    if (table === undefined || definitions.get(table) !== null) return false;
    this.#unseen.push({ kind, name, reason: `its table "${table}" cannot be opened` });
    return true;
  }

  #miss({ leftOut, warning }: Unseen): void {
    if (leftOut.length === 0) return;
    this.#unseen.push(...leftOut);
    this.#warnings.push(warning);
  }

  /**
   * Tables without snapshots need locks, and while a lock is held the waiting sessions should be visible
   * (F11).
   */
  async #hidesSessions(): Promise<boolean> {
    if (await seesOtherSessions(this.#connection)) return false;
    this.#warnings.push({
      code: 'sessions-hidden',
      message:
        'The database user may not see whether other sessions wait for a table, so every read lock is released' +
        ' after a fixed time. GRANT PROCESS ON *.* lifts this limit.',
    });
    return true;
  }

  /** Whether a table was left by a restore; such a table is not copied. */
  #isOurs(
    name: string,
    comment: string | null | undefined,
    columns: readonly ColumnDescription[] = [],
  ): boolean {
    const names = columns.map((column) => column.name);
    const reason = whyOurs(name, comment ?? '', names);
    if (reason === undefined) return false;
    this.#unseen.push({ kind: 'table', name, reason });
    if (isJournalMark(name, comment ?? '', names)) {
      this.#warnings.push({
        code: 'restore-unfinished',
        message: `A restore into this database was not finished, so rows may be missing in it. Run the restore again before you rely on a copy.`,
        table: name,
      });
    }
    return true;
  }

  /**
   * To return the sizes of all tables, MySQL reads the first page of every InnoDB file, and crashes on an
   * invalid one. Only a query for each table shows which table it was (F10).
   */
  async #lookAtFiles(
    engines: ReadonlyMap<string, string>,
    damage: ReadonlyMap<string, string>,
  ): Promise<void> {
    const names = [...engines.keys()].filter(
      (name) => isTransactional(engines.get(name)!) && !damage.has(name),
    );
    const questions = names.map((name) =>
      this.#questionOf('TABLES', 'TABLE_SCHEMA', ['DATA_LENGTH'], `AND TABLE_NAME = ${quoteText(name)}`),
    );
    const answers = await this.#connection.queryEach(questions, this.#options);
    for (const [i, name] of names.entries()) {
      const error = answers[i]?.error;
      if (isBackupError(error, 'database-connection-lost')) throw lostAtTable(error, name);
    }
  }

  #columnsQuestion(server: ServerDescription, more: string): string {
    return this.#questionOf('COLUMNS', 'TABLE_SCHEMA', columnFacts(server), more);
  }

  /** MariaDB returns no columns at all when it cannot read one view (O2); then each table is queried alone. */
  async #columnsOfTables(
    together: StatementAnswer,
    tables: readonly string[],
    server: ServerDescription,
  ): Promise<readonly TextRow[]> {
    if (!isBackupError(together?.error, 'database-query-failed')) return rowsOf(together);
    const answers = await this.#connection.queryEach(
      tables.map((name) =>
        this.#columnsQuestion(server, `AND TABLE_NAME = ${quoteText(name)} ORDER BY ORDINAL_POSITION`),
      ),
      this.#options,
    );
    // A table whose query fails is reported later as damaged. Rows of a name in other case belong to another
    // table.
    return answers.flatMap(({ rows = [] }, i) => rows.filter((row) => row['table_name'] === tables[i]));
  }

  async #readTables(
    engines: ReadonlyMap<string, string>,
    damage: ReadonlyMap<string, string>,
    server: ServerDescription,
  ): Promise<readonly CatalogTable[]> {
    const about = await this.#ask({
      columns: this.#columnsQuestion(server, 'ORDER BY TABLE_NAME, ORDINAL_POSITION'),
      keys: this.#questionOf(
        'STATISTICS',
        'TABLE_SCHEMA',
        ['TABLE_NAME', 'COLUMN_NAME'],
        "AND INDEX_NAME = 'PRIMARY' ORDER BY TABLE_NAME, SEQ_IN_INDEX",
      ),
      sizes: this.#questionOf('TABLES', 'TABLE_SCHEMA', [
        'TABLE_NAME',
        'TABLE_TYPE',
        'TABLE_ROWS',
        'DATA_LENGTH',
        'INDEX_LENGTH',
        'TABLE_COMMENT',
      ]),
    });
    const columns = columnsOf(
      this.#ours(await this.#columnsOfTables(about.columns(), [...engines.keys()], server)),
    );
    const keys = primaryKeysOf(this.#ours(rowsOf(about.keys())));
    const rowOf = new Map(this.#ours(rowsOf(about.sizes())).map((row) => [row['table_name']!, row]));
    const tables: CatalogTable[] = [];
    for (const [name, engine] of engines) {
      const row = rowOf.get(name) ?? {};
      if (this.#isOurs(name, row['table_comment'], columns.get(name))) continue;
      const elsewhere = rowsElsewhere(engine);
      // A table that cannot be opened has no engine or no columns, and its comment holds the reason (C18).
      const told =
        damage.get(name) ??
        (engine === '' || !columns.has(name) ? (row['table_comment'] ?? 'it cannot be opened') : undefined);
      tables.push({
        name,
        engine,
        transactional: isTransactional(engine),
        rowsEstimate: Number(row['table_rows'] ?? 0),
        dataBytes: Number(row['data_length'] ?? 0),
        indexBytes: Number(row['index_length'] ?? 0),
        versioned: row['table_type'] === 'SYSTEM VERSIONED',
        columns: columns.get(name) ?? [],
        primaryKey: keys.get(name) ?? [],
        ...(elsewhere === undefined ? {} : { rowsElsewhere: elsewhere }),
        ...(told === undefined ? {} : { damage: told }),
      });
    }
    return tables.sort((a, b) => compareNames(a.name, b.name));
  }
}
