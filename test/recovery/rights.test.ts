import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { openConnection } from '../../src/database/connection.js';
import { isBackupError } from '../../src/errors.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { makeOwnAccount } from '../../src/recovery/restore/own-account.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { openRestoreSession } from '../../src/recovery/restore/session.js';
import { serverOf } from '../../src/recovery/restore/target-address.js';
import { describeOnEachServer } from '../support/servers.js';
import { type Sealed, seal } from './seal.js';

const source = 'rights_source';

describeOnEachServer('what an archive holds is put to a server', (server) => {
  const address = (database: string) => ({ ...server().address, database });
  let sealed: Sealed;

  const accounts = async (): Promise<readonly string[]> =>
    (await server().query('SELECT CONCAT(User, CHAR(64), Host) AS account FROM mysql.user ORDER BY 1')).map(
      (row) => row['account']!,
    );

  before(async () => {
    await server().query([
      `CREATE DATABASE ${source} CHARACTER SET utf8`,
      `USE ${source}`,
      'CREATE TABLE one (id INT PRIMARY KEY, word VARCHAR(40), KEY (word)) ENGINE=InnoDB',
      'INSERT INTO one VALUES (0, NULL), (1, 0x61), (2, 0x62)',
      'CREATE TABLE two (id INT PRIMARY KEY, at TIMESTAMP NULL) ENGINE=MyISAM',
      "INSERT INTO two VALUES (1, '2026-01-01')",
      'CREATE VIEW both_of_them AS SELECT one.id, two.at FROM one JOIN two USING (id)',
      'CREATE TRIGGER before_one BEFORE INSERT ON one FOR EACH ROW SET NEW.word = UPPER(NEW.word)',
      'CREATE FUNCTION answer() RETURNS INT DETERMINISTIC RETURN 42',
      'CREATE DEFINER=`somebody`@`elsewhere` PROCEDURE ask() SELECT 1',
    ]);
    sealed = await seal(address(source));
  });

  it('by an account of its own, which is gone afterwards', async () => {
    const there = await accounts();
    const seen = new Set<string>();
    const watcher = await openConnection(server().address);
    const report = await restoreDatabase(await sealed.open(), address('rights_own'), {
      onProgress: ({ phase }) => {
        if (phase !== 'objects') return;
        void watcher.query('SHOW PROCESSLIST').then((rows) => {
          for (const row of rows) if (row['db'] === 'rights_own') seen.add(row['User']!.replace(/_.*/, ''));
        });
      },
    });
    await watcher.query('SELECT 1');
    await watcher.close();
    assert.deepEqual(report.rights, { kind: 'own-account' });
    assert.deepEqual(report.missing, []);
    assert.ok(report.definers.includes('somebody@elsewhere'));
    assert.deepEqual(report.notes, []);
    assert.ok(seen.has('sbrest'), [...seen].join());
    assert.deepEqual(await accounts(), there);
    const [row] = await server().query(
      "SELECT DEFINER AS definer FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'rights_own' AND ROUTINE_NAME = 'ask'",
    );
    assert.equal(row?.['definer'], 'somebody@elsewhere');
  });

  it('so that nothing acts for that account when definers are left out', async () => {
    await restoreDatabase(await sealed.open(), address('rights_strip'), { definers: 'strip' });
    const rows = await server().query([
      "SELECT DEFINER AS definer FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'rights_strip'" +
        " UNION SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'rights_strip'" +
        " UNION SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'rights_strip'",
    ]);
    const [me] = await server().query('SELECT CURRENT_USER() AS me');
    assert.deepEqual(
      rows.map((row) => row['definer']),
      [me?.['me']],
    );
  });

  it('with the same settings as by the login', async () => {
    const target = address('rights_settings');
    await server().query('CREATE DATABASE rights_settings');
    const login = await openConnection(serverOf(target));
    const account = await makeOwnAccount(login, target);
    assert.ok(account !== undefined);
    const sessions = [
      await openRestoreSession(target, undefined),
      await openRestoreSession(account.address, undefined),
    ];
    const settings = await Promise.all(
      sessions.map(async ({ connection, localInfile }) => ({
        localInfile,
        all: Object.fromEntries(
          (await connection.query('SHOW SESSION VARIABLES'))
            .map((row) => [row['Variable_name']!, row['Value']] as const)
            .filter(
              ([name]) =>
                !/^(?:pseudo_thread_id|timestamp|rand_seed|last_|gtid|proxy_user|external_user|identity|insert_id|error_count|warning_count|in_predicate|tx_|skip_repl|statement_id)/.test(
                  name,
                ),
            ),
        ),
      })),
    );
    assert.deepEqual(settings[1], settings[0]);
    const { connection } = sessions[1]!;
    for (const sql of [
      "CREATE USER evil IDENTIFIED BY 'x'",
      'GRANT ALL ON *.* TO CURRENT_USER()',
      'SELECT * FROM mysql.user',
      `SELECT * FROM ${source}.one`,
      `CREATE TABLE ${source}.three (id INT)`,
      'CREATE DATABASE evil',
      'DROP DATABASE rights_own',
      "SELECT 1 INTO OUTFILE '/tmp/supplemental-backup-canary'",
      'SET GLOBAL event_scheduler = ON',
      'CREATE DEFINER=`root`@`localhost` PROCEDURE p() SELECT 1',
    ]) {
      await assert.rejects(connection.query(sql), sql);
    }
    const [file] = await connection.query("SELECT LOAD_FILE('/etc/passwd') AS content");
    assert.equal(file?.['content'], null);
    for (const each of sessions) await each.connection.close();
    await login.query(`DROP USER ${account.name}`);
    await login.close();
  });

  it('without its programs where they are not wanted, which are named with whom they act for', async () => {
    const report = await restoreDatabase(await sealed.open(), address('rights_programs'), {
      programs: false,
    });
    assert.deepEqual(
      report.objects.map(({ name }) => name),
      ['both_of_them'],
    );
    const told = report.notes.map(({ message }) => message).join(' ');
    for (const name of ['before_one', 'answer', 'ask'])
      assert.match(told, new RegExp(`"${name}" is left out`));
    assert.match(told, /runs with the rights of somebody@elsewhere/);
    assert.ok(!report.definers.includes('somebody@elsewhere'));
  });

  it('where names hold what stands for other names in a grant', async () => {
    const name = 'rights_%`x';
    const report = await restoreDatabase(await sealed.open(), address(name));
    assert.deepEqual(report.rights, { kind: 'own-account' });
    await server().query(`DROP DATABASE \`${name.replaceAll('`', '``')}\``);
  });

  it('by the login where that may make no account, and says so', async () => {
    const user = { user: 'rights_little', password: 'aA1-little-word' };
    await server().query([
      `CREATE USER 'rights_little'@'%' IDENTIFIED BY '${user.password}'`,
      `CREATE USER 'rights_little'@'localhost' IDENTIFIED BY '${user.password}'`,
      "GRANT ALL PRIVILEGES ON `rights\\_own2`.* TO 'rights_little'@'%'",
      "GRANT ALL PRIVILEGES ON `rights\\_own2`.* TO 'rights_little'@'localhost'",
    ]);
    const target = { ...address('rights_own2'), ...user, getServerPublicKey: true };
    const report = await restoreDatabase(await sealed.open(), target, { objects: false });
    assert.deepEqual(report.rights, { kind: 'login', isPrivileged: false });
  });

  it('and leaves no account behind when it fails, is given up, or was killed', async () => {
    const there = await accounts();
    const controller = new AbortController();
    await assert.rejects(
      restoreDatabase(await sealed.open(), address('rights_given_up'), {
        signal: controller.signal,
        onProgress: () => controller.abort(),
      }),
    );
    assert.deepEqual(await accounts(), there);
    await assert.rejects(
      restoreDatabase(await sealed.open(), address('rights_failed'), {
        onProgress: () => {
          throw new RangeError('no more');
        },
      }),
      RangeError,
    );
    assert.deepEqual(await accounts(), there);
    // A killed one drops nothing; the next restore does, whatever its target.
    await server().query([
      "CREATE USER 'sbrest_0123456ab'@'localhost' IDENTIFIED BY 'aA1-x-word-of-many'",
      "GRANT ALL PRIVILEGES ON `rights\\_killed`.* TO 'sbrest_0123456ab'@'localhost'",
    ]);
    await restoreDatabase(await sealed.open(), address('rights_next'));
    assert.deepEqual(await accounts(), there);
  });

  it('in a dry run as well', async () => {
    const there = await accounts();
    const plan = await planRestore(await sealed.open(), address('rights_plan'));
    assert.equal(plan.possible, true);
    assert.deepEqual(
      plan.obstacles.filter(({ severity }) => severity !== 'note'),
      [],
    );
    assert.deepEqual(await accounts(), there);
  });

  it('never as a second statement in a definition', async () => {
    const archive = await sealed.open();
    const forged = {
      ...archive,
      table: async (name: string) => ({
        ...(await archive.table(name)),
        createStatement: `CREATE DEFINER=root@localhost EVENT e ON SCHEDULE EVERY 1 SECOND DO GRANT ALL ON *.* TO evil /*!999999 TABLE \`${name}\` (id INT) */`,
      }),
    };
    const refused = (error: unknown): boolean => isBackupError(error, 'archive-damaged');
    await assert.rejects(restoreDatabase(forged, address('rights_forged')), refused);
    const plan = await planRestore(forged, address('rights_forged'));
    assert.equal(plan.possible, false);
  });
});
