import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { openArchive } from '../../../src/archive/index.js';
import { quoteText } from '../../../src/database/identifiers.js';
import { listBackups } from '../../../src/history/list-backups.js';
import type { BackupReport } from '../../../src/nightly/run/backup-report.js';
import type { BackupEvent } from '../../../src/nightly/run/events.js';
import { createDatabaseSettings } from '../../../src/nightly/settings/database-settings.js';
import { compareDatabases } from '../../../src/recovery/compare/compare-databases.js';
import { type DatabaseFingerprint, takeFingerprint } from '../../../src/recovery/compare/side.js';
import { restoreDatabase } from '../../../src/recovery/restore/restore-database.js';
import type { StorageAdapter } from '../../../src/storage/adapter.js';
import { createFileSystemStorage } from '../../../src/storage/file-system/file-system.js';
import { rangeSourceOf } from '../../../src/storage/read-ranges.js';
import { createS3Storage } from '../../../src/storage/s3/index.js';
import { openDesk } from '../../storage/hand-over-desk.js';
import { openFlakyLink } from '../../support/flaky-link.js';
import { rememberScrypt } from '../../support/project.js';
import { type ObjectStore, startObjectStore, whyNoObjectStore } from '../../support/s3.js';
import { type ServerKind, startServer, type TestServer } from '../../support/servers.js';
import { type Share, startShare, whyNoShare } from '../../support/share.js';
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from '../../support/small-disk.js';
import type { OfficeShift } from './office.js';
import { practiceAdminPassword, storePassword } from './small-practice.js';

const office = fileURLToPath(new URL('./office.js', import.meta.url));
const timeZone = 'America/Chicago';
const practiceId = '4711';
const newAdminPassword = 'incisor-lantern-07';
const mebibyte = 1024 * 1024;

/** Where a week is lived: a server, a share on a small disk, a spool on another, and HQ's store. */
export interface WeekPlaces {
  readonly server: TestServer;
  readonly store: ObjectStore;
  readonly share: Share;
  readonly shareDisk: SmallDisk;
  readonly spoolDisk: SmallDisk;
  stop(): Promise<void>;
}

/** Why no week can be lived here, or undefined when one can. */
export function whyNoWeek(): string | undefined {
  return whyNoObjectStore() ?? whyNoShare() ?? whyNoSmallDisk();
}

/** Starts everything at once; the object store takes the longest. */
export async function openPlaces(kind: ServerKind): Promise<WeekPlaces> {
  const shareDisk = await mountSmallDisk(512 * mebibyte);
  const spoolDisk = await mountSmallDisk(256 * mebibyte);
  const [server, store, share] = await Promise.all([
    startServer(kind),
    startObjectStore(),
    startShare(shareDisk.path),
  ]);
  return {
    server,
    store,
    share,
    shareDisk,
    spoolDisk,
    async stop() {
      await Promise.all([server.stop(), store.stop(), share.stop()]);
      await Promise.all([shareDisk.stop(), spoolDisk.stop()]);
    },
  };
}

/** What happened, in short, for whoever reads the output of a soak. */
export interface WeekStory {
  readonly runs: readonly string[];
  readonly cuts: readonly string[];
  readonly alerts: readonly string[];
  readonly pings: { readonly good: number; readonly bad: number };
  readonly restored: readonly string[];
}

/**
 * A week in the life of a practice, on a clock of its own, with real parts: a dead uplink for two nights, a
 * new administrator, power cuts of the whole office, a full disk, an upgrade that adds tables, a night
 * switched off, a share whose disk is full and whose server dies. Asserts at the end that every promised copy
 * is there, opens, and restores equal to what the practice was that evening; that nothing else is visible
 * anywhere; and that each trouble was told once.
 *
 * @param database - made by `buildSmallPractice`
 * @param cutAt - at which event of a night the power fails, by night
 */
