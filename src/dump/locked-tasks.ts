import { definitionIn, definitionQuestion } from '../catalog/definitions.js';
import { needOf } from '../catalog/need.js';
import type { TextRow } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import { rowsOf } from '../database/statements.js';
import type { LockedState } from './dump-table.js';
import type { LockedTables } from './locks.js';
import type { TableTask } from './table-query.js';

/**
 * Tables whose state is queried together: enough that the round trips do not matter, few enough that the
 * definitions need little memory.
 */
const mostAtOnce = 32;

/** The tables that one session holds under its locks and reads one after another. */
export class LockedTasks {
  readonly #locked: LockedTables;
  readonly #signal: AbortSignal;
  /** In reverse order of reading. */
  readonly #tasks: TableTask[];
  readonly #states: Map<TableTask, LockedState> = new Map();
  #bytesLeft: number;
  #left: number;
  #isBusy = false;

  /** @param tasks - in the order in which they are to be read */
  constructor(locked: LockedTables, tasks: readonly TableTask[], signal: AbortSignal) {
    this.#locked = locked;
    this.#signal = signal;
    this.#tasks = [...tasks].reverse();
    this.#left = tasks.length;
    this.#bytesLeft = tasks.reduce((sum, { table }) => sum + table.dataBytes, 0);
    this.#ask();
  }

  /** Whether a table is waiting and the session is not reading another one. */
  get isReady(): boolean {
    return !this.#isBusy && this.#tasks.length > 0;
  }

  /** How much the next table is needed; a lower rank is needed more. */
  get rank(): number {
    return needOf(this.#tasks.at(-1)!.selected).rank;
  }

  /** Bytes of data of the tables that are waiting. */
  get bytesLeft(): number {
    return this.#bytesLeft;
  }

  /** Reads the next table with `read`, and releases the locks after the last one. */
  async readNext(
    read: (task: TableTask, locked: LockedTables, state: LockedState) => Promise<void>,
  ): Promise<void> {
    const task = this.#tasks.pop()!;
    this.#isBusy = true;
    this.#bytesLeft -= task.table.dataBytes;
    const state = this.#states.get(task)!;
    this.#states.delete(task);
    await read(task, this.#locked, state);
    if (this.#states.size === 0) this.#ask();
    this.#isBusy = false;
    if (--this.#left === 0) await this.#locked.release();
  }

  /**
   * Queries the state of the next tables: their definitions, which cannot change any more, and the engine's
   * own row count where it keeps an exact one. The rows that are read must match that count, since a damaged
   * file can end early without an error (F9).
   */
  #ask(): void {
    const some = this.#tasks.slice(-mostAtOnce);
    if (some.length === 0) return;
    const questions = some.flatMap((task) => questionsAbout(task));
    const answers = this.#locked.session.queryEach(
      // The session returns values in the character sets of their columns. Definitions are read in UTF-8, as
      // before the locks, so that they can be compared.
      [
        'SET SESSION character_set_results = utf8mb4',
        ...questions,
        'SET SESSION character_set_results = NULL',
      ],
      { signal: this.#signal },
    );
    let asked = 0;
    const next = (): Promise<readonly TextRow[]> => {
      const at = ++asked;
      const rows = answers.then((all) => rowsOf(all[at]));
      // A failure is thrown when its table is read; until then it must not count as an unhandled rejection.
      rows.catch(() => undefined);
      return rows;
    };
    for (const task of some) {
      const definition = next().then(definitionIn);
      const count = isCounted(task) ? next().then(([row]) => Number(row?.['n'])) : undefined;
      for (const each of [definition, count]) each?.catch(() => undefined);
      this.#states.set(task, { definition, ...(count === undefined ? {} : { count }) });
    }
  }
}

function questionsAbout(task: TableTask): readonly string[] {
  const { name } = task.table;
  const counted = isCounted(task) ? [`SELECT COUNT(*) AS n FROM ${quoteName(name)}`] : [];
  return [definitionQuestion(name), ...counted];
}

function isCounted({ table, selected }: TableTask): boolean {
  return (
    selected.rowFilter === undefined && /^(?:myisam|aria|memory)$/i.test(table.engine) && !table.versioned
  );
}
