import type { SchemaObjectKind } from '../../model/parts.js';

/** The outcome of holding two databases against each other. */
export interface Comparison {
  /** Whether there is no difference at all. */
  readonly equal: boolean;
  /** Every table that was compared, in name order. */
  readonly tables: readonly TableComparison[];
  /** Views, triggers, routines, events and sequences that were compared. */
  readonly objects: number;
  readonly differences: readonly Difference[];
}

/** One table on both sides. */
export interface TableComparison {
  readonly name: string;
  readonly equal: boolean;
  readonly left: TableContent | null;
  readonly right: TableContent | null;
}

/** What a server says of a table's rows. */
export interface TableContent {
  readonly rows: number;
  /** Independent of the order of the rows, the storage engine and the server: equal for equal rows. Decimal text. */
  readonly hash: string;
}

/** Something that is not alike. */
export interface Difference {
  readonly kind: 'database' | 'table' | SchemaObjectKind;
  readonly name: string;
  readonly aspect: 'content' | 'definition' | 'missing-left' | 'missing-right' | 'rows';
  /** For people; holds no value of a row. */
  readonly message: string;
}
