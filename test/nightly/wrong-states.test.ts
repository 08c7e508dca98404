import assert from 'node:assert/strict';
import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, before, beforeEach, it } from 'node:test';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { generateX25519Identity, identityToRecipient } from '../../src/archive/age/index.js';
import { decryptArchive, inspectArchive, openArchive } from '../../src/archive/index.js';
import { BackupError, isBackupError } from '../../src/errors.js';
import { findLatestBackup, listBackups } from '../../src/history/list-backups.js';
import { acknowledgeFindings } from '../../src/nightly/origin/acknowledge.js';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import type { BackupEvent } from '../../src/nightly/run/events.js';
import { readHistory } from '../../src/nightly/run/night-journal.js';
import type { NightPlan } from '../../src/nightly/run/night-plan.js';
import { renderReport } from '../../src/nightly/run/render-report.js';
import { runSupplementalBackup } from '../../src/nightly/run/run-supplemental-backup.js';
import { createMemorySettings } from '../../src/nightly/settings/memory-settings.js';
import { rehearseRestore } from '../../src/recovery/rehearse/rehearse-restore.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { rangeSourceOf } from '../../src/storage/read-ranges.js';
import { createFaultyStorage, type StorageFault } from '../../src/testing.js';
import { anyKind, describeOnEachServer, type TestServer } from '../support/servers.js';
import { mountSmallDisk, whyNoSmallDisk } from '../support/small-disk.js';
import { eligiblePractice, type NightBench, setUpNight } from './support/night.js';
import { buildSmallPractice, changePassword, storePassword } from './support/small-practice.js';

// What goes wrong here is the same on every server, so one will do.
const kinds = [anyKind('mysql-5.6')];

