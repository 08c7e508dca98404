import { unpackRows } from '../../../src/columns/pack.js';
import { type ColumnBatch, type ColumnValues, widthOf } from '../../../src/model/column-batch.js';
import type { Part, TableDescription, ValueForm } from '../../../src/model/parts.js';

/** What an archive holds, as plain JSON that any reader can be held against. */
export interface Rendered {
  readonly database: unknown;
  readonly tables: readonly {
    readonly table: TableDescription;
    /**
     * Rows of values: numbers of every width as decimal text of their unsigned bits, others in hexadecimal.
     */
    readonly rows: readonly (readonly (string | null)[])[];
  }[];
  readonly objects: unknown;
  readonly leftOut: unknown;
}

/** Renders all parts of a dump. */
export async function render(parts: AsyncIterable<Part>): Promise<Rendered> {
  let database: unknown;
  let objects: unknown;
  let leftOut: unknown;
  const tables = new Map<number, { table: TableDescription; rows: (string | null)[][] }>();
  for await (const part of parts) {
    if (part.kind === 'database') database = part.database;
    if (part.kind === 'table') tables.set(part.table.index, { table: part.table, rows: [] });
    if (part.kind === 'rows') {
      const { table, rows } = tables.get(part.table)!;
      const forms = table.columns.flatMap(({ form }) => (form === null ? [] : [form]));
      rows.push(...renderRows(await unpackRows(part, forms), forms));
    }
    if (part.kind === 'objects') objects = part.objects;
    if (part.kind === 'summary') leftOut = part.summary.leftOut;
  }
  return { database, tables: [...tables.values()], objects, leftOut };
}

function renderRows(batch: ColumnBatch, forms: readonly ValueForm[]): (string | null)[][] {
  const columns = batch.columns.map((column, i) => renderColumn(column, forms[i]!));
  return Array.from({ length: batch.rows }, (_, row) => columns.map((column) => column[row]!));
}

function renderColumn(column: ColumnValues, form: ValueForm): (string | null)[] {
  const width = widthOf(form);
  const rows = column.kind === 'fixed' ? column.data.length / column.width : column.lengths.length;
  let at = 0;
  return Array.from({ length: rows }, (_, row) => {
    const length = column.kind === 'fixed' ? width : column.lengths[row]!;
    const value = Buffer.from(column.data.subarray(at, at + length));
    at += length;
    if (column.nulls !== null && ((column.nulls[row >> 3]! >> (row & 7)) & 1) !== 0) return null;
    return width === 0 ? value.toString('hex') : BigInt(`0x${value.reverse().toString('hex')}`).toString();
  });
}