export async function liveThroughWeek(
  places: WeekPlaces,
  database: string,
  cutAt: Readonly<Record<string, number>>,
): Promise<WeekStory> {
  const { server, store, share, shareDisk, spoolDisk } = places;
  const address = { ...server.address, database };
  const query = (sql: string) => server.query(sql, database);
  const bucket = `week-${database.replaceAll('_', '-')}-${server.kind.replaceAll('.', '-')}`;
  const connection = {
    endpoint: store.endpoint,
    region: store.region,
    forcePathStyle: true,
    credentials: { accessKeyId: store.accessKeyId, secretAccessKey: store.secretAccessKey },
  };
  const client = new S3Client(connection);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const toStore = await openFlakyLink({ target: store.endpoint });
  const desk = await openDesk({
    bucket,
    connection,
    keysUnder: `${practiceId}/`,
    publicEndpoint: toStore.url,
  });
  const toDesk = await openFlakyLink({ target: `http://127.0.0.1:${desk.port}` });
  const pings = await openPings();
  const spool = join(spoolDisk.path, 'spool');
  const week = new Week(server, {
    practiceId,
    database: address,
    timeZone,
    spool,
    hq: { url: toDesk.url, token: desk.token },
    ping: pings.url,
  });

  try {
    // So much that does not compress that a copy is larger than what is left of a full disk.
    for (let i = 0; i < 4; i++) {
      const lines = Array.from(
        { length: 50 },
        () => `('2026-01-01', '${randomBytes(4096).toString('hex')}')`,
      );
      await query(`INSERT INTO securitylog (LogDateTime, LogText) VALUES ${lines.join(', ')}`);
    }
    // The administrator sets the path, and the audit trail knows.
    const settings = createDatabaseSettings(address, {
      timeZone,
      now: () => new Date('2026-07-13T17:00:00Z'),
    });
    await settings.save({ networkPath: share.path }, { userNum: '1', computer: 'FRONTDESK' });
    const [audit] = await query(
      'SELECT UserNum AS num, LogText AS text FROM securitylog WHERE PermType = 179',
    );
    assert.deepEqual(
      { ...audit },
      { num: '1', text: `Backup Copy Network Path changed to '${share.path}'.` },
    );

    await week.night('2026-07-13', { cutAt: cutAt['2026-07-13'] });

    toDesk.down();
    toStore.down();
    await week.night('2026-07-14');
    await query(
      `INSERT INTO userod (UserNum, UserName, Password, DateTLastLogin)
       VALUES (2, 'Second', ${quoteText(storePassword(newAdminPassword, 'SHA3_512', 'c2FsdA=='))}, '2026-07-15 16:00:00')`,
    );
    await query('INSERT INTO usergroupattach (UserNum, UserGroupNum) VALUES (2, 1)');
    await week.night('2026-07-15');
    toDesk.up();
    toStore.up();

    // The server is down when the night begins, and the power fails again while the copy is made.
    await week.night('2026-07-16', {
      begins: () => server.kill9(),
      interludes: [['2026-07-17T08:10:00Z', () => week.powerIsBack()]],
      cutAt: cutAt['2026-07-16'],
    });

    await week.night('2026-07-17', {
      // First there is room for a part of a copy, then for nothing at all.
      begins: () => spoolDisk.fill(750_000),
      interludes: [['2026-07-18T08:10:00Z', () => spoolDisk.relieve().then(() => spoolDisk.fill())]],
    });
    await spoolDisk.relieve();

    await query('CREATE TABLE newintable (Id bigint(20) NOT NULL PRIMARY KEY, Note text) ENGINE=MyISAM');
    await query("INSERT INTO newintable VALUES (9007199254740993, 'of the upgrade')");
    await query('ALTER TABLE patient ADD COLUMN NewIn varchar(20) DEFAULT NULL');
    await week.night('2026-07-18', { cutAt: cutAt['2026-07-18'] });

    // The office is switched off over the night of the 19th.
    await week.night('2026-07-20', {
      begins: () => shareDisk.fill(),
      interludes: [
        ['2026-07-21T08:10:00Z', () => shareDisk.relieve().then(() => share.kill())],
        ['2026-07-21T08:40:00Z', () => share.revive()],
      ],
    });

    week.assertOutcomes();
    const hq = createS3Storage({ bucket, connection });
    const local = createFileSystemStorage({ path: share.served });
    await week.assertPromised(hq, [
      '2026-07-20 Second',
      '2026-07-18 Second',
      '2026-07-16 Second',
      '2026-07-15 Second',
      '2026-07-14 Admin',
      '2026-07-13 Admin',
    ]);
    await week.assertPromised(local, ['2026-07-20 Second', '2026-07-13 Admin']);
    const restored = [...(await week.restoreAll(hq, 'HQ')), ...(await week.restoreAll(local, 'share'))];

    // Nothing but the archives and their notes, anywhere.
    const unfinished = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    assert.deepEqual(unfinished.Uploads ?? [], []);
    assert.deepEqual(await filesIn(share.served), (await keysIn(local)).sort());
    assert.deepEqual(
      (await filesIn(spool)).filter((file) => file.includes('.tar.age') || file.endsWith('.lock')),
      [],
    );
    for (const file of await filesIn(spool)) {
      const text = await readFile(join(spool, file), 'utf8');
      assert.ok(!text.includes('Family 499') && !text.includes('CREATE TABLE'), file);
    }
    await week.assertAlerts([
      // Its second dead night; one night later it was mended.
      'hq-copy-failed storage-transient',
      'hq-copy-failed storage-full',
      'local-copy-failed storage-full',
    ]);
    const good = week.reports.filter(({ outcome }) => outcome === 'complete').length;
    const bad = week.reports.length - good;
    // And one for the night on which the office was off.
    assert.deepEqual(pings.count, { good, bad: bad + 1 });
    return { ...week.story, pings: pings.count, restored };
  } finally {
    await Promise.all([toDesk.close(), toStore.close(), desk.close(), pings.close()]);
    client.destroy();
  }
}

