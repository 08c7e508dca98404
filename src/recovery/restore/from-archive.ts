import { createHash } from 'node:crypto';
import type { ArchiveReader } from '../../archive/index.js';
import { labelDamagedSentence } from '../../archive/salvage/losses.js';
import { isTransactional } from '../../catalog/read-catalog.js';
import { mayBeOurs } from '../../catalog/restore-mark.js';
import { quoteName } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { sameName } from '../../database/server-names.js';
import type { DatabaseDescription, SchemaObject, TableDescription, TableSummary } from '../../model/parts.js';
import { planTable, type TableItem, usualName, withUsualName } from '../ddl/table-statement.js';
import { loadedColumns } from '../load/cells.js';
import type { GivenRows } from '../load/doubts.js';
import { holdsRows } from '../load/read-back.js';
import { RowsDigest } from '../load/rows-digest.js';
import type { TableLoader } from '../load/table-loader.js';
import { openEndsOf } from '../load/with-history.js';
import { addItems, dropForeignKeys, notThere } from './foreign-keys.js';
import { type MissingMark, readMissing } from './missing-mark.js';
import { inOrderOfNeed, ScheduleWatch } from './order-of-need.js';
import {
  createJournal,
  findJournal,
  journalTable,
  type RestoreJournal,
  readJournal,
} from './restore-journal.js';
import { dropObjects, restoreSequences } from './restore-objects.js';
import type { RestoredTable, RestoreProgress, RestoreReport } from './restore-report.js';
import type { RestoreRun } from './restore-run.js';
import type { RestoreSession } from './session.js';
import { aboutTable, checkRows } from './table-failures.js';
import { finishTable, keyTimeOf, prepareTable } from './table-statements.js';
import { awaitLastStatements, examineTarget } from './target.js';

/** Tables of fewer bytes are not worth a line in the journal, which the server writes to the disk. */
const journaledBytes = 256 * 1024;

/** The work key of a target that is finished but for what is tried again. */
const keyAgain = (key: string): string => `${key}:again`;

type Totals = Pick<Required<RestoreProgress>, 'totalPlainBytes' | 'totalTables'>;

function totalsOf(tables: readonly TableSummary[]): Totals {
  return {
    totalTables: tables.length,
    totalPlainBytes: tables.reduce((sum, table) => sum + table.plainBytes, 0),
  };
}

/**
 * Restores from an archive that is read at any place: several tables at a time, those that an office needs
 * first before all others, each complete with its keys before it is noted in the journal (small ones are
 * not). An interrupted restore of the same archive goes on where it stopped.
 */
export class ArchiveRestore {
  readonly #run: RestoreRun;
  readonly #archive: ArchiveReader;
  readonly #waiting: TableSummary[];
  #totals: Totals;
  readonly #schedule: ScheduleWatch;
  readonly #descriptions: Map<string, TableDescription> = new Map();
  readonly #done: RestoredTable[] = [];
  #rows = 0;
  #plainBytes = 0;

  constructor(run: RestoreRun, archive: ArchiveReader) {
    this.#run = run;
    this.#archive = archive;
    const { tables: wanted } = run.options;
    const { tables } = archive.manifest;
    for (const name of wanted ?? []) {
      if (!tables.some((table) => table.name === name)) {
        throw new RangeError(`"tables" names "${name}", which is not in the archive`);
      }
    }
    this.#waiting = inOrderOfNeed(tables.filter(({ name }) => wanted?.includes(name) ?? true));
    this.#schedule = new ScheduleWatch(this.#waiting);
    this.#totals = totalsOf(this.#waiting);
  }

