import { needOf } from '../catalog/need.js';
import { LockedTasks } from './locked-tasks.js';
import type { OpenSnapshot } from './snapshot.js';
import type { TableTask } from './table-query.js';

/**
 * Tables without snapshots first; then the most needed, so that a truncated copy has them; then the largest,
 * so that the connections finish together.
 */
export function inReadingOrder(tasks: readonly TableTask[]): readonly TableTask[] {
  const ranks = new Map(tasks.map(({ index, selected }) => [index, needOf(selected).rank]));
  return [...tasks].sort(
    (a, b) =>
      Number(a.table.transactional) - Number(b.table.transactional) ||
      ranks.get(a.index)! - ranks.get(b.index)! ||
      b.table.dataBytes - a.table.dataBytes ||
      a.index - b.index,
  );
}

/**
 * Of the idle sessions with locks, the one whose next table is most needed; among equals, the one with the
 * most left to read.
 */
export function readyOf(underLocks: readonly LockedTasks[]): LockedTasks | undefined {
  const ready = underLocks.filter((each) => each.isReady);
  return ready.sort((a, b) => a.rank - b.rank || b.bytesLeft - a.bytesLeft)[0];
}

/** Tables that are read in the sessions that hold their locks, by session, and all others. */
export function splitByLocks(
  order: readonly TableTask[],
  { lockedTables, locked }: OpenSnapshot,
  signal: AbortSignal,
): {
  readonly underLocks: readonly LockedTasks[];
  readonly others: readonly TableTask[];
} {
  const byName = new Map(order.map((task) => [task.table.name, task]));
  const underLocks = (locked ? lockedTables : []).map((each) => {
    const names = new Set(each.tables);
    const tasks = order.filter(({ table }) => names.has(table.name));
    for (const name of names) byName.delete(name);
    return new LockedTasks(each, tasks, signal);
  });
  return { underLocks, others: [...byName.values()] };
}
