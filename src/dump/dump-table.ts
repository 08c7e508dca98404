import { computedColumns } from '../catalog/computed-columns.js';
import { definitionIn, definitionQuestion, sameDefinition } from '../catalog/definitions.js';
import { exactDefinition, isExact } from '../catalog/exact-definition.js';
import { damageToldBy } from '../catalog/open-tables.js';
import type { Connection } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import type { QueryBatcher } from '../database/query-batcher.js';
import { serverErrorNumber, sessionReplaced } from '../database/server-failures.js';
import { BackupError } from '../errors.js';
import type { ColumnBatch } from '../model/column-batch.js';
import type { DumpWarning, RowFilter, TableDescription } from '../model/parts.js';
import { rollbackToSnapshot } from './innodb-snapshot.js';
import { readComputed } from './read-computed.js';
import type { RowQuery, RowReaderOptions } from './row-command.js';
import { readRows } from './row-reader.js';
import type { OpenSnapshot } from './snapshot.js';
import { aboutTable, changed, damaged } from './table-failures.js';
import {
  definitionOnly,
  hasForm,
  historyOf,
  inSession,
  queryOf,
  replacedErrnos,
  type TableTask,
} from './table-query.js';

/** What the server says about a table while read locks keep it from being changed. */
export interface LockedState {
  /** Its definition. The lock makes sure that it is still the same when the rows are read. */
  readonly definition: Promise<string>;
  /** The engine's own count of its rows, where the engine keeps one. */
  readonly count?: Promise<number>;
}

/** Where the rows of a table go. */
export interface TableSink {
  /** Before any rows. */
  begin(description: TableDescription): Promise<void>;
  /** The batch is valid until the returned promise settles. */
  take(batch: ColumnBatch): Promise<void>;
  /** The definition may not be what the server shows. */
  warn(warning: DumpWarning): void;
}

/** Options of {@link TableReading}. */
export interface TableReadingOptions extends RowReaderOptions {
  readonly pieces: number;
  /** The session for questions about the schema, which holds no part of the snapshot. */
  readonly schema: QueryBatcher;
  /** Set where read locks hold the table; it is then read in the session that holds them. */
  readonly locked: LockedState | undefined;
}

/**
 * The reading of one table, in one piece or in several: definition, rows, and proof that the two belong
 * together and that no row is missing.
 */
export class TableReading {
  readonly #snapshot: OpenSnapshot;
  readonly #task: TableTask;
  readonly #sink: TableSink;
  readonly #options: RowReaderOptions;
  readonly #pieces: number;
  readonly #schema: QueryBatcher;
  readonly #locked: LockedState | undefined;
  #read = 0;
  #rows = 0;
  #shown: Promise<string> | undefined;
  #description: Promise<TableDescription> | undefined;
  #begun: Promise<void> | undefined;

  /** @param options - `pieces`: how many times {@link read} will be called */
  constructor(snapshot: OpenSnapshot, task: TableTask, sink: TableSink, options: TableReadingOptions) {
    this.#snapshot = snapshot;
    this.#task = task;
    this.#sink = sink;
    this.#options = options;
    this.#pieces = options.pieces;
    this.#schema = options.schema;
    this.#locked = options.locked;
  }