/** What a night brings besides the backup. Instants are those of the office's clock. */
interface NightPlot {
  /** Before the service starts, after the fingerprint is taken. */
  readonly begins?: () => Promise<unknown>;
  /** The service is stopped, something happens, and it starts again. */
  readonly interludes?: readonly (readonly [at: string, work: () => Promise<unknown>])[];
  /** The power fails at this event after the last interlude. */
  readonly cutAt?: number | undefined;
}

class Week {
  readonly reports: BackupReport[] = [];
  readonly #server: TestServer;
  readonly #office: Omit<OfficeShift, 'from' | 'until'>;
  readonly #evenings = new Map<string, DatabaseFingerprint>();
  readonly #told: string[] = [];
  readonly #cuts: string[] = [];
  /** Every item that ever stood on the practice's list of alerts. */
  readonly #items = new Map<string, string>();
  #isCutDown = false;

  constructor(server: TestServer, office: Omit<OfficeShift, 'from' | 'until'>) {
    this.#server = server;
    this.#office = office;
  }

  get story(): Omit<WeekStory, 'pings' | 'restored'> {
    return {
      runs: this.reports.map(({ night, outcome }) => `${night} ${outcome}`),
      cuts: this.#cuts,
      alerts: this.#told,
    };
  }

  async night(date: string, { begins, interludes = [], cutAt }: NightPlot = {}): Promise<void> {
    await this.#workDay(date);
    this.#evenings.set(date, await takeFingerprint(this.#office.database));
    await begins?.();
    const morning = new Date(`${date}T00:00:00Z`).getTime() + 86_400_000;
    const at = (wall: string): string => `${new Date(morning).toISOString().slice(0, 10)}T${wall}:00Z`;
    let from = at('07:00');
    for (const [until, work] of interludes) {
      await this.#shift({ from, until });
      await work();
      from = until;
    }
    const cut = await this.#shift({ from, until: at('10:00'), ...(cutAt === undefined ? {} : { cutAt }) });
    if (cut === undefined) return;
    this.#cuts.push(`${date} at ${cut.kind}`);
    await this.powerIsBack();
    // A minute later by its clock, which the power cut did not touch.
    const back = new Date(new Date(cut.at).getTime() + 60_000).toISOString();
    await this.#shift({ from: back, until: at('10:00') });
  }

