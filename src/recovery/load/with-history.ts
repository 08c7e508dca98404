import type { TableDescription } from '../../archive/model.js';
import { systemTimeOf } from '../../catalog/system-time.js';
import { BackupError } from '../../errors.js';
import type { RestoreSession } from '../restore/session.js';
import { loadedColumns } from './cells.js';
import { endOfTimeOn, moveOpenEnds } from './open-ends.js';
import type { TableLoader } from './table-loader.js';

/** Takes the old versions of a table's rows for what they are, and the current ones too (C3). */
export function withHistory(
  loader: TableLoader,
  session: RestoreSession,
  table: TableDescription,
): TableLoader {
  const end = table.versioned === 'history' ? systemTimeOf(table.createStatement)?.end : undefined;
  if (end === undefined) return loader;
  const column = loadedColumns(table.columns).findIndex(({ name }) => name === end);
  if (column === -1) throw new BackupError('archive-damaged', `Table "${table.name}" has lost its history.`);
  const endOfTime = endOfTimeOn(session);
  return {
    write(batch) {
      moveOpenEnds(batch, column, endOfTime);
      return loader.write(batch);
    },
    finish: () => loader.finish(),
    abandon: (error) => loader.abandon(error),
  };
}
