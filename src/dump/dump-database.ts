import { assertOptions } from '../arguments.js';
import type { CatalogTable } from '../catalog/model.js';
import { needOf, promise } from '../catalog/need.js';
import { leaveOutWithoutTables } from '../catalog/objects-without-tables.js';
import { packRows } from '../columns/pack.js';
import type { DatabaseAddress } from '../database/address.js';
import { checkAddress } from '../database/check-address.js';
import type { Connection } from '../database/connection.js';
import { QueryBatcher } from '../database/query-batcher.js';
import { isAtLeast } from '../database/server-version.js';
import { type BackupError, isBackupError, yieldDuring } from '../errors.js';
import type {
  DatabaseDescription,
  DumpSummary,
  DumpWarning,
  LeftOut,
  Part,
  RowsPart,
  TableSummary,
} from '../model/parts.js';
import {
  aboutTable,
  damaged,
  historyOf,
  type LockedState,
  releaseTable,
  TableReading,
  type TableSink,
  type TableTask,
  unreachable,
} from './dump-table.js';
import { keyRanges } from './key-ranges.js';
import { LockedTasks } from './locked-tasks.js';
import { OrderedQueue } from './ordered-queue.js';
import { brokenViewWarnings, readSchemaObjects } from './schema-objects.js';
import {
  insideOf,
  type OpenSnapshot,
  openSnapshot,
  type Snapshot,
  type SnapshotOptions,
} from './snapshot.js';

/** Options of {@link dumpDatabase}. Those of the snapshot count only when it is given an address. */
export interface DumpOptions extends SnapshotOptions {
  /** How far the dump is; called after every part. A throw in it ends the dump. */
  readonly onProgress?: ((progress: DumpProgress) => void) | undefined;
  /** Bytes of rows per part, before compression. @defaultValue 1 MiB */
  readonly partBytes?: number | undefined;
  /**
   * Bytes of data of a table that one connection reads at a time: a table with a snapshot and twice as much
   * is cut by its key, so that all connections read it together. @defaultValue 64 MiB
   */
  readonly rangeBytes?: number | undefined;
}

/** How far a dump is. */
export interface DumpProgress {
  /** The table whose rows came last. */
  readonly table: string;
  /** Tables that are read to their end. */
  readonly tablesDone: number;
  /** Tables to be read. */
  readonly totalTables: number;
  /** Rows read so far, of all tables. */
  readonly rows: number;
  /** Bytes of rows so far, before compression. */
  readonly plainBytes: number;
  /** Bytes of rows so far, compressed. */
  readonly storedBytes: number;
  /** The server's estimate of all data, in bytes; not the same measure as `plainBytes`. */
  readonly estimatedBytes: number;
}

/** Parts that are being compressed or wait to be taken. More would cost memory and gain nothing. */
const partsInFlight = 5;

/**
 * Reads a database as a sequence of parts, at one moment, complete or not at all: the last part, the summary,
 * comes only when every selected object and row did (R1).
 *
 * @param source - an address, or a snapshot that the caller opened (and closes)
 * @throws BackupError `schema-changed`, `table-damaged`, `dump-incomplete`, `lock-not-granted`,
 *   `privilege-missing`, `settings-invalid` for a database of the server's own, `database-…`
 * @example
 * ```ts
 * for await (const part of dumpDatabase(database, { signal })) {
 *   if (part.kind === 'summary') console.log(part.summary.lockSeconds, 'seconds under lock');
 * }
 * ```
 */
export async function* dumpDatabase(
  source: DatabaseAddress | Snapshot,
  options: DumpOptions = {},
): AsyncGenerator<Part, void, undefined> {
  if (!isSnapshot(source)) checkAddress(source, 'source');
  assertOptions(options, { partBytes: 'number?', rangeBytes: 'number?', connections: 'number?' });
  const given = isSnapshot(source);
  const snapshot = insideOf(given ? source : await openSnapshot(source, options));
  try {
    yield* yieldDuring('backup', new Dump(snapshot, options).parts());
  } finally {
    if (!given) await snapshot.close();
  }
}

function isSnapshot(source: DatabaseAddress | Snapshot): source is Snapshot {
  return typeof source === 'object' && source !== null && 'takenAt' in source;
}

