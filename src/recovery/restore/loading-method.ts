import type { TableDescription } from '../../model/parts.js';
import type { GivenRows } from '../load/doubts.js';
import { type LoadMethod, openLoader, refusesLoadData, type TableLoader } from '../load/table-loader.js';
import { withHistory } from '../load/with-history.js';
import type { RestoreSession } from './session.js';
import { aboutTable } from './table-failures.js';

/** How rows are loaded. That the server refuses LOAD DATA LOCAL may be known only at the first table. */
export class LoadingMethod {
  readonly #mode: LoadMethod | 'auto';
  readonly #standstill: number;
  #method: LoadMethod | undefined;

  /** @param standstill - milliseconds without progress after which a load fails */
  constructor(mode: LoadMethod | 'auto', standstill: number) {
    this.#mode = mode;
    this.#standstill = standstill;
  }

  /** How rows will be loaded over this session. */
  methodFor(session: RestoreSession): LoadMethod {
    this.#method ??= this.#mode === 'auto' ? (session.localInfile ? 'load-data' : 'insert') : this.#mode;
    return this.#method;
  }

  /** The method in use. */
  get method(): LoadMethod {
    return this.#method ?? (this.#mode === 'insert' ? 'insert' : 'load-data');
  }

  /**
   * Starts loading a table that exists. When `signal` aborts, the loader fails.
   *
   * @param given - the rows that the table should hold
   * @throws BackupError naming the table
   */
  async begin(
    session: RestoreSession,
    table: TableDescription,
    given: GivenRows,
    signal: AbortSignal,
  ): Promise<TableLoader> {
    const loader = await this.#open(session, table, given, signal);
    const abandon = () => loader.abandon(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    return {
      write: (batch) => loader.write(batch),
      async finish() {
        try {
          return await loader.finish();
        } finally {
          // The signal lives longer than the loader, and must not keep its buffers in memory.
          signal.removeEventListener('abort', abandon);
        }
      },
      abandon: (error) => loader.abandon(error),
    };
  }

  async #open(
    session: RestoreSession,
    table: TableDescription,
    given: GivenRows,
    signal: AbortSignal,
  ): Promise<TableLoader> {
    const method = this.methodFor(session);
    const context = { given, standstill: this.#standstill, signal };
    try {
      return withHistory(await openLoader(session, table, method, context), session, table);
    } catch (error) {
      if (this.#mode !== 'auto' || method === 'insert' || !refusesLoadData(error)) {
        throw aboutTable(error, table.name, 'cannot be loaded');
      }
      this.#method = 'insert';
      return withHistory(await openLoader(session, table, 'insert', context), session, table);
    }
  }
}
