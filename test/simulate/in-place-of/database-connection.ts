/**
 * What the check by day opens of a database: in a simulation its server gives no answer that a night would
 * need.
 */
import { BackupError } from '../../../src/errors.js';

export async function openConnection(): Promise<never> {
  throw new BackupError('database-unreachable', 'The database server is simulated.');
}