class Dump {
  readonly #snapshot: OpenSnapshot;
  readonly #options: DumpOptions;
  readonly #queue: OrderedQueue<Part> = new OrderedQueue(partsInFlight);
  /** By table index; complete when the queue has run dry. */
  readonly #tallies: Map<number, Tally> = new Map();
  readonly #abort: AbortController = new AbortController();
  readonly #signal: AbortSignal;
  readonly #schema: QueryBatcher;
  readonly #total: Tally = { rows: 0, parts: 0, plainBytes: 0, storedBytes: 0 };
  /** What is known to be wrong with tables, by name; only where the caller allowed to go on. */
  readonly #damage: Map<string, string> = new Map();
  /** Names of the damaged tables that are not in the dump at all. */
  readonly #lost: string[] = [];
  readonly #warnings: DumpWarning[] = [];
  /** Objects of no use without the tables that are not in the dump. */
  readonly #leftOut: LeftOut[] = [];
  #tablesDone = 0;
  readonly #proofs: Promise<void>[] = [];

  constructor(snapshot: OpenSnapshot, options: DumpOptions) {
    this.#snapshot = snapshot;
    this.#options = options;
    const signals = [this.#abort.signal, snapshot.broken];
    if (options.signal !== undefined) signals.push(options.signal);
    this.#signal = AbortSignal.any(signals);
    this.#schema = new QueryBatcher(snapshot.schema, { signal: this.#signal });
  }

  async *parts(): AsyncGenerator<Part, void, undefined> {
    this.#signal.throwIfAborted();
    const { catalog, selection } = this.#snapshot;
    const byName = new Map(catalog.tables.map((table) => [table.name, table]));
    const chosen = selection.tables.map((selected) => ({ table: byName.get(selected.name)!, selected }));
    const tasks = chosen
      .filter(({ table }) => !this.#isLost(table))
      .map((task, i): TableTask => ({ ...task, index: i + 1 }));
    yield { kind: 'database', database: this.#describeDatabase(tasks) };
    const reading = this.#readAll(tasks);
    try {
      for await (const part of this.#queue.drain()) yield part;
      await reading;
    } finally {
      // Left early, by an error or by the consumer: the server's work is stopped too.
      const left = new Error('the dump was left');
      this.#abort.abort(left);
      this.#queue.fail(left);
      await reading.catch(() => undefined);
    }
    const present = new Set(tasks.map(({ table }) => table.name));
    const absent = new Set(catalog.tables.map(({ name }) => name).filter((name) => !present.has(name)));
    const found = await readSchemaObjects(this.#snapshot.schema, catalog);
    const { kept, leftOut } = leaveOutWithoutTables(found, absent, catalog.database);
    this.#leftOut.push(...leftOut);
    this.#warnings.push(...brokenViewWarnings(kept));
    yield { kind: 'objects', objects: kept };
    yield { kind: 'summary', summary: this.#summarise(tasks) };
  }

  /**
   * Whether nothing can be had of a table, not even its definition.
   *
   * @throws BackupError `table-damaged` unless the caller allowed to go on without
   */
  #isLost({ name, damage, outOfReach }: CatalogTable): boolean {
    if (damage === undefined) return false;
    if (this.#snapshot.damagedTables === 'refuse') {
      throw outOfReach === true ? unreachable(name, damage) : damaged(name, damage);
    }
    this.#damage.set(name, damage);
    if (typeof this.#snapshot.definitions.get(name) === 'string') return false;
    this.#lost.push(name);
    return true;
  }

  #verdict(table: string): string {
    const { tables } = this.#snapshot.catalog;
    return tables.some(({ name, outOfReach }) => name === table && outOfReach === true)
      ? 'out of reach'
      : 'damaged';
  }

  async #readAll(tasks: readonly TableTask[]): Promise<void> {
    const { readers, connections, schema } = this.#snapshot;
    const order = inReadingOrder(tasks);
    try {
      const { underLocks, others } = this.#apart(order);
      const pieces = this.#pieces(others);
      // Locked tables first, so that the office waits no longer than it must.
      const work = async (reader: Connection | undefined): Promise<void> => {
        for (let next = readyOf(underLocks); next !== undefined; next = readyOf(underLocks)) {
          await next.readNext((task, { session }, state) => this.#readLocked(task, session, state));
        }
        if (reader === undefined) return;
        for (let piece = await pieces.next(reader); piece !== undefined; piece = await pieces.next(reader)) {
          await this.#readPiece(reader, piece);
        }
        if (readers.includes(reader)) await releaseTable(this.#snapshot, reader);
      };
      // What has no rows to be read needs no more than the session beside the snapshot.
      const idle = readers.length === 0 ? [schema] : readers;
      await Promise.all(Array.from({ length: Math.max(connections, idle.length) }, (_, i) => work(idle[i])));
      await Promise.all(this.#proofs);
      await this.#snapshot.unlock();
      this.#queue.end();
    } catch (error) {
      const { broken } = this.#snapshot;
      // Where the locks were given up, their sessions were ended as well, and that is not why.
      const why = broken.aborted ? broken.reason : error;
      this.#abort.abort(why);
      this.#queue.fail(why);
    }
  }

  /** Tables that are read in the sessions that hold their locks, by session, and the others. */
  #apart(order: readonly TableTask[]): {
    readonly underLocks: readonly LockedTasks[];
    readonly others: readonly TableTask[];
  } {
    const { lockedTables, locked } = this.#snapshot;
    const byName = new Map(order.map((task) => [task.table.name, task]));
    const underLocks = (locked ? lockedTables : []).map((each) => {
      const names = new Set(each.tables);
      const tasks = order.filter(({ table }) => names.has(table.name));
      for (const name of names) byName.delete(name);
      return new LockedTasks(each, tasks, this.#signal);
    });
    return { underLocks, others: [...byName.values()] };
  }

  async #readLocked(task: TableTask, session: Connection, state: LockedState): Promise<void> {
    await this.#readPiece(session, { task, reading: this.#readingOf(task, 1, state), range: undefined });
  }

  /** What is to be read, piece by piece; a table is cut into pieces when its turn comes. */
  #pieces(order: readonly TableTask[]): { next(reader: Connection): Promise<Piece | undefined> } {
    const tasks = order.values();
    const cut: Piece[] = [];
    const isShared = this.#snapshot.readers.length > 1 && this.#snapshot.inTransaction;
    return {
      next: async (reader) => {
        const ready = cut.shift();
        if (ready !== undefined) return ready;
        const { value: task } = tasks.next();
        if (task === undefined) return undefined;
        const ranges = isShared ? await this.#rangesOf(reader, task.table) : [undefined];
        const reading = this.#readingOf(task, ranges.length, undefined);
        const [first, ...others] = ranges.map((range): Piece => ({ task, reading, range }));
        cut.push(...others);
        return first;
      },
    };
  }

  async #rangesOf(reader: Connection, table: CatalogTable): Promise<readonly (string | undefined)[]> {
    try {
      return await keyRanges(reader, table, this.#options.rangeBytes);
    } catch (error) {
      // Whoever reads the table meets the damage too, and knows what to do about it.
      if (isBackupError(error, 'table-damaged')) return [undefined];
      throw error === this.#signal.reason ? error : aboutTable(error, table.name);
    }
  }

  #readingOf(task: TableTask, pieces: number, locked: LockedState | undefined): TableReading {
    const { table, index } = task;
    const tally: Tally = { rows: 0, parts: 0, plainBytes: 0, storedBytes: 0 };
    this.#tallies.set(index, tally);
    let sequence = 0;
    const { partBytes } = this.#options;
    const { server } = this.#snapshot.catalog;
    const sink: TableSink = {
      warn: (warning) => this.#warnings.push(warning),
      begin: (description) => this.#queue.put(async () => ({ kind: 'table', table: description })),
      take: (batch) =>
        this.#queue.put(async () => {
          const part = await packRows(index, ++sequence, batch);
          count(tally, part);
          count(this.#total, part);
          this.#report(table);
          return part;
        }),
    };
    return new TableReading(this.#snapshot, task, sink, {
      pieces,
      schema: this.#schema,
      locked,
      runsLastPrepared: server.vendor === 'mariadb' && isAtLeast(server.version, 10, 2),
      signal: this.#signal,
      batchBytes: partBytes,
    });
  }

  async #readPiece(reader: Connection, { task, reading, range }: Piece): Promise<void> {
    const done = await reading.read(reader, range).catch(async (error: unknown) => {
      if (!this.#goesOnAfter(error)) throw error;
      const { name } = task.table;
      this.#damage.set(name, this.#damage.get(name) ?? toldBy(error));
      return (await reading.leave()) ? { proven: Promise.resolve() } : undefined;
    });
    if (done === undefined) return;
    this.#proofs.push(done.proven);
    // Whoever waits for the proofs sees a failure; until then it must not count as unhandled.
    done.proven.catch(() => undefined);
    this.#tablesDone++;
  }

  #goesOnAfter(error: unknown): error is BackupError {
    return this.#snapshot.damagedTables === 'leave-out' && isBackupError(error, 'table-damaged');
  }

  #report(table: CatalogTable): void {
    const { selection, catalog } = this.#snapshot;
    const { rows, plainBytes, storedBytes } = this.#total;
    this.#options.onProgress?.({
      table: table.name,
      tablesDone: this.#tablesDone,
      totalTables: selection.tables.length,
      rows,
      plainBytes,
      storedBytes,
      estimatedBytes: catalog.tables.reduce((sum, each) => sum + each.dataBytes, 0),
    });
  }

  #describeDatabase(tasks: readonly TableTask[]): DatabaseDescription {
    const { database, createStatement, characterSet, collation, server } = this.#snapshot.catalog;
    return { name: database, createStatement, characterSet, collation, server, ...promise(tasks) };
  }

  #summarise(tasks: readonly TableTask[]): DumpSummary {
    const { startedAt, takenAt, consistency, position, selection, warnings } = this.#snapshot;
    return {
      startedAt: startedAt.toISOString(),
      snapshotAt: takenAt.toISOString(),
      finishedAt: new Date().toISOString(),
      consistency,
      lockSeconds: this.#snapshot.lockSeconds(),
      ...(position === undefined ? {} : { position }),
      tables: tasks.map(
        ({ index, table }): TableSummary => ({
          index,
          name: table.name,
          engine: table.engine,
          ...this.#tallies.get(index)!,
          ...present('incomplete', this.#damage.get(table.name)),
        }),
      ),
      leftOut: [
        ...selection.leftOut,
        ...(this.#snapshot.catalog.unseen ?? []),
        ...this.#lost.map(
          (name): LeftOut => ({
            kind: 'table',
            name,
            reason: `${this.#verdict(name)}: ${this.#damage.get(name)}`,
          }),
        ),
        ...this.#leftOut,
        ...alwaysLeftOut,
      ],
      warnings: [
        ...warnings,
        ...this.#warnings,
        ...[...this.#damage].map(([name, told]) =>
          damageWarning(name, this.#verdict(name), told, this.#lost.includes(name)),
        ),
        ...tasks.flatMap(({ table }) => historyWarnings(this.#snapshot, table)),
      ],
    };
  }
}

/**
 * Tables without snapshots first; among equals the most needed, so that a copy that is cut off has them; then
 * the largest, so that the connections end together.
 */
function inReadingOrder(tasks: readonly TableTask[]): readonly TableTask[] {
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
 * Of the sessions with locks that nobody reads in, the one whose next table is most needed, and then with
 * most left to read.
 */
function readyOf(underLocks: readonly LockedTasks[]): LockedTasks | undefined {
  const ready = underLocks.filter((each) => each.isReady);
  return ready.sort((a, b) => a.rank - b.rank || b.bytesLeft - a.bytesLeft)[0];
}

/** A table, or a range of its key. */
interface Piece {
  readonly task: TableTask;
  readonly reading: TableReading;
  readonly range: string | undefined;
}

/** What was read, so far. */
interface Tally {
  rows: number;
  parts: number;
  plainBytes: number;
  storedBytes: number;
}

function count(tally: Tally, part: RowsPart): void {
  tally.rows += part.rows;
  tally.parts++;
  tally.plainBytes += part.plainBytes;
  tally.storedBytes += part.data.length;
}

function toldBy(error: BackupError): string {
  const { told, counted, read, errno } = error.details;
  if (typeof told === 'string') return told;
  return counted === undefined
    ? `the server answered ${errno} while it was read`
    : `it says that it has ${counted} rows, and ${read} could be read`;
}

function damageWarning(table: string, verdict: string, told: string, isLost: boolean): DumpWarning {
  const held = isLost ? 'it is not in this copy' : 'this copy holds what could be read of it';
  return { code: 'table-damaged', message: `Table "${table}" is ${verdict}, and ${held}: ${told}.`, table };
}

function present<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, string>);
}

const alwaysLeftOut: readonly LeftOut[] = [
  {
    kind: 'users',
    name: 'accounts and privileges',
    reason: 'they belong to the server, not to the database; the new server has its own',
  },
];

function historyWarnings(snapshot: OpenSnapshot, table: CatalogTable): readonly DumpWarning[] {
  if (!table.versioned || historyOf(snapshot, table) !== undefined) return [];
  const why =
    snapshot.history === 'all'
      ? ', since those are kept by number of transaction, which no server takes back'
      : '';
  const message = `Table "${table.name}" keeps old versions of its rows; the copy holds the current ones${why}.`;
  return [{ code: 'history-left-out', message, table: table.name }];
}
