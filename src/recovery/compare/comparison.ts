import type { SchemaObjectKind } from '../../model/parts.js';

/** The outcome of holding two databases against each other. */
export interface Comparison {
  /** Whether there is no difference at all. */
  readonly equal: boolean;
  /** Every table that was compared, in name order. */
  readonly tables: readonly TableComparison[];
  /** Views, triggers, routines, events and sequences that were compared. */
  readonly objects: number;
  /** Each thing that is not the same. */
  readonly differences: readonly Difference[];
}

/** One table on both sides. */
export interface TableComparison {
  /** Of the table. */
  readonly name: string;
  /** Whether both sides hold the same. */
  readonly equal: boolean;
  /** What the first side holds; null without the table. */
  readonly left: TableContent | null;
  /** What the second side holds; null without the table. */
  readonly right: TableContent | null;
}

/** What a server says of a table's rows. */
export interface TableContent {
  /** How many rows there are. */
  readonly rows: number;
  /**
   * Independent of the order of the rows, the storage engine and the server: equal for equal rows. Decimal
   * text.
   */
  readonly hash: string;
}

/** Something that is not alike. */
export interface Difference {
  /** What differs. */
  readonly kind: 'database' | 'table' | SchemaObjectKind;
  /** Of the table or object. */
  readonly name: string;
  /** In what it differs. */
  readonly aspect: 'content' | 'definition' | 'missing-left' | 'missing-right' | 'rows';
  /** For people; holds no value of a row. */
  readonly message: string;
}
