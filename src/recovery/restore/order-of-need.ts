import { isLogTable, scheduleNeeds, scheduleTables } from '../../catalog/open-dental/opening-hours.js';
import type { TableSummary } from '../../model/parts.js';

// With its keys, a row of a few numbers costs a server about as much as so many bytes of text.
const rowEffortBytes = 400;

/** A log that is more than this share of everything does not wait: the sessions would not end together. */
const longLog = 1 / 8;

/** How long a table takes, measured against others. */
function effortOf({ rows, plainBytes }: TableSummary): number {
  return plainBytes + rows * rowEffortBytes;
}

/**
 * The order in which tables are loaded: first what an office needs to open its doors, last the logs. Among
 * those alike the longest comes first, so that the sessions end together.
 */
export function inOrderOfNeed(tables: readonly TableSummary[]): TableSummary[] {
  const all = tables.reduce((sum, table) => sum + effortOf(table), 0);
  const needed = new Set(scheduleTables);
  const rankOf = (table: TableSummary): number => {
    if (needed.has(table.name.toLowerCase())) return 0;
    return isLogTable(table.name) && effortOf(table) < all * longLog ? 2 : 1;
  };
  return [...tables].sort((a, b) => rankOf(a) - rankOf(b) || effortOf(b) - effortOf(a) || a.index - b.index);
}

/** Tells when all of what an office needs first is there, among the tables that are to come. */
export class ScheduleWatch {
  readonly #left: Set<string>;
  readonly #hasSchedule: boolean;

  /** @param tables - that are to be loaded, or are there already */
  constructor(tables: readonly TableSummary[]) {
    const names = new Set(tables.map(({ name }) => name.toLowerCase()));
    this.#hasSchedule = scheduleNeeds.every((name) => names.has(name));
    this.#left = new Set(scheduleTables.filter((name) => names.has(name)));
  }

  /** @returns whether this table was the last one that was waited for */
  isUsableWith(table: string): boolean {
    return this.#hasSchedule && this.#left.delete(table.toLowerCase()) && this.#left.size === 0;
  }
}
