import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, before, beforeEach, it } from 'node:test';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { BackupError } from '../../src/errors.js';
import { checkNight } from '../../src/nightly/check/check-night.js';
import { renderCheck } from '../../src/nightly/check/findings.js';
import type { NightPlan } from '../../src/nightly/run/night-plan.js';
import { runSupplementalBackup } from '../../src/nightly/run/run-supplemental-backup.js';
import { startNightly } from '../../src/nightly/service/start-nightly.js';
import { createDatabaseSettings } from '../../src/nightly/settings/database-settings.js';
import { runHere } from '../cli/support.js';
import { anyKind, describeOnEachServer, type TestServer } from '../support/servers.js';
import { type NightBench, setUpNight } from './support/night.js';
import { buildSmallPractice, changePassword } from './support/small-practice.js';

const kinds = [anyKind('mysql-5.6')];

function checks(server: () => TestServer): void {
  const database = 'checked';
  let bench: NightBench;
  before(() => buildSmallPractice(server(), database));
  beforeEach(async () => {
    bench = await setUpNight(
      { ...server().address, database },
      { keys: { store: createMemoryEnrollments() } },
    );
  });
  afterEach(() => bench.remove());

  /** What is wrong with a plan whose clock is right, each as `subject code`. */
  async function wrong(changes: Partial<NightPlan> = {}, schedule = {}): Promise<string[]> {
    const { now: _, ...plan } = bench.plan;
    const { ok, findings } = await checkNight({ ...plan, ...changes }, { schedule });
    const bad = findings.filter(({ verdict }) => verdict === 'wrong');
    assert.equal(ok, bad.length === 0);
    return bad.map(({ subject, code }) => `${subject} ${code}`);
  }

  it('find nothing wrong with a good set-up, and look at everything', async () => {
    const { now: _, ...plan } = bench.plan;
    const settings = createDatabaseSettings(bench.plan.database, { timeZone: plan.timeZone });
    await settings.save({ networkPath: bench.share }, { userNum: '1' });
    const check = await checkNight({ ...plan, settings });
    assert.equal(check.ok, true, renderCheck(check));
    assert.deepEqual(check.findings.map(({ subject }) => subject).sort(), [
      'admin',
      'clock',
      'headquarters',
      'key',
      'network-path',
      'privileges',
      'server',
      'settings',
      'spool',
      'window',
    ]);
    assert.equal((await server().query('SHOW TABLES', database)).length, 11);
  });

  it('name a wrong password, a server that is down, and a login that may not read', async () => {
    const { socketPath: _, ...address } = { ...server().address, database };
    assert.deepEqual(await wrong({ database: { ...address, user: 'nobody', password: 'wrong' } }), [
      'login database-unreachable',
    ]);
    assert.deepEqual(await wrong({ database: { ...address, port: 1, host: '127.0.0.1' } }), [
      'server database-unreachable',
    ]);
    await server().query([
      "GRANT SELECT ON checked.* TO 'reader'@'%' IDENTIFIED BY 'r'",
      "GRANT SELECT ON checked.* TO 'reader'@'localhost' IDENTIFIED BY 'r'",
    ]);
    assert.deepEqual(
      await wrong({ database: { ...server().address, database, user: 'reader', password: 'r' } }),
      ['privileges privilege-missing'],
    );
  });

  it('name a database that is none of the practice', async () => {
    await server().query('CREATE DATABASE checked_other');
    const { now: _, ...plan } = bench.plan;
    const { findings } = await checkNight({
      ...plan,
      database: { ...server().address, database: 'checked_other' },
    });
    const admin = findings.find(({ subject }) => subject === 'admin');
    assert.equal(admin?.verdict, 'wrong');
    assert.match(admin?.message ?? '', /^Database "checked_other" is not an Open Dental database/);
  });

  it('name a network path that is gone, a store that refuses, a full disk, a spool that is a file', async () => {
    const gone = { ...bench.plan.practice, networkPath: join(bench.folder, 'gone') };
    assert.deepEqual(await wrong({ practice: gone }), ['network-path settings-invalid']);
    const refuse = async (): Promise<never> => {
      throw new BackupError('storage-permanent', 'The token is not known.');
    };
    assert.deepEqual(await wrong({ hq: { storage: { ...bench.hq, stat: refuse } } }), [
      'headquarters storage-permanent',
    ]);
    assert.deepEqual(await wrong({ spoolReserveBytes: Number.MAX_SAFE_INTEGER }), ['spool storage-full']);
    await writeFile(join(bench.folder, 'file'), '');
    assert.deepEqual(await wrong({ spool: join(bench.folder, 'file') }), ['spool settings-invalid']);
  });

  it('name another practice’s spool, a journal that cannot be opened, a window that makes no sense, a clock', async () => {
    await runSupplementalBackup(bench.plan, { destinations: ['hq'] });
    assert.deepEqual(await wrong(), []);
    assert.deepEqual(await wrong({ practiceId: '4712' }), ['spool settings-invalid']);
    const other = join(bench.folder, 'other');
    await mkdir(join(other, 'journal.json'), { recursive: true });
    assert.deepEqual(await wrong({ spool: other }), ['spool settings-invalid']);
    assert.deepEqual(await wrong({}, { opens: '04:00', closes: '03:00' }), ['window settings-invalid']);
    const twoHoursAgo = () => new Date(Date.now() - 7_200_000);
    const { findings } = await checkNight({ ...bench.plan, now: twoHoursAgo });
    assert.equal(findings.find(({ subject }) => subject === 'clock')?.verdict, 'warning');
  });

  it('are a command, with one document for scripts and an exit code', async () => {
    const { user, password = '', host = '127.0.0.1', port = 3306, socketPath } = server().address;
    const socket = socketPath === undefined ? '' : `?socketPath=${encodeURIComponent(socketPath)}`;
    const check = (source: string, env = {}) =>
      runHere(
        [
          'check',
          '--source',
          source,
          '--practice-id',
          '4711',
          '--time-zone',
          'America/Chicago',
          '--json',
        ].concat(['--spool', bench.spool, '--network-path', bench.share]),
        { env },
      );
    const url = `mysql://${encodeURIComponent(user)}@${host}:${port}/${database}${socket}`;
    const good = await check(url, { MYSQL_PWD: password });
    const document = JSON.parse(good.stdout) as { good: boolean; findings: { subject: string }[] };
    // The disk of a test machine may have less room than a practice must keep free.
    const isRoom = !good.stdout.includes('storage-full');
    assert.equal(document.good, isRoom);
    assert.equal(good.code, isRoom ? 0 : 1);
    assert.ok(document.findings.some(({ subject }) => subject === 'privileges'));
    const bad = await check('mysql://nobody@127.0.0.1:1/opendental');
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, /"subject": ?"server"/);
  });

  it('name an administrator without a password, and a service tells so at once', async () => {
    const [{ stored } = { stored: '' }] = await server().query(
      'SELECT Password AS stored FROM userod',
      database,
    );
    await changePassword(server(), database, 'None$$');
    try {
      assert.deepEqual(await wrong(), ['admin no-usable-admin']);
      const stop = new AbortController();
      const { now: _, ...plan } = bench.plan;
      const told: string[] = [];
      await startNightly(plan, {
        signal: stop.signal,
        onChecked: ({ findings }) => told.push(...findings.map(({ subject }) => subject)),
        onPlanned: () => stop.abort(),
      });
      assert.ok(told.includes('admin'));
      assert.deepEqual([...bench.alerts.standing.keys()], ['set-up-wrong']);
    } finally {
      await changePassword(server(), database, stored!);
    }
  });
}

describeOnEachServer('the checks before a night', checks, { kinds });
