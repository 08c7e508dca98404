import { assertOptions } from '../arguments.js';
import type { Definitions } from '../catalog/definitions.js';
import type { Catalog, CatalogTable, TableSelection } from '../catalog/model.js';
import { readCatalogAndDefinitions } from '../catalog/read-catalog.js';
import { selectAllTables } from '../catalog/select-all-tables.js';
import type { DatabaseAddress } from '../database/address.js';
import { checkAddress } from '../database/check-address.js';
import { type Connection, openConnection } from '../database/connection.js';
import { BackupError, during } from '../errors.js';
import type { Consistency, DumpWarning } from '../model/parts.js';
import { withDefaults } from '../with-defaults.js';
import type { SnapshotEvent } from './events.js';
import { planLocks } from './lock-sets.js';
import {
  type LockedTables,
  LockTaker,
  type LockTimeoutOptions,
  type LockTimeouts,
  lockTimeouts,
} from './locks.js';
import { wholeSeconds } from './reader-session.js';
import { type ConsistencyMode, chooseStrategy, type SnapshotPlan, withoutGate } from './strategy.js';

/** Options of {@link openSnapshot}. */
export interface SnapshotOptions {
  /** Which tables; a function receives the catalog of that moment. @defaultValue everything */
  readonly selection?: TableSelection | ((catalog: Catalog) => TableSelection) | undefined;
  /** Whether all tables must be of one moment. @defaultValue 'auto' */
  readonly consistency?: ConsistencyMode | undefined;
  /** Connections that read at the same time. @defaultValue 2 */
  readonly connections?: number | undefined;
  /**
   * What to do about a table that the server reports as damaged: fail, or leave out what cannot be read. A
   * table that is left out or incomplete is named in the manifest and in its warnings. @defaultValue 'refuse'
   */
  readonly damagedTables?: DamagedTables | undefined;
  /**
   * Whether old versions of rows in system-versioned tables (MariaDB) are copied, with their periods. Only
   * MariaDB 10.11 and newer accept them on a restore. @defaultValue 'current'
   */
  readonly history?: HistoryMode | undefined;
  /** How long to wait for locks, and how long other sessions may wait for ours. */
  readonly timeouts?: LockTimeoutOptions | undefined;
  /**
   * Milliseconds of silence during a statement after which the connection counts as lost.
   *
   * @defaultValue 300_000
   */
  readonly inactivityTimeout?: number | undefined;
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called for events on the way to the snapshot. */
  readonly onEvent?: ((event: SnapshotEvent) => void) | undefined;
}

/** How much of a system-versioned table is read: its current rows, or the old versions too (C3). */
export type HistoryMode = 'all' | 'current';

/** Whether a damaged table fails the dump, or what can be read of it is enough (R1, F9). */
export type DamagedTables = 'leave-out' | 'refuse';

/** One moment of a database, held open. `await using` closes it at the end of its block. */
export interface Snapshot extends AsyncDisposable {
  /** What is in the database. */
  readonly catalog: Catalog;
  /** Which of its tables are read. */
  readonly selection: TableSelection;
  /** Whether all tables are of one moment. */
  readonly consistency: Consistency;
  /** When the snapshot was requested. */
  readonly startedAt: Date;
  /** When the snapshot was taken. */
  readonly takenAt: Date;
  /** Position of the binary log, if the server has one and the user may see it (K7). */
  readonly position: Readonly<Record<string, string>> | undefined;
  /** What a person should know about it. */
  readonly warnings: readonly DumpWarning[];
  /**
   * The session in which a query about a table is answered as of the snapshot, before a dump begins. If locks
   * hold the table, the session can read only the tables of those locks, without aliases.
   */
  sessionFor(table: string): Connection;
  /**
   * Aborted when the snapshot is lost: locks were released because others waited too long, or a session
   * ended.
   */
  readonly broken: AbortSignal;
  /** Seconds so far during which some table could not be written. */
  lockSeconds(): number;
  /** Ends all sessions; never rejects. */
  close(): Promise<void>;
}

