/**
 * What travels between the rooms: a database as a sequence of parts. `dumpDatabase` makes parts,
 * `encryptArchive` seals them, `decryptArchive` gives them back and `restoreDatabase` takes them. All
 * descriptions are plain JSON; rows are compressed column parts, which pass through unopened.
 *
 * Order: one `database`, then for each table its `table` before its `rows` (tables may interleave), then
 * `objects`, then `summary`, last.
 */
export type Part = DatabasePart | TablePart | RowsPart | ObjectsPart | SummaryPart;

/** First: the database as a whole (`database.json`). */
export interface DatabasePart {
  readonly kind: 'database';
  /** The database and its server. */
  readonly database: DatabaseDescription;
}

/** A table's definition (`tables/NNNN/table.json`), before its rows. */
export interface TablePart {
  readonly kind: 'table';
  /** Its definition, and how its rows come. */
  readonly table: TableDescription;
}

/**
 * A run of consecutive rows of one table (`tables/NNNN/NNNNNN.cols.gz`): one gzip member holding one column
 * part.
 */
export interface RowsPart {
  readonly kind: 'rows';
  /** {@link TableDescription.index} of the table. */
  readonly table: number;
  /** 1, 2, 3 … within the table. */
  readonly sequence: number;
  /** Rows in this part. */
  readonly rows: number;
  /** Size of the column part before compression, in bytes. */
  readonly plainBytes: number;
  /** SHA-256 of `data`, lower-case hex. */
  readonly sha256: string;
  /** The gzip member. */
  readonly data: Uint8Array;
}

/** Views, triggers, routines, events, sequences (`objects.json`). */
export interface ObjectsPart {
  readonly kind: 'objects';
  /** Each with its definition. */
  readonly objects: readonly SchemaObject[];
}

/**
 * Last: what was obtained. `encryptArchive` writes it as `manifest.json`; read back it is a {@link Manifest}.
 */
export interface SummaryPart {
  readonly kind: 'summary';
  /** What was obtained. */
  readonly summary: DumpSummary | Manifest;
}

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
   * The tables that are to follow, the most needed first, so that an archive that is cut off says what is
   * absent. Not in archives of the first version of the format.
   */
  readonly tables?: readonly PromisedTable[];
  /** How many more tables follow that `tables` had no room for. */
  readonly unlistedTables?: number;
}

