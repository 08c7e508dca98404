import type {
  DatabaseDescription,
  DumpSummary,
  Manifest,
  Part,
  RowsPart,
  SchemaObject,
  TableDescription,
} from '../../archive/model.js';
import { unpackRows } from '../../archive/pack-rows.js';
import type { DatabaseAddress } from '../../database/address.js';
import { BackupError } from '../../errors.js';
import { planTable, type TableStatements } from '../ddl/table-statement.js';
import { loadedColumns } from '../load/cells.js';
import { type LoadMethod, openLoader, refusesLoadData, type TableLoader } from '../load/table-loader.js';
import type { RestoredTable, RestoreNote, RestoreProgress, RestoreReport } from './report.js';
import { restoreEventStates, restoreObjects, restoreSequences } from './schema-objects.js';
import { openRestoreSession, type RestoreSession } from './session.js';
import { prepareTarget, type TargetAddress, targetOf } from './target.js';

/** Options of {@link restoreDatabase}. */
export interface RestoreOptions {
  /** Drop what is in the target first. A database that is in use is refused all the same. @defaultValue false */
  readonly replace?: boolean;
  /** Sessions that load at the same time, each a table of its own. @defaultValue 2 */
  readonly connections?: number;
  /** Whether views, triggers and so on act for the user they acted for, or for whoever restores. @defaultValue 'keep' */
  readonly definers?: 'keep' | 'strip';
  /** Whether events that ran at the source run again at the end. @defaultValue 'as-found' */
  readonly events?: 'as-found' | 'disabled';
  /** `auto` takes LOAD DATA LOCAL where the server allows it, INSERT of many rows elsewhere. @defaultValue 'auto' */
  readonly method?: LoadMethod | 'auto';
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Puts a database back: definitions, rows and objects, with every count checked. Rows go in by LOAD DATA LOCAL where the
 * server takes it, over several sessions, and every warning of the server is a failure.
 *
 * @param parts - a database as parts, from `decryptArchive` or `dumpDatabase`
 * @param target - with the name of a database that does not exist yet or is empty
 * @throws BackupError `target-refused`, `restore-changed-data`, `restore-failed`, `privilege-missing`, `database-…`, and
 *   whatever the source of the parts throws
 */
export async function restoreDatabase(
  parts: AsyncIterable<Part>,
  target: DatabaseAddress,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  const restore = new StreamRestore(targetOf(target), options);
  try {
    return await restore.run(parts);
  } finally {
    await restore.close();
  }
}

interface RestoringTable {
  readonly description: TableDescription;
  readonly statements: TableStatements;
  rows: number;
  taken: number;
}

interface Lane {
  readonly session: RestoreSession;
  open: { readonly table: RestoringTable; readonly loader: TableLoader } | undefined;
  /** When it was last fed. */
  fed: number;
}

class StreamRestore {
  readonly #target: TargetAddress;
  readonly #options: RestoreOptions;
  readonly #startedAt: Date = new Date();
  readonly #tables: Map<number, RestoringTable> = new Map();
  readonly #notes: RestoreNote[] = [];
  readonly #lanes: Lane[] = [];
  #schema: RestoreSession | undefined;
  #source: DatabaseDescription | undefined;
  #objects: readonly SchemaObject[] = [];
  #summary: DumpSummary | Manifest | undefined;
  #method: LoadMethod | undefined;
  #rows = 0;
  #plainBytes = 0;
  #clock = 0;

  constructor(target: TargetAddress, options: RestoreOptions) {
    this.#target = target;
    this.#options = options;
  }