  /**
   * Reads a piece. Those of one table may be read at the same time, over several connections.
   *
   * @param range - a condition on the key, when the piece is not the whole table
   * @returns after the last piece, `proven`, which settles when the definition was found unchanged
   * @throws BackupError `schema-changed`, `table-damaged`, `dump-incomplete`, `database-…`, each naming the
   *   table
   */
  async read(reader: Connection, range?: string): Promise<{ readonly proven: Promise<void> } | undefined> {
    const { table } = this.#task;
    const { signal } = this.#options;
    try {
      this.#shown ??= shownDefinition(this.#snapshot, this.#task, this.#locked);
      this.#description ??= this.#describe(reader, this.#shown);
      this.#begun ??= this.#description.then((description) => this.#sink.begin(description));
      if (definitionOnly(this.#task) === undefined) {
        this.#begun.catch(() => undefined);
        // No row is handed on before the description. What that asks over the same session has to be answered
        // before the rows begin.
        if (asksOfRows(this.#snapshot.definitions.get(table.name) ?? '')) await this.#description;
        await this.#readRows(reader, range);
      }
      await this.#begun;
      if (++this.#read < this.#pieces) return undefined;
      if (definitionOnly(this.#task) === undefined) this.#checkNotEmptied();
      const shown = await this.#shown;
      // A locked table cannot be altered. Whether the lock was held all the time shows when it is released.
      const proven =
        this.#locked === undefined
          ? proveUnchanged(this.#schema, table.name, shown, signal)
          : Promise.resolve();
      return { proven };
    } catch (error) {
      throw error === signal?.reason ? error : aboutTable(error, table.name);
    }
  }

  /**
   * Leaves a piece as it is, because the table is damaged and the caller goes on without what cannot be read
   * (F9).
   *
   * @returns whether it was the last piece
   * @throws BackupError when not even the definition could be had
   */
  async leave(): Promise<boolean> {
    await this.#begun;
    return ++this.#read === this.#pieces;
  }

  async #describe(reader: Connection, shown: Promise<string>): Promise<TableDescription> {
    const { name, damage } = this.#task.table;
    const { signal } = this.#options;
    // The rows of such a table live elsewhere and are not asked for; damage shows when the rows are read.
    const mayRead = definitionOnly(this.#task) === undefined && damage === undefined;
    const { statement, unknown } = await exactDefinition(reader, name, await shown, {
      mayRead,
      signal,
    });
    for (const column of unknown) {
      const message =
        `The server shows column "${column}" of table "${name}" with a question mark that may stand for another` +
        ' character, and no row tells which. Look at its default or members in the copy.';
      this.#sink.warn({ code: 'definition-uncertain', message, table: name });
    }
    const description = describeTable(this.#snapshot, this.#task, statement);
    // The hash is of all current rows. Where only some rows are read, or old versions too, there is nothing
    // to compare it with.
    const isAll =
      mayRead && this.#task.selected.rowFilter === undefined && description.versioned === undefined;
    const { server } = this.#snapshot.catalog;
    const computed = isAll ? await readComputed(reader, name, statement, server, signal) : undefined;
    return computed === undefined ? description : { ...description, computed };
  }

  async #readRows(reader: Connection, range: string | undefined): Promise<void> {
    const conditions = range === undefined ? [inSession(reader)] : [inSession(reader), range];
    const query = queryOf(this.#snapshot, this.#task, conditions);
    const rows = await this.#takeRows(reader, query).catch((error: unknown) => {
      throw replacedErrnos.has(serverErrorNumber(error) ?? 0)
        ? sessionReplaced({ table: this.#task.table.name }, error)
        : error;
    });
    this.#rows += rows;
    await this.#checkCount(rows);
  }

  async #checkCount(rows: number): Promise<void> {
    const counted = (await this.#locked?.count) ?? rows;
    if (counted === rows) return;
    const { name } = this.#task.table;
    throw new BackupError(
      'table-damaged',
      `Table "${name}" says that it has ${counted} rows, and ${rows} could be read.`,
      { details: { table: name, counted, read: rows } },
    );
  }

  /**
   * A server with more locked tables than its definition cache holds forgets a table between preparing a
   * statement and running it, time and again (1615, before any row; F14). A table that is open it must
   * remember.
   */
  async #takeRows(reader: Connection, query: RowQuery): Promise<number> {
    // The statement that lets go of the table read before is sent along.
    const isLocked = this.#locked !== undefined;
    const first = this.#snapshot.inTransaction && !isLocked ? { first: rollbackToSnapshot } : {};
    try {
      return await this.#takeRowsOnce(reader, { ...query, ...first });
    } catch (error) {
      if (isLocked || serverErrorNumber(error) !== 1615) throw error;
      await reader.query(`HANDLER ${quoteName(this.#task.table.name)} OPEN AS kept_open`);
      const rows = await this.#takeRowsOnce(reader, query);
      await reader.query('HANDLER kept_open CLOSE');
      return rows;
    }
  }

  async #takeRowsOnce(reader: Connection, query: RowQuery): Promise<number> {
    const rows = readRows(reader, query, this.#options);
    for await (const batch of rows) {
      const { columns } = (await this.#description)!;
      await this.#begun;
      await this.#sink.take(columns.some(hasForm) ? batch : { rows: batch.rows, columns: [] });
    }
    if (rows.warnings > 0) {
      const told = damageToldBy(await reader.query('SHOW WARNINGS'));
      if (told !== undefined) throw damaged(this.#task.table.name, told);
    }
    return rows.rows;
  }

  /** Some servers show a table that was truncated after the snapshot as an empty one (K6). */
  #checkNotEmptied(): void {
    const { table, selected } = this.#task;
    if (this.#rows > 0 || selected.rowFilter !== undefined) return;
    if (this.#snapshot.withRows.has(table.name)) throw changed(table.name);
  }
}

async function proveUnchanged(
  schema: QueryBatcher,
  table: string,
  before: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const after = definitionIn(await schema.ask(definitionQuestion(table)));
    if (!sameDefinition(before, after)) throw changed(table);
  } catch (error) {
    throw error === signal?.reason ? error : aboutTable(error, table);
  }
}

/** Whether a table cannot be described by its definition alone. */
function asksOfRows(shown: string): boolean {
  return !isExact(shown) || computedColumns(shown).length > 0;
}

async function shownDefinition(
  snapshot: OpenSnapshot,
  { table }: TableTask,
  locked: LockedState | undefined,
): Promise<string> {
  const before = snapshot.definitions.get(table.name);
  const shown = (await locked?.definition) ?? before ?? '';
  if (!sameDefinition(before, shown)) throw changed(table.name);
  return shown;
}

function describeTable(snapshot: OpenSnapshot, task: TableTask, createStatement: string): TableDescription {
  const { index, table, selected } = task;
  const why = definitionOnly(task);
  const history = historyOf(snapshot, table);
  return {
    index,
    name: table.name,
    engine: table.engine,
    createStatement,
    columns: history ?? table.columns,
    primaryKey: table.primaryKey,
    ...(why === undefined ? {} : { definitionOnly: why }),
    ...(selected.rowFilter === undefined ? {} : { rowFilter: filterOf(selected.rowFilter) }),
    ...(table.versioned
      ? { versioned: history === undefined ? ('current' as const) : ('history' as const) }
      : {}),
  };
}

function filterOf({ where, reason, dates }: RowFilter): RowFilter {
  return { where, reason, ...(dates === undefined ? {} : { dates }) };
}

/**
 * Lets go of the definition of the table that a session read last, so that others may alter it, and keeps the
 * snapshot.
 */
export async function releaseTable({ inTransaction }: OpenSnapshot, reader: Connection): Promise<void> {
  if (inTransaction) await reader.query(rollbackToSnapshot);
}
