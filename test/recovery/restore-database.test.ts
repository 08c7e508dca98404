import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, openConnection } from '../../src/database/connection.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { isBackupError } from '../../src/errors.js';
import type { Part } from '../../src/model/parts.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import type { RestoreOptions } from '../../src/recovery/restore/options.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer } from '../support/servers.js';
import { hazards } from './hazards.js';

const source = 'restore_source';
const target = 'restore_target';

describeOnEachServer('restoreDatabase', (server) => {
  const address = (database: string) => ({ ...server().address, database });

  const makeSource = async (): Promise<void> => {
    await server().query([
      `DROP DATABASE IF EXISTS ${source}`,
      `CREATE DATABASE ${source} CHARACTER SET utf8`,
      `USE ${source}`,
      'SET SESSION foreign_key_checks = 0',
      ...hazards(server()),
    ]);
  };

  const roundTrip = async (options: RestoreOptions) => {
    await server().query(`DROP DATABASE IF EXISTS ${target}`);
    const report = await restoreDatabase(dumpDatabase(address(source)), address(target), options);
    const { differences } = await compareDatabases(address(source), address(target));
    return { report, differences };
  };

  it('brings back every value, table and object as it was, by LOAD DATA', async () => {
    await makeSource();
    const { report, differences } = await roundTrip({});
    assert.deepEqual(differences, []);
    assert.equal(report.method, 'load-data');
    assert.deepEqual(report.notes, []);
  });

  it('brings back the same by INSERT', async () => {
    const { report, differences } = await roundTrip({ method: 'insert' });
    assert.deepEqual(differences, []);
    assert.equal(report.method, 'insert');
  });

  it('F16: refuses a database that is not empty, and touches nothing of it', async () => {
    await server().query(`CREATE TABLE IF NOT EXISTS ${target}.precious (id INT)`);
    await assert.rejects(restoreDatabase(dumpDatabase(address(source)), address(target)), (error) =>
      isBackupError(error, 'target-refused'),
    );
    const [row] = await server().query(`SELECT COUNT(*) AS n FROM ${target}.precious`);
    assert.equal(row?.['n'], '0');
  });

  it('F16: does not drop a database that somebody works in, even when told to', async () => {
    const practice = await openConnection(address(target));
    try {
      const parts = dumpDatabase(address(source));
      await assert.rejects(restoreDatabase(parts, address(target), { replace: true }), (error) => {
        assert.ok(isBackupError(error, 'target-refused'));
        assert.match(error.message, /in use: another connection works in it/);
        return true;
      });
      assert.deepEqual(await practice.query("SHOW TABLES LIKE 'precious'"), [
        { [`Tables_in_${target} (precious)`]: 'precious' },
      ]);
    } finally {
      await practice.close();
    }
  });

  it('tells of a row that another session holds a lock on, in the words of a restore (1205)', async () => {
    const [held, made] = ['restore_held', 'restore_held_made'];
    const [before] = await server().query('SELECT @@GLOBAL.innodb_lock_wait_timeout AS seconds');
    await server().query([
      `CREATE DATABASE ${held}`,
      `CREATE TABLE ${held}.visit (id INT PRIMARY KEY) ENGINE=InnoDB`,
      `INSERT INTO ${held}.visit VALUES (1), (2)`,
      'SET GLOBAL innodb_lock_wait_timeout = 1',
    ]);
    let other: Connection | undefined;
    async function* besideAnother(): AsyncGenerator<Part> {
      for await (const part of dumpDatabase(address(held))) {
        if (part.kind === 'rows') {
          other = await openConnection(address(made));
          await other.query('START TRANSACTION');
          await other.query('INSERT INTO visit VALUES (1)');
        }
        yield part;
      }
    }
    try {
      await assert.rejects(restoreDatabase(besideAnother(), address(made)), (error) => {
        assert.ok(isBackupError(error, 'restore-failed'));
        assert.match(
          error.happened,
          /^Table "visit" cannot be loaded: another session held a lock on it, and the server waited in vain/,
        );
        assert.doesNotMatch(error.message, /office/);
        return true;
      });
    } finally {
      await other?.close();
      await server().query([
        `SET GLOBAL innodb_lock_wait_timeout = ${before?.['seconds']}`,
        `DROP DATABASE ${held}`,
        `DROP DATABASE IF EXISTS ${made}`,
      ]);
    }
  });

  it('F9: is ended by its signal in whatever statement it waits, and leaves no session', async () => {
    const [waiting, made] = ['restore_waiting', 'restore_waiting_made'];
    await server().query([
      `CREATE DATABASE ${waiting}`,
      `CREATE TABLE ${waiting}.visit (id INT) ENGINE=InnoDB`,
    ]);
    let reader: Connection | undefined;
    async function* besideAReader(): AsyncGenerator<Part> {
      for await (const part of dumpDatabase(address(waiting))) {
        if (part.kind === 'objects') {
          // The last statement of a restore drops its mark.
          reader = await openConnection(address(made));
          await reader.query('START TRANSACTION');
          const [mark] = await reader.query("SHOW TABLES LIKE 'supplemental%'");
          await reader.query(`SELECT * FROM ${Object.values(mark!)[0]}`);
        }
        yield part;
      }
    }
    const stop = new AbortController();
    const reason = new Error('enough');
    const inTarget = (more: string) =>
      server().query(`SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '${made}' AND ${more}`);
    try {
      const restore = restoreDatabase(besideAReader(), address(made), { signal: stop.signal });
      const refused = assert.rejects(restore, (error) => error === reason);
      while ((await inTarget("INFO LIKE 'DROP TABLE%' AND STATE LIKE 'Waiting for%'")).length === 0) {
        await Promise.race([delay(20), restore]);
      }
      stop.abort(reason);
      await refused;
      assert.equal((await inTarget(`ID <> ${reader!.id}`)).length, 0);
    } finally {
      stop.abort(reason);
      await reader?.close();
      await server().query([`DROP DATABASE ${waiting}`, `DROP DATABASE IF EXISTS ${made}`]);
    }
  });

  it('F11: does not replace a database when it cannot see who works in it', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      await server().query([
        `CREATE USER 'blind'@'${host}' IDENTIFIED BY 'x'`,
        `GRANT ALL ON ${target}.* TO 'blind'@'${host}'`,
      ]);
    }
    const blind = { ...address(target), user: 'blind', password: 'x', getServerPublicKey: true };
    await assert.rejects(
      restoreDatabase(dumpDatabase(address(source)), blind, { replace: true }),
      (error) => isBackupError(error, 'target-refused') && /PROCESS/.test(error.message),
    );
    const [row] = await server().query(`SELECT COUNT(*) AS n FROM ${target}.precious`);
    assert.equal(row?.['n'], '0');
    await server().query("DROP USER 'blind'@'localhost', 'blind'@'127.0.0.1'");
  });
});
