import type {
  ColumnDescription,
  DateFilter,
  DumpWarning,
  LeftOut,
  RowFilter,
  SchemaObjectKind,
  ServerDescription,
} from '../model/parts.js';

/** What a database holds, as far as selecting tables needs it: plain data, no row values. */
export interface Catalog {
  /** Name of the database, as its server has it. */
  readonly database: string;
  /** As `SHOW CREATE DATABASE` returned it. */
  readonly createStatement: string;
  /** Default character set and collation of the database. */
  readonly characterSet: string;
  /** Default collation. */
  readonly collation: string;
  /** The server it is on. */
  readonly server: ServerDescription;
  /** Base tables, by name in code-unit order. */
  readonly tables: readonly CatalogTable[];
  /** Views, triggers, routines, events, sequences, by kind and name. */
  readonly objects: readonly CatalogObject[];
  /** Present when the user may not see other sessions, and so not whether they wait for locks (F11). */
  readonly hidesSessions?: true;
  /**
   * Objects that the server cannot show, because its own system tables are missing or damaged. Absent when it
   * shows everything.
   */
  readonly unseen?: readonly LeftOut[];
  /** What the login cannot see or read, and other things a person should know. */
  readonly warnings: readonly DumpWarning[];
}

/** One base table. */
export interface CatalogTable {
  /** As the server has it. */
  readonly name: string;
  /** Storage engine, such as `MyISAM`. */
  readonly engine: string;
  /** Whether the engine has snapshots (InnoDB, RocksDB …); the others need read locks (K3). */
  readonly transactional: boolean;
  /**
   * The server's estimate of the number of rows; exact only for engines that keep a count, such as MyISAM
   * (F15).
   */
  readonly rowsEstimate: number;
  /** Size of the data, in bytes, as the server estimates it. */
  readonly dataBytes: number;
  /** Size of the indexes, in bytes, as the server estimates it. */
  readonly indexBytes: number;
  /** System-versioned: old versions of rows are kept by the server (C3). */
  readonly versioned: boolean;
  /** In the table's order. */
  readonly columns: readonly ColumnDescription[];
  /** Names of the primary key's columns, in key order; empty without one. */
  readonly primaryKey: readonly string[];
  /**
   * Why its rows are not in this database: they are stored elsewhere (MERGE, FEDERATED …). Absent for
   * ordinary tables (C10).
   */
  readonly rowsElsewhere?: string;
  /** Why it cannot be opened, or what the server reports as damaged (C18). */
  readonly damage?: string;
  /**
   * Present when it cannot be opened but may be intact: this server does not run its engine, or cannot find
   * its file by name.
   */
  readonly outOfReach?: true;
}

/** A schema object that is not a table. */
export interface CatalogObject {
  /** View, trigger, routine, event and so on. */
  readonly kind: SchemaObjectKind;
  /** Within its database. */
  readonly name: string;
  /** Triggers: their table. */
  readonly table?: string;
}

/**
 * How much a practice needs a table.
 *
 * - `critical`: the practice cannot go on without it
 * - `important`: painful to lose
 * - `optional`: nice to have; the first to go when space is short
 * - `recreatable`: can be made again from the rest
 * - `transient`: only of use while the programs run
 * - `code-list`: imported lists that can be imported again
 * - `leftover`: remains of conversions and copies
 * - `unclassified`: not known to the policy; kept, and flagged
 */
export type TableTier =
  | 'code-list'
  | 'critical'
  | 'important'
  | 'leftover'
  | 'optional'
  | 'recreatable'
  | 'transient'
  | 'unclassified';

/** Which tables go into an archive, and why the others do not. */
export interface TableSelection {
  /** Everything, or the critical tables. */
  readonly scope: 'critical' | 'full';
  /** In the catalog's order. */
  readonly tables: readonly SelectedTable[];
  /**
   * Tables whose rows are not in the archive, each with its reason. If only the rows are left out, the table
   * is among `tables` as well.
   */
  readonly leftOut: readonly LeftOut[];
  /** What a person should know about the choice: unclassified tables, references into tables left out … */
  readonly warnings: readonly DumpWarning[];
}

/** A table that goes into the archive. */
export interface SelectedTable {
  /** As in the catalog. */
  readonly name: string;
  /** How much the practice needs it. */
  readonly tier: TableTier;
  /** Only some of its rows. */
  readonly rowFilter?: SelectedRows;
  /** Keep the definition and no rows, for this reason. */
  readonly definitionOnly?: string;
}

/** Some rows of a table: as SQL for the server, and as data for a reader without a server. */
export interface SelectedRows extends RowFilter {
  /** The meaning of `where` as data; absent where it means something else. */
  readonly dates?: DateFilter;
}
