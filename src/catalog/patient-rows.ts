import type { TableReferences } from './table-policy.js';

/** The columns by which rows of one program's tables belong to a patient, as data. */
export interface PatientRows {
  /** The table of patients, and its key. */
  readonly table: string;
  /** The column that identifies patients. */
  readonly key: string;
  /** See `references` of `TablePolicy`. */
  readonly references: TableReferences;
  /** Columns that refer to a patient in every table. */
  readonly named: readonly string[];
  /** Columns that refer to the family of a row: mentioned, and not followed. By table. */
  readonly family: Readonly<Record<string, readonly string[]>>;
  /** References that do not make a row belong to a patient: what they refer to is the office's. By table. */
  readonly notFollowed: Readonly<Record<string, readonly string[]>>;
  /** References that hold only for rows with a certain value in another column. By table and column. */
  readonly onlyWhere: Readonly<Record<string, Readonly<Record<string, OtherColumn>>>>;
}

/** A column and the value that it must have, as text. */
export interface OtherColumn {
  /** Name of the column. */
  readonly column: string;
  /** Its value in such rows. */
  readonly value: string;
}

/** A table that may hold rows of a patient. */
export interface BelongingTable {
  readonly name: string;
  /** 0: refers to the patient directly; 1: refers to a row of such a table; and so on. */
  readonly distance: number;
  /** A row belongs to a patient if any of them applies. */
  readonly ways: readonly Way[];
}

/** A column by which a row belongs to a patient. */
export interface Way {
  readonly column: string;
  /** The table whose row it refers to. */
  readonly to: string;
  readonly onlyWhere?: OtherColumn;
}

/**
 * The tables that hold rows of a patient, each after the tables through which it is reached. A table that
 * refers to patients directly is not reached through others as well: such a row may refer to a row of another
 * patient, and still belongs to the patient that it names.
 *
 * @param columns - the columns of every existing table, by table name in lower case
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
