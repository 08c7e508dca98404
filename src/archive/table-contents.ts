import { BackupError } from '../errors.js';
import type { DumpSummary, RowsPart, TableDescription } from '../model/parts.js';

/** Counts the parts of each table, in an archive that is written or read. */
export class TableContents {
  readonly #tables: Map<number, { readonly name: string; rows: number; parts: number }> = new Map();

  /** Adds a table. @throws RangeError when its number is taken */
  addTable(table: TableDescription): void {
    if (this.#tables.has(table.index)) throw new RangeError('"parts" has two tables of one number');
    this.#tables.set(table.index, { name: table.name, rows: 0, parts: 0 });
  }

  /** Counts a part. @throws RangeError when its table is unknown, or it is not the table's next part */
  addRows(part: Pick<RowsPart, 'rows' | 'sequence' | 'table'>): void {
    const table = this.#tables.get(part.table);
    if (table === undefined) throw new RangeError('"parts" has rows before their table');
    if (part.sequence !== table.parts + 1) throw new RangeError('"parts" has rows out of order');
    table.parts += 1;
    table.rows += part.rows;
  }

  /** @throws BackupError `dump-incomplete` when a summary has other tables or rows than were counted */
  checkAgainst(summary: DumpSummary): void {
    const promised = new Map(summary.tables.map((table) => [table.index, table]));
    if (promised.size !== summary.tables.length || promised.size !== this.#tables.size) {
      throw new BackupError('dump-incomplete', 'The summary lists other tables than were read.');
    }
    for (const [index, came] of this.#tables) {
      const table = promised.get(index);
      if (table?.name === came.name && table.rows === came.rows && table.parts === came.parts) continue;
      throw new BackupError(
        'dump-incomplete',
        `Of table ${came.name} ${came.rows} rows were read, but the summary says ${table?.rows ?? 'nothing'}.`,
        { details: { table: came.name } },
      );
    }
  }
}
