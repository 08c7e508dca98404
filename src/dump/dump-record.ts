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

/** What was read, so far. */
interface Tally {
  rows: number;
  parts: number;
  plainBytes: number;
  storedBytes: number;
}

/** What is known of a dump while it runs, and is told of it at its end. */
export class DumpRecord {
  readonly #snapshot: OpenSnapshot;
  /** By table index. */
  readonly #tallies: Map<number, Tally> = new Map();
  readonly #total: Tally = emptyTally();
  /** What is known to be wrong with tables, by name; only where the caller allowed to go on. */
  readonly #damage: Map<string, string> = new Map();
  /** Names of the damaged tables that are not in the dump at all. */
  readonly #lost: string[] = [];
  readonly #warnings: DumpWarning[] = [];
  /** Objects of no use without the tables that are not in the dump. */
  readonly #leftOut: LeftOut[] = [];
  #tablesDone = 0;

  constructor(snapshot: OpenSnapshot) {
    this.#snapshot = snapshot;
  }

  /** A table is about to be read. */
  begin(index: number): void {
    this.#tallies.set(index, emptyTally());
  }

  /** A part of a table is ready. */
  count(part: RowsPart): void {
    add(this.#tallies.get(part.table)!, part);
    add(this.#total, part);
  }

  /** A table was read to its end. */
  finish(): void {
    this.#tablesDone++;
  }

  warn(...warnings: readonly DumpWarning[]): void {
    this.#warnings.push(...warnings);
  }

  leaveOut(leftOut: readonly LeftOut[]): void {
    this.#leftOut.push(...leftOut);
  }

  /** What is wrong with a table; what was known first stays. @param isLost - when nothing of it can be had */
  noteDamage(table: string, told: string, isLost = false): void {
    if (!this.#damage.has(table)) this.#damage.set(table, told);
    if (isLost) this.#lost.push(table);
  }

  /** How far the dump is. @param table - whose rows came last */
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

  /** What was obtained, once all is read. @param tasks - the tables that were read */
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

/** The database that a dump begins with. @param tasks - the tables that are to follow */
export function describeDatabase(catalog: Catalog, tasks: readonly TableTask[]): DatabaseDescription {
  const { database, createStatement, characterSet, collation, server } = catalog;
  return { name: database, createStatement, characterSet, collation, server, ...promise(tasks) };
}

/** What is known of a damaged table, as an error says it. */
export function toldBy(error: BackupError): string {
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
