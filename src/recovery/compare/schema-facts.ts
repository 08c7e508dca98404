import type { SchemaObjectKind } from '../../model/parts.js';
import type { HashedColumn } from './content-hash.js';

/**
 * A database's definitions, read only for comparison. It shares no code with the dump, whose result it
 * checks.
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

/** Properties by name, in a form that does not depend on the server's version. */
export type Facts = ReadonlyMap<string, string>;

/** The same while they are being read. */
export type FactsBeingRead = Map<string, string>;

export interface TableDefinition {
  readonly name: string;
  /** As the server shows it, without the name of the database. */
  readonly statement: string;
  /** The same as separate facts, for comparing across versions and for naming the differences. */
  readonly facts: Facts;
  /**
   * Columns whose content is compared: all except the period of a system-versioned table, which the server
   * sets (C3).
   */
  readonly columns: readonly HashedColumn[];
  /** The period columns of a system-versioned table, if they hold timestamps; otherwise empty. */
  readonly period: readonly HashedColumn[];
}

export interface ObjectDefinition {
  readonly kind: SchemaObjectKind;
  readonly name: string;
  readonly facts: Facts;
}
