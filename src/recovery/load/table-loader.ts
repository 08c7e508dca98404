import type { ColumnBatch } from '../../archive/column-batch.js';
import type { TableDescription } from '../../archive/model.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { BackupError } from '../../errors.js';
import type { RestoreSession } from '../restore/session.js';
import { dataTypeOf, type LoadedColumn, loadedColumns } from './cells.js';
import { InsertWriter } from './insert-writer.js';
import { LoadCommand, type LoadOutcome, sendStatement } from './load-command.js';
import { loadStatement } from './load-statement.js';
import { Patience } from './standstill.js';
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

/** How a server is waited for. */
export interface LoadingLimits {
  /** Milliseconds after which a load that stands still is given up. */
  readonly standstill: number;
  readonly signal: AbortSignal;
}

/** Begins to load a table that exists. */
export async function openLoader(
  session: RestoreSession,
  table: TableDescription,
  method: LoadMethod,
  { standstill, signal }: LoadingLimits,
): Promise<TableLoader> {
  const columns = loadedColumns(table.columns);
  const check = new WarningCheck(session, table, columns);
  const patience = new Patience(session.connection, table.name, standstill);
  if (method === 'insert') return new InsertLoader(session, table, columns, check, patience);
  const statement = loadStatement(table, columns);
  const command = await LoadCommand.begin(session.connection, statement, patience, signal);
  return new TsvLoader(command, columns, check);
}

class TsvLoader implements TableLoader {
  readonly #command: LoadCommand;
  readonly #writer: TsvWriter;
  readonly #check: WarningCheck;

  constructor(command: LoadCommand, columns: readonly LoadedColumn[], check: WarningCheck) {
    this.#command = command;
    this.#writer = new TsvWriter(columns, (buffer, end) => command.send(buffer, end));
    this.#check = check;
  }

  async write(batch: ColumnBatch): Promise<void> {
    this.#check.expect(batch);
    this.#writer.write(batch);
    await this.#command.drained();
    if (this.#command.flushed) this.#writer.reclaim();
  }

  async finish(): Promise<number> {
    this.#writer.flush();
    const outcome = await this.#command.finish();
    await this.#check.examine(outcome);
    return outcome.rows;
  }

  abandon(error: unknown): void {
    this.#command.fail(error);
  }
}

class InsertLoader implements TableLoader {
  readonly #writer: InsertWriter;
  readonly #check: WarningCheck;
  readonly #abandoned: Promise<never>;
  #abandon: (error: unknown) => void = () => undefined;
  #rows = 0;

  constructor(
    session: RestoreSession,
    table: TableDescription,
    columns: readonly LoadedColumn[],
    check: WarningCheck,
    patience: Patience,
  ) {
    this.#check = check;
    this.#abandoned = new Promise((_resolve, reject) => {
      this.#abandon = reject;
    });
    // Nobody waits for it between two statements.
    this.#abandoned.catch(() => undefined);
    this.#writer = new InsertWriter(table.name, columns, session.maxPacket, async (buffer, end) => {
      const answer = Promise.race([sendStatement(session.connection, buffer, end), this.#abandoned]);
      const outcome = await patience.whileSending(answer);
      this.#rows += outcome.rows;
      await check.examine(outcome);
    });
  }

  async write(batch: ColumnBatch): Promise<void> {
    this.#check.expect(batch);
    await this.#writer.write(batch);
  }

  async finish(): Promise<number> {
    await this.#writer.flush();
    return this.#rows;
  }

  abandon(error: unknown): void {
    this.#abandon(error);
  }
}

/** MySQL 9 thinks nothing of databases with tables of several engines, and says so; no value is changed. */
const engineMixture = '6414';

/** Warnings are failures: they mean that the server changed what it was given (F17). */
class WarningCheck {
  readonly #session: RestoreSession;
  readonly #table: string;
  readonly #enums: ReadonlyMap<number, string>;
  #expected = 0;

  constructor(session: RestoreSession, table: TableDescription, columns: readonly LoadedColumn[]) {
    this.#session = session;
    this.#table = table.name;
    this.#enums = new Map(
      columns.flatMap((column, i) => (dataTypeOf(column) === 'enum' ? [[i, column.name] as const] : [])),
    );
  }

  /** ENUM's error value goes in as it is, but not without a warning each (V13). */
  expect(batch: ColumnBatch): void {
    for (const i of this.#enums.keys()) {
      const { data, nulls } = batch.columns[i]!;
      for (let row = 0; row < batch.rows; row++) {
        if (data[8 * row] !== 0 || data[8 * row + 1] !== 0) continue;
        if (nulls === null || (nulls[row >> 3]! & (1 << (row & 7))) === 0) this.#expected++;
      }
    }
  }

  async examine(outcome: LoadOutcome): Promise<void> {
    if (outcome.warnings === 0) return;
    const rows = await this.#session.connection.query('SHOW WARNINGS');
    const enums = new Set(this.#enums.values());
    const seen = new Map<string, number>();
    for (const row of rows) {
      if (row['Code'] === engineMixture) continue;
      // The message itself may hold a value.
      const column = /column '([^']*)'/.exec(row['Message'] ?? '')?.[1] ?? '';
      if (row['Code'] === '1265' && enums.has(column) && this.#expected > 0) {
        this.#expected--;
        continue;
      }
      const key = `${row['Code']}${column === '' ? '' : ` in column "${column}"`}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    // A server lists so many warnings and no more. The others are those of ENUM's error value, or they are too many.
    const unseen = outcome.warnings - rows.length;
    if (unseen > this.#expected) seen.set('of a kind that the server does not list', unseen);
    else if (unseen > 0) this.#expected -= unseen;
    if (seen.size === 0) return;
    const list = [...seen].map(([key, count]) => `${key} (${count} times)`);
    throw new BackupError(
      'restore-changed-data',
      `The server changed values of table "${this.#table}" while taking them: warning ${list.join(', ')}.`,
      { details: { table: this.#table, warnings: list } },
    );
  }
}

/** Whether a failure means that this server or session takes no LOAD DATA LOCAL at all. */
export function refusesLoadData(error: unknown): boolean {
  // Not allowed with this version or setting; disabled on the server's side (MySQL 8).
  return [1148, 3948, 2068, 4166].includes(serverErrorNumber(error) ?? 0);
}
