import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from '../../src/archive/age/index.js';
import { inspectArchive } from '../../src/archive/index.js';
import { collectBytes, rangesOfBytes } from '../../src/bytes.js';
import { type Connection, openConnection } from '../../src/database/connection.js';
import type { Logger } from '../../src/index.js';
import {
  type AdminCandidate,
  type ArchiveReader,
  type Catalog,
  createFileSystemStorage,
  type DatabaseAddress,
  dumpDatabase,
  type Enrollment,
  type EnrollmentStore,
  encryptArchive,
  enrollAdmin,
  type Label,
  type LastAdmin,
  type NightPlan,
  openArchive,
  type Practice,
  type RangeSource,
  readAdmins,
  readCatalog,
  resolveLastAdmin,
  runSupplementalBackup,
  Secret,
  type StorageAdapter,
  type StoredObject,
  sealFor,
} from '../../src/index.js';
import type { NightHistory, RetainedArchive } from '../../src/nightly/index.js';
import { silentLogger } from '../../src/nightly/index.js';
import { replayableBytes } from '../../src/storage/index.js';
import { createMemoryEnrollments, createMemoryStorage } from '../../src/testing.js';
import { storePassword } from '../practice/users.js';
import { startServer, type TestServer, whyMissing } from '../support/servers.js';

// Everything that the examples in the documentation speak of without saying where it comes from. They are
// declared here and filled in by openStage; imports see the values.

export let server: DatabaseAddress;
export let database: DatabaseAddress & { readonly database: string };
export let connection: Connection;
export let catalog: Catalog;
export let admin: AdminCandidate;
export let changedAdmin: AdminCandidate;
export let lastAdmin: LastAdmin;
export let label: Label;
export let labels: readonly Label[];
export let source: RangeSource;
export let archive: ArchiveReader;
export let store: StorageAdapter;
export let enrollments: EnrollmentStore;
export let plan: NightPlan;
export let key: string;
export let path: string;
export let sha256: string;
export let folder: string;
export let spool: string;
export let networkPath: string;
export let logFile: string;
export let file: FileHandle;
export let recipient: string;
export let identity: string;
export let pingUrl: string;
export const password = 'molar velvet harbor';
export const newPassword = 'incisor cotton lantern';
export const practiceId = '4711';
export const loggedInUserNum = '1';
export const signal: AbortSignal = new AbortController().signal;
export const bytes: Uint8Array = new Uint8Array(100_000);
export const practice: Practice = {
  onSupport: true,
  hasEConnector: true,
  cloudDatabase: false,
  status: 'enabled',
  country: 'US',
};
export const logger: Logger = silentLogger;
export const destinations: unknown[] = [];
export const hq = 'hq';
export const hqUrl = 'https://127.0.0.1:9/hand-over';
export const headers = (): Record<string, string> => ({ authorization: 'Bearer token' });
export const history: NightHistory = { verified: {} };
export const schedule = { timeZone: 'America/Chicago' } as const;
export const archives: readonly RetainedArchive[] = [];
export const createMyStorage = (): StorageAdapter => myStorage;

const myStorage = createMemoryStorage();

/** The client of a store of the host's own. */
interface Warehouse {
  upload(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    how: { readonly ifAbsent: boolean; readonly signal: AbortSignal | undefined },
  ): Promise<StoredObject>;
  download(
    key: string,
    part: { readonly from: number; readonly to: number; readonly signal: AbortSignal | undefined },
  ): AsyncIterable<Uint8Array>;
  find(key: string): Promise<StoredObject | null>;
  search(prefix: string): AsyncIterable<StoredObject>;
  discard(key: string): Promise<void>;
}

export const warehouse: Warehouse = {
  upload: async (name, content, { ifAbsent }) =>
    myStorage.put(name, replayableBytes(await collectBytes(content)), { ifAbsent }),
  download: (name, { from, to }) => myStorage.get(name, { range: { offset: from, length: to - from } }),
  find: (name) => myStorage.stat(name),
  search: (prefix) => myStorage.list(prefix),
  discard: (name) => myStorage.delete(name),
};

const kind = whyMissing('mysql-5.6') === undefined ? 'mysql-5.6' : 'mariadb';

let started: TestServer | undefined;
let enrollment: Enrollment;
let pings: Server | undefined;

/** Why there can be no stage on this machine; false when there can. */
export function stageMissing(): string | false {
  return whyMissing(kind) ?? false;
}

