import { formatStoredPassword, parseStoredPassword } from '../archive/password/stored-password.js';
import { assertOptions } from '../arguments.js';
import { checkConnection } from '../database/check-address.js';
import type { Connection, TextRow } from '../database/connection.js';
import type { AdminCandidate } from './resolve-last-admin.js';
import { Secret } from './secret.js';

/** A source with a session for each table, such as a snapshot. */
export interface SessionPerTable {
  /** The session that reads a table. */
  sessionFor(table: string): Connection;
}

type AdminTable = 'grouppermission' | 'program' | 'usergroupattach' | 'userod';

/**
 * Reads every user with the SecurityAdmin permission of Open Dental, hidden ones included. Each table is
 * queried alone, because several sessions may hold the tables of a snapshot; the result is of the moment of
 * the copy.
 *
 * @param source - a connection to the practice's database, or a snapshot of it
 * @throws BackupError `database-…`
 * @example
 * ```ts
 * const admins = await readAdmins(connection);
 * console.log(admins.length, 'users may administer');
 * ```
 */
export async function readAdmins(
  source: Connection | SessionPerTable,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly AdminCandidate[]> {
  if (!isSessionPerTable(source)) checkConnection(source, 'source');
  assertOptions(options);
  // No aliases: under LOCK TABLES, as during a dump, a table can only be read by the name it was locked with.
  const ask = (table: AdminTable, columns: string, where: string): Promise<readonly TextRow[]> => {
    const session = isSessionPerTable(source) ? source.sessionFor(table) : source;
    return session.query(`SELECT ${columns} FROM ${table} WHERE ${where}`, options);
  };
  const [program] = await ask('program', 'Enabled', "ProgName = 'eClinicalWorks'");
  // A permission with an FKey is for one object only, and does not make an administrator.
  const groups = await ask('grouppermission', 'DISTINCT UserGroupNum AS num', 'PermType = 24 AND FKey = 0');
  const members = await ask('usergroupattach', 'DISTINCT UserNum AS num', isOneOf('UserGroupNum', groups));
  const rows = await ask('userod', ofUser, `${isOneOf('UserNum', members)} ORDER BY UserNum`);
  // What a bare hash means depends on that program; a hash with its scheme in front always means the same.
  const dialect = { eClinicalWorks: program?.['Enabled'] === '1' };
  return rows.map((row) => ({
    userNum: row['UserNum'] ?? '0',
    userName: row['UserName'] ?? '',
    isHidden: row['IsHidden'] !== '0',
    lastLogin: row['DateTLastLogin'] ?? null,
    storedPassword: new Secret(formatStoredPassword(parseStoredPassword(row['Password'] ?? null, dialect))),
  }));
}

// A session of a snapshot returns text in the character set of its column.
const ofUser =
  'UserNum, CONVERT(UserName USING utf8mb4) AS UserName, CONVERT(Password USING utf8mb4) AS Password, IsHidden, DateTLastLogin';

function isOneOf(column: string, rows: readonly TextRow[]): string {
  const numbers = rows.map((row) => row['num'] ?? '').filter((num) => /^-?\d+$/.test(num));
  return numbers.length === 0 ? 'FALSE' : `${column} IN (${numbers.join(', ')})`;
}

function isSessionPerTable(source: unknown): source is SessionPerTable {
  return (
    typeof source === 'object' &&
    source !== null &&
    'sessionFor' in source &&
    typeof source.sessionFor === 'function'
  );
}
