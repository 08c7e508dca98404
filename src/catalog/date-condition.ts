import { quoteName } from '../database/identifiers.js';
import type { ColumnDescription, DateFilter } from '../model/parts.js';

/**
 * The SQL condition of a filter by date. Built from data, so that a filter of unknown origin cannot inject
 * SQL.
 *
 * @param column - the column that the filter names
 */
export function dateCondition(
  { since, unsetBefore }: DateFilter,
  { name, type }: Pick<ColumnDescription, 'name' | 'type'>,
): string {
  for (const day of [since, unsetBefore]) {
    if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw new TypeError('a date filter needs days, YYYY-MM-DD');
  }
  const quoted = quoteName(name);
  // Newer MySQL compares a TIMESTAMP only with days that a TIMESTAMP can hold, which excludes days before
  // 1970. Even the zero date would not match.
  const date = /^timestamp\b/i.test(type) ? `CAST(${quoted} AS DATETIME)` : quoted;
  return `(${quoted} >= '${since}' OR ${date} < '${unsetBefore}' OR ${quoted} IS NULL)`;
}