  async run(parts: AsyncIterable<Part>): Promise<RestoreReport> {
    const { signal } = this.#options;
    for await (const part of parts) {
      signal?.throwIfAborted();
      switch (part.kind) {
        case 'database':
          await this.#begin(part.database);
          break;
        case 'table':
          await this.#createTable(part.table);
          break;
        case 'rows':
          await this.#takeRows(part);
          break;
        case 'objects':
          this.#objects = part.objects;
          break;
        case 'summary':
          this.#summary = part.summary;
          break;
      }
    }
    for (const lane of this.#lanes) await this.#finishLoading(lane);
    const summary = this.#checkCounts();
    await this.#finishTables();
    return this.#finish(summary);
  }

  async close(): Promise<void> {
    const sessions = [this.#schema, ...this.#lanes.map((lane) => lane.session)];
    for (const lane of this.#lanes) {
      lane.open?.loader.abandon(new BackupError('restore-failed', 'The restore was given up.'));
      if (lane.open !== undefined) lane.session.connection.destroy();
    }
    await Promise.all(sessions.map((session) => session?.connection.close()));
  }

  async #begin(source: DatabaseDescription): Promise<void> {
    const { signal, replace = false } = this.#options;
    const { database, ...server } = this.#target;
    const first = await openRestoreSession(server, signal);
    try {
      await prepareTarget(first.connection, database, source, replace);
    } finally {
      await first.connection.close();
    }
    this.#source = source;
    this.#schema = await openRestoreSession(this.#target, signal);
    const { method = 'auto' } = this.#options;
    this.#method = method === 'auto' ? (this.#schema.localInfile ? 'load-data' : 'insert') : method;
  }

  async #createTable(description: TableDescription): Promise<void> {
    const { connection } = this.#opened();
    const statements = planTable(description, this.#source!.name, this.#target.database);
    await this.#placeSequences(description);
    for (const sql of [statements.create, ...statements.before]) {
      await connection.query(sql).catch((error: unknown) => {
        throw aboutTable(error, description.name, 'cannot be made in the target');
      });
    }
    this.#tables.set(description.index, { description, statements, rows: 0, taken: 0 });
  }

  /** A default may call a sequence, which comes after the tables in the stream (C5). */
  async #placeSequences(description: TableDescription): Promise<void> {
    const { connection } = this.#opened();
    const calls = description.createStatement.matchAll(
      /\bnext(?:val\(|\s+value\s+for\s+)(?:`(?:[^`]|``)*`\.)?(`(?:[^`]|``)*`)/gi,
    );
    for (const [, name] of calls) await connection.query(`CREATE SEQUENCE IF NOT EXISTS ${name}`);
  }

  async #takeRows(part: RowsPart): Promise<void> {
    const table = this.#tables.get(part.table);
    if (table === undefined) {
      throw new BackupError(
        'archive-damaged',
        `The archive holds rows of a table number ${part.table} that it does not describe.`,
      );
    }
    const forms = loadedColumns(table.description.columns).map((column) => column.form);
    const batch = await unpackRows(part, forms);
    const lane = await this.#laneFor(table);
    lane.fed = ++this.#clock;
    try {
      await lane.open!.loader.write(batch);
    } catch (error) {
      throw aboutTable(error, table.description.name, 'cannot be loaded');
    }
    table.rows += part.rows;
    this.#rows += part.rows;
    this.#plainBytes += part.plainBytes;
    this.#report('rows', table.description.name);
  }

  /** The lane that loads this table already, or else the one that waited longest. */
  async #laneFor(table: RestoringTable): Promise<Lane> {
    const { connections = 2 } = this.#options;
    let lane = this.#lanes.find(({ open }) => open?.table === table);
    if (lane !== undefined) return lane;
    if (this.#lanes.length < connections) {
      lane = {
        session: await openRestoreSession(this.#target, this.#options.signal),
        open: undefined,
        fed: 0,
      };
      this.#lanes.push(lane);
    } else {
      lane = this.#lanes.reduce((oldest, each) => (each.fed < oldest.fed ? each : oldest));
      await this.#finishLoading(lane);
    }
    lane.open = { table, loader: await this.#openLoader(lane.session, table) };
    return lane;
  }

  async #openLoader(session: RestoreSession, table: RestoringTable): Promise<TableLoader> {
    const method = this.#method!;
    try {
      return await openLoader(session, table.description, method);
    } catch (error) {
      const auto = (this.#options.method ?? 'auto') === 'auto';
      if (!auto || method === 'insert' || !refusesLoadData(error)) {
        throw aboutTable(error, table.description.name, 'cannot be loaded');
      }
      this.#method = 'insert';
      return openLoader(session, table.description, 'insert');
    }
  }

  async #finishLoading(lane: Lane): Promise<void> {
    if (lane.open === undefined) return;
    const { table, loader } = lane.open;
    try {
      table.taken += await loader.finish();
    } catch (error) {
      throw aboutTable(error, table.description.name, 'cannot be loaded');
    }
    lane.open = undefined;
  }

