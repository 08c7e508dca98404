/** The table in the target of a restore that says how far it is; it is there exactly while the target is incomplete. */
export const JOURNAL_TABLE = 'supplemental_backup_restore';

/** How the comment of that table begins. */
export const JOURNAL_MARK = 'Restore in progress: ';

/** Whether a table is such a mark, and no table of the practice that happens to have its name. */
export function isJournalMark(name: string, comment: string, columns?: readonly string[]): boolean {
  return (
    name.toLowerCase().startsWith(JOURNAL_TABLE) &&
    comment.startsWith(JOURNAL_MARK) &&
    (columns === undefined || columns.join() === 'number,rows_loaded')
  );
}
