/** What is stored of a night's reading to judge later nights by: counts and sizes, no content. */
import type { ArchiveScope } from '../../model/parts.js';

/** One table on one night. */
export interface TableFacts {
  /** How many rows there were. */
  readonly rows: number;
  /** Before and after compression, in bytes. */
  readonly plainBytes: number;
  /** Size of those in the archive. */
  readonly storedBytes: number;
  /** Changes with its columns; absent if not known. */
  readonly definition?: string;
}

/**
 * How a server replicates another one: it `follows`; it `waits` for the other one, which may be switched off;
 * it was `stopped`, by somebody or by an error, or is more than half a day behind.
 */
export type ReplicaState = 'follows' | 'stopped' | 'waits';

/** The result of one reading of the database. */
export interface NightFacts {
  /** ISO date of the evening. */
  readonly night: string;
  /** Readings of different scope are never compared. */
  readonly scope: ArchiveScope;
  /** By name of the table. */
  readonly tables: Readonly<Record<string, TableFacts>>;
  /** Of the practice's software. */
  readonly version?: string;
  /** Changes with any row of any table that this service does not write to; absent if not known. */
  readonly content?: string;
  /** The same of the critical tables alone, where one reading made a copy of them as well. */
  readonly criticalContent?: string;
  /** How the server replicates another one, as it says itself; absent where it does not, or does not say. */
  readonly replica?: ReplicaState;
  /**
   * Tables that were purged as announced; later nights are not compared with nights before it. All tables,
   * when a person has acknowledged the findings.
   */
  readonly purged?: readonly string[];
  /** The same of tables whose purge a reading of the other scope has shown. */
  readonly purgedElsewhere?: readonly string[];
}

/** Five weeks. */
export const rememberedNights = 35;

/** Stands for every table in an announcement. */
export const allTables = '*';
