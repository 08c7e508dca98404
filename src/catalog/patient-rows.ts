import type { TableReferences } from './table-policy.js';

/** By what the rows of one program belong to a patient: data only. */
export interface PatientRows {
  /** The table of patients, and its key. */
  readonly table: string;
  /** The column that numbers patients. */
  readonly key: string;
  /** See `references` of `TablePolicy`. */
  readonly references: TableReferences;
  /** Columns that name a patient in whatever table they stand. */
  readonly named: readonly string[];
  /** Columns that name the family of a row: told, and not followed. By table. */
  readonly family: Readonly<Record<string, readonly string[]>>;
  /** References that make no row belong to anybody: what they lead to is the office's. By table. */
  readonly notFollowed: Readonly<Record<string, readonly string[]>>;
  /** References that hold only for some rows: those with a value in another column. By table and column. */
  readonly onlyWhere: Readonly<Record<string, Readonly<Record<string, OtherColumn>>>>;
}

/** A column and the value that it must have, as text. */
export interface OtherColumn {
  /** Name of the column. */
  readonly column: string;
  /** What it holds in such rows. */
  readonly value: string;
}

/** A table that may hold rows of a patient. */
export interface BelongingTable {
  readonly name: string;
  /** 0: names the patient itself; 1: names a row of such a table; and so on. */
  readonly distance: number;
  /** Any of them makes a row belong. */
  readonly ways: readonly Way[];
}

/** A column by which a row belongs to a patient. */
export interface Way {
  readonly column: string;
  /** The table whose row it names. */
  readonly to: string;
  readonly onlyWhere?: OtherColumn;
}

/**
 * The tables that hold rows of a patient, in an order in which each comes after those it is reached by. A
 * table that names patients itself is asked for nothing else: its row may hang on another one's, and is still
 * whose it says.
 *
 * @param columns - the columns of every table that there is, by table in lower case
 */
export function belongingTables(
  rows: PatientRows,
  columns: ReadonlyMap<string, readonly string[]>,
): readonly BelongingTable[] {
  const found = new Map<string, BelongingTable>();
  const waysOf = (name: string, isReached: (to: string) => boolean): readonly Way[] =>
    (columns.get(name) ?? []).flatMap((column) => {
      const to = rows.named.includes(column) ? rows.table : rows.references[name]?.[column];
      if (to === undefined || !isReached(to)) return [];
      if (rows.notFollowed[name]?.includes(column) || rows.family[name]?.includes(column)) return [];
      const onlyWhere = rows.onlyWhere[name]?.[column];
      return [{ column, to, ...(onlyWhere === undefined ? {} : { onlyWhere }) }];
    });
  if (columns.has(rows.table)) {
    found.set(rows.table, { name: rows.table, distance: 0, ways: [{ column: rows.key, to: rows.table }] });
  }
  let reached: ReadonlySet<string> = new Set([rows.table]);
  for (let distance = 0; ; distance++) {
    const added: BelongingTable[] = [];
    for (const name of columns.keys()) {
      const ways = found.has(name) ? [] : waysOf(name, (to) => reached.has(to));
      if (ways.length > 0) added.push({ name, distance, ways });
    }
    if (added.length === 0) return [...found.values()];
    for (const table of added) found.set(table.name, table);
    reached = new Set(found.keys());
  }
}
