import { isLogTable, scheduleNeeds, scheduleTables } from '../../catalog/open-dental/opening-hours.js';
import type { TableSummary } from '../../model/parts.js';

// Loading a row of a few numbers with its keys takes a server about as long as so many bytes of text.
const rowEffortBytes = 400;

/** A log with a larger share of everything is not loaded last: the sessions would not finish together. */
const longLog = 1 / 8;

/** The loading time of a table, relative to others. */
function effortOf({ rows, plainBytes }: TableSummary): number {
  return plainBytes + rows * rowEffortBytes;
}

/**
 * The order in which tables are loaded: first those that an office needs to open, last the logs. Among equals
 * the longest is first, so that the sessions finish together.
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

/** Determines when all tables that an office needs first are complete. */
export class ScheduleWatch {
  readonly #left: Set<string>;
  readonly #hasSchedule: boolean;

  /** @param tables - to be loaded, or complete already */
  constructor(tables: readonly TableSummary[]) {
    const names = new Set(tables.map(({ name }) => name.toLowerCase()));
    this.#hasSchedule = scheduleNeeds.every((name) => names.has(name));
    this.#left = new Set(scheduleTables.filter((name) => names.has(name)));
  }

  /** @returns whether this was the last table of them */
  isUsableWith(table: string): boolean {
    return this.#hasSchedule && this.#left.delete(table.toLowerCase()) && this.#left.size === 0;
  }
}
