import type { DatabaseAddress } from '../../database/address.js';
import { type Connection, openConnection } from '../../database/connection.js';
import { quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { isAtLeast, vendorOf } from '../../database/server-version.js';
import type { ServerDescription } from '../../model/parts.js';

/** A session that loads rows exactly as they are given. */
export interface RestoreSession {
  readonly connection: Connection;
  readonly vendor: 'mariadb' | 'mysql';
  readonly version: string;
  /** Whether the server accepts LOAD DATA LOCAL. */
  readonly localInfile: boolean;
  /** `max_allowed_packet`, in bytes. */
  readonly maxPacket: number;
}

/**
 * Modes for loading: 0 is a value of AUTO_INCREMENT columns, dates need not exist, and no other engine is
 * used silently. Not strict: a strict server refuses zero dates. What it would refuse is detected by its
 * warnings instead (F17).
 */
export const loadingMode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION';

// S7. These are session settings, which end with the session.
const settings: readonly string[] = [
  `sql_mode = '${loadingMode}'`,
  'foreign_key_checks = 0',
  // With unique_checks = 0, MariaDB fills an empty InnoDB table in bulk. That deadlocks for good when rows
  // are larger than its redo log, and gains nothing, since keys are added after the rows.
  'unique_checks = 1',
  // A longer wait for a lock is reported instead of blocking all night.
  'lock_wait_timeout = 300',
];

// Not every server has these, or lets every user set them.
const optionalSettings: readonly string[] = [
  'max_error_count = 65535',
  'innodb_strict_mode = 0',
  'check_constraint_checks = 0',
  'sql_require_primary_key = 0',
  'sql_generate_invisible_primary_key = 0',
  // For a TIMESTAMP, the server must not add anything to the definition.
  'explicit_defaults_for_timestamp = 1',
  'system_versioning_insert_history = 1',
  'system_versioning_alter_history = KEEP',
  // A server may require every ALTER to be instant, or forbid foreign keys to keys that are not unique.
  "alter_algorithm = 'DEFAULT'",
  'restrict_fk_on_non_standard_key = 0',
  // A MEMORY table keeps the size limit of the session that created it.
  'max_heap_table_size = 18446744073709551615',
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
 * Sets what definitions depend on, so that they mean and compute the same as at the source.
 *
 * A definition names a character set and omits the collation if it was the set's default; newer servers have
 * other defaults (C15). Uses those of the source, or of servers of its time if the archive does not record
 * them.
 *
 * @throws BackupError `database-…`
 */
export async function takeMeaningOf(
  source: Pick<ServerDescription, 'sqlMode' | 'vendor' | 'version' | 'variables'>,
  session: RestoreSession,
): Promise<void> {
  const { vendor, version, variables = {}, sqlMode = '' } = source;
  const isNew = vendor === 'mysql' ? isAtLeast(version, 8, 0) : isAtLeast(version, 11, 5);
  const usual: Readonly<Record<string, string>> = isNew
    ? {}
    : { character_set_collations: '', default_collation_for_utf8mb4: 'utf8mb4_general_ci' };
  const wanted = { ...usual, ...variables };
  await setWhereKnown(
    session.connection,
    meaningVariables
      .filter((name) => Object.hasOwn(wanted, name))
      .map((name) => `${name} = ${literalOf(wanted[name]!)}`),
  );
  // Without it, a generated column with a negative unsigned difference is refused, or every row that has one.
  if (!sqlMode.split(',').includes(signedSubtraction)) return;
  await setWhereKnown(session.connection, [`sql_mode = '${loadingMode},${signedSubtraction}'`]);
}

const signedSubtraction = 'NO_UNSIGNED_SUBTRACTION';

/**
 * The part of the source's sql_mode that decides the results of computations. Most other words concern how a
 * definition is parsed, and servers show definitions so that every mode parses them alike.
 */
export function computingMode(sqlMode: string): string {
  const words = sqlMode.split(',').filter((word) => computingWords.has(word));
  return ['NO_AUTO_VALUE_ON_ZERO', 'NO_ENGINE_SUBSTITUTION', ...words].join(',');
}

const computingWords: ReadonlySet<string> = new Set([
  signedSubtraction,
  'ALLOW_INVALID_DATES',
  'NO_ZERO_DATE',
  'NO_ZERO_IN_DATE',
  'PAD_CHAR_TO_FULL_LENGTH',
  'TIME_ROUND_FRACTIONAL',
  'TIME_TRUNCATE_FRACTIONAL',
]);

// The other recorded variables are stated by definitions themselves, or would refuse what the source
// accepted.
const meaningVariables: readonly string[] = [
  'block_encryption_mode',
  'character_set_collations',
  'default_collation_for_utf8mb4',
  'default_week_format',
  'div_precision_increment',
  'lc_time_names',
  'old_mode',
];

/** A numeric setting must be given as a number, not as text. */
function literalOf(value: string): string {
  return /^\d{1,20}$/.test(value) ? value : quoteText(value);
}

// Unknown variable; global or read-only variable; missing privilege; a value, or a name in it, that only the
// source has.
const tolerable: ReadonlySet<number> = new Set([1193, 1229, 1238, 1227, 1231, 1273, 1115, 1649]);
