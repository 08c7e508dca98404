import type { ColumnBatch } from '../archive/column-batch.js';
import type { ColumnDescription, TableDescription, ValueForm } from '../archive/model.js';
import { readDefinition, sameDefinition } from '../catalog/definitions.js';
import type { CatalogTable, SelectedTable } from '../catalog/model.js';
import { damageToldBy } from '../catalog/read-catalog.js';
import { type Connection, serverErrorNumber } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import { BackupError } from '../errors.js';
import { savepoint } from './locks.js';
import { type RowReaderOptions, readRows } from './row-reader.js';
import type { Snapshot } from './snapshot.js';

/** A table about to be read. */
export interface TableTask {
  readonly index: number;
  readonly table: CatalogTable;
  readonly selected: SelectedTable;
}

/** Where the rows of a table go. */
export interface TableSink {
  /** Before any rows. */
  begin(description: TableDescription): Promise<void>;
  /** The batch is valid until the returned promise settles. */
  take(batch: ColumnBatch): Promise<void>;
}

/**
 * Reads one table: definition, rows, and proof that the two belong together and that no row is missing.
 *
 * @returns when the rows are read; `proven` settles when the definition was found unchanged after them
 * @throws BackupError `schema-changed`, `table-damaged`, `dump-incomplete`, `database-…`, each naming the table
 */
export async function dumpTable(
  snapshot: Snapshot,
  reader: Connection,
  task: TableTask,
  sink: TableSink,
  options: RowReaderOptions,
): Promise<{ readonly proven: Promise<void> }> {
  const { table } = task;
  try {
    const described = describeTable(snapshot, task, options.signal);
    const begun = described.then((description) => sink.begin(description));
    if (definitionOnly(task) === undefined) {
      // The server answers both questions at the same time, over two sessions.
      begun.catch(() => undefined);
      const rows = await readTable(reader, task, begun, sink, options);
      await checkCount(snapshot, reader, task, rows);
      if (snapshot.inTransaction) await reader.query(`ROLLBACK TO SAVEPOINT ${savepoint}`);
    }
    await begun;
    return {
      proven: proveUnchanged(snapshot, table.name, (await described).createStatement, options.signal),
    };
  } catch (error) {
    throw error === options.signal?.reason ? error : aboutTable(error, table.name);
  }
}

async function proveUnchanged(
  snapshot: Snapshot,
  table: string,
  before: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const after = await readDefinition(snapshot.schema, table, signal === undefined ? {} : { signal });
    if (!sameDefinition(before, after)) throw changed(table);
  } catch (error) {
    throw error === signal?.reason ? error : aboutTable(error, table);
  }
}

function definitionOnly({ table, selected }: TableTask): string | undefined {
  return table.rowsElsewhere ?? selected.definitionOnly;
}

async function describeTable(
  snapshot: Snapshot,
  task: TableTask,
  signal: AbortSignal | undefined,
): Promise<TableDescription> {
  const { index, table, selected } = task;
  const before = snapshot.definitions.get(table.name);
  const createStatement = await readDefinition(
    snapshot.schema,
    table.name,
    signal === undefined ? {} : { signal },
  );
  if (!sameDefinition(before, createStatement)) throw changed(table.name);
  const why = definitionOnly(task);
  return {
    index,
    name: table.name,
    engine: table.engine,
    createStatement,
    columns: table.columns,
    primaryKey: table.primaryKey,
    ...(why === undefined ? {} : { definitionOnly: why }),
    ...(selected.rowFilter === undefined ? {} : { rowFilter: selected.rowFilter }),
    ...(table.versioned ? { versioned: 'current' as const } : {}),
  };
}

