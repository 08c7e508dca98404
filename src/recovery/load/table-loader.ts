import { serverErrorNumber } from '../../database/server-failures.js';
import type { ColumnBatch } from '../../model/column-batch.js';
import type { TableDescription } from '../../model/parts.js';
import type { RestoreSession } from '../restore/session.js';
import { type LoadedColumn, loadedColumns } from './cells.js';
import { Doubts, type GivenRows } from './doubts.js';
import { InsertWriter } from './insert-writer.js';
import { LoadCommand, sendStatement } from './load-command.js';
import { loadStatement } from './load-statement.js';
import { StandstillWatch } from './standstill.js';
import { TsvWriter } from './tsv-writer.js';

/** Loads the rows of one table over one session. */
export interface TableLoader {
  write(batch: ColumnBatch): Promise<void>;
  /**
   * @returns number of rows that the server accepted
   * @throws BackupError `restore-changed-data`, `restore-failed`, `database-…`
   */
  finish(): Promise<number>;
  /** Ends the load with an error; the session cannot be used any more. */
  abandon(error: unknown): void;
}

/** How rows are loaded. */
export type LoadMethod = 'insert' | 'load-data';

/** What a loader needs besides the table. */
export interface LoadingContext {
  /** The rows that the table should hold, for a comparison after warnings. */
  readonly given: GivenRows;
  /** Milliseconds without progress after which a load fails. */
  readonly standstill: number;
  readonly signal: AbortSignal;
}

/** Starts loading a table that exists. */
export async function openLoader(
  session: RestoreSession,
  table: TableDescription,
  method: LoadMethod,
  context: LoadingContext,
): Promise<TableLoader> {
  const columns = loadedColumns(table.columns);
  const doubts = new Doubts(session, table);
  const watch = new StandstillWatch(session.connection, table.name, context.standstill);
  if (method === 'insert') return new InsertLoader(session, table, columns, doubts, watch, context);
  const statement = loadStatement(table, columns);
  const command = await LoadCommand.begin(session.connection, statement, watch, context.signal);
  return new TsvLoader(command, columns, doubts, context);
}

class TsvLoader implements TableLoader {
  readonly #command: LoadCommand;
  readonly #writer: TsvWriter;
  readonly #doubts: Doubts;
  readonly #context: LoadingContext;

  constructor(
    command: LoadCommand,
    columns: readonly LoadedColumn[],
    doubts: Doubts,
    context: LoadingContext,
  ) {
    this.#command = command;
    this.#writer = new TsvWriter(columns, (buffer, end) => command.send(buffer, end));
    this.#doubts = doubts;
    this.#context = context;
  }

  async write(batch: ColumnBatch): Promise<void> {
    this.#context.given.note(batch);
    this.#writer.write(batch);
    await this.#command.drained();
    if (this.#command.flushed) this.#writer.reclaim();
  }

  async finish(): Promise<number> {
    this.#writer.flush();
    const outcome = await this.#command.finish();
    await this.#doubts.hear(outcome);
    const { given, signal } = this.#context;
    await this.#doubts.settle(given, signal);
    return outcome.rows;
  }

  abandon(error: unknown): void {
    this.#command.fail(error);
  }
}

class InsertLoader implements TableLoader {
  readonly #writer: InsertWriter;
  readonly #doubts: Doubts;
  readonly #context: LoadingContext;
  readonly #abandoned: Promise<never>;
  #abandon: (error: unknown) => void = () => undefined;
  #rows = 0;

  constructor(
    session: RestoreSession,
    table: TableDescription,
    columns: readonly LoadedColumn[],
    doubts: Doubts,
    watch: StandstillWatch,
    context: LoadingContext,
  ) {
    this.#doubts = doubts;
    this.#context = context;
    this.#abandoned = new Promise((_resolve, reject) => {
      this.#abandon = reject;
    });
    // Between two statements it is not awaited.
    this.#abandoned.catch(() => undefined);
    this.#writer = new InsertWriter(table.name, columns, session.maxPacket, async (buffer, end) => {
      const answer = Promise.race([sendStatement(session.connection, buffer, end), this.#abandoned]);
      const outcome = await watch.whileSending(answer);
      this.#rows += outcome.rows;
      await doubts.hear(outcome);
    });
  }

  async write(batch: ColumnBatch): Promise<void> {
    this.#context.given.note(batch);
    await this.#writer.write(batch);
  }

  async finish(): Promise<number> {
    await this.#writer.flush();
    const { given, signal } = this.#context;
    await this.#doubts.settle(given, signal);
    return this.#rows;
  }

  abandon(error: unknown): void {
    this.#abandon(error);
  }
}

/** Whether an error means that this server or session refuses LOAD DATA LOCAL in general. */
export function refusesLoadData(error: unknown): boolean {
  // 1148: not allowed with this version or setting. 3948 (MySQL 8) and 4166 (MariaDB): local data is
  // disabled. 2068: rejected by the client.
  return [1148, 3948, 2068, 4166].includes(serverErrorNumber(error) ?? 0);
}
