import type { DatabaseDescription, SchemaObject, TableDescription } from './database.js';
import type { ArchiveScope } from './label.js';
import type { DumpSummary, Manifest } from './summary.js';

export type * from './database.js';
export type * from './label.js';
export type * from './summary.js';

/**
 * What is passed between the rooms: a database as a sequence of parts. `dumpDatabase` makes parts,
 * `encryptArchive` seals them, `decryptArchive` returns them and `restoreDatabase` takes them. All
 * descriptions are plain JSON; rows are compressed column parts, which are passed on unopened.
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
  /** The scope of the parts, if known: the label of their archive must have the same. It is in no file. */
  readonly scope?: ArchiveScope | undefined;
}

/** A table's definition (`tables/NNNN/table.json`), before its rows. */
export interface TablePart {
  readonly kind: 'table';
  /** Its definition, and how its rows are stored. */
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
