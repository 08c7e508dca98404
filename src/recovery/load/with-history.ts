import { systemTimeOf } from '../../catalog/system-time.js';
import { BackupError } from '../../errors.js';
import type { ColumnBatch } from '../../model/column-batch.js';
import type { TableDescription } from '../../model/parts.js';
import type { RestoreSession } from '../restore/session.js';
import { loadedColumns } from './cells.js';
import { endOfTimeOn, moveOpenEnds } from './open-ends.js';
import type { TableLoader } from './table-loader.js';

/** Sets the end of current row versions to this server's end of time, in place (C3). */
export function openEndsOf(
  session: Pick<RestoreSession, 'version'>,
  table: TableDescription,
): ((batch: ColumnBatch) => void) | undefined {
  const end = table.versioned === 'history' ? systemTimeOf(table.createStatement)?.end : undefined;
  if (end === undefined) return undefined;
  const column = loadedColumns(table.columns).findIndex(({ name }) => name === end);
  if (column === -1)
    throw new BackupError(
      'archive-damaged',
      `Table "${table.name}" lacks the period columns of its history.`,
    );
  const endOfTime = endOfTimeOn(session);
  return (batch) => moveOpenEnds(batch, column, endOfTime);
}

/** Loads rows with their given periods, so that old versions stay old (C3). */
export function withHistory(
  loader: TableLoader,
  session: RestoreSession,
  table: TableDescription,
): TableLoader {
  const move = openEndsOf(session, table);
  if (move === undefined) return loader;
  return {
    write(batch) {
      move(batch);
      return loader.write(batch);
    },
    finish: () => loader.finish(),
    abandon: (error) => loader.abandon(error),
  };
}
