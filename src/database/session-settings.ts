import { BackupError } from '../errors.js';
import { serverErrorNumber } from './server-failures.js';
import type { Connection } from './session.js';
import { rowsOf } from './statements.js';

// One SET statement: it takes one round trip, and either all of it applies or nothing.
const sessionSettings: string = `SET ${[
  'NAMES utf8mb4',
  "SESSION sql_mode = ''",
  "SESSION time_zone = '+00:00'",
  'SESSION sql_quote_show_create = 1',
  // DEFAULT would be the limit that is configured for the whole server.
  'SESSION sql_select_limit = 18446744073709551615',
  'SESSION sql_safe_updates = 0',
  'SESSION sql_big_selects = 1',
  'SESSION autocommit = 1',
  // A client that receives rows can be as slow as the store it writes to. One that sends rows is rarely slow:
  // a session that receives nothing for half an hour has lost its client, and its locks block the next try.
  'SESSION net_write_timeout = 7200',
  'SESSION net_read_timeout = 1800',
  'SESSION wait_timeout = 28800',
].join(', ')}`;

// Not every server has these.
const optionalSettings: readonly string[] = [
  // A server may make every transaction read-only, and end one that was idle for some seconds.
  'SET SESSION TRANSACTION READ WRITE',
  'SET SESSION idle_transaction_timeout = 0',
  'SET SESSION idle_readonly_transaction_timeout = 0',
  'SET SESSION idle_write_transaction_timeout = 0',
  'SET SESSION max_statement_time = 0',
  'SET SESSION max_execution_time = 0',
  'SET SESSION information_schema_stats_expiry = 0',
];

// Unknown system variable; syntax error before MySQL 5.6, which has no read-only transactions.
const unknownErrnos: ReadonlySet<number> = new Set([1193, 1064]);

/** Properties of a configured session. */
export interface ConfiguredSession {
  /** From `CONNECTION_ID()`: behind a proxy it differs from the one in the greeting. */
  readonly id: number;
  /** `@@lower_case_table_names`. */
  readonly lowerCaseTableNames: number;
}

/**
 * Gives a session the settings that all work relies on.
 *
 * @throws BackupError `database-query-failed` when they are not kept
 */
export async function configureSession(
  connection: Pick<Connection, 'queryEach'>,
): Promise<ConfiguredSession> {
  const [settled, ...others] = await connection.queryEach([
    sessionSettings,
    ...optionalSettings,
    'SELECT CONNECTION_ID() AS id, @@session.sql_mode AS mode, @@session.time_zone AS zone,' +
      ' @@session.character_set_results AS charset, @@session.character_set_client AS client,' +
      ' @@lower_case_table_names AS lower_case',
  ]);
  rowsOf(settled);
  const said = rowsOf(others.pop());
  for (const { error } of others) {
    if (error !== undefined && !unknownErrnos.has(serverErrorNumber(error) ?? 0)) throw error;
  }
  const [row] = said;
  // A proxy that drops SET would lead to changed values later, so this stops here (S8).
  const { id, mode, zone, charset, client } = row ?? {};
  if (mode !== '' || zone !== '+00:00' || charset !== 'utf8mb4' || client !== 'utf8mb4') {
    throw new BackupError(
      'database-query-failed',
      'The database server, or a proxy before it, does not apply the settings of a session.',
      { details: { mode: mode ?? undefined, zone: zone ?? undefined, charset: charset ?? undefined } },
    );
  }
  return { id: Number(id), lowerCaseTableNames: Number(row?.['lower_case'] ?? 0) };
}
