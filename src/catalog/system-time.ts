import { isAtLeast } from '../database/server-version.js';
import type { ColumnDescription, ServerDescription } from '../model/parts.js';

/** The two columns with the period in which a version of a row was current (C3). */
export interface SystemTime {
  readonly start: string;
  readonly end: string;
}

/**
 * Names of a system-versioned table's period columns: those in the definition, else the hidden default ones.
 * Undefined for an ordinary table.
 *
 * @param createStatement - as `SHOW CREATE TABLE` returned it
 */
export function systemTimeOf(createStatement: string): SystemTime | undefined {
  const named = /\bPERIOD FOR SYSTEM_TIME \((`(?:[^`]|``)*`), (`(?:[^`]|``)*`)\)/.exec(createStatement);
  if (named !== null) return { start: unquoted(named[1]!), end: unquoted(named[2]!) };
  return /\) ENGINE=.*\bWITH SYSTEM VERSIONING\b/s.test(createStatement)
    ? { start: 'ROW_START', end: 'ROW_END' }
    : undefined;
}

function unquoted(name: string): string {
  return name.slice(1, -1).replaceAll('``', '`');
}

/**
 * A table's columns including its period columns, so that their values are kept. Undefined when the period
 * columns hold transaction numbers: these have a meaning only on their own server, and no server accepts them
 * on insert.
 */
export function columnsWithHistory(
  columns: readonly ColumnDescription[],
  { start, end }: SystemTime,
): readonly ColumnDescription[] | undefined {
  const isPeriod = ({ name }: ColumnDescription): boolean => name === start || name === end;
  const named = columns.filter(isPeriod);
  if (named.some(({ type }) => !/^timestamp\b/i.test(type))) return undefined;
  if (named.length > 0) {
    return columns.map((column) => (isPeriod(column) ? { ...column, form: 'datetime' as const } : column));
  }
  const hidden = { type: 'timestamp(6)', characterSet: null, nullable: false, form: 'datetime' as const };
  return [...columns, { name: start, ...hidden }, { name: end, ...hidden }];
}

/** Whether a server accepts given period values on insert (`system_versioning_insert_history`). */
export function takesHistory({ vendor, version }: Pick<ServerDescription, 'vendor' | 'version'>): boolean {
  return vendor === 'mariadb' && isAtLeast(version, 10, 11);
}