const office = [
  'CREATE DATABASE office CHARACTER SET utf8',
  'CREATE TABLE office.patient (PatNum BIGINT NOT NULL PRIMARY KEY, LName VARCHAR(100) NOT NULL) ENGINE=MyISAM',
  "INSERT INTO office.patient VALUES (1, 'Sample'), (2, 'Example')",
  `CREATE TABLE office.userod (UserNum BIGINT NOT NULL PRIMARY KEY, UserName VARCHAR(255), Password VARCHAR(255),
     IsHidden TINYINT NOT NULL, DateTLastLogin DATETIME NOT NULL) ENGINE=MyISAM`,
  `INSERT INTO office.userod VALUES
     (1, 'Ada', '${storePassword(password, 'SHA3_512', 'c2FsdA==')}', 0, '2026-01-02 03:04:05')`,
  'CREATE TABLE office.usergroupattach (UserNum BIGINT NOT NULL, UserGroupNum BIGINT NOT NULL) ENGINE=MyISAM',
  'INSERT INTO office.usergroupattach VALUES (1, 1)',
  `CREATE TABLE office.grouppermission (UserGroupNum BIGINT NOT NULL, PermType INT NOT NULL, FKey BIGINT NOT NULL)
     ENGINE=MyISAM`,
  'INSERT INTO office.grouppermission VALUES (1, 24, 0)',
  'CREATE TABLE office.program (ProgName VARCHAR(100), Enabled TINYINT NOT NULL) ENGINE=MyISAM',
  `CREATE TABLE office.preference (PrefNum BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, PrefName VARCHAR(255) NOT NULL,
     ValueString TEXT NOT NULL, Comments TEXT) ENGINE=MyISAM`,
  `CREATE TABLE office.securitylog (SecurityLogNum BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, PermType SMALLINT NOT NULL,
     UserNum BIGINT NOT NULL, LogDateTime DATETIME NOT NULL, LogText TEXT NOT NULL, PatNum BIGINT NOT NULL,
     CompName VARCHAR(255), FKey BIGINT NOT NULL, LogSource TINYINT NOT NULL, DefNum BIGINT NOT NULL,
     DefNumError BIGINT NOT NULL, DateTPrevious DATETIME NOT NULL) ENGINE=MyISAM`,
];

/** Starts a server with a small practice on it, and makes one archive of it. */
export async function openStage(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'supplemental-backup-stage-'));
  spool = join(folder, 'spool');
  networkPath = join(folder, 'share');
  logFile = join(folder, 'service.log');
  await mkdir(networkPath);
  file = await open(join(folder, 'file'), 'w');
  path = join(folder, 'archive');
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
  pings = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  await once(pings, 'listening');
  pingUrl = `http://127.0.0.1:${(pings.address() as AddressInfo).port}/ping`;
  started = await startServer(kind);
  server = started.address;
  database = { ...server, database: 'office' };
  await started.query(office);
  connection = await openConnection(database);
  catalog = await readCatalog(connection);
  lastAdmin = resolveLastAdmin(await readAdmins(connection), { asOf: new Date('2026-02-01') });
  if (lastAdmin.kind !== 'found') throw new Error(lastAdmin.sentence);
  admin = lastAdmin.admin;
  changedAdmin = {
    ...admin,
    storedPassword: new Secret(storePassword(newPassword, 'SHA3_512', 'c2FsdA==')),
  };
  const keys = createMemoryEnrollments();
  enrollment = (await enrollAdmin(admin, password, { store: keys })).enrollment;
  const { recipients, keyHolder, unlock } = await sealFor(lastAdmin, { store: keys });
  const sealed = await collectBytes(
    encryptArchive(dumpDatabase(database), {
      recipients: [...recipients, recipient],
      label: { practiceId, database: 'office', scope: 'full', keyHolder, unlock },
    }),
  );
  source = rangesOfBytes(sealed);
  sha256 = createHash('sha256').update(sealed).digest('hex');
  await writeFile(path, sealed);
  label = (await inspectArchive(source)).label!;
  labels = [label];
  archive = await openArchive(source, { identities: [identity] });
  plan = {
    practiceId,
    practice: { ...practice, networkPath },
    database,
    timeZone: 'America/Chicago',
    spool,
    spoolReserveBytes: 0,
    local: { storage: createFileSystemStorage({ path: networkPath }) },
    keys: { store: keys },
  };
  store = createMemoryStorage();
  key = `${practiceId}/2026-02-01/${label.archiveId}.tar.age`;
  await store.put(key, replayableBytes(sealed));
  await runSupplementalBackup(plan);
}

/** As it was before an example made changes. */
export async function tidyStage(): Promise<void> {
  await started?.query('DROP DATABASE IF EXISTS recovered');
  enrollments = createMemoryEnrollments();
  await enrollments.save(enrollment);
}

export async function closeStage(): Promise<void> {
  pings?.close();
  await file?.close();
  await connection?.close();
  await started?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
