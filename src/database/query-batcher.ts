import type { Connection, TextRow } from './connection.js';
import type { StatementAnswer } from './session.js';
import { rowsOf } from './statements.js';

/**
 * Most that are asked together: enough that waiting costs nothing, and few enough that the first answers come
 * soon.
 */
const mostAtOnce = 32;

interface Waiting {
  readonly statement: string;
  settle(answer: StatementAnswer): void;
}

/**
 * Many small questions on one connection. Those that come while the server is still at others are asked
 * together, so whoever asks need not know of the others.
 */
export class QueryBatcher {
  readonly #connection: Connection;
  readonly #options: { readonly signal?: AbortSignal | undefined };
  readonly #waiting: Waiting[] = [];
  #isAsking = false;

  constructor(connection: Connection, options: { readonly signal?: AbortSignal | undefined } = {}) {
    this.#connection = connection;
    this.#options = options;
  }

  /**
   * Asks one question.
   *
   * @throws BackupError `database-…` or `privilege-missing`, as {@link Connection.query} does
   */
  async ask(statement: string): Promise<readonly TextRow[]> {
    const answer = new Promise<StatementAnswer>((settle) => {
      this.#waiting.push({ statement, settle });
    });
    if (!this.#isAsking) void this.#askAll();
    return rowsOf(await answer);
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    // Questions that are asked one after another in the same moment go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, mostAtOnce);
      const statements = some.map(({ statement }) => statement);
      const answers = await this.#connection
        .queryEach(statements, this.#options)
        .catch((error: unknown) => some.map(() => ({ error })));
      for (const [i, { settle }] of some.entries()) settle(answers[i]!);
    }
    this.#isAsking = false;
  }
}
