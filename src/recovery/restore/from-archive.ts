import type { ArchiveReader } from '../../archive/index.js';
import { labelDamagedSentence } from '../../archive/salvage/losses.js';
import { mayBeOurs } from '../../catalog/restore-mark.js';
import type { DatabaseDescription, SchemaObject, TableSummary } from '../../model/parts.js';
import type { TableLoader } from '../load/table-loader.js';
import { ArchiveWork } from './archive-work.js';
import { finishRestore } from './finish-restore.js';
import { journalTable } from './restore-journal.js';
import { restoreSequences } from './restore-objects.js';
import type { RestoreReport } from './restore-report.js';
import type { RestoreRun } from './restore-run.js';
import { resumeRestore } from './resume-restore.js';
import type { RestoreSession } from './session.js';
import { aboutTable, checkRows } from './table-failures.js';
import { finishTable, keyTimeOf, prepareTable } from './table-statements.js';

/**
 * Smaller tables are not recorded in the journal, since writing an entry takes the server longer than loading
 * them.
 */
const journaledBytes = 256 * 1024;

/**
 * Restores from an archive with random access: several tables at a time, those that an office needs first
 * before all others. Each table is complete with its keys before it is recorded in the journal (small ones
 * are not). An interrupted restore of the same archive continues where it stopped.
 */
export class ArchiveRestore {
  readonly #work: ArchiveWork;

  /** @throws RangeError when `tables` names a table that the archive does not hold */
  constructor(run: RestoreRun, archive: ArchiveReader) {
    this.#work = new ArchiveWork(run, archive);
  }

  async run(): Promise<RestoreReport> {
    const { run, archive, waiting, done } = this.#work;
    if (archive.isLabelDamaged) run.notes.push({ code: 'label-damaged', message: labelDamagedSentence });
    const reading = { signal: run.signal };
    const [database, objects] = [await archive.database(reading), await archive.objects(reading)];
    await this.#leaveMarksOut();
    const toBeMade = await this.#begin(database, objects);
    const { connections = 2 } = run.options;
    const workers = Array.from({ length: Math.min(connections, waiting.length) }, () => this.#loadTables());
    for (const worker of workers) worker.catch((error: unknown) => run.fail(error));
    // The first failure is the cause: it stopped the other workers.
    await Promise.all(workers);
    this.#work.report('objects', '');
    run.signal.throwIfAborted();
    done.sort((a, b) => (a.name < b.name ? -1 : 1));
    return finishRestore(run, done, toBeMade, archive.manifest);
  }

  async #leaveMarksOut(): Promise<void> {
    const work = this.#work;
    for (const table of work.waiting.filter(({ name }) => mayBeOurs(name))) {
      if (!work.run.leavesOut(await work.describe(table.name))) continue;
      work.remove(table);
      work.recount();
    }
  }

  /** Puts the tables to be loaded into the list of waiting ones. @returns the objects to be created */
  async #begin(
    database: DatabaseDescription,
    objects: readonly SchemaObject[],
  ): Promise<readonly SchemaObject[]> {
    const { run } = this.#work;
    const server = await run.claim();
    const key = this.#work.workKey();
    const resumed = await resumeRestore(this.#work, server, key, database, objects);
    if (resumed !== undefined) return resumed;
    await run.examine(server, await this.#work.describeTables(), objects, database);
    const names = this.#work.waiting.map((table) => table.name);
    await run.beginAnew(server, database, key, names);
    await restoreSequences(run.schema.connection, objects, run.policy);
    return objects;
  }

  async #loadTables(): Promise<void> {
    const { run, waiting } = this.#work;
    let session = await run.openSession();
    for (let table = waiting.shift(); table !== undefined; table = waiting.shift()) {
      run.signal.throwIfAborted();
      session = await this.#loadTable(session, table);
    }
  }

  /** @returns the session to continue with */
  async #loadTable(session: RestoreSession, summary: TableSummary): Promise<RestoreSession> {
    const work = this.#work;
    const { run } = work;
    const { name, index } = summary;
    const wanted = run.acceptTable(await work.describe(name));
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
        const given = work.rowsOf(session, description);
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
      work.report('keys', name);
      run.lack(await finishTable(session, description, statements, run.signal));
    }
    // A small table is loaded again in less time than it takes to record it.
    if (summary.plainBytes >= journaledBytes) await journalTable(session.connection, index, taken);
    work.finish({ name, rows: taken });
    return session;
  }

  async #feed(loader: TableLoader, { name, rows, plainBytes }: TableSummary): Promise<number> {
    const { run, archive } = this.#work;
    const { signal } = run;
    let found = 0;
    for await (const batch of archive.readTable(name, { signal })) {
      signal.throwIfAborted();
      await loader.write(batch);
      found += batch.rows;
      // The manifest has the size of all parts together; parts of a table are similar.
      this.#work.advance(batch.rows, rows === 0 ? 0 : (plainBytes * batch.rows) / rows);
      this.#work.report('rows', name);
    }
    return found;
  }
}
