import type { ColumnBatch } from '../../src/model/column-batch.js';
import type { TableDescription } from '../../src/model/parts.js';
import { loadedColumns } from '../../src/recovery/load/cells.js';
import { keyReader } from '../../src/recovery/records/key-reader.js';
import { type ReadableValue, readableCell } from '../../src/recovery/records/readable-cell.js';
import { webCharacterSets } from '../../src/recovery/records/web-character-sets.js';
import type { Copy, CopyTable } from './copy.js';

const mostKeptBytes: number = 32 * 2 ** 20;
const mostIndexBytes: number = 64 * 2 ** 20;

/** One column part of a table, and how its columns read. */
export interface RowSet {
  readonly rows: number;
  /** Number of its first row in the table, from 0. */
  readonly firstRow: number;
  /** How a column reads; every row is null where the table has no such column. */
  text(column: string): ReadableValue;
  /** Whole numbers of a column; null where it is NULL, text, or not there. */
  number(column: string): (row: number) => bigint | null;
}

/** The rows of an open copy: parts that were read lately are kept, within bounds. */
export class Rows {
  readonly copy: Copy;
  readonly #tables: ReadonlyMap<string, CopyTable>;
  readonly #descriptions = new Map<string, Promise<TableDescription>>();
  readonly #kept = new Map<string, { readonly batch: ColumnBatch; readonly bytes: number }>();
  #keptBytes = 0;
  readonly #indexes = new Map<string, readonly BigInt64Array[]>();
  #indexBytes = 0;

  constructor(copy: Copy) {
    this.copy = copy;
    this.#tables = new Map(copy.tables.map((table) => [table.name, table]));
  }

  has(table: string): boolean {
    return this.#tables.has(table);
  }

  table(name: string): CopyTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new RangeError(`the copy holds no table "${name}"`);
    return table;
  }

  describe(table: string, signal?: AbortSignal): Promise<TableDescription> {
    let described = this.#descriptions.get(table);
    if (described === undefined) {
      described = this.copy.describe(table, signal);
      described.catch(() => this.#descriptions.delete(table));
      this.#descriptions.set(table, described);
    }
    return described;
  }

  async part(table: string, part: number, signal?: AbortSignal): Promise<RowSet> {
    return this.#rowSet(table, part, await this.#batch(table, part, signal), signal);
  }

  async #rowSet(table: string, part: number, batch: ColumnBatch, signal?: AbortSignal): Promise<RowSet> {
    const described = await this.describe(table, signal);
    const { parts } = this.table(table);
    const firstRow = parts.slice(0, part).reduce((sum, rows) => sum + rows, 0);
    return rowSet(described, batch, firstRow);
  }

  /** Every part of a table, in order; nothing of a table that is not there. */
  async *scan(table: string, signal?: AbortSignal): AsyncGenerator<RowSet> {
    const { parts } = this.#tables.get(table) ?? { parts: [] };
    for (let part = 0; part < parts.length; part++) yield this.#passing(table, part, signal);
  }

  /** A part that is looked at once: who reads a whole table needs no part of it twice. */
  async #passing(table: string, part: number, signal?: AbortSignal): Promise<RowSet> {
    return this.#rowSet(table, part, await this.copy.readPart(table, part, signal), signal);
  }

  /**
   * The rows in which a column holds one of some numbers. Where they stand is kept from the first time, so
   * that the next asks only for the parts that hold some.
   *
   * @param numberOf - what is compared; the column's own numbers when absent. The same for every call with
   * that column
   */
  async *where(
    table: string,
    column: string,
    isWanted: (value: bigint) => boolean,
    options: { readonly numberOf?: NumberOf; readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<{ readonly set: RowSet; readonly rows: readonly number[] }> {
    const { numberOf = ownNumber, signal } = options;
    const name = `${table}\0${column}`;
    const known = this.#indexes.get(name);
    const made: BigInt64Array[] = [];
    const { parts } = this.#tables.get(table) ?? { parts: [] };
    for (let part = 0; part < parts.length; part++) {
      let rows = known === undefined ? null : matching(known[part]!, isWanted);
      if (rows !== null && rows.length === 0) continue;
      const set = await (rows === null ? this.#passing(table, part, signal) : this.part(table, part, signal));
      if (rows === null) {
        const values = indexOf(set, column, numberOf);
        made.push(values);
        rows = matching(values, isWanted);
      }
      if (rows.length > 0) yield { set, rows };
    }
    if (known === undefined) this.#keepIndex(name, made);
  }

  #keepIndex(name: string, index: readonly BigInt64Array[]): void {
    const bytes = index.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (this.#indexes.has(name) || this.#indexBytes + bytes > mostIndexBytes) return;
    this.#indexBytes += bytes;
    this.#indexes.set(name, index);
  }

  async #batch(table: string, part: number, signal?: AbortSignal): Promise<ColumnBatch> {
    const name = `${table}\0${part}`;
    const kept = this.#kept.get(name);
    if (kept !== undefined) {
      this.#kept.delete(name);
      this.#kept.set(name, kept);
      return kept.batch;
    }
    const batch = await this.copy.readPart(table, part, signal);
    const bytes = bytesOf(batch);
    if (bytes > mostKeptBytes / 4 || this.#kept.has(name)) return batch;
    this.#kept.set(name, { batch, bytes });
    this.#keptBytes += bytes;
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#keptBytes <= mostKeptBytes) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= bytes;
    }
    return batch;
  }
}

/** Gives the number of a row that an index keeps. */
export type NumberOf = (set: RowSet, column: string) => (row: number) => bigint;

const ownNumber: NumberOf = (set, column) => {
  const read = set.number(column);
  return (row) => read(row) ?? 0n;
};

/** A date or a moment as the number of its day, such as 20260714. */
export const dayNumber: NumberOf = (set, column) => {
  const read = set.text(column);
  return (row) => {
    const text = read(row);
    return text === null ? 0n : BigInt(text.slice(0, 4) + text.slice(5, 7) + text.slice(8, 10) || 0);
  };
};

function indexOf(set: RowSet, column: string, numberOf: NumberOf): BigInt64Array {
  const read = numberOf(set, column);
  const values = new BigInt64Array(set.rows);
  for (let row = 0; row < set.rows; row++) values[row] = read(row);
  return values;
}

function matching(values: BigInt64Array, isWanted: (value: bigint) => boolean): readonly number[] {
  const rows: number[] = [];
  for (let row = 0; row < values.length; row++) if (isWanted(values[row]!)) rows.push(row);
  return rows;
}

function rowSet(table: TableDescription, batch: ColumnBatch, firstRow: number): RowSet {
  const columns = loadedColumns(table.columns);
  const places = new Map(columns.map((column, at) => [column.name, at]));
  const texts = new Map<string, ReadableValue>();
  return {
    rows: batch.rows,
    firstRow,
    text(name) {
      let read = texts.get(name);
      if (read === undefined) {
        const at = places.get(name);
        read =
          at === undefined ? () => null : readableCell(columns[at]!, batch.columns[at]!, webCharacterSets);
        texts.set(name, read);
      }
      return read;
    },
    number(name) {
      const at = places.get(name);
      if (at === undefined) return () => null;
      const read = keyReader(columns[at]!, batch.columns[at]!);
      return (row) => {
        const value = read(row);
        return typeof value === 'bigint' ? value : null;
      };
    },
  };
}

function bytesOf({ columns }: ColumnBatch): number {
  return columns.reduce(
    (sum, column) =>
      sum + column.data.byteLength + (column.kind === 'variable' ? column.lengths.byteLength : 0),
    0,
  );
}