function wrongStates(server: () => TestServer): void {
  const database = 'night_wrong';
  let bench: NightBench;
  // Kept over all tests: a key pair costs a third of a second.
  const enrollments = createMemoryEnrollments();
  before(() => buildSmallPractice(server(), database));
  beforeEach(async () => {
    bench = await setUpNight({ ...server().address, database }, { keys: { store: enrollments } });
  });
  afterEach(() => bench.remove());

  /** Runs, and gives the report also when the run ends with an error. */
  async function night(
    changes: Partial<NightPlan> = {},
    options: Parameters<typeof runSupplementalBackup>[1] = {},
  ): Promise<{ report: BackupReport | undefined; error: unknown; events: BackupEvent[] }> {
    const events: BackupEvent[] = [];
    let error: unknown;
    try {
      await runSupplementalBackup(
        { ...bench.plan, ...changes },
        { ...options, onEvent: (event) => events.push(event) },
      );
    } catch (thrown) {
      error = thrown;
    }
    const finished = events.find((event) => event.kind === 'finished');
    return { report: finished?.report, error, events };
  }

  const alerts = (): readonly string[] => bench.alerts.raised.map(({ code }) => code);
  const spooled = async (): Promise<string[]> =>
    (await readdir(bench.spool)).filter((name) => /\.tar\.age(\.part)?$/.test(name));
  const code = (error: unknown): string => (isBackupError(error) ? error.code : String(error));
  const faulty = (faultOf: Parameters<typeof createFaultyStorage>[1]) => ({
    hq: { storage: createFaultyStorage(bench.hq, faultOf), retry: 'none' as const },
  });

  /** A file of a table; undefined for a server that is not ours. */
  async function fileOf(name: string): Promise<string | undefined> {
    const { directory } = server();
    if (directory === undefined) return undefined;
    const files = await readdir(directory, { recursive: true });
    return join(directory, files.find((file) => file.endsWith(join(database, name)))!);
  }

  it('names the reason when the practice may back up nowhere, and writes nothing', async () => {
    const { error, report } = await night({ practice: { ...eligiblePractice, onSupport: false } });
    assert.equal(code(error), 'not-eligible');
    assert.deepEqual((error as BackupError).details['reasons'], ['not-on-support', 'no-network-path']);
    assert.equal(report?.outcome, 'nothing-due');
    assert.deepEqual(await spooled(), []);
    assert.deepEqual(await listBackups(bench.hq), []);
  });

  it('makes the local copy of a practice abroad, and none for HQ', async () => {
    const { error, report } = await night({
      practice: { ...bench.plan.practice, country: 'CA' },
    });
    assert.equal(error, undefined);
    assert.equal(report?.outcome, 'complete');
    assert.deepEqual(
      report?.destinations.map(({ outcome }) => outcome),
      ['not-eligible', 'verified'],
    );
    assert.deepEqual(await listBackups(bench.hq), []);
  });

  it('takes status and path from the settings, and advances the date of the local copy only when it is verified', async () => {
    const settings = createMemorySettings({ networkPath: bench.share });
    await night({ settings });
    assert.equal((await settings.read()).lastLocalCopy?.toISOString(), bench.now().toISOString());
    const gone = createMemorySettings({ networkPath: join(bench.folder, 'gone') });
    const { report } = await night({ settings: gone });
    assert.equal(report?.outcome, 'partial');
    assert.equal((await gone.read()).lastLocalCopy, null);
    const off = createMemorySettings({ status: 'disabled' });
    assert.equal(code((await night({ settings: off })).error), 'not-eligible');
  });

  it('raises the alert once when the administrator has no password, and clears it when he has one', async () => {
    const before = await server().query('SELECT Password AS stored FROM userod', database);
    await changePassword(server(), database, 'None$$');
    try {
      for (let i = 0; i < 2; i++) {
        const { error } = await night();
        assert.equal(code(error), 'no-usable-admin');
        assert.match((error as Error).message, /"Admin", has no password/);
      }
      assert.deepEqual(alerts(), ['admin-password-missing']);
      assert.deepEqual(await spooled(), []);
      assert.deepEqual(await listBackups(bench.hq), []);
    } finally {
      await changePassword(server(), database, before[0]!['stored']!);
    }
    await night();
    assert.equal(bench.alerts.standing.size, 0);
  });

  it('makes and verifies every copy though no alert can be delivered', async () => {
    const unheard = async (): Promise<never> => {
      throw new Error('nobody listens');
    };
    const { error, report } = await night({
      alerts: { raise: unheard, clear: unheard, nightEnded: unheard },
    });
    assert.equal(error, undefined);
    assert.equal(report?.outcome, 'complete');
    // One with a trouble to tell ends with its own error, not with the sink's.
    const lost = await night({
      alerts: { raise: unheard, clear: unheard, nightEnded: unheard },
      practice: { ...bench.plan.practice, networkPath: join(bench.folder, 'gone') },
    });
    assert.equal(lost.report?.outcome, 'partial');
    assert.equal(code(lost.error), 'undefined');
  });

  it('says so when the server is down, and calls people only on the third night', async () => {
    const down = { ...server().address, database, port: 1, host: '127.0.0.1' };
    const { socketPath: _, ...address } = down;
    for (const [clock, expected] of [
      ['2026-07-15T05:00:00Z', []],
      ['2026-07-15T06:00:00Z', []],
      ['2026-07-16T05:00:00Z', []],
      ['2026-07-17T05:00:00Z', ['backup-failed']],
      ['2026-07-18T05:00:00Z', ['backup-failed']],
    ] as const) {
      bench.setClock(clock);
      const { error, report } = await night({ database: address });
      assert.equal(code(error), 'database-unreachable');
      assert.equal(report?.outcome, 'failed');
      assert.deepEqual(alerts(), expected);
    }
  });

  it('serves HQ though the network path is missing, tells of it once, and delivers when it is back', async () => {
    await rename(bench.share, `${bench.share}-off`);
    const first = await night();
    assert.equal(first.error, undefined);
    assert.equal(first.report?.outcome, 'partial');
    const local = first.report?.destinations[1];
    assert.equal(local?.outcome, 'waiting');
    assert.equal(local?.error?.code, 'destination-missing');
    assert.match(local?.error?.message ?? '', /Check the path or the share/);
    assert.deepEqual(alerts(), ['local-copy-failed']);
    assert.equal((await spooled()).length, 1);
    await rename(`${bench.share}-off`, bench.share);
    const again = await night({}, { destinations: ['local'] });
    assert.equal(again.report?.outcome, 'complete');
    assert.equal(again.report?.destinations[1]?.copy?.key, local?.copy?.key);
    assert.equal(
      again.events.some(({ kind }) => kind === 'read-progress'),
      false,
    );
    assert.deepEqual(alerts(), ['local-copy-failed']);
    assert.equal(bench.alerts.standing.size, 0);
    assert.deepEqual(await spooled(), []);
  });

  it('keeps the sealed copy while the uplink is dead, and sends it on the next night with that night’s', async () => {
    let isDead = true;
    const uplink = faulty(({ operation }): StorageFault | undefined =>
      isDead && operation === 'put' ? { kind: 'refused' } : undefined,
    );
    const only = { local: undefined } as unknown as Partial<NightPlan>;
    const { error, report: first } = await night({ ...uplink, ...only });
    assert.equal(code(error), 'storage-transient');
    assert.equal((await spooled()).length, 1);
    assert.match(
      renderReport(first!),
      /^Supplemental backup .*: NO COPY IS STORED YET; the sealed copy waits/,
    );
    isDead = false;
    bench.setClock('2026-07-16T05:00:00Z');
    // An uplink that goes on where it stopped is worth both copies; the store in memory keeps the newest
    // only.
    const resumable = {
      ...uplink.hq.storage,
      capabilities: { ...bench.hq.capabilities, resumablePut: true },
    };
    const next = await night({ hq: { storage: resumable, retry: 'none' }, ...only });
    assert.equal(next.report?.outcome, 'complete');
    assert.deepEqual(
      next.report?.destinations[0]?.caughtUp.map(({ night }) => night),
      ['2026-07-14'],
    );
    const nights = (await listBackups(bench.hq)).map(({ key }) => key.split('/')[1]);
    assert.deepEqual(nights, ['2026-07-15', '2026-07-14']);
    assert.deepEqual(await spooled(), []);
  });

  it('finds a store that gives back other bytes than it took, and leaves nothing under the final name', async () => {
    const { report } = await night(
      faulty(({ operation }) => (operation === 'get' ? { kind: 'flipped', at: 5000 } : undefined)),
    );
    const [hq, local] = report?.destinations ?? [];
    assert.equal(hq?.error?.code, 'verification-failed');
    assert.equal(local?.outcome, 'verified');
    assert.deepEqual(await listBackups(bench.hq), []);
    assert.deepEqual(alerts(), ['hq-copy-failed']);
    const again = await night({}, { destinations: ['hq'] });
    assert.equal(again.report?.destinations[0]?.outcome, 'verified');
  });

  it('believes a copy that is there already only when it reads back whole', async () => {
    const lost = faulty(({ operation }) => (operation === 'put' ? { kind: 'answer-lost' } : undefined));
    await night(lost);
    assert.equal((await listBackups(bench.hq)).length, 1);
    const again = await night({}, { destinations: ['hq'] });
    assert.equal(again.report?.destinations[0]?.outcome, 'verified');
    assert.equal((await listBackups(bench.hq)).length, 1);
  });

  it('refuses to fill the disk of the spool', async () => {
    const { error, report } = await night({ spoolReserveBytes: Number.MAX_SAFE_INTEGER });
    assert.equal(code(error), 'storage-full');
    assert.equal(report?.outcome, 'failed');
    assert.deepEqual(await spooled(), []);
    assert.ok(report?.lockSeconds === undefined);
  });

  it('F5: tells people once that the disk of the spool is full, to its last byte, and makes the copy when it is not', async (t) => {
    const missing = whyNoSmallDisk();
    if (missing !== undefined) return t.skip(missing);
    const disk = await mountSmallDisk(16 * 1024 * 1024);
    try {
      const spool = join(disk.path, 'spool');
      assert.equal((await night({ spool })).report?.outcome, 'complete');
      await disk.fill();
      bench.setClock('2026-07-16T05:00:00Z');
      for (let i = 0; i < 2; i++) {
        // A reserve, because the copy of this practice would fit into the room that is given up.
        const { error, report } = await night({ spool, spoolReserveBytes: 1024 * 1024 });
        assert.equal(code(error), 'storage-full');
        assert.equal(report?.outcome, 'failed');
        assert.deepEqual(alerts(), ['hq-copy-failed', 'local-copy-failed']);
      }
      assert.ok(!(await readdir(spool)).includes('running.lock'));
      await disk.relieve();
      assert.equal((await night({ spool })).report?.outcome, 'complete');
      assert.equal(bench.alerts.standing.size, 0);
      // Without any room of its own nothing can be noted, and people are told all the same.
      await rm(join(spool, '.spare-room'));
      await disk.fill();
      assert.equal(code((await night({ spool })).error), 'storage-full');
      assert.deepEqual([...bench.alerts.standing.keys()], ['backup-failed']);
      assert.equal(bench.alerts.nights.at(-1)?.ok, false);
      await disk.relieve();
      assert.equal((await night({ spool })).report?.outcome, 'complete');
      assert.equal(bench.alerts.standing.size, 0);
    } finally {
      await disk.stop();
    }
  });

  it('sends what waits where the settings last said, when they are lost with the database', async () => {
    const settings = createMemorySettings({ networkPath: bench.share });
    await rename(bench.share, `${bench.share}-off`);
    assert.equal((await night({ settings })).report?.destinations[1]?.outcome, 'waiting');
    await rename(`${bench.share}-off`, bench.share);
    bench.setClock('2026-07-16T05:00:00Z');
    const lost = new BackupError('database-unreachable', 'The server is gone.');
    const { error, report } = await night({
      settings: { ...settings, read: () => Promise.reject(lost) },
    });
    assert.equal(error, lost);
    assert.deepEqual(
      report?.destinations[1]?.caughtUp.map(({ night }) => night),
      ['2026-07-14'],
    );
    assert.deepEqual(await spooled(), []);
  });

  it('clears no alert because a fresh trouble has come in the place of the old one', async () => {
    const full = new BackupError('storage-full', 'The store is full.');
    await night(
      faulty(({ operation }) => (operation === 'put' ? { kind: 'refused', error: full } : undefined)),
    );
    bench.setClock('2026-07-16T05:00:00Z');
    await night(faulty(({ operation }) => (operation === 'put' ? { kind: 'refused' } : undefined)));
    assert.deepEqual([...bench.alerts.standing.keys()], ['hq-copy-failed']);
    bench.setClock('2026-07-17T05:00:00Z');
    await night();
    assert.equal(bench.alerts.standing.size, 0);
    assert.deepEqual(alerts(), ['hq-copy-failed']);
  });

  it('stops at the end of the window, and sends what is sealed on the next night', async () => {
    const late = await night({}, { deadline: new Date(bench.now().getTime() - 1) });
    assert.equal(code(late.error), 'window-closed');
    assert.deepEqual(alerts(), []);
    const stop = faulty(({ operation }) =>
      operation === 'put'
        ? { kind: 'refused', error: new BackupError('window-closed', 'The night is over.') }
        : undefined,
    );
    await night(stop);
    assert.equal((await spooled()).length, 1);
  });

  it('R2: leaves with the caller’s own reason when it is told to stop, and with nothing half-done', async () => {
    const stop = new AbortController();
    const reason = new Error('the service is stopped');
    const hq = createFaultyStorage(bench.hq, ({ operation }) => {
      if (operation === 'put') stop.abort(reason);
      return undefined;
    });
    const { error } = await night({ hq: { storage: hq, retry: 'none' } }, { signal: stop.signal });
    assert.equal(error, reason);
    assert.deepEqual(await listBackups(bench.hq), []);
    assert.ok((await spooled()).length >= 1);
    const again = await night();
    assert.equal(again.report?.outcome, 'complete');
    assert.deepEqual(await spooled(), []);
  });

  it('does not blame the store for a sealed copy that was damaged in the spool', async () => {
    await night(
      faulty(({ operation }) => (operation === 'put' ? { kind: 'refused' } : undefined)),
      { destinations: ['hq'] },
    );
    const [name] = await spooled();
    const path = join(bench.spool, name!);
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    const { error } = await night({}, { destinations: ['hq'] });
    assert.ok(isBackupError(error, 'source-changed'), String(error));
    assert.equal(error.activity, 'store');
    assert.doesNotMatch(error.message, /this store/);
    assert.deepEqual(await spooled(), []);
    const again = await night({}, { destinations: ['hq'] });
    assert.equal(again.report?.destinations[0]?.outcome, 'verified');
  });

  it('lets a second run of the practice wait outside', async () => {
    const [one, two] = await Promise.all([night(), night()]);
    const errors = [one.error, two.error].filter((error) => error !== undefined);
    assert.deepEqual(errors.map(code), ['already-running']);
    assert.equal((await listBackups(bench.hq)).length, 1);
  });

  it('goes on after a damaged journal, and refuses the spool of another practice', async () => {
    await night();
    await writeFile(join(bench.spool, 'journal.json'), '{"version":1,"pend');
    const { report } = await night();
    assert.equal(report?.outcome, 'complete');
    assert.ok((await readdir(bench.spool)).includes('journal.json.damaged'));
    const { error } = await night({ practiceId: '4712' });
    assert.equal(code(error), 'settings-invalid');
  });

  it('finds sealed copies that wait again when the journal is damaged, and takes back alerts it may have raised', async () => {
    const full = new BackupError('storage-full', 'The store is full.');
    await night(
      faulty(({ operation }) => (operation === 'put' ? { kind: 'refused', error: full } : undefined)),
    );
    assert.deepEqual([...bench.alerts.standing.keys()], ['hq-copy-failed']);
    const [waiting] = await spooled();
    await truncate(join(bench.spool, 'journal.json'), 100);
    bench.setClock('2026-07-16T05:00:00Z');
    const storage = { ...bench.hq, capabilities: { ...bench.hq.capabilities, resumablePut: true } };
    const { report, events } = await night({ hq: { storage, retry: 'none' } });
    assert.equal(report?.outcome, 'complete');
    const [late] = report!.destinations[0]!.caughtUp;
    assert.ok(late?.key.endsWith(waiting!) && late.rows > 0, 'with all that was known of it');
    const told = report?.warnings.find((warning) => warning.code === 'journal-damaged');
    assert.match(told?.message ?? '', /found again: 2026-07-14/);
    assert.equal(bench.alerts.standing.size, 0);
    assert.ok(!events.some(({ kind }) => kind === 'alert-cleared'), 'nobody knows whether it stood');
    assert.deepEqual(await spooled(), []);
  });

  it('gives up a late copy that its store spoils night after night, and tells of it once', async () => {
    await night(
      faulty(({ operation }) => (operation === 'put' ? { kind: 'refused' } : undefined)),
      { destinations: ['hq'] },
    );
    const [late] = await spooled();
    const resumable = { ...bench.hq, capabilities: { ...bench.hq.capabilities, resumablePut: true } };
    const spoiling = createFaultyStorage(resumable, ({ operation, key }) =>
      operation === 'get' && key.endsWith(late!) ? { kind: 'flipped', at: 9 } : undefined,
    );
    const told: (string | undefined)[] = [];
    for (let day = 16; day <= 22; day++) {
      bench.setClock(`2026-07-${day}T05:00:00Z`);
      for (let run = 0; run < 2; run++) {
        const { report } = await night(
          { hq: { storage: spoiling, retry: 'none' } },
          { destinations: ['hq'] },
        );
        assert.equal(report?.destinations[0]?.outcome, 'verified');
        told.push(report?.warnings.find(({ code }) => code.startsWith('late-copy-'))?.code);
      }
    }
    // Twice on each of five nights, but for the last.
    assert.deepEqual(told.slice(0, 9), [...Array(8).fill('late-copy-failed'), 'late-copy-given-up']);
    assert.ok(told.slice(9).every((code) => code === undefined));
    assert.deepEqual(await spooled(), []);
    assert.deepEqual(alerts(), ['hq-copy-lost']);
    assert.match(bench.alerts.raised[0]!.message, /of 2026-07-14 at headquarters was dropped/);
    bench.setClock('2026-07-29T05:00:00Z');
    await night({}, { destinations: ['hq'] });
    assert.equal(bench.alerts.standing.size, 0);
  });

  it('says of a waiting copy that a newer one has taken its place', async () => {
    const refuse = faulty(({ operation }) => (operation === 'put' ? { kind: 'refused' } : undefined));
    await night(refuse, { destinations: ['hq'] });
    bench.setClock('2026-07-16T05:00:00Z');
    const { report } = await night(refuse, { destinations: ['hq'] });
    const told = report?.warnings.find((warning) => warning.code === 'late-copy-replaced');
    assert.match(told?.message ?? '', /copy of 2026-07-14 was still waiting\. The one of 2026-07-15/);
  });

  it('reads again when another administrator logs in while it begins, and seals for that one', async () => {
    let isChanged = false;
    const before = await server().query('SELECT Password AS stored FROM userod', database);
    const store = {
      ...enrollments,
      load: async (...call: Parameters<typeof enrollments.load>) => {
        const found = await enrollments.load(...call);
        // The key is chosen; what is in the snapshot a moment later is not.
        if (!isChanged) {
          isChanged = true;
          await changePassword(server(), database, storePassword('meanwhile', 'SHA3_512', 'c2FsdA=='));
        }
        return found;
      },
    };
    try {
      const { report, events } = await night({ keys: { store } }, { destinations: ['hq'] });
      assert.equal(report?.outcome, 'complete');
      assert.deepEqual(
        events.filter((event) => event.kind === 'read-again').map(({ attempt }) => attempt),
        [2],
      );
      assert.equal((await listBackups(bench.hq)).length, 1);
      const archive = decryptArchive(bench.hq.get(report!.destinations[0]!.copy!.key), {
        password: 'meanwhile',
      });
      for await (const part of archive) {
        assert.equal(part.kind, 'database');
        break;
      }
    } finally {
      await changePassword(server(), database, before[0]!['stored']!);
    }
  });

  it('tells of a sealed copy that disappeared, and goes on with the next', async () => {
    await night(faulty(({ operation }) => (operation === 'put' ? { kind: 'refused' } : undefined)));
    for (const name of await spooled()) await rm(join(bench.spool, name));
    bench.setClock('2026-07-16T05:00:00Z');
    const storage = { ...bench.hq, capabilities: { ...bench.hq.capabilities, resumablePut: true } };
    const { report } = await night({ hq: { storage, retry: 'none' } });
    assert.equal(report?.destinations[0]?.outcome, 'verified');
    assert.deepEqual(
      report?.warnings.filter(({ code }) => code === 'spool-lost').map(({ code }) => code),
      ['spool-lost'],
    );
  });

  it('seals anew in the same night what disappeared from the spool or was cut short there', async () => {
    await night(faulty(({ operation }) => (operation === 'put' ? { kind: 'refused' } : undefined)));
    for (const name of await spooled()) await truncate(join(bench.spool, name), 100);
    const { report } = await night({}, { destinations: ['hq'] });
    assert.equal(report?.destinations[0]?.outcome, 'verified');
    assert.deepEqual(
      report?.warnings.map(({ code }) => code).filter((each) => each === 'spool-lost'),
      ['spool-lost'],
    );
  });

  it('is not held up for ever by an older copy that changed in the spool or that the store spoils', async () => {
    const refuse = faulty(({ operation }) => (operation === 'put' ? { kind: 'refused' } : undefined));
    const resumable = { ...bench.hq, capabilities: { ...bench.hq.capabilities, resumablePut: true } };
    await night(refuse, { destinations: ['hq'] });
    const [first] = await spooled();
    const bytes = await readFile(join(bench.spool, first!));
    bytes[5000]! ^= 1;
    await writeFile(join(bench.spool, first!), bytes);
    bench.setClock('2026-07-16T05:00:00Z');
    const changed = await night({ hq: { storage: resumable, retry: 'none' } }, { destinations: ['hq'] });
    assert.equal(changed.report?.destinations[0]?.outcome, 'verified');
    assert.ok(changed.report?.warnings.some(({ code }) => code === 'spool-lost'));
    assert.deepEqual(await spooled(), []);

    bench.setClock('2026-07-17T05:00:00Z');
    await night(refuse, { destinations: ['hq'] });
    const [older] = await spooled();
    bench.setClock('2026-07-18T05:00:00Z');
    const spoiling = createFaultyStorage(resumable, ({ operation, key }) =>
      operation === 'get' && key.endsWith(older!) ? { kind: 'flipped', at: 9 } : undefined,
    );
    const spoiled = await night({ hq: { storage: spoiling, retry: 'none' } }, { destinations: ['hq'] });
    assert.equal(spoiled.report?.destinations[0]?.outcome, 'verified');
    assert.equal(spoiled.report?.destinations[0]?.error, undefined);
    assert.ok(spoiled.report?.warnings.some(({ code }) => code === 'late-copy-failed'));
    assert.deepEqual(await spooled(), [older]);
  });

  it('records the date of the local copy while the other copy is still on its way', {
    timeout: 60_000,
  }, async () => {
    let record = (): void => undefined;
    const recorded = new Promise<void>((resolve) => {
      record = resolve;
    });
    const inner = createMemorySettings({ networkPath: bench.share });
    const settings = {
      ...inner,
      async recordLocalCopy(verifiedAt: Date, call?: { readonly signal?: AbortSignal | undefined }) {
        // The end of the window must not undo what is there already.
        assert.notEqual(call?.signal?.aborted, true);
        await inner.recordLocalCopy(verifiedAt);
        record();
      },
    };
    const slow = {
      ...bench.hq,
      put: async (...call: Parameters<typeof bench.hq.put>) => {
        await recorded;
        return bench.hq.put(...call);
      },
    };
    const { report } = await night({ settings, hq: { storage: slow, retry: 'none' } });
    assert.equal(report?.outcome, 'complete');
    assert.deepEqual((await inner.read()).lastLocalCopy, bench.now());
  });

  it('removes what retention does not ask for, never what is not an archive of the practice', async () => {
    const foreign = '4711/2020-01-01/0123456789abcdef0123456789abcdef.tar.age';
    await bench.hq.put(foreign, { size: 3, open: () => new Uint8Array([1, 2, 3]) });
    for (let day = 1; day <= 12; day++) {
      bench.setClock(`2026-07-${String(day).padStart(2, '0')}T05:00:00Z`);
      await night({}, { destinations: ['hq'] });
    }
    const { report } = await night({}, { destinations: ['hq'] });
    const archives = (await listBackups(bench.hq)).filter(({ label }) => label !== null);
    // Three days to the minute, the last of the week before, and the last of June.
    assert.deepEqual(
      archives.map(({ key }) => key.split('/')[1]),
      ['2026-07-11', '2026-07-10', '2026-07-09', '2026-07-08', '2026-07-05', '2026-06-30'],
    );
    assert.ok((await bench.hq.stat(foreign)) !== null);
    assert.ok(report?.warnings.some(({ code }) => code === 'archive-unreadable'));
  });

  it('is not led astray by a clock that was ten years ahead for a night', async () => {
    let truth = new Date('2026-07-15T05:00:00Z');
    const storage = createMemoryStorage({ now: () => truth });
    const hq = { storage, retry: 'none' as const };
    const scheduled = { destinations: ['hq'], scheduled: true } as const;
    const rehearsed: string[] = [];
    const rehearsal = {
      everyNights: 3,
      run: async ({ night }: BackupReport) => {
        rehearsed.push(night);
        return { ok: true, summary: 'Restored.' };
      },
    };
    const at = (clock: string, isRight = true): void => {
      bench.setClock(clock);
      if (isRight) truth = new Date(clock);
    };
    at('2036-07-15T05:00:00Z', false);
    await night({ hq, rehearsal }, scheduled);
    at('2026-07-16T05:00:00Z');
    await night({ hq, rehearsal }, scheduled);
    assert.deepEqual(rehearsed, ['2036-07-14', '2026-07-15']);
    const newest = await findLatestBackup(storage, { practiceId: '4711' });
    assert.equal(newest?.label?.createdAt, '2026-07-16T05:00:00.000Z');
    const history = await readHistory(bench.spool, '4711', {
      night: '2026-07-16',
      now: new Date('2026-07-17T03:00:00Z'),
    });
    assert.equal(history.verified.hq, '2026-07-15');
    const dead = createFaultyStorage(storage, ({ operation }) =>
      operation === 'put' ? { kind: 'refused' } : undefined,
    );
    at('2026-07-23T05:00:00Z');
    const { report } = await night({ hq: { storage: dead, retry: 'none' } }, scheduled);
    assert.equal(report?.destinations[0]?.lastVerifiedAt, '2026-07-16T05:00:00.000Z');
    assert.deepEqual(alerts(), ['hq-copy-stale']);
  });

  it('tells once of copies that are made without a damaged table, until one is whole again, and removes no older copy', async (t) => {
    const file = await fileOf('patient.MYD');
    if (file === undefined) return t.skip('the files of this server are out of reach');
    const lenient = { damagedTables: 'leave-out' } as const;
    await night(lenient);
    await server().query('FLUSH TABLES', database);
    await truncate(file, 1000);
    try {
      for (let day = 16; day <= 22; day++) {
        bench.setClock(`2026-07-${day}T05:00:00Z`);
        const { report } = await night(lenient);
        assert.equal(report?.outcome, 'complete');
        const told = report!.warnings.filter(({ code }) => code === 'table-damaged');
        assert.deepEqual(
          told.map(({ table }) => table),
          ['patient'],
        );
        assert.match(
          renderReport(report!),
          /Table "patient" is damaged, and this copy holds what could be read/,
        );
      }
      // A night that only sends, or fails, has made no whole copy.
      bench.setClock('2026-07-23T05:00:00Z');
      await night({ ...lenient, spoolReserveBytes: Number.MAX_SAFE_INTEGER });
      assert.ok(bench.alerts.standing.has('copy-incomplete'));
    } finally {
      await server().query('REPAIR TABLE patient', database);
    }
    const raised = bench.alerts.raised.filter(({ code }) => code === 'copy-incomplete');
    assert.equal(raised.length, 1);
    assert.match(raised[0]!.message, /"patient".*All other tables are in it.*no older copy is removed/);
    assert.ok(!alerts().includes('table-damaged'));
    assert.equal((await listBackups(bench.hq)).length, 8);
    bench.setClock('2026-07-24T05:00:00Z');
    assert.equal((await night(lenient)).report?.outcome, 'complete');
    assert.ok(!bench.alerts.standing.has('copy-incomplete'));
    // The rows may be gone for good, which the whole copies of today do not show.
    assert.ok(bench.alerts.standing.has('table-damaged'));
    await buildSmallPractice(server(), database);
  });

  it('are told of events that the server cannot show, until they are in a copy again', async (context) => {
    if (server().directory === undefined) return context.skip('the server is not ours');
    bench.setClock('2026-07-15T05:00:00Z');
    await server().query('RENAME TABLE mysql.event TO mysql.event_away');
    try {
      const { report } = await night();
      assert.equal(report?.outcome, 'complete');
      assert.match(renderReport(report), /No events are in this copy/);
    } finally {
      await server().query('RENAME TABLE mysql.event_away TO mysql.event');
    }
    const [raised] = bench.alerts.raised.filter(({ code }) => code === 'copy-incomplete');
    assert.deepEqual([raised?.cause, raised?.severity], ['dump-incomplete', 'medium']);
    assert.ok(bench.alerts.standing.has('copy-incomplete'));
    bench.setClock('2026-07-16T05:00:00Z');
    assert.equal((await night()).report?.outcome, 'complete');
    assert.ok(!bench.alerts.standing.has('copy-incomplete'));
  });

  it('goes on telling of a damaged table after the server repaired it, and removes no older copy meanwhile', async (t) => {
    const file = await fileOf('patient.MYD');
    if (file === undefined) return t.skip('the files of this server are out of reach');
    await night({}, { destinations: ['hq'] });
    await server().query('FLUSH TABLES', database);
    await truncate(file, 1000);
    try {
      bench.setClock('2026-07-16T05:00:00Z');
      const { error } = await night({}, { destinations: ['hq'] });
      assert.equal(code(error), 'table-damaged');
    } finally {
      // As the server does it, or a person: what cannot be read any more is gone.
      await server().query('REPAIR TABLE patient', database);
    }
    for (let day = 17; day <= 22; day++) {
      bench.setClock(`2026-07-${day}T05:00:00Z`);
      assert.equal((await night({}, { destinations: ['hq'] })).report?.outcome, 'complete');
    }
    // Rows of patients are gone, and that is told for itself.
    assert.deepEqual(alerts(), ['table-damaged', 'looks-like-loss']);
    assert.deepEqual([...bench.alerts.standing.keys()], ['table-damaged', 'looks-like-loss']);
    assert.equal((await listBackups(bench.hq)).length, 7);
    await acknowledgeFindings(bench.plan, { user: 'Admin' });
    bench.setClock('2026-09-01T05:00:00Z');
    await night({}, { destinations: ['hq'] });
    assert.ok(!bench.alerts.standing.has('table-damaged'));
    assert.ok((await listBackups(bench.hq)).length < 7);
    await buildSmallPractice(server(), database);
  });

  it('seals for the password of today once it was changed', async () => {
    const before = await server().query('SELECT Password AS stored FROM userod', database);
    await night({}, { destinations: ['hq'] });
    const first = await findLatestBackup(bench.hq, { practiceId: '4711' });
    await changePassword(server(), database, storePassword('another-password', 'SHA3_512', 'c2FsdA=='));
    try {
      bench.setClock('2026-07-16T05:00:00Z');
      await night({}, { destinations: ['hq'] });
    } finally {
      await changePassword(server(), database, before[0]!['stored']!);
    }
    const second = await findLatestBackup(bench.hq, { practiceId: '4711' });
    assert.notEqual(first?.label?.unlock[0]?.recipient, second?.label?.unlock[0]?.recipient);
  });

  it('tells no secret in report, journal, events, alerts and errors', async () => {
    const withPassword = { ...server().address, database };
    const { report, events } = await night({ database: withPassword });
    const journal = await readFile(join(bench.spool, 'journal.json'), 'utf8');
    const stored = (await server().query('SELECT Password AS stored FROM userod', database))[0]!['stored']!;
    const told = JSON.stringify([report, events, bench.alerts.raised, journal]);
    for (const secret of [stored, stored.split('$')[2]!, 'Family 1', 'AGE-SECRET-KEY']) {
      assert.ok(!told.includes(secret));
    }
    assert.equal(
      (await inspectArchive(bench.hq.get(report!.destinations[0]!.copy!.key))).label?.practiceId,
      '4711',
    );
  });

  it('rehearses every so many nights, and raises an alert when that fails', async () => {
    const nights: string[] = [];
    let ok = true;
    const rehearsal = {
      everyNights: 3,
      run: async (done: BackupReport) => {
        nights.push(done.night);
        return { ok, summary: 'Restored.' };
      },
    };
    for (let day = 15; day <= 21; day++) {
      bench.setClock(`2026-07-${day}T05:00:00Z`);
      ok = day < 20;
      await night({ rehearsal }, { destinations: ['hq'] });
    }
    assert.deepEqual(nights, ['2026-07-14', '2026-07-17', '2026-07-20']);
    assert.deepEqual(alerts(), ['rehearsal-failed']);
  });

  it('makes keys as its plan says: none for somebody who is not enrolled, and of the post-quantum kind', async () => {
    const hq = { destinations: ['hq'] as const };
    const store = createMemoryEnrollments();
    const { error } = await night({ keys: { store, policy: 'enrolled-only' } }, hq);
    assert.equal(code(error), 'no-usable-admin');
    assert.deepEqual(await listBackups(bench.hq), []);
    const { report } = await night({ keys: { store, postQuantum: true } }, hq);
    const { recipients } = await inspectArchive(bench.hq.get(report!.destinations[0]!.copy!.key));
    assert.deepEqual(recipients, ['mlkem768x25519']);
  });

  it('rehearses with a key of the owner’s: a copy is restored on a server, compared and dropped', async () => {
    const identity = await generateX25519Identity();
    const recipient = await identityToRecipient(identity);
    const share = createFileSystemStorage({ path: bench.share });
    const { report } = await night({
      keys: { store: enrollments, furtherRecipients: [recipient] },
      rehearsal: {
        everyNights: 30,
        run: async ({ practiceId }, options) => {
          const newest = await findLatestBackup(share, { practiceId, scope: 'full' });
          const archive = await openArchive(await rangeSourceOf(share, newest!.key), {
            identities: [identity],
          });
          const { equal, tables, rows } = await rehearseRestore(archive, server().address, {
            ...options,
            against: { ...server().address, database },
            scratchName: 'night_rehearsed',
          });
          return { ok: equal, summary: `${tables.length} tables with ${rows} rows came back.` };
        },
      },
    });
    assert.equal(report?.rehearsal?.ok, true);
    assert.match(report!.rehearsal!.summary, /^11 tables with \d{3,} rows came back\.$/);
    assert.match(renderReport(report!), /Rehearsal of a restore: good\. 11 tables/);
    const left = await server().query("SHOW DATABASES LIKE 'night_rehearsed'");
    assert.deepEqual(left, []);
  });
}

describeOnEachServer('a night on which something is wrong', wrongStates, { kinds });
