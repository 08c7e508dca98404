import type { TableTier } from './model.js';

/**
 * What is known about the tables of one program, and how much of it to keep: data only. Spread a ready-made
 * policy into your own:
 *
 * ```ts
 * const policy = { ...openDentalPolicy, exclude: ['wikilist_*'], budget: { archiveBytes: 1e9 } };
 * ```
 */
export interface TablePolicy {
  /** Name and version of the program, for reports. */
  readonly name: string;
  /** By table name in lower case. */
  readonly tables: TableRules;
  /** Rules for tables whose names are made by users or by the program. Tried in order, after `tables`. */
  readonly patterns: readonly TablePattern[];
  /** Columns that refer to a row of another table without a foreign key, by table. */
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
   * Of append-only logs, keep only rows of this day, `YYYY-MM-DD`, or later. Rows without a date are kept.
   *
   * @defaultValue absent: every row
   */
  readonly logsSince?: string | undefined;
  /** Limit for the size of the archive. @defaultValue absent: no limit */
  readonly budget?: SizeBudget | undefined;
}

/**
 * A limit on the size of the archive, applied to a forecast from the data lengths that the server reports.
 */
export interface SizeBudget {
  /** Bytes of the finished archive. */
  readonly archiveBytes: number;
  /**
   * Expected size in the archive divided by the table's data length, for tables without a figure of their
   * own.
   *
   * @defaultValue 0.25, more than practices measure
   */
  readonly compressedTo?: number | undefined;
}

/** What is known about one table. */
export interface TableRule {
  /** How much the practice needs it. */
  readonly tier: TableTier;
  /** What it holds, and why it has that tier. For people. */
  readonly reason: string;
  /** Append-only log: the column with the day of each row. */
  readonly logDate?: string | undefined;
  /**
   * See {@link SizeBudget.compressedTo}; given where it differs much from the default, as for images stored
   * as text.
   */
  readonly compressedTo?: number | undefined;
}

/** Rules by table name. */
export type TableRules = Readonly<Record<string, TableRule>>;

/** A rule for every table whose name matches a glob. */
export interface TablePattern extends TableRule {
  /** Glob of table names: `*` and `?`. */
  readonly glob: string;
}

/** For each table its referring columns, and the table that each refers to. */
export type TableReferences = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Gives the same tier to several tables, each with its reason. */
export function tier(tier: TableTier, reasons: Readonly<Record<string, string>>): TableRules {
  return Object.fromEntries(Object.entries(reasons).map(([name, reason]) => [name, { tier, reason }]));
}

/** Like {@link tier}, for append-only logs: each with the column that holds a row's day. */
export function logs(
  tier: TableTier,
  rules: Readonly<Record<string, readonly [logDate: string, reason: string]>>,
): TableRules {
  return Object.fromEntries(
    Object.entries(rules).map(([name, [logDate, reason]]) => [name, { tier, reason, logDate }]),
  );
}
