import type { DatabaseAddress } from '../../database/address.js';
import { type Connection, openConnection, serverErrorNumber } from '../../database/connection.js';

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
  'max_error_count = 65535',
];

// Not every server knows these, or lets everybody set them.
const optionalSettings: readonly string[] = [
  'innodb_strict_mode = 0',
  'check_constraint_checks = 0',
  'sql_require_primary_key = 0',
  'sql_generate_invisible_primary_key = 0',
  'explicit_defaults_for_timestamp = 0',
];

/** @throws BackupError `database-…` */
export async function openRestoreSession(
  address: DatabaseAddress,
  signal: AbortSignal | undefined,
): Promise<RestoreSession> {
  const connection = await openConnection(address, {
    localInfile: true,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    await connection.query(`SET ${settings.map((setting) => `SESSION ${setting}`).join(', ')}`);
    for (const setting of optionalSettings) {
      await connection.query(`SET SESSION ${setting}`).catch((error: unknown) => {
        if (!tolerable.has(serverErrorNumber(error) ?? 0)) throw error;
      });
    }
    const [row] = await connection.query(
      'SELECT VERSION() AS version, @@version_comment AS comment, @@local_infile AS local_data,' +
        ' @@max_allowed_packet AS packet',
    );
    const version = row?.['version'] ?? '';
    return {
      connection,
      vendor: /mariadb/i.test(`${version} ${row?.['comment']}`) ? 'mariadb' : 'mysql',
      version,
      localInfile: row?.['local_data'] === '1',
      maxPacket: Number(row?.['packet']),
    };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

// Unknown variable; a global or read-only one; no privilege to set it.
const tolerable: ReadonlySet<number> = new Set([1193, 1229, 1238, 1227]);
