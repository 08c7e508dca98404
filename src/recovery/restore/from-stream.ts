import { unpackRows } from '../../columns/pack.js';
import { BackupError } from '../../errors.js';
import type { DumpSummary, Part, RowsPart, SchemaObject, TableDescription } from '../../model/parts.js';
import type { TableStatements } from '../ddl/table-statement.js';
import { loadedColumns } from '../load/cells.js';
import { type GivenRows, rememberRows } from '../load/doubts.js';
import type { TableLoader } from '../load/table-loader.js';
import { finishRestore } from './finish-restore.js';
import type { RestoreProgress, RestoreReport } from './restore-report.js';
import type { RestoreRun } from './restore-run.js';
import type { RestoreSession } from './session.js';
import { aboutTable, checkRows } from './table-failures.js';
import { finishTable, prepareTable } from './table-statements.js';

interface RestoringTable {
  readonly description: TableDescription;
  readonly statements: TableStatements;
  readonly given: GivenRows;
  /** Rows in the parts so far. */
  rows: number;
  /** Rows according to the server. */
  taken: number;
}

/** A session that loads one table at a time. */
interface Lane {
  session: RestoreSession;
  open: { readonly table: RestoringTable; readonly loader: TableLoader } | undefined;
  /** Time of its last batch. */
  fed: number;
}

/**
 * Restores from parts in the order in which they arrive. Tables may interleave, and the last rows of a table
 * are not marked, so a lane keeps its table until another table needs the lane. Keys are built after all
 * rows.
 */
export class StreamRestore {
  readonly #run: RestoreRun;
  readonly #tables: Map<number, RestoringTable> = new Map();
  readonly #skipped: Set<number> = new Set();
  readonly #lanes: Lane[] = [];
  #rows = 0;
  #plainBytes = 0;
  #clock = 0;

  constructor(run: RestoreRun) {
    this.#run = run;
  }

