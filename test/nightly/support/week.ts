import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { decryptArchive } from '../../../src/archive/index.js';
import { quoteText } from '../../../src/database/identifiers.js';
import { BackupError } from '../../../src/errors.js';
import { listBackups } from '../../../src/nightly/list-backups.js';
import type { BackupReport } from '../../../src/nightly/run/report.js';
import { startNightly } from '../../../src/nightly/service/start-nightly.js';
import { compareDatabases } from '../../../src/recovery/compare/compare-databases.js';
import { restoreDatabase } from '../../../src/recovery/restore/restore-database.js';
import type { StorageAdapter } from '../../../src/storage/adapter.js';
import { createFileSystemStorage } from '../../../src/storage/file-system/file-system.js';
import { createFaultyStorage, type StorageFault } from '../../../src/storage/testing/index.js';
import type { TestServer } from '../../support/servers.js';
import { createFakeClock } from './fake-clock.js';
import type { NightBench } from './night.js';
import { practiceAdminPassword, storePassword } from './small-practice.js';

const newAdminPassword = 'incisor-lantern-07';

/**
 * A week in the life of a practice, on a clock of its own: a dead uplink for two nights, a new administrator, a power
 * cut, a full store, an upgrade that adds a table, a night switched off, a share that is away. Asserts at the end that every
 * promised copy is there, opens, and restores equal, and that each trouble was told once.
 *
 * @param database - made by `buildSmallPractice`
 * @param hqStore - empty
 */
export async function liveThroughWeek(
  server: TestServer,
  database: string,
  bench: NightBench,
  hqStore: StorageAdapter,
): Promise<readonly BackupReport[]> {
  const query = (sql: string) => server.query(sql, database);
  let fault: StorageFault | undefined;
  const uplink = createFaultyStorage(hqStore, ({ operation }) => (operation === 'put' ? fault : undefined));
  // As HQ's stores do it: a broken-off transfer goes on.
  const hq = { ...uplink, capabilities: { ...uplink.capabilities, resumablePut: true } };
  const stop = new AbortController();
  const reports: BackupReport[] = [];
  const done = new Set<string>();
  const once = async (moment: string, work: () => unknown): Promise<void> => {
    if (clock.now() < new Date(moment) || done.has(moment)) return;
    done.add(moment);
    await work();
  };
  // The practice starts at 02:58 by its clock, 07:58 UTC; the script acts in the hours before.
  const script = async (): Promise<void> => {
    await once('2026-07-14T20:00:00Z', () => {
      fault = { kind: 'refused' };
    });
    await once('2026-07-15T20:00:00Z', () =>
      query(
        `INSERT INTO userod (UserNum, UserName, Password, DateTLastLogin)
       VALUES (2, 'Second', ${quoteText(storePassword(newAdminPassword, 'SHA3_512', 'c2FsdA=='))}, '2026-07-15 16:00:00')`,
      ),
    );
    await once('2026-07-15T20:01:00Z', () =>
      query('INSERT INTO usergroupattach (UserNum, UserGroupNum) VALUES (2, 1)'),
    );
    await once('2026-07-16T20:00:00Z', async () => {
      fault = undefined;
      await server.kill9();
    });
    await once('2026-07-17T08:15:00Z', async () => {
      await server.restart();
      // The office opens its tables first; MariaDB then repairs those that were open in the power cut.
      for (const { name } of await query(
        'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
      )) {
        await query(`SELECT COUNT(*) FROM ${name}`);
      }
    });
    await once('2026-07-17T20:00:00Z', () => {
      fault = { kind: 'refused', error: new BackupError('storage-full', 'The store is full.') };
    });
    await once('2026-07-18T20:00:00Z', async () => {
      fault = undefined;
      await query('CREATE TABLE newintable (Id bigint(20) NOT NULL PRIMARY KEY, Note text) ENGINE=MyISAM');
      await query("INSERT INTO newintable VALUES (9007199254740993, 'of the upgrade')");
    });
    // The office is switched off over the night of the 19th.
    await once('2026-07-19T22:00:00Z', () => clock.set('2026-07-20T14:00:00Z'));
    await once('2026-07-20T20:00:00Z', () => rename(bench.share, `${bench.share}-off`));
    await once('2026-07-21T08:10:00Z', () => rename(`${bench.share}-off`, bench.share));
    if (clock.now() >= new Date('2026-07-21T14:00:00Z')) stop.abort();
  };
  const clock = createFakeClock('2026-07-13T18:00:00Z', script, 300_000);
  await startNightly(
    { ...bench.plan, hq: { storage: hq, retry: 'none', retention: 'keep-all' } },
    {
      signal: stop.signal,
      clock,
      onEvent: (event) => {
        if (event.kind === 'finished') reports.push(event.report);
      },
    },
  );

  assert.deepEqual(
    reports.map(({ night, outcome }) => `${night} ${outcome}`),
    [
      '2026-07-13 complete',
      // A dead uplink for two nights, twice tried on each.
      '2026-07-14 failed',
      '2026-07-14 failed',
      '2026-07-15 failed',
      '2026-07-15 failed',
      // The server came back between the first and the second try.
      '2026-07-16 failed',
      '2026-07-16 complete',
      '2026-07-17 failed',
      '2026-07-17 failed',
      '2026-07-18 complete',
      // Nobody was there on the 19th.
      '2026-07-20 partial',
      '2026-07-20 complete',
    ],
    JSON.stringify(
      reports.map(({ night, destinations }) => [night, destinations.map(({ error }) => error)]),
      null,
      1,
    ),
  );
  const nightsIn = async (store: typeof hqStore) =>
    (await listBackups(store)).map(({ key, label }) => `${key.split('/')[1]} ${label?.keyHolder?.userName}`);
  assert.deepEqual(await nightsIn(hqStore), [
    '2026-07-20 Second',
    '2026-07-18 Second',
    '2026-07-17 Second',
    '2026-07-16 Second',
    '2026-07-15 Second',
    '2026-07-14 Admin',
    '2026-07-13 Admin',
  ]);
  const share = createFileSystemStorage({ path: bench.share });
  assert.deepEqual(await nightsIn(share), ['2026-07-20 Second', '2026-07-13 Admin']);

  for (const store of [hqStore, share]) {
    for (const { key, label } of await listBackups(store)) {
      const password = label?.keyHolder?.userName === 'Admin' ? practiceAdminPassword : newAdminPassword;
      let tables = 0;
      for await (const part of decryptArchive(store.get(key), { password })) {
        if (part.kind === 'table') tables++;
      }
      assert.equal(tables, label!.createdAt > '2026-07-18T20' ? 12 : 11, key);
    }
  }

  const [newest] = await listBackups(share);
  await server.query('DROP DATABASE IF EXISTS night_week_back');
  const back = { ...server.address, database: 'night_week_back' };
  await restoreDatabase(decryptArchive(share.get(newest!.key), { password: newAdminPassword }), back);
  const comparison = await compareDatabases({ ...server.address, database }, back);
  assert.deepEqual(comparison.differences, []);

  assert.deepEqual(
    bench.alerts.raised.map(({ code, cause }) => `${code} ${cause}`),
    [
      // The third night in a row without a copy for HQ; one hour later it was there.
      'backup-failed database-unreachable',
      'hq-copy-failed storage-full',
      'local-copy-failed destination-missing',
    ],
  );
  assert.equal(bench.alerts.standing.size, 0);
  return reports;
}