async function readTable(
  reader: Connection,
  { table, selected }: TableTask,
  begun: Promise<void>,
  sink: TableSink,
  options: RowReaderOptions,
): Promise<number> {
  const kept = table.columns.filter(hasForm);
  // A table of generated columns alone still has a number of rows.
  const list = kept.length === 0 ? ['1'] : kept.map(expressionOf);
  const where = selected.rowFilter === undefined ? '' : ` WHERE ${selected.rowFilter.where}`;
  const rows = readRows(
    reader,
    {
      // HIGH_PRIORITY reads past writers that wait for our locks; they cannot write before those end.
      sql: `SELECT HIGH_PRIORITY SQL_NO_CACHE ${list.join(', ')} FROM ${quoteName(table.name)}${where}`,
      forms: kept.map((column) => column.form),
    },
    options,
  );
  for await (const batch of rows) {
    await begun;
    await sink.take(batch);
  }
  if (rows.warnings > 0) {
    const told = damageToldBy(await reader.query('SHOW WARNINGS'));
    if (told !== undefined) throw damaged(table.name, told);
  }
  return rows.rows;
}

function hasForm(column: ColumnDescription): column is ColumnDescription & { readonly form: ValueForm } {
  return column.form !== null;
}

function expressionOf(column: ColumnDescription): string {
  const name = quoteName(column.name);
  // The number is the value; the text of ENUM's error value is that of an empty member (V13). The bitwise operator
  // makes every server send 64 bits.
  return /^(?:enum|set)\b/i.test(column.type) ? `CAST(${name} AS UNSIGNED) | 0` : name;
}

/**
 * Engines that keep an exact count are held to it: a damaged file can end early without an error (F9). And the session
 * must still be the one with the snapshot or behind the locks: a proxy may have replaced it (S8).
 */
async function checkCount(
  snapshot: Snapshot,
  reader: Connection,
  { table, selected }: TableTask,
  rows: number,
): Promise<void> {
  const counts = snapshot.locked && selected.rowFilter === undefined && keepsCount(table);
  const [row] = await reader.query(
    counts
      ? `SELECT HIGH_PRIORITY CONNECTION_ID() AS id, COUNT(*) AS n FROM ${quoteName(table.name)}`
      : 'SELECT CONNECTION_ID() AS id',
  );
  if (Number(row?.['id']) !== reader.id) {
    throw new BackupError(
      'database-connection-lost',
      'The session was replaced by another one, and with it the picture of the database.',
    );
  }
  if (rows === 0 && selected.rowFilter === undefined && snapshot.withRows.has(table.name)) {
    throw changed(table.name);
  }
  const counted = counts ? Number(row?.['n']) : rows;
  if (counted === rows) return;
  throw new BackupError(
    'table-damaged',
    `Table "${table.name}" says that it has ${counted} rows, and ${rows} could be read.`,
    { details: { table: table.name, counted, read: rows } },
  );
}

function keepsCount({ engine, versioned }: CatalogTable): boolean {
  return /^(?:myisam|aria|memory)$/i.test(engine) && !versioned;
}

function changed(table: string): BackupError {
  return new BackupError('schema-changed', `Table "${table}" was altered while it was being read.`, {
    details: { table },
  });
}

/** A table that must not be claimed complete. */
export function damaged(table: string, told: string): BackupError {
  return new BackupError('table-damaged', `Table "${table}" is damaged: ${told}.`, {
    details: { table, told },
  });
}

// The table definition has changed; unknown column; no such table; waited for a table that is being altered.
const changedErrnos: ReadonlySet<number> = new Set([1412, 1054, 1146, 1205]);

function aboutTable(error: unknown, table: string): unknown {
  if (!(error instanceof BackupError) || error.details['table'] !== undefined) return error;
  const errno = serverErrorNumber(error);
  const details = { ...error.details, table };
  if (errno !== undefined && changedErrnos.has(errno)) {
    return new BackupError(
      'schema-changed',
      `Table "${table}" was altered while it was being read (${errno}).`,
      { cause: error, details },
    );
  }
  const answer = errno === undefined ? '' : ` (the server answered ${error.details['serverCode']}, ${errno})`;
  return new BackupError(error.code, `Reading table "${table}" failed${answer}.`, { cause: error, details });
}
