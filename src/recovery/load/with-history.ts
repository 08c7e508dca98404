import { systemTimeOf } from '../../catalog/system-time.js';
import { BackupError } from '../../errors.js';
import type { ColumnBatch } from '../../model/column-batch.js';
import type { TableDescription } from '../../model/parts.js';
import type { RestoreSession } from '../restore/session.js';
import { loadedColumns } from './cells.js';
import { endOfTimeOn, moveOpenEnds } from './open-ends.js';
import type { TableLoader } from './table-loader.js';

/** Makes the current versions of a table's rows current on this server, in place (C3). */
export function openEndsOf(
  session: Pick<RestoreSession, 'version'>,
  table: TableDescription,
): ((batch: ColumnBatch) => void) | undefined {
  const end = table.versioned === 'history' ? systemTimeOf(table.createStatement)?.end : undefined;
  if (end === undefined) return undefined;
  const column = loadedColumns(table.columns).findIndex(({ name }) => name === end);
  if (column === -1) throw new BackupError('archive-damaged', `Table "${table.name}" has lost its history.`);
  const endOfTime = endOfTimeOn(session);
  return (batch) => moveOpenEnds(batch, column, endOfTime);
}

/** Takes the old versions of a table's rows for what they are, and the current ones too (C3). */
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
