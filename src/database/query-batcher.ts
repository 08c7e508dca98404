import type { Connection, TextRow } from './connection.js';
import type { StatementAnswer } from './session.js';
import { rowsOf } from './statements.js';

/**
 * Most queries in one round trip: enough that the round trip does not matter, and few enough that the first
 * results come soon.
 */
const mostAtOnce = 32;

interface Waiting {
  readonly statement: string;
  settle(answer: StatementAnswer): void;
}

/**
 * Batches many small queries on one connection. Those that arrive while the server is working on others are
 * sent together, without their callers' cooperation.
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
   * Runs one query.
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
    // Queries that are made in the same tick are sent together.
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
