/**
 * The tables of a practice's database, as their counts and sizes say: they grow from night to night, and
 * somebody may take rows away.
 */
import type { TableSummary } from '../../src/model/parts.js';
import type { Random } from './random.js';

type Counted = Pick<TableSummary, 'name' | 'plainBytes' | 'rows' | 'storedBytes'>;

/** Rows at the beginning, and most that a night adds. */
const usual: readonly (readonly [name: string, rows: number, growth: number])[] = [
  ['appointment', 9000, 25],
  ['patient', 4000, 4],
  ['procedurelog', 30_000, 60],
  ['securitylog', 80_000, 300],
];

export class Tables {
  readonly #random: Random;
  readonly #rows: Map<string, number> = new Map(usual.map(([name, rows]) => [name, rows]));

  constructor(random: Random) {
    this.#random = random;
  }

  /** As they are read tonight. */
  read(): readonly Counted[] {
    for (const [name, , growth] of usual) {
      const rows = this.#rows.get(name);
      if (rows !== undefined) this.#rows.set(name, rows + this.#random.between(1, growth));
    }
    return [...this.#rows].map(([name, rows]) => ({
      name,
      rows,
      plainBytes: rows * 100,
      storedBytes: rows * 20,
    }));
  }

  lose(table: string, share: number): void {
    this.#rows.set(table, Math.floor((this.#rows.get(table) ?? 0) * (1 - share)));
  }

  drop(table: string): void {
    this.#rows.delete(table);
  }

  rename(table: string): void {
    const rows = this.#rows.get(table) ?? 0;
    this.drop(table);
    this.#rows.set(`${table}_old`, rows);
  }
}
