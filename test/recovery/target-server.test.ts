import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { isBackupError } from '../../src/errors.js';
import type { Part } from '../../src/model/parts.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import type { RestoreOptions } from '../../src/recovery/restore/options.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { describeOnEachServer } from '../support/servers.js';
import { hazards } from './hazards.js';

const source = 'server_source';
const target = 'server_target';

/** What a server may be set to that a restore must not depend on, and must leave alone. */
const settings: Readonly<Record<string, string>> = {
  sql_mode: "'TRADITIONAL'",
  foreign_key_checks: '1',
  unique_checks: '1',
  innodb_strict_mode: '1',
  check_constraint_checks: '1',
  max_error_count: '3',
  explicit_defaults_for_timestamp: '1',
};

describeOnEachServer(
  'a restore and the server it goes to',
  (server) => {
    const address = (database: string) => ({ ...server().address, database });
    const isMariadb = () => server().vendor === 'mariadb';

    before(() =>
      server().query([
        `CREATE DATABASE ${source} CHARACTER SET utf8`,
        `USE ${source}`,
        'SET SESSION foreign_key_checks = 0',
        ...hazards(server()),
        ...(isMariadb()
          ? [
              'CREATE TABLE s7_broken (a INT CHECK (a > 0)) ENGINE=InnoDB',
              'SET SESSION check_constraint_checks = 0',
              'INSERT INTO s7_broken VALUES (-1)',
            ]
          : []),
        'CREATE TABLE f18_many (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, filler VARCHAR(1000) NOT NULL) ENGINE=InnoDB',
        "INSERT INTO f18_many (filler) VALUES (REPEAT('x', 900))",
        ...Array.from({ length: 13 }, () => 'INSERT INTO f18_many (filler) SELECT filler FROM f18_many'),
      ]),
    );

    const restore = async (parts: AsyncIterable<Part>, options: RestoreOptions = {}) => {
      await server().query(`DROP DATABASE IF EXISTS ${target}`);
      return restoreDatabase(parts, address(target), options);
    };
    const differences = async () => (await compareDatabases(address(source), address(target))).differences;

    for (const method of ['load-data', 'insert'] as const) {
      it(`S7: takes rows as they are under the strictest settings of the server, and leaves those alone, by ${method}`, async () => {
        const now = () =>
          server().query(
            `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('${Object.keys(settings).join("', '")}')`,
          );
        const usual = await now();
        try {
          for (const row of usual) {
            const name = row['Variable_name']!;
            // Some servers let one be set when they start, and no more.
            await server()
              .query(`SET GLOBAL ${name} = ${settings[name]}`)
              .catch(() => undefined);
          }
          const strict = await now();
          await restore(dumpDatabase(address(source)), { method });
          assert.deepEqual(await differences(), []);
          assert.deepEqual(await now(), strict);
          await assert.rejects(restoreDatabase(dumpDatabase(address(source)), address(target)));
          assert.deepEqual(await now(), strict);
        } finally {
          for (const { Variable_name: name, Value: value } of usual) {
            await server()
              .query(`SET GLOBAL ${name} = ${/^(?:ON|OFF|\d+)$/.test(value!) ? value : `'${value}'`}`)
              .catch(() => undefined);
          }
        }
      });
    }

    it('K8: is refused as such where the server takes no writing, and nothing was made', async () => {
      for (const host of ['localhost', '127.0.0.1']) {
        await server().query([
          `CREATE USER 'plain'@'${host}' IDENTIFIED BY 'x'`,
          `GRANT ALL ON \`server\\_%\`.* TO 'plain'@'${host}'`,
        ]);
      }
      await server().query([`DROP DATABASE IF EXISTS ${target}`, 'SET GLOBAL read_only = 1']);
      try {
        const plain = { ...address(target), user: 'plain', password: 'x', getServerPublicKey: true };
        await assert.rejects(restoreDatabase(dumpDatabase(address(source)), plain), (error) => {
          assert.ok(isBackupError(error, 'target-refused'), String(error));
          assert.match(error.message, /The server is read-only/);
          return true;
        });
        assert.deepEqual(await server().query(`SHOW DATABASES LIKE '${target}'`), []);
      } finally {
        await server().query([
          'SET GLOBAL read_only = 0',
          "DROP USER 'plain'@'localhost', 'plain'@'127.0.0.1'",
        ]);
      }
    });

    it('F18: makes no transaction larger than two megabytes by INSERT, whatever the size of a table', async () => {
      await server().query(isMariadb() ? 'FLUSH BINARY LOGS' : 'FLUSH LOGS');
      await restore(dumpDatabase(address(source)), { method: 'insert', tables: ['f18_many'] });
      const file = (await server().query('SHOW BINARY LOGS')).at(-1)?.['Log_name'];
      let begun = 0;
      let largest = 0;
      let all = 0;
      for (const event of await server().query(`SHOW BINLOG EVENTS IN '${file}'`)) {
        if (/^BEGIN\b/.test(event['Info'] ?? '')) begun = Number(event['Pos']);
        if (event['Event_type'] !== 'Xid') continue;
        const bytes = Number(event['End_log_pos']) - begun;
        largest = Math.max(largest, bytes);
        all += bytes;
      }
      assert.ok(all > 7_000_000, `${all} bytes in all`);
      assert.ok(largest > 0 && largest < 2 * 1024 * 1024, `${largest} bytes in one`);
    });

    it('says of a connection lost in a restore what is so of a restore', async () => {
      // Not by KILL: MySQL 5.6 may leave a session that is loading rows where it was, with its locks, for hours.
      const { host, port } = server().address;
      const proxy = await FaultyProxy.start(host!, port!);
      after(() => proxy.stop());
      async function* cutOff(parts: AsyncIterable<Part>): AsyncGenerator<Part> {
        for await (const part of parts) {
          yield part;
          if (part.kind === 'rows') proxy.drop();
        }
      }
      await server().query(`DROP DATABASE IF EXISTS ${target}`);
      const far = { ...address(target), host: '127.0.0.1', port: proxy.port };
      await assert.rejects(restoreDatabase(cutOff(dumpDatabase(address(source))), far), (error) => {
        assert.ok(isBackupError(error, 'database-connection-lost'), String(error));
        assert.equal(error.activity, 'restore');
        assert.match(error.message, /The archive is not touched.* run the restore again/);
        assert.doesNotMatch(error.message, /backup|office/);
        return true;
      });
      await server().query(`DROP DATABASE IF EXISTS ${target}`);
    });

    it('K9: does not try a batch again that may have gone in', async () => {
      async function* interrupted(parts: AsyncIterable<Part>): AsyncGenerator<Part> {
        let killed = false;
        for await (const part of parts) {
          yield part;
          if (killed) continue;
          const sessions = await server().query(
            `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = '${target}' AND INFO LIKE 'LOAD DATA%f18_many%'`,
          );
          killed = sessions.length > 0;
          for (const { id } of sessions) await server().query(`KILL QUERY ${id}`);
        }
        assert.ok(killed);
      }
      const parts = interrupted(dumpDatabase(address(source), { partBytes: 200_000 }));
      await assert.rejects(restore(parts, { method: 'load-data' }), (error) => {
        assert.ok(isBackupError(error, 'database-query-interrupted'), String(error));
        assert.equal(error.details['table'], 'f18_many');
        return true;
      });
      await restore(dumpDatabase(address(source)));
      assert.deepEqual(await differences(), []);
    });
  },
  {
    kinds: ['mysql-5.6', 'mariadb', 'mysql'],
    args: ['--log-bin=bin', '--server-id=1', '--binlog-format=ROW', '--log-bin-trust-function-creators=1'],
  },
);
