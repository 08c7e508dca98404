import type { DatabaseAddress } from './address.js';

/**
 * A row of a query about the schema: every value as text, NULL as null. Rows of tables are never read this
 * way.
 */
export type TextRow = Readonly<Record<string, string | null>>;

/**
 * One session on the server. A lost session fails and is never replaced silently (S9). `await using` closes
 * it at the end of its block.
 */
export interface Connection extends AsyncDisposable {
  /** The address of the server; `database` is written as the server has it. */
  readonly address: DatabaseAddress;
  /** `CONNECTION_ID()`. */
  readonly id: number;
  /** `@@lower_case_table_names`: 0 where names that differ only in case are different names. */
  readonly lowerCaseTableNames: number;
  /** Whether names of databases and tables that differ only in case are the same to the server. */
  readonly foldsNames: boolean;
  /**
   * Runs one statement and collects its rows as text.
   *
   * @throws BackupError `database-…` or `privilege-missing`; the message holds the server's error number,
   *   never a value
   */
  query(sql: string, options?: QueryOptions): Promise<readonly TextRow[]>;
  /**
   * Sends several statements in one round trip and collects the result of each. A statement that fails does
   * not stop the others.
   *
   * @returns as many results as statements, in their order; after a lost connection,
   *   `database-connection-lost` from the statement on that was running
   */
  queryEach(statements: readonly string[], options?: QueryOptions): Promise<readonly StatementAnswer[]>;
  /** Closes the session; never rejects. */
  close(): Promise<void>;
  /**
   * Whether the other side ended it. Its id may belong to another session by now, since a restarted server
   * counts from the beginning.
   */
  readonly lost: boolean;
  /** Closes the connection at once. The server may still run its statement, see `endSessions`. */
  destroy(): void;
}

/** Options of {@link Connection.query}. */
export interface QueryOptions {
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The result of one of several statements: its rows, or its error. */
export type StatementAnswer =
  | { readonly rows: readonly TextRow[]; readonly error?: never }
  | { readonly error: unknown; readonly rows?: never };
