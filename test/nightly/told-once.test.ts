import assert from 'node:assert/strict';
import { readdir, readFile, rename, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, before, beforeEach, it } from 'node:test';
import { createFileKits } from '../../src/admin/kits/kit-store.js';
import { confirmRecoveryKit, createRecoveryKit } from '../../src/admin/kits/recovery-kit.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { BackupError } from '../../src/errors.js';
import { createEvidencePage } from '../../src/evidence/index.js';
import { findLatestBackup, listBackups } from '../../src/history/list-backups.js';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import type { NightPlan, RunOptions } from '../../src/nightly/run/night-plan.js';
import { renderReport } from '../../src/nightly/run/render-report.js';
import { runSupplementalBackup } from '../../src/nightly/run/run-supplemental-backup.js';
import { startNightly } from '../../src/nightly/service/start-nightly.js';
import { createDatabaseSettings } from '../../src/nightly/settings/database-settings.js';
import { createMemorySettings } from '../../src/nightly/settings/memory-settings.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { anyKind, describeOnEachServer, type TestServer } from '../support/servers.js';
import { createFakeClock } from './support/fake-clock.js';
import { eligiblePractice, type NightBench, setUpNight } from './support/night.js';
import { buildSmallPractice } from './support/small-practice.js';

const kinds = [anyKind('mysql-5.6')];
const nowhere = { user: 'b', host: '127.0.0.1', port: 1, database: 'opendental' };

