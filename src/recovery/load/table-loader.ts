import type { ColumnBatch } from '../../archive/column-batch.js';
import type { TableDescription } from '../../archive/model.js';
import { quoteName } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { BackupError } from '../../errors.js';
import type { RestoreSession } from '../restore/session.js';
import { dataTypeOf, type LoadedColumn, loadedColumns } from './cells.js';
import { InsertWriter, textOnly } from './insert-writer.js';
import { LoadCommand, type LoadOutcome, sendStatement } from './load-command.js';
import { TSV_CLAUSE, TsvWriter } from './tsv-writer.js';

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

/** Begins to load a table that exists. */
export async function openLoader(
  session: RestoreSession,
  table: TableDescription,
  method: LoadMethod,
): Promise<TableLoader> {
  const columns = loadedColumns(table.columns);
  const check = new WarningCheck(session, table, columns);
  if (method === 'insert') return new InsertLoader(session, table, columns, check);
  const command = await LoadCommand.begin(session.connection, loadStatement(table.name, columns));
  return new TsvLoader(command, columns, check);
}

function loadStatement(table: string, columns: readonly LoadedColumn[]): string {
  const targets: string[] = [];
  const assignments: string[] = [];
  for (const [i, column] of columns.entries()) {
    const expression = conversionOf(column, `@v${i}`);
    if (expression === undefined) {
      targets.push(quoteName(column.name));
    } else {
      targets.push(`@v${i}`);
      assignments.push(`${quoteName(column.name)} = ${expression}`);
    }
  }
  const set = assignments.length === 0 ? '' : ` SET ${assignments.join(', ')}`;
  // The file name is never looked at.
  return `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${quoteName(table)} ${TSV_CLAUSE} (${targets.join(', ')})${set}`;
}

/** For types whose text is not read as the value it stands for. */
function conversionOf(column: LoadedColumn, variable: string): string | undefined {
  const dataType = dataTypeOf(column);
  // Text of digits may be the name of a member, a number is always its number (V13).
  if (dataType === 'enum' || dataType === 'set') return `CAST(${variable} AS UNSIGNED)`;
  const characterSet = textOnly(dataType);
  return characterSet === undefined ? undefined : `CONVERT(${variable} USING ${characterSet})`;
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
  #rows = 0;

  constructor(
    session: RestoreSession,
    table: TableDescription,
    columns: readonly LoadedColumn[],
    check: WarningCheck,
  ) {
    this.#check = check;
    this.#writer = new InsertWriter(table.name, columns, session.maxPacket, async (buffer, end) => {
      const outcome = await sendStatement(session.connection, buffer, end);
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

  abandon(): void {
    // Nothing is under way between two statements.
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
