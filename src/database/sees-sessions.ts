import { BackupError } from '../errors.js';
import type { Connection } from './connection.js';
import { serverErrorNumber } from './server-failures.js';
import { rowsOf } from './statements.js';

/**
 * Whether the login may see the sessions of other users: a list of sessions without them looks complete, and
 * is not (F11). Asked of a statement that needs the same privilege (PROCESS), since grants do not show what
 * comes by roles.
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
 * A server without InnoDB answers this to nobody. Then a privilege that comes by a role counts as not held.
 */
async function grantsTell(connection: Connection): Promise<boolean> {
  const [answer] = await connection.queryEach(['SHOW GRANTS']);
  const { error } = answer!;
  // Started with --skip-grant-tables: everybody sees everything.
  if (error !== undefined) return serverErrorNumber(error) === 1290;
  return rowsOf(answer).some((row) =>
    /^GRANT (?:ALL PRIVILEGES|.*\bPROCESS\b.*) ON \*\.\* TO /s.test(Object.values(row)[0] ?? ''),
  );
}
