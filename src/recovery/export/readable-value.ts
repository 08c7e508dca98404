import type { ColumnValues } from '../../model/column-batch.js';
import type { ColumnDescription } from '../../model/parts.js';
import { isPlainType, type ReadableValue, readableCell } from '../records/readable-cell.js';
import { decoderFor } from './character-sets.js';

/**
 * How one column of a batch reads as text, in every character set that servers know: {@link readableCell}.
 *
 * @throws TypeError when the column keeps no values
 */
export function readableValue(column: ColumnDescription, values: ColumnValues): ReadableValue {
  return readableCell(column, values, decoderFor);
}

/**
 * The character set of a column whose text is shown as the bytes it is, because nobody here knows the set.
 */
export function undecodedSet({ form, type, characterSet }: ColumnDescription): string | null {
  if (form !== 'bytes' || characterSet === null || characterSet === 'binary' || isPlainType(type))
    return null;
  return decoderFor(characterSet) === null ? characterSet : null;
}
