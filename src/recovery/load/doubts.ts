import { BackupError } from '../../errors.js';
import type { ColumnBatch } from '../../model/column-batch.js';
import type { TableDescription } from '../../model/parts.js';
import type { RestoreSession } from '../restore/session.js';
import { dataTypeOf } from './cells.js';
import type { LoadOutcome } from './load-command.js';
import { holdsRows } from './read-back.js';
import type { RowsDigest } from './rows-digest.js';
import { digestFor } from './table-digest.js';

/** What the rows of a table should be. */
export interface GivenRows {
  /** Told of every batch as it goes in. */
  note(batch: ColumnBatch): void;
  /** Of all rows that went in so far; undefined when nobody knows. */
  digest(): Promise<RowsDigest | undefined>;
}

/** The rows of a stream come once. Their digest is kept where a server is likely to warn of them. */
export function rememberRows(table: TableDescription): GivenRows {
  const digest = mayBeWarnedOf(table) ? digestFor(table) : undefined;
  return { note: (batch) => digest?.add(batch), digest: async () => digest };
}

/**
 * Columns whose values a server may change with a warning: floating-point numbers with a fixed width, words
 * of an ENUM that it does not know, and columns that it computes.
 */
function mayBeWarnedOf({ columns }: TableDescription): boolean {
  return columns.some(
    (column) =>
      column.form === null ||
      dataTypeOf(column) === 'enum' ||
      ((column.form === 'f32' || column.form === 'f64') && column.type.includes('(')),
  );
}

/** MySQL 9 warns of databases with tables of several storage engines. No value is changed. */
const engineMixture = '6414';

// So many warnings are read at most; the others are only counted.
const listed = 1000;

/**
 * What a server warned of while it took the rows of a table. A warning may mean that it changed what it was
 * given, and may mean nothing at all: so what it holds is read back (F17).
 */
export class Doubts {
  readonly #session: RestoreSession;
  readonly #table: TableDescription;
  readonly #numbers: Map<string, number> = new Map();

  constructor(session: RestoreSession, table: TableDescription) {
    this.#session = session;
    this.#table = table;
  }

  /** Right after the statement. */
  async hear({ warnings }: LoadOutcome): Promise<void> {
    if (warnings === 0) return;
    // Only the numbers are told: the words are in the server's language, and may hold a value.
    const rows = await this.#session.connection.query(`SHOW WARNINGS LIMIT ${listed}`);
    for (const row of rows) this.#count(row['Code'] ?? 'without a number', 1);
    if (warnings > rows.length) this.#count('of kinds that are not listed', warnings - rows.length);
  }

  #count(kind: string, times: number): void {
    if (kind !== engineMixture) this.#numbers.set(kind, (this.#numbers.get(kind) ?? 0) + times);
  }

  /**
   * @throws BackupError `restore-changed-data` when the table does not hold what it was given, or nobody
   *   knows
   */
  async settle(given: GivenRows, signal: AbortSignal): Promise<void> {
    if (this.#numbers.size === 0) return;
    const expected = await given.digest();
    const table = this.#table.name;
    if (expected !== undefined && (await holdsRows(this.#session, this.#table, expected, signal))) return;
    const list = [...this.#numbers].map(([kind, times]) => `${kind} (${times} times)`);
    const what =
      expected === undefined
        ? `The server may have changed values of table "${table}" while taking them, and rows that came as a stream cannot be compared: restore from the archive itself`
        : `The server changed values of table "${table}" while taking them`;
    throw new BackupError('restore-changed-data', `${what}: warning ${list.join(', ')}.`, {
      details: { table, warnings: list },
    });
  }
}
