import { BackupError } from '../errors.js';
import type { Connection } from './connection.js';
import { serverErrorNumber } from './server-failures.js';
import { rowsOf } from './statements.js';

/**
 * Whether the user may see the sessions of other users: without the privilege, the list only seems complete
 * (F11). Tested with a statement that needs the same privilege (PROCESS), since grants do not show what comes
 * through roles.
 */
export async function seesOtherSessions(connection: Connection): Promise<boolean> {
  try {
    await connection.query('SHOW ENGINE INNODB STATUS');
    return true;
  } catch (error) {
    if (!(error instanceof BackupError) || error.details['errno'] === undefined) throw error;
    if (error.code === 'privilege-missing') return false;
    return grantsTell(connection);
  }
}

/**
 * For servers without InnoDB, which refuse that statement to every user. Here a privilege that comes through
 * a role counts as missing.
 */
async function grantsTell(connection: Connection): Promise<boolean> {
  const [answer] = await connection.queryEach(['SHOW GRANTS']);
  const { error } = answer!;
  // Started with --skip-grant-tables: every user has all privileges.
  if (error !== undefined) return serverErrorNumber(error) === 1290;
  return rowsOf(answer).some((row) =>
    /^GRANT (?:ALL PRIVILEGES|.*\bPROCESS\b.*) ON \*\.\* TO /s.test(Object.values(row)[0] ?? ''),
  );
}
