import { BackupError } from '../errors.js';
import { serverErrorNumber } from './server-failures.js';
import type { Connection } from './session.js';
import { rowsOf } from './statements.js';

// One assignment list: it costs one round trip, and either all of it holds or none.
const sessionSettings: string = `SET ${[
  'NAMES utf8mb4',
  "SESSION sql_mode = ''",
  "SESSION time_zone = '+00:00'",
  'SESSION sql_quote_show_create = 1',
  // DEFAULT would be the limit that somebody set for the whole server.
  'SESSION sql_select_limit = 18446744073709551615',
  'SESSION sql_safe_updates = 0',
  'SESSION sql_big_selects = 1',
  'SESSION autocommit = 1',
  // A client that takes rows is as slow as the store it fills. One that sends rows is rarely slow: a session
  // that hears nothing for half an hour has lost its client, and holds locks that the next try waits for.
  'SESSION net_write_timeout = 7200',
  'SESSION net_read_timeout = 1800',
  'SESSION wait_timeout = 28800',
].join(', ')}`;

// Not every server knows these.
const optionalSettings: readonly string[] = [
  // A server may open every transaction for reading only, and end one that has been still for some seconds.
  'SET SESSION TRANSACTION READ WRITE',
  'SET SESSION idle_transaction_timeout = 0',
  'SET SESSION idle_readonly_transaction_timeout = 0',
  'SET SESSION idle_write_transaction_timeout = 0',
  'SET SESSION max_statement_time = 0',
  'SET SESSION max_execution_time = 0',
  'SET SESSION information_schema_stats_expiry = 0',
];

// Unknown system variable; before MySQL 5.6 no transaction was for reading only, nor was there a word for it.
const unknownErrnos: ReadonlySet<number> = new Set([1193, 1064]);

/** What is known of a session once it is configured. */
export interface ConfiguredSession {
  /** Behind a proxy it is not the one of the greeting. */
  readonly id: number;
  /** `@@lower_case_table_names`. */
  readonly lowerCaseTableNames: number;
}

/**
 * Gives a session the settings that all work relies on.
 *
 * @throws BackupError `database-query-failed` when they do not hold
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
  // A proxy that swallows SET would give changed values later; better to stop here (S8).
  const { id, mode, zone, charset, client } = row ?? {};
  if (mode !== '' || zone !== '+00:00' || charset !== 'utf8mb4' || client !== 'utf8mb4') {
    throw new BackupError(
      'database-query-failed',
      'The database server, or a proxy before it, does not keep the settings of a session.',
      { details: { mode: mode ?? undefined, zone: zone ?? undefined, charset: charset ?? undefined } },
    );
  }
  return { id: Number(id), lowerCaseTableNames: Number(row?.['lower_case'] ?? 0) };
}
