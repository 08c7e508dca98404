import { BackupError } from '../errors.js';
import type { Connection } from './connection.js';

/**
 * Whether the login may see the sessions of other users: a list of sessions without them looks complete, and is not
 * (F11). Asked of a statement that needs the same privilege (PROCESS), since grants do not show what comes by roles.
 */
export async function seesOtherSessions(connection: Connection): Promise<boolean> {
  try {
    await connection.query('SHOW ENGINE INNODB STATUS');
    return true;
  } catch (error) {
    // A server without InnoDB answers with another error; then nothing is known, which is as good as blind.
    if (error instanceof BackupError && error.details['errno'] !== undefined) return false;
    throw error;
  }
}
