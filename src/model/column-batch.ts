import type { ValueForm } from './parts.js';

/** Consecutive rows of one table as columns: the row reader fills it and a restore writes from it. */
export interface ColumnBatch {
  /** How many rows it holds. */
  readonly rows: number;
  /** One per column whose `form` is not null, in column order. */
  readonly columns: readonly ColumnValues[];
}

/** The values of one column. */
export type ColumnValues = FixedValues | VariableValues;

/** Values of the forms `i8` … `f64`. */
export interface FixedValues {
  readonly kind: 'fixed';
  /** Bytes per value. */
  readonly width: 1 | 2 | 4 | 8;
  /** One bit per row, least significant first, 1 is NULL; null when no value is NULL. */
  readonly nulls: Uint8Array | null;
  /** `rows × width` bytes, little-endian; zeros where NULL. */
  readonly data: Uint8Array;
}

/** Values of the forms `bytes`, `date`, `datetime`, `time`. */
export interface VariableValues {
  readonly kind: 'variable';
  /** One bit per row, least significant first, 1 is NULL; null when no value is NULL. */
  readonly nulls: Uint8Array | null;
  /** Length of every value in bytes; 0 where NULL. */
  readonly lengths: Uint32Array;
  /** The values one after another. */
  readonly data: Uint8Array;
}

/** Bytes per value of a fixed-width form; 0 for variable ones. */
export function widthOf(form: ValueForm): 0 | 1 | 2 | 4 | 8 {
  switch (form) {
    case 'i8':
    case 'u8':
      return 1;
    case 'i16':
    case 'u16':
      return 2;
    case 'f32':
    case 'i32':
    case 'u32':
      return 4;
    case 'f64':
    case 'i64':
    case 'u64':
      return 8;
    case 'bytes':
    case 'date':
    case 'datetime':
    case 'time':
      return 0;
  }
}
