import type { TableTier } from './model.js';

/**
 * What is known about the tables of one program, and how much of it is asked for: data only. Take
 * a ready-made one and spread it into your own:
 *
 * ```ts
 * const policy = { ...openDentalPolicy, exclude: ['wikilist_*'], budget: { archiveBytes: 1e9 } };
 * ```
 */
export interface TablePolicy {
  /** Names the program and its version, for reports. */
  readonly name: string;
  /** By table name in lower case. */
  readonly tables: TableRules;
  /** Families of tables whose names are made by users or by the program; asked in order, after `tables`. */
  readonly patterns: readonly TablePattern[];
  /** Columns that name a row of another table without a foreign key, by table. */
  readonly references: TableReferences;
  /**
   * Tiers whose rows are kept. Unclassified tables are always kept: an upgrade must not lose a table
   * silently.
   *
   * @defaultValue `critical`, `important` and `optional`
   */
  readonly keep?: readonly TableTier[] | undefined;
  /** Globs (`*`, `?`) of tables to keep whatever their tier. Wins over `exclude`. */
  readonly include?: readonly string[] | undefined;
  /** Globs of tables to leave out whatever their tier. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Keep of append-only logs only what is younger than this day, `YYYY-MM-DD`. Rows without a date are kept.
   *
   * @defaultValue absent: every row
   */
  readonly logsSince?: string | undefined;
  /** Most that the archive may weigh. @defaultValue absent: no limit */
  readonly budget?: SizeBudget | undefined;
}

/** A limit on the size of the archive, kept by a forecast from the data lengths that the server reports. */
export interface SizeBudget {
  /** Bytes of the finished archive. */
  readonly archiveBytes: number;
  /**
   * Part of its data length that a table is expected to weigh in the archive, for tables without a figure of
   * their own.
   *
   * @defaultValue 0.25, on the safe side of what practices measure
   */
  readonly compressedTo?: number | undefined;
}

/** What is known about one table. */
export interface TableRule {
  /** How much the practice needs it. */
  readonly tier: TableTier;
  /** What it holds, and why that makes it so much or so little needed. For people. */
  readonly reason: string;
  /** Append-only log: the column with the day of each row. */
  readonly logDate?: string | undefined;
  /**
   * See {@link SizeBudget.compressedTo}; given where it is far from the rest, as with images held as text.
   */
  readonly compressedTo?: number | undefined;
}

/** Rules by table name. */
export type TableRules = Readonly<Record<string, TableRule>>;

/** A rule for every table whose name fits a glob. */
export interface TablePattern extends TableRule {
  /** Of table names: `*` and `?`. */
  readonly glob: string;
}

/** For each table its referring columns, and the table that each refers to. */
export type TableReferences = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Gives the same tier to several tables, each with its reason. */
export function tier(tier: TableTier, reasons: Readonly<Record<string, string>>): TableRules {
  return Object.fromEntries(Object.entries(reasons).map(([name, reason]) => [name, { tier, reason }]));
}

/** As {@link tier}, for append-only logs: each with the column that holds a row's day. */
export function logs(
  tier: TableTier,
  rules: Readonly<Record<string, readonly [logDate: string, reason: string]>>,
): TableRules {
  return Object.fromEntries(
    Object.entries(rules).map(([name, [logDate, reason]]) => [name, { tier, reason, logDate }]),
  );
}