/** A snapshot with the sessions by which a dump reads it. */
export interface OpenSnapshot extends Snapshot {
  /** Number of sessions that read at the same time. */
  readonly connections: number;
  /** Sessions for reading tables without locks; for InnoDB each is inside a transaction of the snapshot. */
  readonly readers: readonly Connection[];
  /** Tables under read locks, each to be read in the session that holds its lock. */
  readonly lockedTables: readonly LockedTables[];
  /** A session that holds no part of the snapshot, for schema queries. */
  readonly schema: Connection;
  /** The definitions that were read before the columns. */
  readonly definitions: Definitions;
  /** Tables of transactional engines that had rows at that moment. */
  readonly withRows: ReadonlySet<string>;
  /** What to do about damaged tables. */
  readonly damagedTables: DamagedTables;
  /** How much of system-versioned tables is read. */
  readonly history: HistoryMode;
  /** Whether the reading sessions hold snapshots. */
  readonly inTransaction: boolean;
  /** Whether read locks are held, so that no row can be added or deleted. */
  readonly locked: boolean;
  /** Releases the read locks. A dump does so session by session, when their tables are read. */
  unlock(): Promise<void>;
}

const insides = new WeakMap<Snapshot, OpenSnapshot>();

/** The internals of a snapshot. @throws TypeError for one that was not opened by `openSnapshot` */
export function insideOf(snapshot: Snapshot): OpenSnapshot {
  const inside = insides.get(snapshot);
  if (inside === undefined) throw new TypeError('the snapshot is not one of "openSnapshot"');
  return inside;
}

/**
 * Takes a snapshot of a database: one moment for all tables, whatever their engines (K1–K5).
 *
 * Tables without snapshots of their own (MyISAM, Aria …) are held by read locks, and read in the sessions
 * that hold them. Tables of InnoDB are read in snapshots, which are opened while every selected table is
 * locked, so that all connections see the same moment.
 *
 * @throws BackupError `lock-not-granted` after several attempts; `privilege-missing`; `table-damaged`;
 *   `database-…`
 * @example
 * ```ts
 * const snapshot = await openSnapshot(database, { selection: selectCriticalTables });
 * try {
 *   for await (const part of dumpDatabase(snapshot)) console.log(part.kind);
 * } finally {
 *   await snapshot.close();
 * }
 * ```
 */
export async function openSnapshot(
  address: DatabaseAddress,
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  checkAddress(address);
  assertOptions(options, { connections: 'number?', timeouts: 'object?' });
  const { signal, onEvent } = options;
  const timeouts = withDefaults(lockTimeouts, options.timeouts);
  for (let attempt = 1; ; attempt++) {
    try {
      const snapshot = await during('backup', () => takeSnapshot(address, options, timeouts, attempt));
      onEvent?.({ kind: 'opened', consistency: snapshot.consistency });
      return snapshot;
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== 'lock-not-granted') throw error;
      const pause = timeouts.pausesMs[attempt - 1];
      onEvent?.({ kind: 'locks-refused', attempt, retryInMs: pause ?? null });
      if (pause === undefined) throw error;
      await sleep(pause, signal);
    }
  }
}

