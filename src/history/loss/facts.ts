/** What is kept of a night's reading to judge later nights by: counts and sizes, and no content. */
import type { ArchiveScope } from '../../model/parts.js';

/** One table on one night. */
export interface TableFacts {
  /** How many rows there were. */
  readonly rows: number;
  /** Before and after compression, in bytes. */
  readonly plainBytes: number;
  /** Size of those in the archive. */
  readonly storedBytes: number;
  /** Changes with its columns; absent where nobody told. */
  readonly definition?: string;
}

/**
 * How a server follows another one: it takes over what changes there; it `waits` for a line to the other one,
 * which may be switched off; it was `stopped`, by somebody or by an error, or is more than half a day behind.
 */
export type ReplicaState = 'follows' | 'stopped' | 'waits';

/** What one reading of the database came to. */
export interface NightFacts {
  /** ISO date of the evening. */
  readonly night: string;
  /** Readings of different scope are never held against each other. */
  readonly scope: ArchiveScope;
  /** By name of the table. */
  readonly tables: Readonly<Record<string, TableFacts>>;
  /** Of the practice's software. */
  readonly version?: string;
  /**
   * Changes with any row of any table that others than this service write into; absent where nobody told.
   */
  readonly content?: string;
  /** The same of the critical tables alone, where one reading made a copy of them as well. */
  readonly criticalContent?: string;
  /** How the server follows another one, as it says itself; absent where it does not, or does not say. */
  readonly replica?: ReplicaState;
  /**
   * Tables that were purged as announced; later nights are not held against nights before it. All of them,
   * when a person has looked at what was found and it is as it should be.
   */
  readonly purged?: readonly string[];
}

/** More nights are not remembered: five weeks. */
export const rememberedNights = 35;

/** Stands for every table in an announcement. */
export const allTables = '*';
