import type { TableDescription } from '../model/parts.js';

/**
 * The table in a restore's target that records its progress. It exists exactly while the target is
 * incomplete.
 */
export const journalTableName = 'supplemental_backup_restore';

/** Start of that table's comment. */
export const journalMark = 'Restore in progress: ';

/** Whether a table is this record, and not a table of the practice that happens to have its name. */
export function isJournalMark(name: string, comment: string, columns?: readonly string[]): boolean {
  return (
    name.toLowerCase().startsWith(journalTableName) &&
    comment.startsWith(journalMark) &&
    (columns === undefined || columns.join() === 'number,rows_loaded')
  );
}

/**
 * The table in a restored database that lists what is missing there. It exists exactly while something is.
 */
export const missingTableName = 'supplemental_backup_missing';

/** Start of that table's comment. */
export const missingMark = 'Not restored: ';

/** Whether a table is this list, and not a table of the practice that happens to have its name. */
function isMissingMark(name: string, comment: string, columns: readonly string[]): boolean {
  return (
    name.toLowerCase() === missingTableName &&
    comment.startsWith(missingMark) &&
    columns.join() === 'number,kind,name,table_name,errno,message'
  );
}

/** Whether a name may be that of one of these tables. */
export function mayBeOurs(name: string): boolean {
  return name.toLowerCase().startsWith(journalTableName) || name.toLowerCase() === missingTableName;
}

/** Why a table that a restore made is left out; undefined for all others. */
export function whyOurs(name: string, comment: string, columns: readonly string[]): string | undefined {
  if (isJournalMark(name, comment, columns)) {
    return 'it records a restore that was not finished, and is not a table of the practice';
  }
  if (isMissingMark(name, comment, columns)) {
    return 'it lists what a restore could not make, and is not a table of the practice';
  }
  return undefined;
}

/** The same for a table in an archive. */
export function whyOursIn({
  name,
  createStatement,
  columns,
}: Pick<TableDescription, 'columns' | 'createStatement' | 'name'>): string | undefined {
  if (!mayBeOurs(name)) return undefined;
  const options = createStatement.slice(createStatement.lastIndexOf('\n) '));
  const [, comment = ''] = /\bCOMMENT='([^'\\]*)'/.exec(options) ?? [];
  return whyOurs(
    name,
    comment,
    columns.map((column) => column.name),
  );
}
