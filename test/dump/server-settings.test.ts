import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import type { DatabaseAddress } from '../../src/database/address.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { openSnapshot } from '../../src/dump/snapshot.js';
import { isBackupError } from '../../src/errors.js';
import type { DumpSummary, Part } from '../../src/model/parts.js';
import { describeOnEachServer } from '../support/servers.js';

const database = 'odd_settings';

async function partsOf(source: Parameters<typeof dumpDatabase>[0]): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for await (const part of dumpDatabase(source)) parts.push(part);
  return parts;
}

/** What of a dump must not depend on the day or on the server's settings. */
function contentOf(parts: readonly Part[]): string {
  const content = parts.flatMap((part): readonly unknown[] => {
    if (part.kind === 'table') return [part.table.name, part.table.createStatement];
    if (part.kind === 'rows') return [part.table, part.sequence, part.sha256];
    return part.kind === 'objects' ? [part.objects] : [];
  });
  // Two connections read: tables come in the order in which they are done.
  return JSON.stringify(content.map((each) => JSON.stringify(each)).sort());
}

const summaryOf = (parts: readonly Part[]): DumpSummary => (parts.at(-1) as { summary: DumpSummary }).summary;

describeOnEachServer(
  'a dump of a server with settings of its own',
  (server) => {
    const address = (): DatabaseAddress => ({ ...server().address, database });

    before(async () => {
      await server().query([
        `DROP DATABASE IF EXISTS ${database}`,
        `CREATE DATABASE ${database} CHARACTER SET latin1`,
        `CREATE TABLE ${database}.texts (id INT AUTO_INCREMENT PRIMARY KEY, c CHAR(10), v VARCHAR(40) DEFAULT 'it''s \\\\', t TIMESTAMP NULL, d DATE) ENGINE=InnoDB`,
        `INSERT INTO ${database}.texts (c, v, t, d) VALUES ('a', 'it''s \\\\ "so"', '2026-03-29 02:30:00', '0000-00-00'), ('', NULL, '2026-11-01 05:30:00', '2024-00-00')`,
        `CREATE TABLE ${database}.CaseT (only_here INT) ENGINE=MyISAM`,
        `CREATE TABLE ${database}.caset (x BIGINT, y TEXT) ENGINE=MyISAM`,
        `INSERT INTO ${database}.CaseT VALUES (1)`,
        `INSERT INTO ${database}.caset VALUES (2, 'two'), (3, 'three')`,
        `CREATE VIEW ${database}.seen AS SELECT CONCAT(c, 'x') AS "cx" FROM ${database}.texts`.replaceAll(
          '"',
          '`',
        ),
      ]);
    });

    it('S4, S5, S6: is the same under every mode, zone and limit that an administrator set', async () => {
      const usual = contentOf(await partsOf(address()));
      const [row] = await server().query(
        'SELECT @@global.sql_mode AS mode, @@global.time_zone AS zone, @@global.max_allowed_packet AS packet',
      );
      const odd = {
        sql_mode: "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE,PAD_CHAR_TO_FULL_LENGTH'",
        time_zone: "'+05:45'",
        sql_quote_show_create: '0',
        sql_select_limit: '1',
        sql_safe_updates: '1',
        max_join_size: '1',
        group_concat_max_len: '4',
        net_write_timeout: '1',
        // No statement that is longer comes through.
        max_allowed_packet: '65536',
      };
      try {
        for (const [name, value] of Object.entries(odd)) {
          // Not every server lets each be set for all.
          await server()
            .query(`SET GLOBAL ${name} = ${value}`)
            .catch(() => undefined);
        }
        assert.equal(contentOf(await partsOf(address())), usual);
      } finally {
        await server().query([
          `SET GLOBAL sql_mode = '${row?.['mode']}'`,
          `SET GLOBAL max_allowed_packet = ${row?.['packet']}`,
          `SET GLOBAL time_zone = '${row?.['zone']}'`,
          ...['sql_quote_show_create', 'sql_select_limit', 'sql_safe_updates', 'max_join_size'].map(
            (name) => `SET GLOBAL ${name} = DEFAULT`,
          ),
          'SET GLOBAL group_concat_max_len = DEFAULT',
          'SET GLOBAL net_write_timeout = DEFAULT',
        ]);
      }
    });

    it('F15: tells names apart that differ in case alone', async () => {
      const parts = await partsOf(address());
      const columns = parts.flatMap((part) =>
        part.kind === 'table' && /^caset$/i.test(part.table.name)
          ? [[part.table.name, part.table.columns.map(({ name }) => name)]]
          : [],
      );
      assert.deepEqual(Object.fromEntries(columns), { CaseT: ['only_here'], caset: ['x', 'y'] });
      const rows = summaryOf(parts).tables.map(({ name, rows }) => [name, rows]);
      assert.deepEqual(rows, [
        ['CaseT', 1],
        ['caset', 2],
        ['texts', 2],
      ]);
    });

    it('K1: holds its snapshot although the server is set to READ COMMITTED', async () => {
      const [known] = await server().query("SHOW VARIABLES LIKE 'transaction_isolation'");
      const variable = known === undefined ? 'tx_isolation' : 'transaction_isolation';
      await server().query(`SET GLOBAL ${variable} = 'READ-COMMITTED'`);
      try {
        const snapshot = await openSnapshot(address(), { consistency: 'snapshot' });
        await server().query(`INSERT INTO ${database}.texts (c) VALUES ('late')`);
        const { tables } = summaryOf(await partsOf(snapshot));
        await snapshot.close();
        assert.equal(tables.find(({ name }) => name === 'texts')?.rows, 2);
      } finally {
        await server().query([
          `SET GLOBAL ${variable} = 'REPEATABLE-READ'`,
          `DELETE FROM ${database}.texts WHERE c = 'late'`,
        ]);
      }
    });

    it('K7: says where replication stood, to whoever may know', async () => {
      const { position } = summaryOf(await partsOf(address()));
      assert.match(position?.['file'] ?? '', /^bin\.\d+$/);
      assert.match(position?.['position'] ?? '', /^\d+$/);
    });

    it('K8: is made by a login that may read alone, on a server that takes no writing', async () => {
      await server().query([
        ...['localhost', '127.0.0.1'].flatMap((host) => [
          `CREATE USER 'plain'@'${host}' IDENTIFIED BY 'x'`,
          `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON ${database}.* TO 'plain'@'${host}'`,
        ]),
        'SET GLOBAL read_only = 1',
      ]);
      try {
        const usual = contentOf(await partsOf(address()));
        assert.equal(
          contentOf(await partsOf({ ...address(), user: 'plain', password: 'x', getServerPublicKey: true })),
          usual,
        );
      } finally {
        await server().query([
          'SET GLOBAL read_only = 0',
          "DROP USER 'plain'@'localhost', 'plain'@'127.0.0.1'",
        ]);
      }
    });

    it('R5, O14: leaves accounts where they are, and says so', async () => {
      await server().query("CREATE USER 'somebody_known'@'%' IDENTIFIED BY 'x'");
      try {
        const parts = await partsOf(address());
        assert.ok(!JSON.stringify(parts).includes('somebody_known'));
        const [accounts, ...others] = summaryOf(parts).leftOut;
        assert.equal(accounts?.kind, 'users');
        assert.match(accounts.reason, /belong to the server/);
        assert.deepEqual(others, []);
      } finally {
        await server().query("DROP USER 'somebody_known'@'%'");
      }
    });

    it('O16: takes no database that belongs to the server itself', async () => {
      for (const name of ['mysql', 'performance_schema', 'INFORMATION_SCHEMA']) {
        await assert.rejects(partsOf({ ...address(), database: name }), (error) => {
          assert.ok(isBackupError(error, 'settings-invalid'), `${name}: ${String(error)}`);
          assert.match(error.message, /belongs to the server itself/);
          return true;
        });
      }
    });

    it('O9: refuses to pass over a routine whose body it may not see', async () => {
      await server().query([
        `CREATE PROCEDURE ${database}.secret() SELECT 1`,
        ...['localhost', '127.0.0.1'].flatMap((host) => [
          `CREATE USER 'reader'@'${host}' IDENTIFIED BY 'x'`,
          `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, EXECUTE ON ${database}.* TO 'reader'@'${host}'`,
        ]),
      ]);
      try {
        const reader = { ...address(), user: 'reader', password: 'x', getServerPublicKey: true };
        await assert.rejects(partsOf(reader), (error) => {
          assert.ok(isBackupError(error, 'privilege-missing'), String(error));
          assert.match(error.message, /"secret"/);
          return true;
        });
      } finally {
        await server().query([
          `DROP PROCEDURE ${database}.secret`,
          "DROP USER 'reader'@'localhost', 'reader'@'127.0.0.1'",
        ]);
      }
    });
  },
  {
    kinds: ['mysql-5.6', 'mariadb', 'mysql'],
    args: ['--log-bin=bin', '--server-id=1', '--loose-binlog-format=ROW'],
  },
);
