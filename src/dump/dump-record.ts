import type { Catalog, CatalogTable } from '../catalog/model.js';
import { promise } from '../catalog/need.js';
import type { BackupError } from '../errors.js';
import type {
  DatabaseDescription,
  DumpSummary,
  DumpWarning,
  LeftOut,
  RowsPart,
  TableSummary,
} from '../model/parts.js';
import type { OpenSnapshot } from './snapshot.js';
import { historyOf, type TableTask } from './table-query.js';

/** Progress of a dump. */
export interface DumpProgress {
  /** The table of the last part. */
  readonly table: string;
  /** Tables that are read completely. */
  readonly tablesDone: number;
  /** Tables to be read. */
  readonly totalTables: number;
  /** Rows read so far, of all tables. */
  readonly rows: number;
  /** Bytes of rows so far, before compression. */
  readonly plainBytes: number;
  /** Bytes of rows so far, compressed. */
  readonly storedBytes: number;
  /** The server's estimate of all data, in bytes; not measured like `plainBytes`. */
  readonly estimatedBytes: number;
}

/** What was read so far. */
interface Tally {
  rows: number;
  parts: number;
  plainBytes: number;
  storedBytes: number;
}

/** Collects the facts about a dump while it runs, for its summary. */
export class DumpRecord {
  readonly #snapshot: OpenSnapshot;
  /** By table index. */
  readonly #tallies: Map<number, Tally> = new Map();
  readonly #total: Tally = emptyTally();
  /** Damage of tables, by name; empty unless the caller allowed to leave damaged tables out. */
  readonly #damage: Map<string, string> = new Map();
  /** Names of damaged tables of which nothing is in the dump. */
  readonly #lost: string[] = [];
  readonly #warnings: DumpWarning[] = [];
  /** Objects that do not work without the tables that are not in the dump. */
  readonly #leftOut: LeftOut[] = [];
  #tablesDone = 0;

  constructor(snapshot: OpenSnapshot) {
    this.#snapshot = snapshot;
  }

  /** Called before a table is read. */
  begin(index: number): void {
    this.#tallies.set(index, emptyTally());
  }

  /** Called when a part of a table is ready. */
  count(part: RowsPart): void {
    add(this.#tallies.get(part.table)!, part);
    add(this.#total, part);
  }

  /** Called when a table is read completely. */
  finish(): void {
    this.#tablesDone++;
  }

  warn(...warnings: readonly DumpWarning[]): void {
    this.#warnings.push(...warnings);
  }

  leaveOut(leftOut: readonly LeftOut[]): void {
    this.#leftOut.push(...leftOut);
  }

  /** Records a table's damage; the first report is kept. @param isLost - whether nothing of it can be read */
  noteDamage(table: string, told: string, isLost = false): void {
    if (!this.#damage.has(table)) this.#damage.set(table, told);
    if (isLost) this.#lost.push(table);
  }

  /** Progress of the dump. @param table - the table of the last part */
  progressAt(table: string): DumpProgress {
    const { selection, catalog } = this.#snapshot;
    const { rows, plainBytes, storedBytes } = this.#total;
    return {
      table,
      tablesDone: this.#tablesDone,
      totalTables: selection.tables.length,
      rows,
      plainBytes,
      storedBytes,
      estimatedBytes: catalog.tables.reduce((sum, each) => sum + each.dataBytes, 0),
    };
  }

  /** The summary, after everything was read. @param tasks - the tables that were read */
  summarise(tasks: readonly TableTask[]): DumpSummary {
    const { startedAt, takenAt, consistency, position, selection, warnings } = this.#snapshot;
    return {
      startedAt: startedAt.toISOString(),
      snapshotAt: takenAt.toISOString(),
      finishedAt: new Date().toISOString(),
      consistency,
      lockSeconds: this.#snapshot.lockSeconds(),
      ...(position === undefined ? {} : { position }),
      tables: tasks.map(({ index, table }): TableSummary => {
        const incomplete = this.#damage.get(table.name);
        return {
          index,
          name: table.name,
          engine: table.engine,
          ...this.#tallies.get(index)!,
          ...(incomplete === undefined ? {} : { incomplete }),
        };
      }),
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

  #verdict(table: string): string {
    const { tables } = this.#snapshot.catalog;
    return tables.some(({ name, outOfReach }) => name === table && outOfReach === true)
      ? 'out of reach'
      : 'damaged';
  }
}

function emptyTally(): Tally {
  return { rows: 0, parts: 0, plainBytes: 0, storedBytes: 0 };
}

function add(tally: Tally, part: RowsPart): void {
  tally.rows += part.rows;
  tally.parts++;
  tally.plainBytes += part.plainBytes;
  tally.storedBytes += part.data.length;
}

/** The description at the start of a dump. @param tasks - the tables that follow */
export function describeDatabase(catalog: Catalog, tasks: readonly TableTask[]): DatabaseDescription {
  const { database, createStatement, characterSet, collation, server } = catalog;
  return { name: database, createStatement, characterSet, collation, server, ...promise(tasks) };
}

/** The damage of a table, from its error. */
export function toldBy(error: BackupError): string {
  const { told, counted, read, errno } = error.details;
  if (typeof told === 'string') return told;
  return counted === undefined
    ? `the server answered ${errno} while the table was read`
    : `its row count is ${counted}, but ${read} rows could be read`;
}

function damageWarning(table: string, verdict: string, told: string, isLost: boolean): DumpWarning {
  const held = isLost ? 'it is not in this copy' : 'this copy holds what could be read';
  return { code: 'table-damaged', message: `Table "${table}" is ${verdict}, and ${held}: ${told}.`, table };
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
      ? ', because the others are identified by transaction numbers, which no server accepts on insert'
      : '';
  const message = `Table "${table.name}" keeps old versions of its rows; the copy holds the current ones${why}.`;
  return [{ code: 'history-left-out', message, table: table.name }];
}