function toldOnce(server: () => TestServer): void {
  const database = 'told_once';
  let bench: NightBench;
  const enrollments = createMemoryEnrollments();
  before(() => buildSmallPractice(server(), database));
  beforeEach(async () => {
    bench = await setUpNight({ ...server().address, database }, { keys: { store: enrollments } });
  });
  afterEach(() => bench.remove());

  async function run(changes: Partial<NightPlan> = {}, options: RunOptions = {}): Promise<BackupReport> {
    let report: BackupReport | undefined;
    await runSupplementalBackup(
      { ...bench.plan, ...changes },
      {
        ...options,
        onEvent: (event) => {
          if (event.kind === 'finished') report = event.report;
        },
      },
    ).catch(() => undefined);
    return report!;
  }
  const night = (changes: Partial<NightPlan> = {}) => run(changes, { scheduled: true });
  const reports = () => readdir(join(bench.spool, 'reports'));
  const lastReport = async () =>
    JSON.parse(await readFile(join(bench.spool, 'last-report.json'), 'utf8')) as BackupReport;

  for (const [who, practice] of [
    ['without a network path', eligiblePractice],
    ['abroad', { ...eligiblePractice, country: 'CA', networkPath: 'of the bench' }],
  ] as const) {
    it(`tells a good night of a practice ${who} once, as good`, async () => {
      const stop = new AbortController();
      const errors: string[] = [];
      const clock = createFakeClock(
        '2026-07-14T18:00:00Z',
        ({ now }) => {
          if (now() > new Date('2026-07-15T18:00:00Z')) stop.abort();
        },
        600_000,
      );
      const logger = { info() {}, warning() {}, error: (message: string) => errors.push(message) };
      const networkPath = 'networkPath' in practice ? { networkPath: bench.share } : {};
      await startNightly(
        { ...bench.plan, practice: { ...practice, ...networkPath }, logger },
        { signal: stop.signal, clock },
      );
      assert.deepEqual(
        bench.alerts.nights.map(({ ok }) => ok),
        [true],
      );
      assert.deepEqual(errors, []);
      assert.equal((await lastReport()).outcome, 'complete');
    });
  }

  it('keeps what a night achieved when a later run of it does less', async () => {
    const good = await night();
    const kept = await lastReport();
    await rename(bench.share, `${bench.share}.off`);
    await run({ database: nowhere }, { scheduled: true });
    const after = await lastReport();
    await rename(`${bench.share}.off`, bench.share);
    assert.equal(kept.outcome, 'complete');
    assert.equal(after.outcome, 'complete');
    assert.deepEqual(
      after.destinations.map(({ copy }) => copy?.sha256),
      good.destinations.map(({ copy }) => copy?.sha256),
    );
    assert.deepEqual(await reports(), ['2026-07-14.json']);
  });

  it('makes the night’s own copy after one by hand, and keeps both and both reports', async () => {
    bench.setClock('2026-07-15T18:00:00Z');
    const byHand = await run({}, { destinations: ['hq'] });
    bench.setClock('2026-07-16T05:00:00Z');
    const own = await night();
    assert.notEqual(own.destinations[0]?.copy?.key, byHand.destinations[0]?.copy?.key);
    bench.setClock('2026-07-16T15:00:00Z');
    // Counts for the same night, is newer, and takes the place of nothing.
    const morning = await run({}, { destinations: ['hq'] });
    const keys = (await listBackups(bench.hq)).map(({ key }) => key);
    for (const report of [own, morning]) assert.ok(keys.includes(report.destinations[0]!.copy!.key));
    assert.ok((await reports()).includes('2026-07-15.json'));
    assert.equal((await reports()).length, 3);
  });

  it('plans nothing anew because a run by hand failed', async () => {
    await run({ database: nowhere });
    const journal = JSON.parse(await readFile(join(bench.spool, 'journal.json'), 'utf8')) as object;
    assert.ok(!('lastAttempt' in journal));
  });

  it('advances the date by a copy that arrives late, and makes up for one that could not be written', async () => {
    const inner = createMemorySettings({ networkPath: bench.share });
    let isLocked = true;
    const settings = {
      ...inner,
      recordLocalCopy: async (at: Date) => {
        if (isLocked) throw new Error('locked');
        await inner.recordLocalCopy(at);
      },
    };
    await rename(bench.share, `${bench.share}.off`);
    await night({ settings });
    await rename(`${bench.share}.off`, bench.share);
    bench.setClock('2026-07-16T05:00:00Z');
    const late = await night({ settings, database: nowhere });
    assert.equal(late.destinations[1]?.caughtUp.length, 1);
    assert.ok(late.warnings.some(({ code }) => code === 'date-not-recorded'));
    isLocked = false;
    bench.setClock('2026-07-17T05:00:00Z');
    await night({ settings, database: nowhere });
    assert.equal((await inner.read()).lastLocalCopy?.toISOString(), '2026-07-16T05:00:00.000Z');
  });

  it('finds the newest copy though the clock of the share fell back', async () => {
    await night({ local: { retry: 'none', retention: 'keep-all' } });
    bench.setClock('2026-07-22T05:00:00Z');
    const newest = await night({ local: { retry: 'none', retention: 'keep-all' } });
    const { key } = newest.destinations[1]!.copy!;
    const flatBattery = new Date('2000-01-02T00:00:00Z');
    await utimes(join(bench.share, key), flatBattery, flatBattery);
    const share = createFileSystemStorage({ path: bench.share });
    const found = await findLatestBackup(share, { practiceId: '4711' });
    assert.equal(found?.key, key);
  });

  it('says what changed since the last night', async () => {
    const settings = createMemorySettings({ networkPath: bench.share });
    assert.equal((await night({ settings })).changes, undefined);
    await server().query("UPDATE userod SET UserName = 'Renamed' WHERE UserNum = 1", database);
    const other = join(bench.folder, 'other');
    const moved = createMemorySettings({ networkPath: other });
    bench.setClock('2026-07-16T05:00:00Z');
    const report = await night({ settings: moved });
    await server().query("UPDATE userod SET UserName = 'Admin' WHERE UserNum = 1", database);
    assert.deepEqual(
      report.changes?.map(({ what }) => what),
      ['network-path', 'key-holder'],
    );
    assert.match(
      renderReport(report),
      /Changed since the last night:\n {2}The network path: ".*" became ".*other"/,
    );
  });

  it('tells no night as good because backups were off when the settings could last be read', async () => {
    const off = createMemorySettings({ status: 'disabled', networkPath: bench.share });
    await night({ settings: off });
    const lost = new BackupError('database-unreachable', 'The server is gone.');
    const unread = { ...off, read: () => Promise.reject(lost) };
    for (let day = 16; day <= 25; day++) {
      bench.setClock(`2026-07-${day}T05:00:00Z`);
      const { outcome } = await night({ settings: unread });
      assert.equal(outcome, 'failed');
    }
    assert.deepEqual(
      bench.alerts.nights.map(({ ok }) => ok),
      [true, ...Array(10).fill(false)],
    );
    // Whether copies are missed is not known, so none is too old.
    assert.deepEqual([...bench.alerts.standing.keys()], ['switched-off', 'backup-failed']);
    bench.setClock('2026-07-26T05:00:00Z');
    await night({ settings: off });
    assert.deepEqual([...bench.alerts.standing.keys()], ['switched-off']);
  });

  it('does not count on settings for what other facts rule out', async () => {
    const practice = { ...bench.plan.practice, onSupport: false };
    const off = createMemorySettings({ status: 'disabled', networkPath: bench.share });
    await night({ settings: off, practice });
    bench.setClock('2026-07-16T05:00:00Z');
    const unread = { ...off, read: () => Promise.reject(new Error('gone')) };
    assert.equal((await night({ settings: unread, practice })).outcome, 'nothing-due');
  });

  it('reminds once a month that backups are switched off, and is silent again when they are on', async () => {
    const off = createMemorySettings({ status: 'disabled', networkPath: bench.share });
    for (let day = 1; day <= 40; day++) {
      bench.setClock(new Date(Date.UTC(2026, 6, day, 5)).toISOString());
      await night({ settings: off });
    }
    assert.deepEqual(
      bench.alerts.raised.map(({ code }) => code),
      ['switched-off', 'switched-off'],
    );
    assert.ok(bench.alerts.nights.every(({ ok }) => ok));
    await night({ settings: createMemorySettings({ networkPath: bench.share }) });
    assert.equal(bench.alerts.standing.size, 0);
  });

  it('raises an alert when backups are switched off by a change that the audit trail does not know', async () => {
    const zone = { timeZone: 'America/Chicago', now: bench.now, checkPath: async () => undefined };
    const settings = createDatabaseSettings({ ...server().address, database }, zone);
    await settings.save({ networkPath: bench.share }, { userNum: '1' });
    await night({ settings });
    await settings.save({ enabled: false }, { userNum: '1' });
    await night({ settings });
    assert.ok(!bench.alerts.standing.has('switched-off-unrecorded'));
    await settings.save({ enabled: true }, { userNum: '1' });
    await night({ settings });
    await server().query(
      "UPDATE preference SET ValueString = '0' WHERE PrefName = 'SupplementalBackupEnabled'",
      database,
    );
    const report = await night({ settings });
    assert.ok(bench.alerts.standing.has('switched-off-unrecorded'));
    assert.deepEqual(report.changes, [{ what: 'status', before: 'enabled', after: 'disabled' }]);
    await settings.save({ enabled: true }, { userNum: '1' });
    await night({ settings });
    assert.equal(bench.alerts.standing.size, 0);
  });

  it('tells for a week of a recovery kit that is new, and anew of another key under its name', async () => {
    const path = join(bench.folder, 'kits.json');
    const kits = createFileKits({ path });
    const addKit = async () => {
      const made = await createRecoveryKit({ store: kits, practice: 'Example', owner: 'Ada' });
      await confirmRecoveryKit(made.words[0]!.reveal(), { store: kits });
      return made.kit;
    };
    const raised = () => bench.alerts.raised.filter(({ code }) => code === 'recovery-kit-new').length;
    const nightOn = async (day: number) => {
      bench.setClock(`2026-07-${day}T05:00:00Z`);
      await night({ keys: { store: enrollments, kits } });
      return [raised(), bench.alerts.standing.has('recovery-kit-new')];
    };
    const { id } = await addKit();
    const told: unknown[] = [await nightOn(16), await nightOn(17)];
    const kept = (await kits.load())!;
    const stranger = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
    const exchanged = kept.kits.map((kit) => ({ ...kit, recipient: stranger }));
    await kits.save({ revision: kept.revision + 1, kits: exchanged });
    told.push(await nightOn(18));
    const message = bench.alerts.standing.get('recovery-kit-new')?.message ?? '';
    assert.match(message, new RegExp(`Kit ${id} of 2\\d{3}-\\d\\d-\\d\\d, kept by Ada\\.`));
    told.push(await nightOn(25));
    assert.deepEqual(told, [
      [1, true],
      [1, true],
      [2, true],
      [2, false],
    ]);
  });

  it('writes the page of evidence in one step every night, and tells it where it cannot', async () => {
    const path = join(bench.folder, 'evidence.html');
    const evidence = createEvidencePage({ path });
    await night({ evidence });
    assert.match(await readFile(path, 'utf8'), /Copies in the stores<\/dt><dd[^>]*>2</);
    bench.setClock('2026-07-16T05:00:00Z');
    // What lists nothing while the page is made, and all that a night needs before.
    let isMade = false;
    const { storage } = bench.plan.hq!;
    const hidden: StorageAdapter = {
      ...storage,
      list(...given) {
        if (isMade) throw new BackupError('storage-permanent', 'It lists nothing.');
        return storage.list(...given);
      },
    };
    const second = await night({
      hq: { ...bench.plan.hq!, storage: hidden },
      evidence: {
        write(...given) {
          isMade = true;
          return evidence.write(...given);
        },
      },
    });
    assert.equal(second.outcome, 'complete');
    assert.match(await readFile(path, 'utf8'), /Headquarters: the store could not be listed today\./);
    bench.setClock('2026-07-17T05:00:00Z');
    const nowhere = createEvidencePage({ path: join(bench.folder, 'nowhere', 'evidence.html') });
    const third = await night({ evidence: nowhere });
    assert.equal(third.outcome, 'complete');
    assert.ok((await lastReport()).warnings.some(({ code }) => code === 'evidence-not-written'));
    assert.match(renderReport(third), /The page of evidence could not be written \(\S+\)/);
    assert.ok((await readdir(bench.folder)).every((name) => !name.endsWith('.new')));
  });

  it('raises an alert while a key that somebody exchanged is there, and seals for the one of before as well', async () => {
    const kept = createMemoryEnrollments();
    const keys = { store: kept };
    const first = await night({ keys });
    const record = (await kept.load('1'))!;
    const stranger = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
    const exchanged = {
      ...record,
      revision: record.revision + 1,
      unlock: { ...record.unlock, recipient: stranger },
    };
    assert.equal(await kept.save(exchanged), true);
    bench.setClock('2026-07-16T05:00:00Z');
    const second = await night({ keys });
    assert.equal(second.outcome, 'complete');
    assert.deepEqual([...bench.alerts.standing.keys()], ['key-unproven']);
    assert.equal(first.changes, undefined);
    assert.deepEqual(second.changes, undefined, 'it opens as before');
    // Its holder's own record comes back.
    assert.equal(await kept.save({ ...record, revision: record.revision + 2 }), true);
    bench.setClock('2026-07-17T05:00:00Z');
    await night({ keys });
    assert.deepEqual([...bench.alerts.standing.keys()], []);
    assert.equal(bench.alerts.raised.filter(({ code }) => code === 'key-unproven').length, 1);
  });
}

describeOnEachServer('what people are told of nights', toldOnce, { kinds });
