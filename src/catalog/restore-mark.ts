import type { TableDescription } from '../model/parts.js';

/**
 * The table in the target of a restore that says how far it is; it is there exactly while the target is
 * incomplete.
 */
export const journalTableName = 'supplemental_backup_restore';

/** How the comment of that table begins. */
export const journalMark = 'Restore in progress: ';

/** Whether a table is such a mark, and no table of the practice that happens to have its name. */
export function isJournalMark(name: string, comment: string, columns?: readonly string[]): boolean {
  return (
    name.toLowerCase().startsWith(journalTableName) &&
    comment.startsWith(journalMark) &&
    (columns === undefined || columns.join() === 'number,rows_loaded')
  );
}

/**
 * The table in a restored database that lists what is missing there; it is there exactly while something is.
 */
export const missingTableName = 'supplemental_backup_missing';

/** How the comment of that table begins. */
export const missingMark = 'Not restored: ';

/** Whether a table is such a list, and no table of the practice that happens to have its name. */
function isMissingMark(name: string, comment: string, columns: readonly string[]): boolean {
  return (
    name.toLowerCase() === missingTableName &&
    comment.startsWith(missingMark) &&
    columns.join() === 'number,kind,name,table_name,errno,message'
  );
}

/** Whether a table has a name that one of these has. */
export function mayBeOurs(name: string): boolean {
  return name.toLowerCase().startsWith(journalTableName) || name.toLowerCase() === missingTableName;
}

/** Why a table that belongs to no practice is left out; undefined for all others. */
export function whyOurs(name: string, comment: string, columns: readonly string[]): string | undefined {
  if (isJournalMark(name, comment, columns)) {
    return 'it is the mark of a restore that was not finished, and no table of the practice';
  }
  if (isMissingMark(name, comment, columns)) {
    return 'it lists what a restore could not make, and is no table of the practice';
  }
  return undefined;
}

/** The same of a table in an archive. */
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
