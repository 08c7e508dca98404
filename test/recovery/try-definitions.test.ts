import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openConnection } from '../../src/database/connection.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { runHere } from '../cli/support.js';
import { describeOnEachServer, startServer, type TestServer, whyMissing } from '../support/servers.js';
import { seal } from './seal.js';

const source = 'trial_source';
const target = 'trial_target';

const databases = async (server: TestServer): Promise<readonly string[]> =>
  (await server.query('SHOW DATABASES')).map((row) => Object.values(row)[0]!);

describeOnEachServer(
  'a plan that tries every definition',
  (server) => {
    const address = (database: string) => ({ ...server().address, database });

    it('foresees what the server refuses, leaves nothing behind, and touches no file of the living tables', async () => {
      await server().query([
        'SET GLOBAL log_bin_trust_function_creators = 1',
        `CREATE DATABASE ${source}`,
        `USE ${source}`,
        'CREATE TABLE parent (id INT PRIMARY KEY, code INT NOT NULL, UNIQUE KEY code (code)) ENGINE=InnoDB',
        'CREATE TABLE child (id INT PRIMARY KEY, code INT, KEY code (code), CONSTRAINT c FOREIGN KEY (code) REFERENCES parent (code)) ENGINE=InnoDB',
        'INSERT INTO parent VALUES (1, 1)',
        'CREATE FUNCTION anything() RETURNS INT NOT DETERMINISTIC RETURN RAND()',
        'CREATE VIEW over_it AS SELECT anything() AS x FROM parent',
        'CREATE TRIGGER child_bi BEFORE INSERT ON child FOR EACH ROW SET NEW.code = 1',
        'CREATE EVENT soon ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND DO DELETE FROM child',
      ]);
      const sealed = await seal(address(source));
      await new Promise((resolve) => setTimeout(resolve, 2100));
      const there = await databases(server());
      await server().query('SET GLOBAL log_bin_trust_function_creators = 0');
      const plan = await planRestore(await sealed.open(), address(target));
      assert.deepEqual(
        plan.obstacles.filter(({ severity }) => severity !== 'note').map(({ code }) => code),
        ['definition-refused', 'definition-refused', 'event-over'],
      );
      assert.match(plan.obstacles.map(({ message }) => message).join('\n'), /"anything": .*\(1418\)/);
      assert.match(plan.obstacles.map(({ message }) => message).join('\n'), /"over_it": .*\(1305\)/);
      assert.equal(plan.possible, true);
      assert.deepEqual(await databases(server()), there);
      await server().query('SET GLOBAL log_bin_trust_function_creators = 1');
      const better = await planRestore(await sealed.open(), address(target));
      assert.ok(better.obstacles.every(({ code }) => code !== 'definition-refused'));
    });

    it('drops what a plan left behind that was killed, and nothing of one that is at work', async () => {
      const dead = 'supplemental_scratch_0123456789ab';
      const alive = 'supplemental_scratch_ba9876543210';
      const other = 'supplemental_scratch_of_mine';
      await server().query([dead, alive, other].map((name) => `CREATE DATABASE ${name}`));
      const atWork = await openConnection(server().address);
      try {
        await atWork.query(`SELECT GET_LOCK('${alive}', 0)`);
        await planRestore(await (await seal(address(source))).open(), address(target));
        const left = (await databases(server())).filter((name) => name.startsWith('supplemental_scratch_'));
        assert.deepEqual(left.sort(), [alive, other].sort());
      } finally {
        await atWork.close();
        await server().query([alive, other].map((name) => `DROP DATABASE ${name}`));
      }
    });

    it('says so where the login may not make a scratch database', async () => {
      for (const host of ['localhost', '127.0.0.1']) {
        await server().query([
          `CREATE USER 'scratchless'@'${host}' IDENTIFIED BY 'x'`,
          `GRANT ALL ON ${target}.* TO 'scratchless'@'${host}'`,
        ]);
      }
      try {
        const login = { ...address(target), user: 'scratchless', password: 'x', getServerPublicKey: true };
        const plan = await planRestore(await (await seal(address(source))).open(), login);
        const told = plan.obstacles.filter(({ code }) => code === 'definitions-untried');
        assert.match(told[0]?.message ?? '', /not tried: the database user may not make a scratch database/);
        assert.equal(plan.possible, true);
      } finally {
        await server().query("DROP USER 'scratchless'@'localhost', 'scratchless'@'127.0.0.1'");
      }
    });
  },
  { args: ['--log-bin=bin', '--server-id=1', '--binlog-format=ROW'] },
);

