import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isBackupError } from '../../src/errors.js';
import { createDatabaseAlerts } from '../../src/nightly/alerts/database-alerts.js';
import { checkNetworkPath } from '../../src/nightly/settings/check-network-path.js';
import { createDatabaseSettings } from '../../src/nightly/settings/database-settings.js';
import { createMemorySettings } from '../../src/nightly/settings/memory-settings.js';
import { enabledByDefault, isMonthlyReminderDisabled } from '../../src/nightly/settings/settings.js';
import { createTable, practiceTables } from '../practice/schema.js';
import { describeOnEachServer } from '../support/servers.js';

const author = { userNum: '9007199254740995', computer: 'FRONT-DESK' };
const invalid = (error: unknown): boolean => isBackupError(error, 'settings-invalid');

describe('the default of supplemental backups', () => {
  it('is on, and off for a practice that switched off the monthly reminder', () => {
    assert.equal(enabledByDefault({ monthlyReminderDisabled: false }), true);
    assert.equal(enabledByDefault({ monthlyReminderDisabled: true }), false);
    assert.equal(enabledByDefault({ monthlyReminderDisabled: false, updatesUnattended: true }), false);
  });

  it('takes a last reminder in the far future for a reminder that is off', () => {
    const now = new Date('2026-03-01T00:00:00Z');
    assert.equal(isMonthlyReminderDisabled('9999-11-30 00:00:00', now), true);
    assert.equal(isMonthlyReminderDisabled('2036-03-02', now), true);
    assert.equal(isMonthlyReminderDisabled('2036-03-01', now), false);
    for (const text of ['2026-02-01', '0001-01-01', '', 'never']) {
      assert.equal(isMonthlyReminderDisabled(text, now), false);
    }
  });
});

describe('saving settings', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-settings-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('refuses a path that is not there, no folder, or not a full path', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const path of [join(folder, 'missing'), file, 'backup']) {
      await assert.rejects(checkNetworkPath(path), invalid);
    }
    // Without a drive, or without its folder: another place for every program.
    for (const path of ['\\backup', 'C:backup', './backup']) {
      await assert.rejects(checkNetworkPath(path), /is not a full path/);
    }
    await checkNetworkPath(folder);
  });

  it('changes nothing when the path is refused', async () => {
    const settings = createMemorySettings({ networkPath: folder });
    await assert.rejects(
      settings.save({ enabled: false, networkPath: join(folder, 'missing') }, author),
      invalid,
    );
    assert.equal((await settings.read()).status, 'enabled');
    assert.equal(settings.audit.length, 0);
  });

  it('writes one line per real change into the audit trail', async () => {
    const settings = createMemorySettings();
    await settings.save({ enabled: true, networkPath: folder }, author);
    await settings.save({ enabled: false, networkPath: folder }, author);
    assert.deepEqual(
      settings.audit.map(({ text, userNum }) => [text, userNum]),
      [
        [`Backup Copy Network Path changed to '${folder}'.`, author.userNum],
        ['Supplemental backup has been Disabled.', author.userNum],
      ],
    );
  });

  it('lets nobody in the office switch on what HQ has switched off', async () => {
    const settings = createMemorySettings({ status: 'disabled-by-hq' });
    await assert.rejects(settings.save({ enabled: true }, author), invalid);
    assert.equal((await settings.read()).status, 'disabled-by-hq');
  });
});

