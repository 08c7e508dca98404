import type { SchemaObjectKind } from '../../model/parts.js';

/** Result of comparing two databases. */
export interface Comparison {
  /** Whether there is no difference at all. */
  readonly equal: boolean;
  /** Every table that was compared, in name order. */
  readonly tables: readonly TableComparison[];
  /** Views, triggers, routines, events and sequences that were compared. */
  readonly objects: number;
  /** All differences. */
  readonly differences: readonly Difference[];
}

/** One table on both sides. */
export interface TableComparison {
  /** Of the table. */
  readonly name: string;
  /** Whether both sides hold the same. */
  readonly equal: boolean;
  /** The content on the first side; null without the table. */
  readonly left: TableContent | null;
  /** The content on the second side; null without the table. */
  readonly right: TableContent | null;
}

/** Row count and content hash of a table, computed by a server. */
export interface TableContent {
  /** How many rows there are. */
  readonly rows: number;
  /** Independent of row order, storage engine and server: equal for equal rows. Decimal text. */
  readonly hash: string;
}

/** A difference. */
export interface Difference {
  /** What differs. */
  readonly kind: 'database' | 'table' | SchemaObjectKind;
  /** Of the table or object. */
  readonly name: string;
  /** In what it differs. */
  readonly aspect: 'content' | 'definition' | 'missing-left' | 'missing-right' | 'rows';
  /** Of a definition: in which fact, such as `next number` or `status`; absent if no single one is known. */
  readonly fact?: string | undefined;
  /** For people; holds no value of a row. */
  readonly message: string;
}
