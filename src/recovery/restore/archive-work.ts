import { createHash } from 'node:crypto';
import type { ArchiveReader } from '../../archive/index.js';
import type { TableDescription, TableSummary } from '../../model/parts.js';
import type { GivenRows } from '../load/doubts.js';
import type { RowsDigest } from '../load/rows-digest.js';
import { digestFor } from '../load/table-digest.js';
import { openEndsOf } from '../load/with-history.js';
import { inOrderOfNeed, ScheduleWatch } from './order-of-need.js';
import type { RestoredTable, RestoreProgress } from './restore-report.js';
import type { RestoreRun } from './restore-run.js';
import type { RestoreSession } from './session.js';

/** What of an archive is to be restored, and the progress. */
export class ArchiveWork {
  readonly run: RestoreRun;
  readonly archive: ArchiveReader;
  /** Tables that are not loaded yet, those that an office needs first before all others. */
  readonly waiting: TableSummary[];
  readonly done: RestoredTable[] = [];
  #totals: Totals;
  readonly #schedule: ScheduleWatch;
  readonly #descriptions: Map<string, TableDescription> = new Map();
  #rows = 0;
  #plainBytes = 0;

  /** @throws RangeError when `tables` names a table that the archive does not hold */
  constructor(run: RestoreRun, archive: ArchiveReader) {
    this.run = run;
    this.archive = archive;
    const { tables: wanted } = run.options;
    const { tables } = archive.manifest;
    for (const name of wanted ?? []) {
      if (!tables.some((table) => table.name === name)) {
        throw new RangeError(`"tables" names "${name}", which is not in the archive`);
      }
    }
    this.waiting = inOrderOfNeed(tables.filter(({ name }) => wanted?.includes(name) ?? true));
    this.#schedule = new ScheduleWatch(this.waiting);
    this.#totals = totalsOf(this.waiting);
  }

  /** Identifies the archive and the selected tables, whatever their progress. */
  workKey(): string {
    const chosen = this.waiting.map((table) => table.index).sort((a, b) => a - b);
    const digest = createHash('sha256').update(chosen.join(',')).digest('hex').slice(0, 16);
    return `${this.archive.manifest.archiveId}:${digest}`;
  }

  /** Removes a table from those that are waiting. */
  remove(table: TableSummary): void {
    this.waiting.splice(this.waiting.indexOf(table), 1);
  }

  /** Sets the total to the tables that are waiting now. */
  recount(): void {
    this.#totals = totalsOf(this.waiting);
  }

  /** Adds to the progress. */
  advance(rows: number, plainBytes: number): void {
    this.#rows += rows;
    this.#plainBytes += plainBytes;
  }

  /** The definitions of all waiting tables. */
  async describeTables(): Promise<readonly TableDescription[]> {
    const { signal } = this.run;
    for (const { name } of this.waiting) {
      this.#descriptions.set(name, await this.archive.table(name, { signal }));
    }
    return [...this.#descriptions.values()];
  }

  async describe(name: string): Promise<TableDescription> {
    return this.#descriptions.get(name) ?? this.archive.table(name, { signal: this.run.signal });
  }

  /** Called when a table is in the target, with its keys. */
  finish(table: RestoredTable): void {
    this.done.push(table);
    this.tellSchedule(table.name);
  }

  /** Called once, while the rest is still being loaded: an office can read its schedule from then on. */
  tellSchedule(table: string): void {
    if (!this.#schedule.isUsableWith(table)) return;
    this.run.scheduleUsableAt = new Date();
    this.report('schedule-usable', table);
  }

  /** The table's rows in the archive, which can be read again when a server's warning requires it. */
  rowsOf(session: RestoreSession, table: TableDescription): GivenRows {
    return { note: () => undefined, digest: () => this.digestOf(session, table) };
  }

  async digestOf(session: RestoreSession, table: TableDescription): Promise<RowsDigest> {
    const { signal } = this.run;
    const digest = digestFor(table);
    const move = openEndsOf(session, table);
    for await (const batch of this.archive.readTable(table.name, { signal })) {
      move?.(batch);
      digest.add(batch);
    }
    return digest;
  }

  report(phase: RestoreProgress['phase'], table: string): void {
    this.run.report({
      phase,
      table,
      tablesDone: this.done.length,
      rows: this.#rows,
      plainBytes: Math.round(this.#plainBytes),
      ...this.#totals,
    });
  }
}

type Totals = Pick<Required<RestoreProgress>, 'totalPlainBytes' | 'totalTables'>;

function totalsOf(tables: readonly TableSummary[]): Totals {
  return {
    totalTables: tables.length,
    totalPlainBytes: tables.reduce((sum, table) => sum + table.plainBytes, 0),
  };
}
