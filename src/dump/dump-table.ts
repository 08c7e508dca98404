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

/** State of a table that read locks protect from changes. */
export interface LockedState {
  /** Its definition. The lock ensures that it is unchanged when the rows are read. */
  readonly definition: Promise<string>;
  /** The engine's own row count, if it keeps one. */
  readonly count?: Promise<number>;
}

/** The consumer of a table's rows. */
export interface TableSink {
  /** Called before any rows. */
  begin(description: TableDescription): Promise<void>;
  /** The batch is valid until the returned promise settles. */
  take(batch: ColumnBatch): Promise<void>;
  /** Called when the server may show the definition wrongly. */
  warn(warning: DumpWarning): void;
}

/** Options of {@link TableReading}. */
export interface TableReadingOptions extends RowReaderOptions {
  readonly pieces: number;
  /** The session for schema queries, which holds no part of the snapshot. */
  readonly schema: QueryBatcher;
  /** Set when read locks hold the table; it is then read in the session that holds them. */
  readonly locked: LockedState | undefined;
}

/**
 * Reads one table, whole or in pieces: definition, rows, and the proof that they belong together and that no
 * row is missing.
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
   * Reads a piece. Pieces of one table may be read at the same time, over several connections.
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
        // The description precedes all rows. If it needs queries in this session, they must end before the
        // rows begin.
        if (asksOfRows(this.#snapshot.definitions.get(table.name) ?? '')) await this.#description;
        await this.#readRows(reader, range);
      }
      await this.#begun;
      if (++this.#read < this.#pieces) return undefined;
      if (definitionOnly(this.#task) === undefined) this.#checkNotEmptied();
      const shown = await this.#shown;
      // A locked table cannot be altered. Whether the lock was held all the time is checked when it is
      // released.
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
   * Skips a piece, because the table is damaged and the caller leaves out what cannot be read (F9).
   *
   * @returns whether it was the last piece
   * @throws BackupError when not even the definition can be read
   */
  async leave(): Promise<boolean> {
    await this.#begun;
    return ++this.#read === this.#pieces;
  }

  async #describe(reader: Connection, shown: Promise<string>): Promise<TableDescription> {
    const { name, damage } = this.#task.table;
    const { signal } = this.#options;
    // Rows of a definition-only table are not needed here; damage is found when the rows are read.
    const mayRead = definitionOnly(this.#task) === undefined && damage === undefined;
    const { statement, unknown } = await exactDefinition(reader, name, await shown, {
      mayRead,
      signal,
    });
    for (const column of unknown) {
      const message =
        `The server shows column "${column}" of table "${name}" with a question mark that may stand for another` +
        ' character, and no row shows which. Check its default or members in the copy.';
      this.#sink.warn({ code: 'definition-uncertain', message, table: name });
    }
    const description = describeTable(this.#snapshot, this.#task, statement);
    // The hash covers all current rows. If only some rows are copied, or old versions too, it could not be
    // compared.
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
      `The row count of table "${name}" is ${counted}, but ${rows} rows could be read.`,
      { details: { table: name, counted, read: rows } },
    );
  }

  /**
   * With more locked tables than fit into the table definition cache, a server may drop a table between
   * preparing and executing a statement, again and again (error 1615, before any row; F14). A table that
   * HANDLER keeps open stays in the cache.
   */
  async #takeRows(reader: Connection, query: RowQuery): Promise<number> {
    // The statement that releases the previous table is sent in the same packet.
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

/** Whether describing a table needs queries beyond its definition. */
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
 * Releases the definition of the table that a session read last, so that other sessions may alter it. The
 * snapshot remains.
 */
export async function releaseTable({ inTransaction }: OpenSnapshot, reader: Connection): Promise<void> {
  if (inTransaction) await reader.query(rollbackToSnapshot);
}
