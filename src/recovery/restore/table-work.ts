import type { TableDescription } from '../../archive/model.js';
import { systemTimeOf } from '../../catalog/system-time.js';
import { type Connection, serverErrorNumber } from '../../database/connection.js';
import { BackupError } from '../../errors.js';
import { type KeyTime, planTable, type TableStatements } from '../ddl/table-statement.js';
import { loadedColumns } from '../load/cells.js';
import { endOfTimeOn, moveOpenEnds } from '../load/open-ends.js';
import { type LoadMethod, openLoader, refusesLoadData, type TableLoader } from '../load/table-loader.js';
import type { RestoreSession } from './session.js';

/** Up to here a table is filled in less time than a further statement takes. */
const FEW_ROWS = 2000;

/** The way rows go in, which may turn out at the first table. */
export class MethodChoice {
  readonly #wish: LoadMethod | 'auto';
  #method: LoadMethod | undefined;

  constructor(wish: LoadMethod | 'auto') {
    this.#wish = wish;
  }

  /** How rows will go in over this session. */
  methodFor(session: RestoreSession): LoadMethod {
    this.#method ??= this.#wish === 'auto' ? (session.localInfile ? 'load-data' : 'insert') : this.#wish;
    return this.#method;
  }

  /** What was chosen. */
  get method(): LoadMethod {
    return this.#method ?? (this.#wish === 'insert' ? 'insert' : 'load-data');
  }

  /**
   * Begins to load a table that exists. When `signal` aborts, whoever waits for the loader is told.
   *
   * @throws BackupError naming the table
   */
  async begin(session: RestoreSession, table: TableDescription, signal: AbortSignal): Promise<TableLoader> {
    const loader = await this.#open(session, table);
    const abandon = () => loader.abandon(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    return {
      write: (batch) => loader.write(batch),
      async finish() {
        try {
          return await loader.finish();
        } finally {
          // The signal outlives the loader and its buffers.
          signal.removeEventListener('abort', abandon);
        }
      },
      abandon: (error) => loader.abandon(error),
    };
  }

  async #open(session: RestoreSession, table: TableDescription): Promise<TableLoader> {
    const method = this.methodFor(session);
    try {
      return withHistory(await openLoader(session, table, method), session, table);
    } catch (error) {
      if (this.#wish !== 'auto' || method === 'insert' || !refusesLoadData(error)) {
        throw aboutTable(error, table.name, 'cannot be loaded');
      }
      this.#method = 'insert';
      return withHistory(await openLoader(session, table, 'insert'), session, table);
    }
  }
}

/** Takes the old versions of a table's rows for what they are, and the current ones too (C3). */
function withHistory(loader: TableLoader, session: RestoreSession, table: TableDescription): TableLoader {
  const end = table.versioned === 'history' ? systemTimeOf(table.createStatement)?.end : undefined;
  if (end === undefined) return loader;
  const column = loadedColumns(table.columns).findIndex(({ name }) => name === end);
  if (column === -1) throw new BackupError('archive-damaged', `Table "${table.name}" has lost its history.`);
  const endOfTime = endOfTimeOn(session);
  return {
    write(batch) {
      moveOpenEnds(batch, column, endOfTime);
      return loader.write(batch);
    },
    finish: () => loader.finish(),
    abandon: (error) => loader.abandon(error),
  };
}

/** Makes an empty table, ready to take rows. @throws BackupError naming the table */
export async function makeTable(
  session: RestoreSession,
  table: TableDescription,
  source: string,
  target: string,
  keys: KeyTime,
): Promise<TableStatements> {
  const { connection } = session;
  const statements = planTable(table, source, target, keys);
  try {
    for (const sequence of sequencesOf(table))
      await connection.query(`CREATE SEQUENCE IF NOT EXISTS ${sequence}`);
    await createOnce(connection, statements.create);
  } catch (error) {
    throw aboutTable(error, table.name, 'cannot be made in the target');
  }
  return statements;
}

/** Tables that refer to each other, made at the same time, can be in each other's way; a table that was not made may be. */
async function createOnce(connection: Connection, create: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.query(create);
      return;
    } catch (error) {
      if (serverErrorNumber(error) !== deadlock || attempt === 5) throw error;
    }
  }
}

const deadlock = 1213;

/** A default may call a sequence, which in a stream comes after the tables (C5). */
function sequencesOf({ createStatement }: TableDescription): readonly string[] {
  const calls = createStatement.matchAll(
    /\bnext(?:val\(|\s+value\s+for\s+)(?:`(?:[^`]|``)*`\.)?(`(?:[^`]|``)*`)/gi,
  );
  return [...calls].map(([, name]) => name!);
}

/**
 * When a table's keys are best made, if all its rows come in one go. A server that loads many rows into an empty MyISAM
 * table with one LOAD DATA builds the keys afterwards by itself; few rows are not worth a statement of their own.
 */
export function keyTimeOf(engine: string, rows: number, method: LoadMethod): KeyTime {
  if (rows < FEW_ROWS) return 'at-once';
  return method === 'load-data' && /^(?:myisam|aria)$/i.test(engine) ? 'at-once' : 'after-rows';
}

/** Says that rows are about to come. @throws BackupError naming the table */
export async function prepareTable(
  session: RestoreSession,
  table: TableDescription,
  statements: TableStatements,
): Promise<void> {
  try {
    for (const sql of statements.before) await session.connection.query(sql);
  } catch (error) {
    throw aboutTable(error, table.name, 'cannot be loaded');
  }
}

/** Gives a loaded table its keys. @throws BackupError naming the table */
export async function finishTable(
  session: RestoreSession,
  table: TableDescription,
  statements: TableStatements,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    for (const sql of statements.after) {
      await session.connection.query(sql, signal === undefined ? {} : { signal });
    }
  } catch (error) {
    throw aboutTable(error, table.name, 'cannot be given its keys');
  }
}

/** @throws BackupError `archive-damaged` or `restore-failed` when a row is missing or too many */
export function checkRows(table: string, expected: number, found: number, taken: number): void {
  if (found !== expected) {
    throw new BackupError(
      'archive-damaged',
      `The archive should hold ${expected} rows of table "${table}" and holds ${found}.`,
      { details: { table, expected, found } },
    );
  }
  if (taken !== expected) {
    throw new BackupError(
      'restore-failed',
      `The target took ${taken} of ${expected} rows of table "${table}".`,
      { details: { table, expected, taken } },
    );
  }
}

/** The same failure with the name of the table it happened to. */
export function aboutTable(error: unknown, table: string, what: string): unknown {
  if (!(error instanceof BackupError) || error.details['table'] !== undefined) return error;
  const { errno, serverCode } = error.details;
  const answer = errno === undefined ? '' : ` (the server answered ${serverCode}, ${errno})`;
  const code = error.code === 'database-query-failed' ? 'restore-failed' : error.code;
  return new BackupError(code, `Table "${table}" ${what}${answer}.`, {
    cause: error,
    details: { ...error.details, table },
  });
}
