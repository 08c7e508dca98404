import type { ServerDescription } from '../../archive/model.js';
import type { DatabaseAddress } from '../../database/address.js';
import { type Connection, openConnection } from '../../database/connection.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { isSince, vendorOf } from '../../database/server-version.js';

/** A session that takes rows exactly as they are given. */
export interface RestoreSession {
  readonly connection: Connection;
  readonly vendor: 'mariadb' | 'mysql';
  readonly version: string;
  /** Whether the server takes LOAD DATA LOCAL. */
  readonly localInfile: boolean;
  /** `max_allowed_packet`, in bytes. */
  readonly maxPacket: number;
}

/**
 * Modes for loading: 0 is a value of AUTO_INCREMENT columns, dates need not exist, and no other engine is taken
 * silently. Not strict: a strict server refuses zero dates; what it would refuse is seen by its warnings instead (F17).
 */
export const LOADING_MODE = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION';

// S7. The settings are the session's own and end with it.
const settings: readonly string[] = [
  `sql_mode = '${LOADING_MODE}'`,
  'foreign_key_checks = 0',
  'unique_checks = 0',
];

// Not every server knows these, or lets everybody set them.
const optionalSettings: readonly string[] = [
  'max_error_count = 65535',
  'innodb_strict_mode = 0',
  'check_constraint_checks = 0',
  'sql_require_primary_key = 0',
  'sql_generate_invisible_primary_key = 0',
  'explicit_defaults_for_timestamp = 0',
  'system_versioning_insert_history = 1',
];

/** @throws BackupError `database-…` */
export async function openRestoreSession(
  address: DatabaseAddress,
  signal: AbortSignal | undefined,
): Promise<RestoreSession> {
  const connection = await openConnection(address, {
    localInfile: true,
    signal,
  });
  try {
    await connection.query(`SET ${settings.map((setting) => `SESSION ${setting}`).join(', ')}`);
    await setWhereKnown(connection, optionalSettings);
    const [row] = await connection.query(
      'SELECT VERSION() AS version, @@version_comment AS comment, @@local_infile AS local_data,' +
        ' @@max_allowed_packet AS packet',
    );
    const version = row?.['version'] ?? '';
    return {
      connection,
      vendor: vendorOf(version, row?.['comment']),
      version,
      localInfile: row?.['local_data'] === '1',
      maxPacket: Number(row?.['packet']),
    };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

async function setWhereKnown(connection: Connection, known: readonly string[]): Promise<void> {
  for (const setting of known) {
    await connection.query(`SET SESSION ${setting}`).catch((error: unknown) => {
      if (!tolerable.has(serverErrorNumber(error) ?? 0)) throw error;
    });
  }
}

/**
 * A definition names a character set and leaves out the collation when it was the set's default; newer servers have
 * other defaults (C15). Takes those of the source's time.
 *
 * @throws BackupError `database-…`
 */
export async function takeDefaultCollationsOf(
  source: Pick<ServerDescription, 'vendor' | 'version'>,
  session: RestoreSession,
): Promise<void> {
  const { vendor, version } = source;
  if (vendor === 'mysql' ? isSince(version, 8, 0) : isSince(version, 11, 5)) return;
  await setWhereKnown(session.connection, [
    "character_set_collations = ''",
    'default_collation_for_utf8mb4 = utf8mb4_general_ci',
  ]);
}

// Unknown variable; a global or read-only one; no privilege to set it.
const tolerable: ReadonlySet<number> = new Set([1193, 1229, 1238, 1227]);
