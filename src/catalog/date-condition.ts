import { quoteName } from '../database/identifiers.js';
import type { ColumnDescription, DateFilter } from '../model/parts.js';

/**
 * The condition that a filter by date stands for, in SQL. Made from data, so that it can be asked of a server
 * whoever wrote the filter.
 *
 * @param column - the one that the filter names
 */
export function dateCondition(
  { since, unsetBefore }: DateFilter,
  { name, type }: Pick<ColumnDescription, 'name' | 'type'>,
): string {
  for (const day of [since, unsetBefore]) {
    if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw new TypeError('a filter by date has no day');
  }
  const quoted = quoteName(name);
  // A day before 1970 is no TIMESTAMP, and to newer MySQL nothing compares with it, not even a date that is
  // none.
  const date = /^timestamp\b/i.test(type) ? `CAST(${quoted} AS DATETIME)` : quoted;
  return `(${quoted} >= '${since}' OR ${date} < '${unsetBefore}' OR ${quoted} IS NULL)`;
}