/** A table that an archive says it will hold. */
export interface PromisedTable {
  /** {@link TableDescription.index} of the table. */
  readonly index: number;
  /** As the server has it. */
  readonly name: string;
  /** How much it is needed, in the words of the policy: `critical`, `important` … */
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

/** Values that the target computes again, and what they must come to (C1). */
export interface ComputedContent {
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** Sum over all rows of 64 bits of a SHA-256 of their values; decimal text. */
  readonly hash: string;
  /** The `time_zone` in which all of them come out as they are stored; absent when there is none. */
  readonly timeZone?: string;
}

/** A restriction to some rows of an append-only table. */
export interface RowFilter {
  /** SQL condition over the table's own columns. From an archive it is text for people, and never run. */
  readonly where: string;
  /** For people. */
  readonly reason: string;
  /** What `where` says, as data; absent where it says something else. Since format 1.1. */
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
   * How the values stand in column parts; null for generated columns, which the target computes again (C1).
   */
  readonly form: ValueForm | null;
}

/**
 * How a column's values stand in a column part: as the server's binary protocol sends them.
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

/** What a dump obtained. */
export interface DumpSummary {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** When the snapshot was taken: locks granted or transaction opened. */
  readonly snapshotAt: string;
  /** When the last row was read; ISO 8601, UTC. */
  readonly finishedAt: string;
  /** How alike in time the tables are. */
  readonly consistency: Consistency;
  /** Seconds during which the office could not write to some table. */
  readonly lockSeconds: number;
  /** Replication position of the snapshot, when the server keeps one and lets us see it (K7). */
  readonly position?: Readonly<Record<string, string>>;
  /** Each table that was read. */
  readonly tables: readonly TableSummary[];
  /** Everything that exists and is not in the archive, each with its reason (R5). */
  readonly leftOut: readonly LeftOut[];
  /** What is worth knowing of it. */
  readonly warnings: readonly DumpWarning[];
}

/** How alike in time the tables are. */
export type Consistency =
  | { readonly kind: 'consistent'; readonly by: 'lock' | 'lock-and-snapshot' | 'snapshot' }
  | { readonly kind: 'per-table'; readonly reason: string };

/** What was read of one table. */
export interface TableSummary {
  /** Its number in the archive. */
  readonly index: number;
  /** As the server has it. */
  readonly name: string;
  /** Storage engine. */
  readonly engine: string;
  /** Rows that were read. */
  readonly rows: number;
  /** Number of column parts. */
  readonly parts: number;
  /** Sizes of the column parts together, before and after compression, in bytes. */
  readonly plainBytes: number;
  /** Size of those in the archive. */
  readonly storedBytes: number;
  /** Present when the table is not complete and the caller allowed that: what is known about it (F9). */
  readonly incomplete?: string;
}

/** Something that exists at the source and is not in the archive. */
export interface LeftOut {
  /** What was left out. */
  readonly kind: 'table' | 'users' | SchemaObjectKind;
  /** As the server has it. */
  readonly name: string;
  /** For people. */
  readonly reason: string;
}

/** Something a person should know about the copy, though it is complete. */
export interface DumpWarning {
  /** Stable, kebab-case. */
  readonly code: string;
  /** For people; holds no row value. */
  readonly message: string;
  /** The table it is about; absent where it is about more. */
  readonly table?: string;
}

/** `manifest.json`, the last entry: the summary and the place of every entry. */
export interface Manifest extends DumpSummary {
  /** Version of the format. */
  readonly format: FormatVersion;
  /** As in the label. */
  readonly archiveId: string;
  /** Ties every file to this archive: random, and only inside the seal. Absent in archives before 1.2. */
  readonly contentId?: string | undefined;
  /** Everything, or the critical tables. */
  readonly scope: ArchiveScope;
  /** Each file of the archive, in order. */
  readonly entries: readonly ManifestEntry[];
}

/**
 * Version of the archive format. Readers refuse a higher major, and ignore what they do not know of a higher
 * minor.
 */
export interface FormatVersion {
  /** A reader knows it or refuses the archive. */
  readonly major: number;
  /** Whatever is new in it can be passed over. */
  readonly minor: number;
}

/** One entry of the tar. */
export interface ManifestEntry {
  /** Of the file in the tar. */
  readonly name: string;
  /** Where its content starts in the plaintext, in bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
  /** SHA-256 of the content, lower-case hex. */
  readonly sha256: string;
  /** For column parts. */
  readonly rows?: number;
}

/** Whether an archive holds the critical tables or everything. */
export type ArchiveScope = 'critical' | 'full';

/** What stands readable on the outside of every archive. Names no patient, no table and no count. */
export interface Label {
  /** Version of the format. */
  readonly format: FormatVersion;
  /** Random, unique: 32 lower-case hex digits. */
  readonly archiveId: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Whose database it is. */
  readonly practiceId: string;
  /** Name of the database. */
  readonly database: string;
  /** Everything, or the critical tables. */
  readonly scope: ArchiveScope;
  /** Whose password opens it; absent when sealed to plain recipients only. */
  readonly keyHolder?: KeyHolder;
  /** The ways from a password to the identity. Empty when sealed to plain recipients only. */
  readonly unlock: readonly Unlock[];
  /** The recovery kits that open it as well; absent when none do. Since format 1.3. */
  readonly recoveryKits?: readonly LabelKit[];
}

/** A recovery kit on paper that opens an archive. */
export interface LabelKit {
  /** As on its sheets: eight lower-case hex digits. */
  readonly id: string;
  /** When it was made; ISO 8601, UTC. */
  readonly createdAt: string;
  /** `age1…` or `age1pq1…`. */
  readonly recipient: string;
}

/** The administrator for whom an archive is sealed. */
export interface KeyHolder {
  /** `userod.UserNum`, as decimal text (it may exceed 2^53). */
  readonly userNum: string;
  /** As it was when the archive was sealed. */
  readonly userName: string;
}

/** A way from a password to an age identity. */
export type Unlock = EnrolledUnlock | StoredHashUnlock;

/** The identity was sealed with the password itself, when the admin logged in. */
export interface EnrolledUnlock {
  readonly kind: 'enrolled';
  /** 1, 2, 3 …: which password of that admin. */
  readonly epoch: number;
  /** `age1…` or `age1pq1…`. */
  readonly recipient: string;
  /** Armored age file with one scrypt stanza; the passphrase is the NFKC form of the password. */
  readonly sealedIdentity: string;
  /**
   * Older epochs' identities, each armored and sealed to the recipient of the next newer epoch; newest first.
   */
  readonly chain?: readonly ChainLink[];
}

/** The identity was sealed with what the database stores of the password. */
export interface StoredHashUnlock {
  readonly kind: 'stored-hash';
  /** `SHA3_512`, `MD5` or `MD5_ECW`. */
  readonly hashType: string;
  /** Salt text, as stored. */
  readonly salt: string;
  /** The public key that the archive is sealed for. */
  readonly recipient: string;
  /**
   * Armored age file with one scrypt stanza; the passphrase is the stored hash text that the password leads
   * to.
   */
  readonly sealedIdentity: string;
}

/** An older epoch's identity, sealed to the next newer one. */
export interface ChainLink {
  /** Number of the older key. */
  readonly epoch: number;
  /** The older public key. */
  readonly recipient: string;
  /** The older secret key, sealed for the newer one. */
  readonly sealedIdentity: string;
}
