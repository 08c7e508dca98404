import { formatStoredPassword, parseStoredPassword } from '../archive/password/stored-password.js';
import type { Connection } from '../database/connection.js';
import type { AdminCandidate } from './resolve-last-admin.js';
import { Secret } from './secret.js';

// No aliases: under LOCK TABLES, as during a dump, a table answers to the name it was locked by and to no other.
// A permission with an FKey is for one object only, and does not make an administrator.
const admins = `
  SELECT DISTINCT userod.UserNum, userod.UserName, userod.Password, userod.IsHidden, userod.DateTLastLogin
  FROM userod
  INNER JOIN usergroupattach ON usergroupattach.UserNum = userod.UserNum
  INNER JOIN grouppermission ON grouppermission.UserGroupNum = usergroupattach.UserGroupNum
  WHERE grouppermission.PermType = 24 AND grouppermission.FKey = 0
  ORDER BY userod.UserNum`;

const eClinicalWorks = `SELECT Enabled FROM program WHERE ProgName = 'eClinicalWorks'`;

/**
 * Reads every user with the SecurityAdmin permission of Open Dental, hidden ones included. Works on the connection of a
 * dump that holds its locks, so that the answer is of the same moment as the copy.
 *
 * @param connection - to the practice's database
 * @throws BackupError `database-…`
 * @example
 * ```ts
 * const admins = await readAdmins(connection);
 * console.log(admins.length, 'users may administer');
 * ```
 */
export async function readAdmins(
  connection: Connection,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly AdminCandidate[]> {
  const [program] = await connection.query(eClinicalWorks, options);
  const rows = await connection.query(admins, options);
  // What a bare hash means depends on that program; the form with its scheme in front means the same everywhere.
  const dialect = { eClinicalWorks: program?.['Enabled'] === '1' };
  return rows.map((row) => ({
    userNum: row['UserNum'] ?? '0',
    userName: row['UserName'] ?? '',
    isHidden: row['IsHidden'] !== '0',
    lastLogin: row['DateTLastLogin'] ?? null,
    storedPassword: new Secret(formatStoredPassword(parseStoredPassword(row['Password'] ?? null, dialect))),
  }));
}