describeOnEachServer('where the practice keeps them', (server) => {
  const database = 'nightly_settings';
  const timeZone = 'America/Denver';
  const now = (): Date => new Date('2026-07-15T05:30:00Z');
  const address = () => ({ ...server().address, database });
  const query = (sql: string) => server().query(sql, database);
  const store = (isDisabledByHq = false) =>
    createDatabaseSettings(address(), {
      timeZone,
      now,
      checkPath: async () => undefined,
      isDisabledByHq: () => isDisabledByHq,
    });
  before(async () => {
    await server().query([
      `DROP DATABASE IF EXISTS ${database}`,
      `CREATE DATABASE ${database} CHARACTER SET utf8`,
    ]);
    for (const name of ['preference', 'securitylog', 'alertitem']) {
      await query(createTable(practiceTables.get(name)!, { engine: 'MyISAM', keys: true }));
    }
  });

  it('has the default rule where no preference is set', async () => {
    assert.equal((await store().read()).status, 'enabled');
    await query(
      "INSERT INTO preference (PrefName, ValueString) VALUES ('UpdateStreamLinePassword', 'abracadabra')",
    );
    assert.equal((await store().read()).status, 'disabled');
    await query("UPDATE preference SET ValueString = '' WHERE PrefName = 'UpdateStreamLinePassword'");
    assert.equal((await store().read()).status, 'enabled');
    await query(`INSERT INTO preference (PrefName, ValueString, Comments)
      VALUES ('BackupReminderLastDateRun', '9999-11-30', '')`);
    assert.deepEqual(await store().read(), { status: 'disabled', networkPath: '', lastLocalCopy: null });
    assert.equal((await store(true).read()).status, 'disabled-by-hq');
  });

  it('saves preferences as the practice’s software writes them, and who changed them', async () => {
    const path = String.raw`\\server\backup's "copy"`;
    const saved = await store().save({ enabled: true, networkPath: ` ${path} ` }, author);
    assert.deepEqual(saved, { status: 'enabled', networkPath: path, lastLocalCopy: null });
    const log = await query('SELECT * FROM securitylog ORDER BY SecurityLogNum');
    assert.deepEqual(
      log.map((row) => [
        row['PermType'],
        row['UserNum'],
        row['LogDateTime'],
        row['LogText'],
        row['CompName'],
      ]),
      [
        ['179', author.userNum, '2026-07-14 23:30:00', 'Supplemental backup has been Enabled.', 'FRONT-DESK'],
        [
          '179',
          author.userNum,
          '2026-07-14 23:30:00',
          `Backup Copy Network Path changed to '${path}'.`,
          'FRONT-DESK',
        ],
      ],
    );
    await store().save({ enabled: true, networkPath: path }, author);
    assert.equal((await query('SELECT * FROM securitylog')).length, 2);
  });

  it('keeps the date of the last local copy as the wall time of the practice', async () => {
    await store().recordLocalCopy(new Date('2026-07-15T05:31:02.900Z'));
    const [row] = await query(
      "SELECT ValueString AS value FROM preference WHERE PrefName = 'SupplementalBackupDateLastComplete'",
    );
    assert.equal(row?.['value'], '2026-07-14 23:31:02');
    assert.equal((await store().read()).lastLocalCopy?.toISOString(), '2026-07-15T05:31:02.000Z');
    for (const never of ['0001-01-01 00:00:00', '', 'soon', '2026-02-31 00:00:00']) {
      await query(
        `UPDATE preference SET ValueString = '${never}' WHERE PrefName = 'SupplementalBackupDateLastComplete'`,
      );
      assert.equal((await store().read()).lastLocalCopy, null, never);
    }
  });

  it('refuses a path that the column cannot hold, and keeps the old one', async () => {
    const before = (await store().read()).networkPath;
    await assert.rejects(store().save({ networkPath: '/backup/🦷' }, author), invalid);
    assert.equal((await store().read()).networkPath, before);
  });

  it('shows an alert once, renews its text, and takes it away', async () => {
    const alerts = createDatabaseAlerts(address(), { timeZone, now });
    const alert = {
      code: 'admin-password-missing',
      cause: 'no-usable-admin',
      severity: 'high',
      practiceId: 'p',
    } as const;
    await alerts.raise({ ...alert, message: 'The administrator "O\'Hara" has no password.' });
    await alerts.raise({ ...alert, message: `${'é'.repeat(2500)}` });
    await alerts.raise({ ...alert, code: 'local-copy-stale', message: 'No local copy for a month.' });
    const items = await query('SELECT * FROM alertitem ORDER BY AlertItemNum');
    assert.deepEqual(
      items.map((row) => [
        row['ClinicNum'],
        row['Type'],
        row['Severity'],
        row['UserNum'],
        row['SecDateTEntry'],
      ]),
      [
        ['-1', '23', '3', '0', '2026-07-14 23:30:00'],
        ['-1', '23', '3', '0', '2026-07-14 23:30:00'],
      ],
    );
    assert.equal(items[0]?.['Description'], 'é'.repeat(2000));
    await alerts.clear('admin-password-missing');
    const left = await query('SELECT ItemValue AS value FROM alertitem');
    assert.deepEqual(left, [{ value: 'supplemental-backup/local-copy-stale' }]);
  });
});
