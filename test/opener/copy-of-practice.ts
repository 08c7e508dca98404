import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { openConnection, type TextRow } from '../../src/database/connection.js';
import { dumpDatabase, encryptArchive, readAdmins, resolveLastAdmin, sealFor } from '../../src/index.js';
import { createMemoryEnrollments } from '../../src/testing.js';
import { lightWork } from '../admin/admins.js';
import { buildPractice, practiceAdminPassword } from '../practice/index.js';
import { startServer, type TestServer } from '../support/servers.js';

/** A small practice on a real server, and a sealed copy of it. */
export interface CopyOfPractice {
  readonly folder: string;
  readonly archive: string;
  readonly patients: number;
  query(sql: string): Promise<readonly TextRow[]>;
  remove(): Promise<void>;
}

/** The day that the practice lives in. */
export const practiceToday = '2024-11-15';

/** Its password is {@link practiceAdminPassword}. */
export async function copyOfPractice(kind: 'mariadb' | 'mysql-5.6'): Promise<CopyOfPractice> {
  const server: TestServer = await startServer(kind);
  const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-opener-'));
  const database = { ...server.address, database: 'practice' };
  const { patients } = await buildPractice(server.address, 'practice', {
    size: 2_500_000,
    today: practiceToday,
    userMade: true,
  });
  const connection = await openConnection(database);
  const last = resolveLastAdmin(await readAdmins(connection), { asOf: new Date() });
  if (last.kind !== 'found') throw new Error('the practice has an admin');
  const store = createMemoryEnrollments();
  await enrollAdminWith(lightWork, last.admin, practiceAdminPassword, { store });
  const { recipients, keyHolder, unlock } = await sealFor(last, { store });
  const archive = join(folder, 'practice.tar.age');
  const label = {
    practiceId: 'Example Dental',
    database: 'practice',
    scope: 'full',
    keyHolder,
    unlock,
  } as const;
  await pipeline(encryptArchive(dumpDatabase(database), { recipients, label }), createWriteStream(archive));
  return {
    folder,
    archive,
    patients,
    query: (sql) => connection.query(sql),
    async remove() {
      await connection.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
