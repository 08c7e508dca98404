import { readAdmins } from '../admin/read-admins.js';
import { type AdminCandidate, resolveLastAdmin } from '../admin/resolve-last-admin.js';
import { type Seal, sealFor } from '../admin/seal-for.js';
import { createDatabaseEnrollments } from '../admin/stores/database-enrollments.js';
import type { DatabaseAddress } from '../database/address.js';
import { openConnection } from '../database/connection.js';
import { serverErrorNumber } from '../database/server-failures.js';
import { BackupError } from '../errors.js';
import type { CommandLine } from './command.js';

const noSuchTable = 1146;

/** Keys for an archive, and who was asked about. */
export interface SealForAdmin {
  readonly seal: Seal;
  readonly admins: readonly AdminCandidate[];
}

/**
 * Seals for the last administrator who logged in, with the keys that the practice already has. Does not write
 * to the practice's database.
 *
 * @throws BackupError `no-usable-admin`
 */
export async function sealForLastAdmin(
  address: DatabaseAddress,
  { signal }: Pick<CommandLine, 'signal'>,
): Promise<SealForAdmin> {
  const connection = await openConnection(address, { signal });
  try {
    const admins = await readAdmins(connection, { signal });
    const last = resolveLastAdmin(admins, { asOf: new Date() });
    const { load } = createDatabaseEnrollments(address);
    return { seal: await sealFor(last, { store: { load, save: async () => false }, signal }), admins };
  } catch (error) {
    if (serverErrorNumber(error) !== noSuchTable) throw error;
    throw new BackupError(
      'no-usable-admin',
      'This is not an Open Dental database: it has no table of users.',
      {
        cause: error,
      },
    );
  } finally {
    await connection.close();
  }
}
