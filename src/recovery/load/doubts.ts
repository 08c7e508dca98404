import { BackupError } from '../../errors.js';
import type { ColumnBatch } from '../../model/column-batch.js';
import type { TableDescription } from '../../model/parts.js';
import type { RestoreSession } from '../restore/session.js';
import { dataTypeOf } from './cells.js';
import type { LoadOutcome } from './load-command.js';
import { holdsRows } from './read-back.js';
import type { RowsDigest } from './rows-digest.js';
import { digestFor } from './table-digest.js';

/** The rows that a table should hold. */
export interface GivenRows {
  /** Called with every batch that is loaded. */
  note(batch: ColumnBatch): void;
  /** Digest of all rows loaded so far; undefined if it was not kept. */
  digest(): Promise<RowsDigest | undefined>;
}

/** Rows of a stream come only once, so their digest is kept where a server is likely to warn about them. */
export function rememberRows(table: TableDescription): GivenRows {
  const digest = mayBeWarnedOf(table) ? digestFor(table) : undefined;
  return { note: (batch) => digest?.add(batch), digest: async () => digest };
}

/**
 * Whether a server may change values with a warning: of floating-point columns with a fixed width, of ENUM
 * columns with unknown members, and of generated columns.
 */
function mayBeWarnedOf({ columns }: TableDescription): boolean {
  return columns.some(
    (column) =>
      column.form === null ||
      dataTypeOf(column) === 'enum' ||
      ((column.form === 'f32' || column.form === 'f64') && column.type.includes('(')),
  );
}

/** MySQL 9 warns about databases with tables of several storage engines. No value is changed. */
const engineMixture = '6414';

// Most warnings that are read; the others are only counted.
const listed = 1000;

/**
 * The warnings of a server while it took the rows of a table. A warning may mean that it changed values, or
 * nothing at all, so the table is read back (F17).
 */
export class Doubts {
  readonly #session: RestoreSession;
  readonly #table: TableDescription;
  readonly #numbers: Map<string, number> = new Map();

  constructor(session: RestoreSession, table: TableDescription) {
    this.#session = session;
    this.#table = table;
  }

  /** Called directly after the statement. */
  async hear({ warnings }: LoadOutcome): Promise<void> {
    if (warnings === 0) return;
    // Only the numbers are kept: the text is in the server's language and may hold a value.
    const rows = await this.#session.connection.query(`SHOW WARNINGS LIMIT ${listed}`);
    for (const row of rows) this.#count(row['Code'] ?? 'without a number', 1);
    if (warnings > rows.length) this.#count('of kinds that are not listed', warnings - rows.length);
  }

  #count(kind: string, times: number): void {
    if (kind !== engineMixture) this.#numbers.set(kind, (this.#numbers.get(kind) ?? 0) + times);
  }

  /**
   * @throws BackupError `restore-changed-data` when the table does not hold the rows it should, or that
   *   cannot be determined
   */
  async settle(given: GivenRows, signal: AbortSignal): Promise<void> {
    if (this.#numbers.size === 0) return;
    const expected = await given.digest();
    const table = this.#table.name;
    if (expected !== undefined && (await holdsRows(this.#session, this.#table, expected, signal))) return;
    const list = [...this.#numbers].map(([kind, times]) => `${kind} (${times} times)`);
    const what =
      expected === undefined
        ? `The server may have changed values of table "${table}" while taking them. Rows from a stream cannot be read again for a comparison: restore from the archive itself`
        : `The server changed values of table "${table}" while taking them`;
    throw new BackupError('restore-changed-data', `${what}: warning ${list.join(', ')}.`, {
      details: { table, warnings: list },
    });
  }
}