const missing = whyMissing('mysql-5.6') ?? whyMissing('mariadb');

describe('a copy of MariaDB for MySQL 5.6', { skip: missing ?? false }, () => {
  let from: TestServer;
  let to: TestServer;

  before(async () => {
    [from, to] = await Promise.all([startServer('mariadb'), startServer('mysql-5.6')]);
    await from.query([
      `CREATE DATABASE ${source} CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci`,
      `USE ${source}`,
      'CREATE TABLE good (id INT PRIMARY KEY) ENGINE=InnoDB',
      'INSERT INTO good VALUES (1), (2)',
      'CREATE TABLE a_net (id INT PRIMARY KEY, address INET6) ENGINE=InnoDB',
      "INSERT INTO a_net VALUES (1, '::1')",
      'CREATE TABLE b_hidden (id INT PRIMARY KEY, note INT INVISIBLE) ENGINE=InnoDB',
      'CREATE TABLE c_kept (id INT PRIMARY KEY) ENGINE=InnoDB WITH SYSTEM VERSIONING',
      'CREATE TABLE d_checked (id INT PRIMARY KEY, n INT, CONSTRAINT positive CHECK (n > 0)) ENGINE=InnoDB',
      'CREATE VIEW seen AS SELECT id FROM good',
    ]);
  });
  after(async () => {
    await Promise.all([from?.stop(), to?.stop()]);
  });

  it('C10: names what that server does not know before a row is loaded, and then restores everything else', async () => {
    const sealed = await seal({ ...from.address, database: source });
    const elsewhere = { ...to.address, database: target };
    const there = await databases(to);
    const plan = await planRestore(await sealed.open(), elsewhere, { adapt: true });
    const refused = plan.obstacles.filter(({ code }) => code === 'definition-refused');
    assert.deepEqual(
      refused
        .filter(({ severity }) => severity === 'blocks')
        .map(({ message }) => /table "(\w+)"/.exec(message)?.[1]),
      ['a_net', 'b_hidden', 'c_kept'],
    );
    assert.equal(plan.possible, false);
    assert.deepEqual(await databases(to), there);
    const { outcome, missing: lacking } = await restoreDatabase(await sealed.open(), elsewhere, {
      adapt: true,
    });
    assert.equal(outcome, 'partial');
    assert.deepEqual(lacking.map(({ kind, name }) => `${kind} ${name}`).sort(), [
      'table a_net',
      'table b_hidden',
      'table c_kept',
    ]);
    assert.equal((await to.query('SELECT * FROM seen', target)).length, 2);
    assert.equal((await planRestore(await sealed.open(), elsewhere)).state, 'filled');
    const folder = await mkdtemp(join(tmpdir(), 'supplemental-backup-partial-'));
    try {
      const [archive, key] = [join(folder, 'a.tar.age'), join(folder, 'key')];
      await Promise.all([writeFile(archive, sealed.bytes), writeFile(key, sealed.identities[0]!)]);
      const url = `mysql://${to.address.user}@127.0.0.1:${to.address.port}/${target}`;
      const { code, stdout } = await runHere([
        'restore',
        archive,
        '--target',
        url,
        '--identity',
        key,
        '--adapt',
      ]);
      assert.equal(code, 7);
      assert.match(stdout, /^INCOMPLETE: 3 tables with all rows \([\w, ]*\ba_net\b[\w, ]*\) cannot be made/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
