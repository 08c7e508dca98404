import { assertOptions } from '../arguments.js';
import type { CatalogTable } from '../catalog/model.js';
import { leaveOutWithoutTables } from '../catalog/objects-without-tables.js';
import { packRows } from '../columns/pack.js';
import type { DatabaseAddress } from '../database/address.js';
import { checkAddress } from '../database/check-address.js';
import type { Connection } from '../database/connection.js';
import { QueryBatcher } from '../database/query-batcher.js';
import { isAtLeast } from '../database/server-version.js';
import { type BackupError, isBackupError, yieldDuring } from '../errors.js';
import type { Part } from '../model/parts.js';
import { type DumpProgress, DumpRecord, describeDatabase, toldBy } from './dump-record.js';
import { type LockedState, releaseTable, TableReading, type TableSink } from './dump-table.js';
import { keyRanges } from './key-ranges.js';
import { OrderedQueue } from './ordered-queue.js';
import { inReadingOrder, readyOf, splitByLocks } from './reading-order.js';
import { brokenViewWarnings, readSchemaObjects } from './schema-objects.js';
import {
  insideOf,
  type OpenSnapshot,
  openSnapshot,
  type Snapshot,
  type SnapshotOptions,
} from './snapshot.js';
import { aboutTable, damaged, unreachable } from './table-failures.js';
import type { TableTask } from './table-query.js';

/** Options of {@link dumpDatabase}. Those of the snapshot apply only when the source is an address. */
export interface DumpOptions extends SnapshotOptions {
  /** Progress, called after every part. An exception ends the dump. */
  readonly onProgress?: ((progress: DumpProgress) => void) | undefined;
  /** Bytes of rows per part, before compression. @defaultValue 1 MiB */
  readonly partBytes?: number | undefined;
  /**
   * Bytes of a table's data that one connection reads at a time. A table of at least twice as much, in an
   * engine with snapshots, is divided by its key, so that all connections read it together. @defaultValue 64
   * MiB
   */
  readonly rangeBytes?: number | undefined;
}

/** Most parts that are being compressed or wait for the consumer. More would cost memory and gain nothing. */
const partsInFlight = 5;

/**
 * Reads a database as a sequence of parts, all of one moment. It is complete or fails: the summary, the last
 * part, comes only after every selected object and row (R1).
 *
 * @param source - an address, or a snapshot that the caller opened (and closes)
 * @throws BackupError `schema-changed`, `table-damaged`, `dump-incomplete`, `lock-not-granted`,
 *   `privilege-missing`, `settings-invalid` for a system database of the server, `database-…`
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
  readonly #abort: AbortController = new AbortController();
  readonly #signal: AbortSignal;
  readonly #schema: QueryBatcher;
  readonly #record: DumpRecord;
  readonly #proofs: Promise<void>[] = [];

  constructor(snapshot: OpenSnapshot, options: DumpOptions) {
    this.#snapshot = snapshot;
    this.#options = options;
    this.#record = new DumpRecord(snapshot);
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
    yield { kind: 'database', database: describeDatabase(catalog, tasks), scope: selection.scope };
    const reading = this.#readAll(tasks);
    try {
      for await (const part of this.#queue.drain()) yield part;
      await reading;
    } finally {
      // The dump ended early, by an error or because the consumer stopped: its statements on the server end
      // as well.
      const left = new Error('the dump ended early');
      this.#abort.abort(left);
      this.#queue.fail(left);
      await reading.catch(() => undefined);
    }
    const present = new Set(tasks.map(({ table }) => table.name));
    const absent = new Set(catalog.tables.map(({ name }) => name).filter((name) => !present.has(name)));
    const found = await readSchemaObjects(this.#snapshot.schema, catalog);
    const { kept, leftOut } = leaveOutWithoutTables(found, absent, catalog.database);
    this.#record.leaveOut(leftOut);
    this.#record.warn(...brokenViewWarnings(kept));
    yield { kind: 'objects', objects: kept };
    yield { kind: 'summary', summary: this.#record.summarise(tasks) };
  }

  /**
   * Whether nothing of a table can be read, not even its definition.
   *
   * @throws BackupError `table-damaged` unless the caller allowed to leave damaged tables out
   */
  #isLost({ name, damage, outOfReach }: CatalogTable): boolean {
    if (damage === undefined) return false;
    if (this.#snapshot.damagedTables === 'refuse') {
      throw outOfReach === true ? unreachable(name, damage) : damaged(name, damage);
    }
    const isLost = typeof this.#snapshot.definitions.get(name) !== 'string';
    this.#record.noteDamage(name, damage, isLost);
    return isLost;
  }

  async #readAll(tasks: readonly TableTask[]): Promise<void> {
    const { readers, connections, schema } = this.#snapshot;
    const order = inReadingOrder(tasks);
    try {
      const { underLocks, others } = splitByLocks(order, this.#snapshot, this.#signal);
      const pieces = this.#pieces(others);
      // Locked tables first, to block the office for as short as possible.
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
      // If no rows need a reading session, the session for schema queries reads the definitions.
      const idle = readers.length === 0 ? [schema] : readers;
      await Promise.all(Array.from({ length: Math.max(connections, idle.length) }, (_, i) => work(idle[i])));
      await Promise.all(this.#proofs);
      await this.#snapshot.unlock();
      this.#queue.end();
    } catch (error) {
      const { broken } = this.#snapshot;
      // Releasing the locks early also ends their sessions. Report why they were released, not that a session
      // ended.
      const why = broken.aborted ? broken.reason : error;
      this.#abort.abort(why);
      this.#queue.fail(why);
    }
  }

  async #readLocked(task: TableTask, session: Connection, state: LockedState): Promise<void> {
    await this.#readPiece(session, { task, reading: this.#readingOf(task, 1, state), range: undefined });
  }

  /** The work that is left, in pieces; a table is divided when it is about to be read. */
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
      // Damage is handled when the table's rows are read.
      if (isBackupError(error, 'table-damaged')) return [undefined];
      throw error === this.#signal.reason ? error : aboutTable(error, table.name);
    }
  }

  #readingOf(task: TableTask, pieces: number, locked: LockedState | undefined): TableReading {
    const { table, index } = task;
    this.#record.begin(index);
    let sequence = 0;
    const { partBytes } = this.#options;
    const { server } = this.#snapshot.catalog;
    const sink: TableSink = {
      warn: (warning) => this.#record.warn(warning),
      begin: (description) => this.#queue.put(async () => ({ kind: 'table', table: description })),
      take: (batch) =>
        this.#queue.put(async () => {
          const part = await packRows(index, ++sequence, batch);
          this.#record.count(part);
          this.#options.onProgress?.(this.#record.progressAt(table.name));
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
      this.#record.noteDamage(task.table.name, toldBy(error));
      return (await reading.leave()) ? { proven: Promise.resolve() } : undefined;
    });
    if (done === undefined) return;
    this.#proofs.push(done.proven);
    // A failure is thrown where the proofs are awaited; until then it must not count as an unhandled
    // rejection.
    done.proven.catch(() => undefined);
    this.#record.finish();
  }

  #goesOnAfter(error: unknown): error is BackupError {
    return this.#snapshot.damagedTables === 'leave-out' && isBackupError(error, 'table-damaged');
  }
}

/** A table, or a range of its key. */
interface Piece {
  readonly task: TableTask;
  readonly reading: TableReading;
  readonly range: string | undefined;
}
