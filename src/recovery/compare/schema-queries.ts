import { askForBytes, textOf } from '../../database/byte-answers.js';
import type { Connection, TextRow } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { inBrackets, serverErrorNumber } from '../../database/server-failures.js';
import { sameName } from '../../database/server-names.js';
import { BackupError, isBackupError } from '../../errors.js';

/** Queries about one schema. */
export class SchemaQueries {
  readonly connection: Connection;
  readonly signal: AbortSignal | undefined;
  /** Name of the schema. */
  readonly schema: string;

  /** @param connection - with the database selected */
  constructor(connection: Connection, signal: AbortSignal | undefined) {
    const { database } = connection.address;
    if (database === undefined) throw new TypeError('"address" must name a database');
    this.connection = connection;
    this.signal = signal;
    this.schema = database;
  }

  query(sql: string): Promise<readonly TextRow[]> {
    return this.connection.query(sql, { signal: this.signal });
  }

  /**
   * `SHOW CREATE` in the character sets of the clients that created the objects, byte by byte: different
   * definitions may look alike after a server converted them to UTF-8.
   */
  async showBytes(what: string): Promise<TextRow> {
    const [, rows = []] = await askForBytes(this.connection, [
      'SET character_set_results = NULL',
      `SHOW CREATE ${what}`,
      'SET character_set_results = utf8mb4',
    ]);
    return rows[0] ?? {};
  }

  /** The same as text, if it is valid text. */
  async show(what: string): Promise<TextRow> {
    return Object.fromEntries(
      Object.entries(await this.showBytes(what)).map(([key, value]) => [
        key,
        value === null ? null : (textOf(value) ?? value),
      ]),
    );
  }

  /** Rows about exactly this schema: the server's own comparison may ignore case (F15). */
  async ask(
    view: string,
    columns: readonly string[],
    schemaColumn = 'TABLE_SCHEMA',
    more = '',
  ): Promise<readonly TextRow[]> {
    const list = columns.map((column) => `${column} AS ${column}`).join(', ');
    const question =
      `SELECT ${schemaColumn} AS compared_schema, ${list} FROM information_schema.${view}` +
      ` WHERE ${schemaColumn} = ${quoteText(this.schema)}${more}`;
    const rows = await this.query(question).catch((error: unknown) => {
      throw serverErrorNumber(error) === undefined ? error : unseen(view, error);
    });
    return rows.filter((row) => sameName(row['compared_schema'], this.schema, this.connection));
  }

  /** Whether a view of information_schema has a column, which older servers may lack. */
  async has(view: string, column: string): Promise<boolean> {
    const rows = await this.query(
      'SELECT COUNT(*) AS known FROM information_schema.COLUMNS' +
        ` WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = '${view}' AND COLUMN_NAME = '${column}'`,
    );
    return rows[0]?.['known'] !== '0';
  }

  /** A statement without the schema's name before other names. */
  withoutSchema(statement: string): string {
    return this.spellings.reduce((left, name) => left.replaceAll(`${quoteName(name)}.`, ''), statement);
  }

  /** The schema's name, and the same as the bytes of a statement that is not valid text. */
  get spellings(): readonly string[] {
    return [...new Set([this.schema, Buffer.from(this.schema).toString('latin1')])];
  }
}

/** The error for a list that a server cannot show, so that it does not count as empty. */
export function unseen(view: string, cause?: unknown): unknown {
  if (
    cause !== undefined &&
    !isBackupError(cause, 'database-query-failed') &&
    !isBackupError(cause, 'table-damaged')
  ) {
    return cause;
  }
  const answer = cause instanceof BackupError ? inBrackets(cause) : '';
  return new BackupError(
    'database-query-failed',
    `The server cannot show its ${view.toLowerCase()}${answer}, so they cannot be compared.`,
    { cause, details: { ...(cause instanceof BackupError ? cause.details : {}), list: view } },
  );
}