  async run(): Promise<RestoreReport> {
    const run = this.#run;
    if (this.#archive.isLabelDamaged)
      run.notes.push({ code: 'label-damaged', message: labelDamagedSentence });
    const reading = { signal: run.signal };
    const [database, objects] = [await this.#archive.database(reading), await this.#archive.objects(reading)];
    await this.#leaveMarksOut();
    const toBeMade = await this.#begin(database, objects);
    const { connections = 2 } = run.options;
    const workers = Array.from({ length: Math.min(connections, this.#waiting.length) }, () =>
      this.#loadTables(),
    );
    for (const worker of workers) worker.catch((error: unknown) => run.fail(error));
    // The first failure is the cause; the others are its echo.
    await Promise.all(workers);
    this.#report('objects', '');
    run.signal.throwIfAborted();
    this.#done.sort((a, b) => (a.name < b.name ? -1 : 1));
    return run.complete(this.#done, toBeMade, this.#archive.manifest);
  }

  async #leaveMarksOut(): Promise<void> {
    for (const table of this.#waiting.filter(({ name }) => mayBeOurs(name))) {
      if (!this.#run.leavesOut(await this.#describe(table.name))) continue;
      this.#waiting.splice(this.#waiting.indexOf(table), 1);
      this.#totals = totalsOf(this.#waiting);
    }
  }

  /** Leaves the tables that are to be loaded waiting. @returns the objects that are to be made */
  async #begin(
    database: DatabaseDescription,
    objects: readonly SchemaObject[],
  ): Promise<readonly SchemaObject[]> {
    const run = this.#run;
    const server = await run.claim();
    const key = this.#workKey();
    const { resume = true, replace = false } = run.options;
    const missing = resume && !replace ? await this.#readMissing(server, key) : undefined;
    if (missing !== undefined) {
      await run.open(database, key);
      return this.#tryMissing(server, missing, objects, key);
    }
    if (resume && (await this.#isInterrupted(server, key))) {
      await awaitLastStatements(server.connection, run.target.database, run.signal);
      // The last statement may have been the one that made the target complete.
      if (await this.#isInterrupted(server, key)) {
        const journal = await readJournal(server.connection, run.target.database);
        await run.open(database, key);
        await this.#takeUp(journal);
        return objects;
      }
    }
    await run.examine(server, await this.#describeTables(), objects, database);
    const names = this.#waiting.map((table) => table.name);
    await run.beginAnew(server, database, key, names);
    await restoreSequences(run.schema.connection, objects, run.policy);
    return objects;
  }

  /** What a restore of the same work could not make; undefined when the target is no such one. */
  async #readMissing({ connection }: RestoreSession, key: string): Promise<MissingMark | undefined> {
    const { database: target } = this.#run.target;
    const state = await examineTarget(connection, target);
    if (state === 'unfinished') {
      // Only what was missing was being tried, when that was interrupted: all else may be in use.
      if ((await readJournal(connection, target)).workKey !== keyAgain(key)) return undefined;
      await awaitLastStatements(connection, target, this.#run.signal);
      return (await readMissing(connection, target)) ?? { workKey: key, missing: [] };
    }
    if (state !== 'filled') return undefined;
    const mark = await readMissing(connection, target);
    return mark?.workKey === key ? mark : undefined;
  }

  /** Leaves the tables that are missing waiting, and adds keys that are. @returns the objects that are */
  async #tryMissing(
    server: RestoreSession,
    { missing }: MissingMark,
    objects: readonly SchemaObject[],
    key: string,
  ): Promise<readonly SchemaObject[]> {
    const run = this.#run;
    const isMissing = (kind: string, name: string, table?: string): boolean =>
      missing.some(
        (each) => each.kind === kind && each.name === name && (table ?? each.table) === each.table,
      );
    const tables = this.#waiting.splice(0);
    const lost = tables.filter(({ name }) => isMissing('table', name));
    await this.#makeRoom(server, lost, key);
    const standing = tables.filter(({ name }) =>
      missing.some(({ kind, table }) => kind !== 'trigger' && kind !== 'table' && table === name),
    );
    for (const { name } of standing.filter((table) => !lost.includes(table))) {
      const description = run.acceptStanding(await this.#describe(name));
      const { items, foreignKeys } = planTable(
        description,
        run.source.name,
        run.target.database,
        'one-by-one',
      );
      const { connection } = run.schema;
      const left = (some: readonly TableItem[]) =>
        notThere(
          connection,
          name,
          some.filter((item) => isMissing(item.kind, item.name, name)),
        );
      run.lack(await addItems(connection, name, await left(items), run.signal));
      run.foreignKeys.owe(name, await left(foreignKeys));
    }
    const message = `Only what was missing was tried again: ${missing.length} objects. All else stays as it is.`;
    run.notes.push({ code: 'resumed', message });
    return objects.filter(({ kind, name }) => isMissing(kind, name));
  }

  /**
   * Marks the target as unfinished while tables come into it that were missing, and drops those of an earlier
   * such try. Another table of the name is somebody's, and stays.
   */
  async #makeRoom({ connection }: RestoreSession, lost: readonly TableSummary[], key: string): Promise<void> {
    const run = this.#run;
    const { database: target } = run.target;
    const { connection: schema } = run.schema;
    const begun = (await readJournal(connection, target)).done;
    for (const { name, index } of lost) {
      if (begun.has(index)) await schema.query(`DROP TABLE IF EXISTS ${quoteName(usualName(name))}`);
    }
    if (lost.length === 0) return;
    const there = (await schema.query('SHOW TABLES')).map((row) => Object.values(row)[0]);
    if ((await findJournal(connection, target)) === undefined) {
      const names = this.#archive.manifest.tables.map(({ name }) => name);
      await createJournal(connection, target, keyAgain(key), names);
    }
    for (const table of lost) {
      if (there.some((name) => sameName(name, usualName(table.name), schema))) {
        const message =
          'A table of this name is there that the restore did not make: rename or drop it first.';
        run.lackTable({ name: table.name, errno: 0, message });
        continue;
      }
      await journalTable(schema, table.index, -1);
      this.#waiting.push(table);
    }
    this.#totals = totalsOf(this.#waiting);
  }

  /** Whether the target holds what a restore of the same work left behind. */
  async #isInterrupted({ connection }: RestoreSession, key: string): Promise<boolean> {
    const { database: target } = this.#run.target;
    if ((await examineTarget(connection, target)) !== 'unfinished') return false;
    return (await readJournal(connection, target)).workKey === key;
  }

  async #describeTables(): Promise<readonly TableDescription[]> {
    const { signal } = this.#run;
    for (const { name } of this.#waiting) {
      this.#descriptions.set(name, await this.#archive.table(name, { signal }));
    }
    return [...this.#descriptions.values()];
  }

  async #describe(name: string): Promise<TableDescription> {
    return this.#descriptions.get(name) ?? this.#archive.table(name, { signal: this.#run.signal });
  }

  /** The same archive and the same choice of tables. */
  #workKey(): string {
    const chosen = this.#waiting.map((table) => table.index).sort((a, b) => a - b);
    const digest = createHash('sha256').update(chosen.join(',')).digest('hex').slice(0, 16);
    return `${this.#archive.manifest.archiveId}:${digest}`;
  }

  /**
   * Keeps the tables that are whole, and drops everything else: what was under way, and what comes after the
   * rows.
   */
  async #takeUp(journal: RestoreJournal): Promise<void> {
    const run = this.#run;
    const { schema, notes } = run;
    await dropObjects((await run.programs()).connection);
    await dropForeignKeys(schema.connection);
    const kept: RestoredTable[] = [];
    for (const table of [...this.#waiting]) {
      const whole = journal.done.get(table.index) === table.rows && (await this.#holds(table));
      if (whole) {
        this.#waiting.splice(this.#waiting.indexOf(table), 1);
        const description = run.acceptTable(await this.#describe(table.name));
        const { foreignKeys } = planTable(description, run.source.name, run.target.database, 'at-once');
        run.foreignKeys.owe(usualName(table.name), foreignKeys);
        kept.push({ name: table.name, rows: table.rows });
        this.#tellSchedule(table.name);
        this.#rows += table.rows;
        this.#plainBytes += table.plainBytes;
      } else {
        await schema.connection.query(`DROP TABLE IF EXISTS ${quoteName(usualName(table.name))}`);
      }
    }
    this.#done.push(...kept);
    notes.push({
      code: 'resumed',
      message: `An interrupted restore was taken up: ${kept.length} tables were there already.`,
    });
  }

  /**
   * A server that lost power may have lost rows that it had confirmed. What it has a log for it counts; of
   * the others it may still say as many rows as there were: those are checked with their keys, and read
   * (MyISAM, Aria).
   */
  async #holds(table: TableSummary): Promise<boolean> {
    const { schema, signal } = this.#run;
    const { connection } = schema;
    try {
      if (!isTransactional(table.engine)) {
        const told = await connection.query(`CHECK TABLE ${quoteName(usualName(table.name))}`, { signal });
        if (told.some((row) => row['Msg_type'] === 'error')) return false;
        const description = withUsualName(await this.#describe(table.name));
        return await holdsRows(schema, description, await this.#digestOf(schema, description), signal);
      }
      const [row] = await connection.query(`SELECT COUNT(*) AS n FROM ${quoteName(usualName(table.name))}`);
      return Number(row?.['n']) === table.rows;
    } catch (error) {
      // The table is gone or damaged; anything else is the connection's trouble.
      if (serverErrorNumber(error) === undefined) throw error;
      return false;
    }
  }

  async #loadTables(): Promise<void> {
    let session = await this.#run.openSession();
    for (let table = this.#waiting.shift(); table !== undefined; table = this.#waiting.shift()) {
      this.#run.signal.throwIfAborted();
      session = await this.#loadTable(session, table);
    }
  }

  /** @returns the session to go on with */
  async #loadTable(session: RestoreSession, summary: TableSummary): Promise<RestoreSession> {
    const run = this.#run;
    const { name, index } = summary;
    const wanted = run.acceptTable(await this.#describe(name));
    const keys = keyTimeOf(wanted.engine, summary.rows, run.method.methodFor(session));
    const made = await run.makeTable(session, wanted, keys);
    if (made === undefined) return session;
    const { description, statements } = made;
    let taken = 0;
    let found = 0;
    let inStep = run.method.methodFor(session) === 'insert';
    if (summary.parts > 0) {
      await prepareTable(session, description, statements, run.signal);
      try {
        const given = this.#archived(session, description);
        const loader = await run.method.begin(session, description, given, run.signal);
        found = await this.#feed(loader, summary);
        inStep = true;
        taken = await loader.finish();
        checkRows(name, summary.rows, found, taken);
      } catch (error) {
        const told = aboutTable(error, name, 'cannot be loaded');
        return run.refuseRows(session, { name, made: description.name, engine: wanted.engine }, told, inStep);
      }
    } else checkRows(name, summary.rows, found, taken);
    if (statements.after.length > 0) {
      this.#report('keys', name);
      run.lack(await finishTable(session, description, statements, run.signal));
    }
    // What is small is made again sooner than noted.
    if (summary.plainBytes >= journaledBytes) await journalTable(session.connection, index, taken);
    this.#done.push({ name, rows: taken });
    this.#tellSchedule(name);
    return session;
  }

  /** What is usable is usable: an office may read from it while the rest comes. */
  #tellSchedule(table: string): void {
    if (!this.#schedule.isUsableWith(table)) return;
    this.#run.scheduleUsableAt = new Date();
    this.#report('schedule-usable', table);
  }

  /** The rows as the archive has them, which can be read again when there is a doubt. */
  #archived(session: RestoreSession, table: TableDescription): GivenRows {
    return { note: () => undefined, digest: () => this.#digestOf(session, table) };
  }

  async #digestOf(session: RestoreSession, table: TableDescription): Promise<RowsDigest> {
    const { signal } = this.#run;
    const digest = new RowsDigest(loadedColumns(table.columns).map(({ form }) => form));
    const move = openEndsOf(session, table);
    for await (const batch of this.#archive.readTable(table.name, { signal })) {
      move?.(batch);
      digest.add(batch);
    }
    return digest;
  }

  async #feed(loader: TableLoader, { name, rows, plainBytes }: TableSummary): Promise<number> {
    const { signal } = this.#run;
    let found = 0;
    for await (const batch of this.#archive.readTable(name, { signal })) {
      signal.throwIfAborted();
      await loader.write(batch);
      found += batch.rows;
      this.#rows += batch.rows;
      // Parts of a table are much alike; the manifest knows the size of all of them together.
      this.#plainBytes += rows === 0 ? 0 : (plainBytes * batch.rows) / rows;
      this.#report('rows', name);
    }
    return found;
  }

  #report(phase: RestoreProgress['phase'], table: string): void {
    this.#run.report({
      phase,
      table,
      tablesDone: this.#done.length,
      rows: this.#rows,
      plainBytes: Math.round(this.#plainBytes),
      ...this.#totals,
    });
  }
}