async function takeSnapshot(
  address: DatabaseAddress,
  options: SnapshotOptions,
  timeouts: LockTimeouts,
  attempt: number,
): Promise<Snapshot> {
  const { signal, inactivityTimeout = 300_000 } = options;
  const startedAt = new Date();
  const opened: Connection[] = [];
  const connect = async (): Promise<Connection> => {
    const connection = await openConnection(address, { inactivityTimeout, signal });
    opened.push(connection);
    return connection;
  };
  const connectWatch = (): Promise<Connection> => {
    const late = AbortSignal.timeout(inactivityTimeoutOfWatch);
    return openConnection(address, {
      inactivityTimeout: inactivityTimeoutOfWatch,
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    });
  };
  let opening: readonly Promise<Connection>[] = [];
  let locks: LockTaker | undefined;
  const closeAll = async () => {
    await locks?.close();
    await Promise.allSettled(opening);
    await Promise.all(opened.map((connection) => connection.close()));
  };
  try {
    const schema = await connect();
    // The reading sessions are opened while the server answers the catalog's queries.
    opening = Array.from({ length: options.connections ?? 2 }, connect);
    for (const each of opening) each.catch(() => undefined);
    const { catalog, definitions } = await readCatalogAndDefinitions(schema, { signal });
    const selection = selectionOf(options.selection, catalog);
    const chosen = chooseStrategy(catalog, selection, {
      mode: options.consistency ?? 'auto',
      connections: options.connections ?? 2,
    });
    const plan = attempt === 1 ? chosen : withoutGate(chosen);
    const lockPlan = planLocks(plan, catalog.tables, attempt);
    await schema.query(`SET SESSION lock_wait_timeout = ${wholeSeconds(timeouts.othersWaitSeconds)}`);
    const spare = [...(await Promise.all(opening))];
    const take = async (count: number): Promise<readonly Connection[]> => {
      const missing = Array.from({ length: Math.max(0, count - spare.length) }, connect);
      return [...spare.splice(0, count), ...(await Promise.all(missing))];
    };
    const readers = await take(freeReaders(plan, catalog.tables));
    const lockers = await take(lockPlan.sets.length);
    await Promise.all(spare.map((connection) => connection.close()));
    const taker = new LockTaker({
      connect,
      connectWatch,
      ours: () => opened.map(({ id }) => id),
      schema,
      timeouts,
      signal,
      onEvent: options.onEvent,
      isBlind: catalog.hidesSessions === true,
    });
    locks = taker;
    const moment = await taker.take(plan, lockPlan, { readers, lockers });
    const lockedTables = taker.locked;
    const holderOf = new Map(
      lockedTables.flatMap(({ tables, session }) => tables.map((name) => [name, session] as const)),
    );
    const transactional = new Set(plan.tablesWithSnapshots);
    const snapshot: OpenSnapshot = {
      catalog,
      selection,
      consistency: plan.consistency,
      startedAt,
      takenAt: moment.takenAt,
      position: moment.position,
      warnings: [...catalog.warnings, ...selection.warnings, ...plan.warnings],
      connections: plan.connections,
      readers,
      lockedTables,
      schema,
      sessionFor: (table) => holderOf.get(table) ?? (transactional.has(table) ? readers[0]! : schema),
      definitions,
      withRows: moment.withRows,
      damagedTables: options.damagedTables ?? 'refuse',
      history: options.history ?? 'current',
      inTransaction: plan.openSnapshots,
      get locked() {
        return taker.held;
      },
      broken: taker.broken,
      lockSeconds: () => taker.seconds(),
      unlock: () => taker.release(),
      close: closeAll,
      [Symbol.asyncDispose]: closeAll,
    };
    insides.set(snapshot, snapshot);
    return snapshot;
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Milliseconds that the server has to accept the session of the watch, and for each of its replies. */
const inactivityTimeoutOfWatch = 5000;

/**
 * How many sessions read tables without locks. If everything is to be locked, only damaged tables are left,
 * which cannot be locked.
 */
function freeReaders(
  { lockWhileReading, openSnapshots, connections }: SnapshotPlan,
  tables: readonly CatalogTable[],
): number {
  if (lockWhileReading.length === 0 || openSnapshots) return connections;
  return tables.some(({ damage }) => damage !== undefined) ? 1 : 0;
}

function selectionOf(wanted: SnapshotOptions['selection'], catalog: Catalog): TableSelection {
  const selection = typeof wanted === 'function' ? wanted(catalog) : (wanted ?? selectAllTables(catalog));
  const known = new Set(catalog.tables.map((table) => table.name));
  for (const { name } of selection.tables) {
    if (known.has(name)) continue;
    throw new BackupError('schema-changed', `Table "${name}" was selected but no longer exists.`, {
      details: { table: name },
    });
  }
  return selection;
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
