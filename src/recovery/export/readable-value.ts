import type { ColumnValues } from '../../model/column-batch.js';
import type { ColumnDescription } from '../../model/parts.js';
import { isPlainType, type ReadableValue, readableCell } from '../records/readable-cell.js';
import { decoderFor } from './character-sets.js';

/**
 * {@link readableCell} with every character set that servers have.
 *
 * @throws TypeError when the column keeps no values
 */
export function readableValue(column: ColumnDescription, values: ColumnValues): ReadableValue {
  return readableCell(column, values, decoderFor);
}

/** The character set of a column whose text is shown as bytes, because the set is unknown here; else null. */
export function undecodedSet({ form, type, characterSet }: ColumnDescription): string | null {
  if (form !== 'bytes' || characterSet === null || characterSet === 'binary' || isPlainType(type))
    return null;
  return decoderFor(characterSet) === null ? characterSet : null;
}
