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

/** Takes the rows of one table in over one session. */
export interface TableLoader {
  write(batch: ColumnBatch): Promise<void>;
  /**
   * @returns number of rows that the server took
   * @throws BackupError `restore-changed-data`, `restore-failed`, `database-…`
   */
  finish(): Promise<number>;
  /** Gives up; the session is of no more use. */
  abandon(error: unknown): void;
}

/** How rows go in. */
export type LoadMethod = 'insert' | 'load-data';

/** What a loader is told beside the table. */
export interface LoadingContext {
  /** What the table's rows should be, when the server's word leaves a doubt. */
  readonly given: GivenRows;
  /** Milliseconds after which a load that stands still is given up. */
  readonly standstill: number;
  readonly signal: AbortSignal;
}

/** Begins to load a table that exists. */
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
    // Nobody waits for it between two statements.
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

/** Whether a failure means that this server or session takes no LOAD DATA LOCAL at all. */
export function refusesLoadData(error: unknown): boolean {
  // 1148: not allowed with this version or setting. 3948 (MySQL 8) and 4166 (MariaDB): local data is
  // disabled. 2068: rejected on this side.
  return [1148, 3948, 2068, 4166].includes(serverErrorNumber(error) ?? 0);
}