  /**
   * The server comes back, and the office opens its tables, which repairs what was open in the cut where it
   * can.
   */
  async powerIsBack(): Promise<void> {
    await this.#server.restart();
    const { database } = this.#office.database;
    const names = await this.#server.query(
      'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
      database,
    );
    for (const { name } of names) await this.#server.query(`SELECT COUNT(*) FROM ${name}`, database);
    this.#isCutDown = false;
  }

  /** Every night ended as it had to; how many runs it took depends on where the power failed. */
  assertOutcomes(): void {
    const last = new Map(this.reports.map(({ night, outcome }) => [night, outcome]));
    assert.deepEqual(
      Object.fromEntries(last),
      {
        '2026-07-13': 'complete',
        '2026-07-14': 'failed',
        '2026-07-15': 'failed',
        '2026-07-16': 'complete',
        '2026-07-17': 'failed',
        '2026-07-18': 'complete',
        '2026-07-20': 'complete',
      },
      JSON.stringify(
        this.reports.map(({ night, destinations }) => [night, destinations.map(({ error }) => error)]),
        null,
        1,
      ),
    );
  }

  async assertPromised(store: StorageAdapter, expected: readonly string[]): Promise<void> {
    const found = (await listBackups(store)).map(
      ({ key, label }) => `${key.split('/')[1]} ${label?.keyHolder?.userName}`,
    );
    assert.deepEqual(found, expected, `in ${store.description}`);
    const keys = await keysIn(store);
    const archives = keys.filter((key) => key.endsWith('.tar.age'));
    assert.equal(archives.length, expected.length);
    const notes = archives.map((key) => key.replace(/\.tar\.age$/, '.note'));
    assert.deepEqual(keys.sort(), [...archives, ...notes].sort(), 'each with its note, and nothing else');
  }

  /**
   * Opens every copy with the password of its time, restores it and holds it against the practice of its
   * evening.
   */
  async restoreAll(store: StorageAdapter, place: string): Promise<readonly string[]> {
    const restored: string[] = [];
    const back = { ...this.#server.address, database: `${this.#office.database.database}_back` };
    for (const { key, label } of await listBackups(store)) {
      const night = key.split('/')[1]!;
      const password = label?.keyHolder?.userName === 'Admin' ? practiceAdminPassword : newAdminPassword;
      const archive = await openArchive(await rangeSourceOf(store, key), { password });
      await this.#server.query(`DROP DATABASE IF EXISTS ${back.database}`);
      const report = await restoreDatabase(archive, back);
      const emptied = new Set(
        archive.manifest.leftOut.filter(({ kind }) => kind === 'table').map(({ name }) => name),
      );
      const tables = archive.manifest.tables.map(({ name }) => name).filter((name) => !emptied.has(name));
      const isFull = label?.scope === 'full';
      const { differences } = await compareDatabases(
        this.#evenings.get(night)!,
        back,
        isFull ? {} : { tables },
      );
      assert.deepEqual(differences, [], `${place} ${night}`);
      for (const name of emptied) {
        const rows = await this.#server.query(`SELECT 1 FROM ${name} LIMIT 1`, back.database);
        assert.deepEqual(rows, [], `${place} ${night} ${name}`);
      }
      assert.ok(tables.includes('newintable') === night >= '2026-07-18', night);
      restored.push(`${place} ${night} (${label?.scope}): ${report.tables.length} tables equal`);
    }
    return restored;
  }

  async assertAlerts(expected: readonly string[]): Promise<void> {
    await this.#lookAtAlerts();
    const codes = expected.map((each) => each.split(' ')[0]!);
    assert.deepEqual([...this.#items.values()], codes, 'one item each on the list of alerts');
    const raised = this.#told.filter((each) => each.startsWith('raised ')).map((each) => each.slice(7));
    assert.deepEqual([...new Set(raised)], expected);
    const standing = await this.#server.query('SELECT 1 FROM alertitem', this.#office.database.database);
    assert.deepEqual(standing, [], 'all are cleared');
  }

  /** Something is entered and something changed on every day. */
  async #workDay(date: string): Promise<void> {
    const day = Number(date.slice(-2));
    const { database } = this.#office.database;
    await this.#server.query(
      [
        `INSERT INTO patient (LName, FName) VALUES ('Newcomer ${day}', 'Of ${date}'), ('Newcomer ${day}', 'Second of ${date}')`,
        `UPDATE patient SET FName = 'Changed on ${date}' WHERE PatNum = ${day}`,
      ],
      database,
    );
  }

  /** The service from one instant to another. */
  async #shift(times: {
    readonly from: string;
    readonly until: string;
    readonly cutAt?: number;
  }): Promise<{ readonly at: string; readonly kind: string } | undefined> {
    const shift: OfficeShift = { ...this.#office, ...times };
    const child = spawn(process.execPath, [...rememberScrypt, office, JSON.stringify(shift)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += text;
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let events = 0;
    let cut: { readonly at: string; readonly kind: string } | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      const { at, event } = JSON.parse(line) as { readonly at: string; readonly event: BackupEvent };
      events += 1;
      if (event.kind === 'finished') this.reports.push(event.report);
      if (event.kind === 'alert-raised') this.#told.push(`raised ${event.alert.code} ${event.alert.cause}`);
      if (event.kind === 'alert-cleared') this.#told.push(`cleared ${event.code}`);
      if (events === times.cutAt) {
        cut = { at, kind: event.kind };
        this.#isCutDown = true;
        child.kill('SIGKILL');
        await this.#server.kill9();
      }
    }
    const code = await exited;
    assert.equal(code, cut === undefined ? 0 : null, errors);
    if (cut === undefined) await this.#lookAtAlerts();
    return cut;
  }

  async #lookAtAlerts(): Promise<void> {
    if (this.#isCutDown || this.#server.pid() === undefined) return;
    const items = await this.#server.query(
      'SELECT AlertItemNum AS num, ItemValue AS value FROM alertitem WHERE Type = 23 AND ClinicNum = -1',
      this.#office.database.database,
    );
    for (const { num, value } of items) this.#items.set(num!, value!.replace('supplemental-backup/', ''));
  }
}

async function keysIn(store: StorageAdapter): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

async function openPings(): Promise<{
  readonly url: string;
  readonly count: { good: number; bad: number };
  close(): Promise<void>;
}> {
  const count = { good: 0, bad: 0 };
  const server: Server = createServer((request, response) => {
    if (request.url?.endsWith('/fail') === true) count.bad += 1;
    else count.good += 1;
    request.resume();
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping`,
    count,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