  async run(parts: AsyncIterable<Part>): Promise<RestoreReport> {
    const run = this.#run;
    const server = await run.claim();
    let objects: readonly SchemaObject[] = [];
    let summary: DumpSummary | undefined;
    for await (const part of parts) {
      run.signal.throwIfAborted();
      switch (part.kind) {
        case 'database':
          await run.beginAnew(server, part.database, '');
          break;
        case 'table':
          await this.#takeTable(part.table);
          break;
        case 'rows':
          if (!this.#skipped.has(part.table)) await this.#takeRows(part);
          break;
        case 'objects':
          objects = part.objects;
          break;
        case 'summary':
          summary = part.summary;
          break;
      }
    }
    if (summary === undefined) {
      throw new BackupError('archive-damaged', 'The parts of the database ended before their summary.');
    }
    for (const lane of this.#lanes) await this.#finishLoading(lane);
    for (const expected of summary.tables) {
      if (this.#skipped.has(expected.index)) continue;
      const table = this.#tables.get(expected.index);
      try {
        checkRows(expected.name, expected.rows, table?.rows ?? 0, table?.taken ?? 0);
      } catch (error) {
        if (table === undefined) throw error;
        await this.#refuse({ session: run.schema, open: undefined }, table, error, true);
      }
    }
    await this.#finishTables();
    this.#report('objects', '');
    run.signal.throwIfAborted();
    const tables = [...this.#tables.values()];
    return finishRestore(
      run,
      tables.map(({ description, taken }) => ({ name: description.name, rows: taken })),
      objects,
      summary,
    );
  }

  async #takeTable(table: TableDescription): Promise<void> {
    const run = this.#run;
    const isChosen = run.options.tables?.includes(table.name) ?? true;
    if (!isChosen || run.leavesOut(table)) {
      this.#skipped.add(table.index);
      return;
    }
    // MySQL 8 and newer cannot create a table while a table that it refers to, or that refers to it, is being
    // loaded; and more rows of those arrive later.
    for (const lane of this.#lanes) {
      const open = lane.open?.table.description;
      if (open !== undefined && [open, table].some(hasForeignKey)) await this.#finishLoading(lane);
    }
    // The number of rows and loads is unknown.
    const made = await run.makeTable(run.schema, run.acceptTable(table), 'after-rows');
    if (made === undefined) {
      this.#skipped.add(table.index);
      return;
    }
    const { description, statements } = made;
    const given = rememberRows(description);
    this.#tables.set(description.index, { description, statements, given, rows: 0, taken: 0 });
  }

  async #takeRows(part: RowsPart): Promise<void> {
    const table = this.#tables.get(part.table);
    if (table === undefined) {
      throw new BackupError(
        'archive-damaged',
        `The archive holds rows of a table number ${part.table} that it does not describe.`,
      );
    }
    const { description } = table;
    const forms = loadedColumns(description.columns).map((column) => column.form);
    const batch = await unpackRows(part, forms);
    const lane = await this.#laneFor(table);
    lane.fed = ++this.#clock;
    try {
      await lane.open!.loader.write(batch);
    } catch (error) {
      const inStep = this.#run.method.methodFor(lane.session) === 'insert';
      await this.#refuse(lane, table, error, inStep);
      return;
    }
    table.rows += part.rows;
    this.#rows += part.rows;
    this.#plainBytes += part.plainBytes;
    this.#report('rows', description.name);
  }

  /** The lane that is loading this table, or else a new one, or else the one that was idle longest. */
  async #laneFor(table: RestoringTable): Promise<Lane> {
    const run = this.#run;
    const { connections = 2 } = run.options;
    let lane = this.#lanes.find(({ open }) => open?.table === table);
    if (lane !== undefined) return lane;
    if (this.#lanes.length < connections) {
      lane = { session: await run.openSession(), open: undefined, fed: 0 };
      this.#lanes.push(lane);
    } else {
      lane = this.#lanes.reduce((oldest, each) => (each.fed < oldest.fed ? each : oldest));
      await this.#finishLoading(lane);
    }
    const { description, statements, given } = table;
    if (table.rows === 0) await prepareTable(lane.session, description, statements, run.signal);
    lane.open = { table, loader: await run.method.begin(lane.session, description, given, run.signal) };
    return lane;
  }

  async #finishLoading(lane: Lane): Promise<void> {
    if (lane.open === undefined) return;
    const { table, loader } = lane.open;
    try {
      table.taken += await loader.finish();
    } catch (error) {
      await this.#refuse(lane, table, error, true);
    }
    lane.open = undefined;
  }

  /** Drops a table whose rows the server refuses; the others continue. */
  async #refuse(
    lane: Pick<Lane, 'open' | 'session'>,
    { description }: RestoringTable,
    error: unknown,
    inStep: boolean,
  ): Promise<void> {
    const { name, engine, index } = description;
    const told = aboutTable(error, name, 'cannot be loaded');
    lane.session = await this.#run.refuseRows(lane.session, { name, made: name, engine }, told, inStep);
    lane.open = undefined;
    this.#tables.delete(index);
    this.#skipped.add(index);
  }

  async #finishTables(): Promise<void> {
    const run = this.#run;
    const waiting = [...this.#tables.values()].filter(
      ({ statements, rows }) => statements.after.length > 0 && (rows > 0 || statements.before.length === 0),
    );
    // The longest first, so that the sessions finish together.
    waiting.sort((a, b) => b.rows - a.rows);
    const sessions = this.#lanes.length > 0 ? this.#lanes.map((lane) => lane.session) : [run.schema];
    await Promise.all(
      sessions.map(async (session) => {
        for (let table = waiting.shift(); table !== undefined; table = waiting.shift()) {
          this.#report('keys', table.description.name);
          run.lack(await finishTable(session, table.description, table.statements, run.signal));
        }
      }),
    );
  }

  #report(phase: RestoreProgress['phase'], table: string): void {
    this.#run.report({
      phase,
      table,
      tablesDone: this.#tables.size,
      rows: this.#rows,
      plainBytes: this.#plainBytes,
    });
  }
}

function hasForeignKey({ createStatement }: TableDescription): boolean {
  return /\bREFERENCES\b/i.test(createStatement);
}
