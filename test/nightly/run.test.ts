import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createFileKits } from '../../src/admin/kits/kit-store.js';
import {
  confirmRecoveryKit,
  createRecoveryKit,
  type MadeKit,
  revokeRecoveryKit,
} from '../../src/admin/kits/recovery-kit.js';
import { decryptArchive, inspectArchive, openArchive } from '../../src/archive/index.js';
import { identitiesOfKit } from '../../src/archive/kit-words.js';
import { openDentalPolicy } from '../../src/catalog/open-dental/index.js';
import { findLatestBackup } from '../../src/history/list-backups.js';
import type { BackupEvent } from '../../src/nightly/run/events.js';
import { renderReport } from '../../src/nightly/run/render-report.js';
import { runSupplementalBackup } from '../../src/nightly/run/run-supplemental-backup.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { rangeSourceOf } from '../../src/storage/read-ranges.js';
import { buildPractice, practiceAdmin, practiceAdminPassword } from '../practice/index.js';
import { describeOnEachServer } from '../support/servers.js';
import { type NightBench, setUpNight } from './support/night.js';

describeOnEachServer('a night', (server) => {
  const database = 'night';
  let bench: NightBench;
  let kit: MadeKit;
  let revokedKit: MadeKit;
  before(async () => {
    await server().query([`DROP DATABASE IF EXISTS ${database}`, 'DROP DATABASE IF EXISTS night_back']);
    await buildPractice(server().address, database, { size: 3_000_000, today: '2026-07-14' });
    bench = await setUpNight({ ...server().address, database });
    await mkdir(bench.spool);
    const store = createFileKits({ path: join(bench.spool, 'kits.json') });
    const make = () => createRecoveryKit({ store, practice: 'Example', owner: 'Ada' });
    [kit, revokedKit] = [await make(), await make(), await make()];
    for (const each of [kit, revokedKit]) await confirmRecoveryKit(each.words[0]!.reveal(), { store });
    await revokeRecoveryKit(revokedKit.kit.id, { store });
  });
  after(() => bench?.remove());

  it('serves both destinations from one reading, verifies them and says so', async () => {
    const events: BackupEvent[] = [];
    const report = await runSupplementalBackup(bench.plan, { onEvent: (event) => events.push(event) });
    assert.equal(report.outcome, 'complete');
    const [hq, local] = report.destinations;
    assert.equal(hq?.outcome, 'verified');
    assert.equal(local?.outcome, 'verified');
    assert.equal(hq?.copy?.scope, 'critical');
    assert.equal(local?.copy?.scope, 'full');
    assert.equal(local?.copy?.tables, 424);
    assert.ok((hq?.copy?.rows ?? 0) < (local?.copy?.rows ?? 0));
    assert.match(hq?.copy?.key ?? '', /^4711\/2026-07-14\/[0-9a-f]{32}\.tar\.age$/);
    assert.deepEqual(report.keyHolder, {
      userNum: String(practiceAdmin.userNum),
      userName: practiceAdmin.userName,
      unlock: 'stored-hash',
    });
    assert.equal(events.filter(({ kind }) => kind === 'snapshot').length > 0, true);
    assert.equal(events.filter((event) => event.kind === 'phase' && event.phase === 'read').length, 1);
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'verified' || kind === 'finished').map(({ kind }) => kind),
      ['verified', 'verified', 'finished'],
    );
    const text = renderReport(report);
    assert.match(text, /every copy that was due is stored and verified/);
    assert.match(text, /Opens with the password of Admin/);
    assert.match(text, /Left out: /);
    assert.doesNotMatch(text, new RegExp(practiceAdminPassword));
  });

  it('K10: has let go of locks and snapshots before it sends anything, however slow the line', async () => {
    const held: number[] = [];
    const inDatabase = async () =>
      (await server().query('SHOW PROCESSLIST')).filter((row) => row['db'] === database).length;
    const storage = {
      ...bench.hq,
      put: async (...args: Parameters<typeof bench.hq.put>) => {
        // The night waits here. A session that was let go before stays on the list for a moment, one that was
        // not for good.
        let sessions = await inDatabase();
        for (let i = 0; i < 100 && sessions > 0; i++) {
          await delay(20);
          sessions = await inDatabase();
        }
        held.push(sessions);
        return bench.hq.put(...args);
      },
    };
    const aside = await setUpNight({ ...server().address, database }, { hq: { storage, retry: 'none' } });
    try {
      assert.equal((await runSupplementalBackup(aside.plan, { destinations: ['hq'] })).outcome, 'complete');
      // The archive, and the note beside it.
      assert.deepEqual(held, [0, 0]);
    } finally {
      await aside.remove();
    }
  });

  it('leaves nothing in the spool, and the same report for programs', async () => {
    const names = (await readdir(bench.spool)).sort();
    assert.deepEqual(names, [
      '.spare-room',
      'facts.json',
      'journal.json',
      'keys.json',
      'kits.json',
      'last-report.json',
      'reports',
      'signing-key',
    ]);
    const stored = JSON.parse(await readFile(join(bench.spool, 'last-report.json'), 'utf8'));
    assert.equal(stored.outcome, 'complete');
  });

  it('gives back every table of the local copy to the administrator’s password', async () => {
    const share = createFileSystemStorage({ path: bench.share });
    const newest = await findLatestBackup(share, { practiceId: '4711', scope: 'full' });
    assert.ok(newest !== null);
    const parts = decryptArchive(share.get(newest.key), { password: practiceAdminPassword });
    await restoreDatabase(parts, { ...server().address, database: 'night_back' }, {});
    const comparison = await compareDatabases(
      { ...server().address, database },
      { ...server().address, database: 'night_back' },
    );
    assert.deepEqual(comparison.differences, []);
    assert.equal(comparison.tables.length, 424);
  });

  it('opens with the recovery kit that was confirmed, and with no other', async () => {
    const store = createFileSystemStorage({ path: bench.share });
    const latest = await findLatestBackup(store, { practiceId: '4711' });
    const { id, createdAt, recipient } = kit.kit;
    assert.deepEqual(latest?.label?.recoveryKits, [{ id, createdAt, recipient }]);
    const source = await rangeSourceOf(store, latest!.key);
    const open = async ({ words }: MadeKit) =>
      openArchive(source, { identities: await identitiesOfKit(words[0]!.reveal()) });
    assert.equal((await open(kit)).manifest.tables.length, 424);
    await assert.rejects(open(revokedKit), /None of the given keys fits/);
    const told = bench.alerts.standing.get('recovery-kit-new');
    assert.match(told?.message ?? '', new RegExp(`Kit ${id} of .*, kept by Ada\\. If the office did not`));
    const [kept] = await readdir(join(bench.spool, 'reports'));
    assert.match(await readFile(join(bench.spool, 'reports', kept!), 'utf8'), new RegExp(id));
  });

  it('gives HQ an archive of its own file key, with the critical tables only', async () => {
    const newest = await findLatestBackup(bench.hq, { practiceId: '4711' });
    assert.ok(newest !== null);
    assert.equal((await inspectArchive(bench.hq.get(newest.key))).label?.scope, 'critical');
    let rows = 0;
    let tables = 0;
    for await (const part of decryptArchive(bench.hq.get(newest.key), { password: practiceAdminPassword })) {
      if (part.kind === 'rows') rows += part.rows;
      if (part.kind === 'table') tables++;
    }
    assert.ok(tables > 300 && rows > 0);
  });

  it('cuts the logs of HQ’s copy by day though one reading serves both, and the manifest says so', async () => {
    const logsSince = '2025-07-14';
    bench.setClock('2026-07-16T05:00:00Z');
    const report = await runSupplementalBackup({
      ...bench.plan,
      tables: { ...openDentalPolicy, logsSince },
    });
    const told = report.warnings.filter(({ code }) => code === 'rows-left-out').map(({ table }) => table);
    assert.ok(told.includes('securitylog'));
    const { key } = report.destinations[0]!.copy!;
    const archive = await openArchive(await rangeSourceOf(bench.hq, key), {
      password: practiceAdminPassword,
    });
    const rowFilters: Record<string, string> = {};
    for (const name of told) rowFilters[name!] = (await archive.table(name!)).rowFilter!.where;
    const summary = archive.manifest.tables.find(({ name }) => name === 'securitylog');
    const [rows] = await server().query(
      `SELECT COUNT(*) AS 'all', SUM(${rowFilters['securitylog']}) AS kept FROM securitylog`,
      database,
    );
    assert.ok(Number(rows!['kept']) < Number(rows!['all']) && Number(rows!['kept']) > 0);
    assert.equal(summary?.rows, Number(rows!['kept']));
    await server().query('DROP DATABASE IF EXISTS night_back');
    const back = { ...server().address, database: 'night_back' };
    await restoreDatabase(archive, back);
    const tables = archive.manifest.tables
      .map(({ name }) => name)
      .filter((name) => !archive.manifest.leftOut.some((each) => each.name === name));
    const { differences } = await compareDatabases({ ...server().address, database }, back, {
      tables,
      rowFilters,
    });
    assert.deepEqual(differences, []);
  });
});
