import type { DatabaseAddress } from './address.js';

/**
 * A row of a question about the schema: every value as text, NULL as null. Table rows never travel this way.
 */
export type TextRow = Readonly<Record<string, string | null>>;

/**
 * One session on the server. It is never replaced behind its owner's back: a lost one fails (S9).
 * `await using` closes it at the end of its block.
 */
export interface Connection extends AsyncDisposable {
  /** Where it leads; the database has the name that the server gives it. */
  readonly address: DatabaseAddress;
  /** `CONNECTION_ID()`. */
  readonly id: number;
  /** `@@lower_case_table_names`: 0 where names that differ in case alone are different names. */
  readonly lowerCaseTableNames: number;
  /** Whether names of databases and tables that differ in case alone are one name to the server. */
  readonly foldsNames: boolean;
  /**
   * Runs one statement and collects its rows as text.
   *
   * @throws BackupError `database-…` or `privilege-missing`; the message holds the server's error number,
   *   never a value
   */
  query(sql: string, options?: QueryOptions): Promise<readonly TextRow[]>;
  /**
   * Sends several statements together, and collects what comes of each: many small questions then cost little
   * more than one. One that fails does not keep the others from being run.
   *
   * @returns as many answers as statements, in their order; when the connection is lost,
   *   `database-connection-lost` from the statement on that was being answered
   */
  queryEach(statements: readonly string[], options?: QueryOptions): Promise<readonly StatementAnswer[]>;
  /** Says goodbye; never rejects. */
  close(): Promise<void>;
  /**
   * Whether it ended from the other side: its number may be another session's already, as a server that
   * restarts counts anew.
   */
  readonly lost: boolean;
  /** Drops the connection at once; the server may still work on its statement, see `endSessions`. */
  destroy(): void;
}

/** Options of {@link Connection.query}. */
export interface QueryOptions {
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of one of several statements: its rows, or the failure. */
export type StatementAnswer =
  | { readonly rows: readonly TextRow[]; readonly error?: never }
  | { readonly error: unknown; readonly rows?: never };
