import type { CatalogTable } from '../catalog/model.js';
import type { SnapshotPlan } from './strategy.js';

/** Tables that one session locks, in one statement. */
export interface LockSet {
  /** Names, in the order in which they are to be locked. */
  readonly lock: readonly string[];
  /** Names of those that are read in the session, while it holds the locks. */
  readonly read: readonly string[];
  /** Whether the lock must wait for open transactions on some of them. */
  readonly transactional: boolean;
}

/** Which session locks which tables. */
export interface LockPlan {
  /** Tables to lock only while the snapshots are being opened; undefined when there are none. */
  readonly gate: LockSet | undefined;
  /** Tables to lock until they are read. All sets are locked before anything is read. */
  readonly sets: readonly LockSet[];
}

/**
 * Decides which session locks which tables. Pure.
 *
 * A session reads the tables that it locked itself: any other session would queue behind sessions that wait
 * for these locks. So that several can read at the same time, each gets tables of its own. Servers lock the
 * tables of a statement in the order of their names. The sets are consecutive names and are locked in that
 * order, so that two sessions that lock several tables cannot each hold a table that the other one needs.
 *
 * Statements that lock in another order can still cause a deadlock, and so can a statement that locks tables
 * with and without snapshots. After a failure the next attempt uses fewer sessions, and finally a single one,
 * where the server itself prevents it.
 *
 * @param attempt - from 1
 */
export function planLocks(
  plan: Pick<SnapshotPlan, 'connections' | 'lockBriefly' | 'lockWhileReading'>,
  tables: readonly CatalogTable[],
  attempt: number,
): LockPlan {
  const byName = new Map(tables.map((table) => [table.name, table]));
  const setOf = (lock: readonly string[], read: readonly string[]): LockSet => ({
    lock: inLockOrder(lock),
    read,
    transactional: lock.some((name) => byName.get(name)?.transactional === true),
  });
  const { lockBriefly, lockWhileReading, connections } = plan;
  if (lockWhileReading.length > 0 && attempt > 2) {
    return { gate: undefined, sets: [setOf([...lockBriefly, ...lockWhileReading], lockWhileReading)] };
  }
  const gate = lockBriefly.length > 0 ? setOf(lockBriefly, []) : undefined;
  const weighed = inLockOrder(lockWhileReading).map((name) => ({
    name,
    weight: (byName.get(name)?.dataBytes ?? 0) + weightOfAnyTable,
  }));
  const runs = weighed.length === 0 ? [] : attempt > 1 ? [weighed] : balancedRuns(weighed, connections);
  return {
    gate,
    sets: runs.map((run) => {
      const names = run.map(({ name }) => name);
      return setOf(names, names);
    }),
  };
}

/** The cost of a table however few rows it has, in bytes of data. */
const weightOfAnyTable = 64 * 1024;

/** By the bytes of names, as servers compare them. */
function inLockOrder(names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, bytes: Buffer.from(name) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ name }) => name);
}

/**
 * Divides a list into runs, so that the readers, each of which works on another run at any time, finish at
 * nearly the same time. Uses as few runs as possible, since each is a session.
 */
export function balancedRuns<T extends { readonly weight: number }>(
  items: readonly T[],
  readers: number,
): readonly (readonly T[])[] {
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  const largest = items.reduce((most, { weight }) => Math.max(most, weight), 0);
  const best = Math.max(total / readers, largest);
  let found: { readonly runs: readonly (readonly T[])[]; readonly time: number } | undefined;
  for (let count = readers; count <= mostRunsPerReader * readers; count++) {
    const runs = cutIntoRuns(items, count, total);
    const time = readers === 1 ? best : timeToRead(runs, readers);
    if (found === undefined || time < found.time) found = { runs, time };
    if (found.time <= best * 1.05) break;
  }
  return found?.runs ?? [items];
}

const mostRunsPerReader = 3;

/** At most `count` runs, the heaviest of which is as light as possible. */
function cutIntoRuns<T extends { readonly weight: number }>(
  items: readonly T[],
  count: number,
  total: number,
): readonly (readonly T[])[] {
  const cut = (capacity: number): T[][] => {
    const runs: T[][] = [];
    let room = -1;
    for (const item of items) {
      if (item.weight > room) {
        runs.push([]);
        room = capacity;
      }
      runs.at(-1)!.push(item);
      room -= item.weight;
    }
    return runs;
  };
  let low = items.reduce((most, { weight }) => Math.max(most, weight), 0);
  let high = total;
  for (let step = 0; step < 30 && low < high; step++) {
    const middle = Math.floor((low + high) / 2);
    if (cut(middle).length <= count) high = middle;
    else low = middle + 1;
  }
  return cut(high);
}

/** Reading time, if an idle reader always takes the largest table of the run with the most left. */
function timeToRead(runs: readonly (readonly { readonly weight: number }[])[], readers: number): number {
  const left = runs.map((run) => ({
    weights: run.map(({ weight }) => weight).sort((a, b) => a - b),
    sum: run.reduce((sum, { weight }) => sum + weight, 0),
    freeAt: 0,
  }));
  let clocks: number[] = Array.from({ length: readers }, () => 0);
  let end = 0;
  while (clocks.length > 0) {
    const now = Math.min(...clocks);
    const reader = clocks.indexOf(now);
    let next: (typeof left)[number] | undefined;
    for (const run of left) {
      if (run.freeAt <= now && run.weights.length > 0 && (next === undefined || run.sum > next.sum))
        next = run;
    }
    if (next === undefined) {
      clocks = clocks.filter((_, i) => i !== reader);
      continue;
    }
    const weight = next.weights.pop()!;
    next.sum -= weight;
    next.freeAt = now + weight;
    clocks[reader] = next.freeAt;
    end = Math.max(end, next.freeAt);
  }
  return end;
}
