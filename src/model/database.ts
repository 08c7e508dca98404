/** The database and the server it was read from. */
export interface DatabaseDescription {
  /** As the server has it. */
  readonly name: string;
  /** As `SHOW CREATE DATABASE` gave it. */
  readonly createStatement: string;
  /** Default character set. */
  readonly characterSet: string;
  /** Default collation. */
  readonly collation: string;
  /** The server it was read from. */
  readonly server: ServerDescription;
  /**
   * The tables that follow, the most needed first, so that a truncated archive says what it lacks. Not in
   * archives of the first version of the format.
   */
  readonly tables?: readonly PromisedTable[];
  /** How many more tables follow that `tables` had no room for. */
  readonly unlistedTables?: number;
}

/** A table that an archive announces. */
export interface PromisedTable {
  /** {@link TableDescription.index} of the table. */
  readonly index: number;
  /** As the server has it. */
  readonly name: string;
  /** How much it is needed, by the policy: `critical`, `important` … */
  readonly tier: string;
}

/** The server a dump was read from. */
export interface ServerDescription {
  /** Which of the two families. */
  readonly vendor: 'mariadb' | 'mysql';
  /** `VERSION()`, such as `10.11.19-MariaDB-0+deb12u1`. */
  readonly version: string;
  /** Global `sql_mode`. */
  readonly sqlMode: string;
  /** Global `time_zone` and `system_time_zone`. */
  readonly timeZone: string;
  /** `@@system_time_zone`. */
  readonly systemTimeZone: string;
  /** `@@character_set_server`. */
  readonly characterSet: string;
  /** `@@collation_server`. */
  readonly collation: string;
  /** Global `lower_case_table_names`: 0, 1 or 2. */
  readonly lowerCaseTableNames: number;
  /**
   * Global variables, by name, that decide what a definition means or what it computes (C15). Since format
   * 1.1.
   */
  readonly variables?: Readonly<Record<string, string>>;
}

/** One table. */
export interface TableDescription {
  /** 1, 2, 3 …; names the table inside the archive, where no identifier is ever part of a file name (C13). */
  readonly index: number;
  /** As the server has it. */
  readonly name: string;
  /** Storage engine, such as `MyISAM`. */
  readonly engine: string;
  /** As `SHOW CREATE TABLE` gave it. */
  readonly createStatement: string;
  /** All columns in order, also those whose values are not kept. */
  readonly columns: readonly ColumnDescription[];
  /** Names of the primary key's columns, in key order; empty without one. */
  readonly primaryKey: readonly string[];
  /**
   * Why no rows are kept although the table is: data lives elsewhere (MERGE, FEDERATED …). Absent when rows
   * are kept.
   */
  readonly definitionOnly?: string;
  /** Which rows were asked for, when not all. */
  readonly rowFilter?: RowFilter;
  /** How much of a system-versioned table was read; absent for ordinary tables (C3). */
  readonly versioned?: 'current' | 'history';
  /**
   * What was stored in generated columns that depend on the session they were computed in. Since format 1.1.
   */
  readonly computed?: ComputedContent;
}

/** Values that the target computes again, and their expected hash (C1). */
export interface ComputedContent {
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** Sum over all rows of 64 bits of a SHA-256 of their values; decimal text. */
  readonly hash: string;
  /** The `time_zone` in which all of them are computed as stored; absent when there is none. */
  readonly timeZone?: string;
}

/** A restriction to some rows of an append-only table. */
export interface RowFilter {
  /** SQL condition over the table's own columns. From an archive it is text for people, and never run. */
  readonly where: string;
  /** For people. */
  readonly reason: string;
  /** The meaning of `where` as data; absent where it means something else. Since format 1.1. */
  readonly dates?: DateFilter;
}

/** Which rows of an append-only table are kept. */
export interface DateFilter {
  /** A column of type DATE, DATETIME or TIMESTAMP; the last is compared in UTC, as it is kept. */
  readonly column: string;
  /** First day that is kept, `YYYY-MM-DD`. */
  readonly since: string;
  /** Days before this one mean that there is no date, and such rows are kept, as those with NULL are. */
  readonly unsetBefore: string;
}

/** One column. */
export interface ColumnDescription {
  /** As in the definition. */
  readonly name: string;
  /** Full type, such as `bigint(20) unsigned`. */
  readonly type: string;
  /** Null for types without one. */
  readonly characterSet: string | null;
  /** Whether it may hold NULL. */
  readonly nullable: boolean;
  /**
   * How the values are stored in column parts; null for generated columns, which the target computes again
   * (C1).
   */
  readonly form: ValueForm | null;
}

/**
 * How a column's values are stored in a column part: as the server's binary protocol sends them.
 *
 * - `i8` … `u64`, `f32`, `f64`: little-endian, fixed width (MEDIUMINT as 32 bits, YEAR as `u16`, ENUM and SET
 *   as their number in `u64`, so that the ENUM error value survives: V13)
 * - `date`, `datetime`: 0, 4, 7 or 11 bytes: year (2), month, day, hour, minute, second, microsecond (4);
 *   empty is all zeros. TIMESTAMP is `datetime` in UTC (S5)
 * - `time`: 0, 8 or 12 bytes: sign (1 is negative), days (4), hour, minute, second, microsecond (4)
 * - `bytes`: everything else, in the column's own character set: text, binary, DECIMAL, JSON, BIT, GEOMETRY
 *   (SRID and WKB), INET6, UUID …
 */
export type ValueForm =
  | 'bytes'
  | 'date'
  | 'datetime'
  | 'f32'
  | 'f64'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'i8'
  | 'time'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'u8';

/** What kind of object beside the tables. */
export type SchemaObjectKind =
  | 'event'
  | 'function'
  | 'package'
  | 'package-body'
  | 'procedure'
  | 'sequence'
  | 'trigger'
  | 'view';

/** An object beside the tables, and the settings it must be created with (O7). */
export interface SchemaObject {
  /** View, trigger, routine, event and so on. */
  readonly kind: SchemaObjectKind;
  /** Within its database. */
  readonly name: string;
  /** As `SHOW CREATE …` gave it. */
  readonly createStatement: string;
  /**
   * The statement as its client sent it, in `characterSetClient`: base64. Where `createStatement` cannot hold
   * it only, as it is no text in that character set. Since format 1.1.
   */
  readonly createStatementBytes?: string;
  /** `user@host`, when the object has one. */
  readonly definer?: string;
  /** `sql_mode` that it was made with. */
  readonly sqlMode?: string;
  /** `character_set_client` that it was made with. */
  readonly characterSetClient?: string;
  /** `collation_connection` that it was made with. */
  readonly collationConnection?: string;
  /** Collation that its database had. */
  readonly databaseCollation?: string;
  /** Events only. */
  readonly timeZone?: string;
  /** Events: `ENABLED`, `DISABLED`, `SLAVESIDE_DISABLED` … as found. */
  readonly status?: string;
  /** Triggers: their table, and `ACTION_ORDER` among those of the same time and event (O5). */
  readonly table?: string;
  /** Of a trigger among those of its table and moment. */
  readonly actionOrder?: number;
  /** Sequences: the value to continue with (O13), as decimal text. */
  readonly nextValue?: string;
  /** What is wrong with it already at the source, such as a view whose base table is gone (O2). */
  readonly brokenAtSource?: string;
}