  #checkCounts(): DumpSummary | Manifest {
    const summary = this.#summary;
    if (summary === undefined || this.#source === undefined) {
      throw new BackupError('archive-damaged', 'The parts of the database ended before their summary.');
    }
    for (const expected of summary.tables) {
      const table = this.#tables.get(expected.index);
      const rows = table?.rows ?? -1;
      if (rows !== expected.rows) {
        throw new BackupError(
          'archive-damaged',
          `The archive should hold ${expected.rows} rows of table "${expected.name}" and holds ${rows}.`,
          { details: { table: expected.name, expected: expected.rows, found: rows } },
        );
      }
      if (table!.taken !== expected.rows) {
        throw new BackupError(
          'restore-failed',
          `The target took ${table!.taken} of ${expected.rows} rows of table "${expected.name}".`,
          { details: { table: expected.name, expected: expected.rows, taken: table!.taken } },
        );
      }
    }
    return summary;
  }

  async #finishTables(): Promise<void> {
    const waiting = [...this.#tables.values()].filter(({ statements }) => statements.after.length > 0);
    waiting.sort((a, b) => b.rows - a.rows);
    const sessions = this.#lanes.length > 0 ? this.#lanes.map((lane) => lane.session) : [this.#opened()];
    await Promise.all(
      sessions.map(async ({ connection }) => {
        for (let table = waiting.shift(); table !== undefined; table = waiting.shift()) {
          const { name } = table.description;
          this.#report('finishing', name);
          for (const sql of table.statements.after) {
            await connection.query(sql, this.#session()).catch((error: unknown) => {
              throw aboutTable(error, name, 'cannot be given its keys');
            });
          }
        }
      }),
    );
  }

  async #finish(summary: DumpSummary | Manifest): Promise<RestoreReport> {
    const { connection } = this.#opened();
    const { definers = 'keep', events = 'as-found' } = this.#options;
    this.#report('objects', '');
    await restoreSequences(connection, this.#objects);
    const outcome = await restoreObjects(connection, this.#objects, {
      definers,
      source: this.#source!.name,
      target: this.#target.database,
    });
    this.#notes.push(...outcome.notes);
    if (events === 'as-found') this.#notes.push(...(await restoreEventStates(connection, this.#objects)));
    return {
      database: this.#target.database,
      startedAt: this.#startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      snapshotAt: summary.snapshotAt,
      tables: [...this.#tables.values()].map(
        ({ description, taken }): RestoredTable => ({ name: description.name, rows: taken }),
      ),
      objects: outcome.objects,
      method: this.#method!,
      notes: this.#notes,
    };
  }

  #opened(): RestoreSession {
    if (this.#schema === undefined) {
      throw new BackupError('archive-damaged', 'The parts do not begin with the database.');
    }
    return this.#schema;
  }

  #session(): { readonly signal?: AbortSignal } {
    const { signal } = this.#options;
    return signal === undefined ? {} : { signal };
  }

  #report(phase: RestoreProgress['phase'], table: string): void {
    this.#options.onProgress?.({
      phase,
      table,
      tablesDone: this.#tables.size,
      rows: this.#rows,
      plainBytes: this.#plainBytes,
    });
  }
}

function aboutTable(error: unknown, table: string, what: string): unknown {
  if (!(error instanceof BackupError) || error.details['table'] !== undefined) return error;
  const { errno, serverCode } = error.details;
  const answer = errno === undefined ? '' : ` (the server answered ${serverCode}, ${errno})`;
  const code = error.code === 'database-query-failed' ? 'restore-failed' : error.code;
  return new BackupError(code, `Table "${table}" ${what}${answer}.`, {
    cause: error,
    details: { ...error.details, table },
  });
}
