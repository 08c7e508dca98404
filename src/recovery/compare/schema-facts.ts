import type { SchemaObjectKind } from '../../model/parts.js';
import type { HashedColumn } from './content-hash.js';

/**
 * A database's definitions, read for comparison alone: it shares no code with the dump, whose judge it is.
 */
export interface SchemaFacts {
  readonly vendor: 'mariadb' | 'mysql';
  readonly version: string;
  /** `@@lower_case_table_names` of the server. */
  readonly lowerCaseTableNames: number;
  readonly database: Facts;
  readonly tables: ReadonlyMap<string, TableDefinition>;
  /** By `kind name`. */
  readonly objects: ReadonlyMap<string, ObjectDefinition>;
}

/** Named facts in a spelling that no server version changes. */
export type Facts = ReadonlyMap<string, string>;

/** The same while they are being read. */
export type FactsBeingRead = Map<string, string>;

export interface TableDefinition {
  readonly name: string;
  /** As the server spells it, without the name of the database. */
  readonly statement: string;
  /** The same in pieces, for comparing across versions and for saying where two differ. */
  readonly facts: Facts;
  /**
   * Columns whose content counts: all but the period of a system-versioned table, which the server sets (C3).
   */
  readonly columns: readonly HashedColumn[];
  /** The period of a system-versioned table, where it counts time; empty for others. */
  readonly period: readonly HashedColumn[];
}

export interface ObjectDefinition {
  readonly kind: SchemaObjectKind;
  readonly name: string;
  readonly facts: Facts;
}
