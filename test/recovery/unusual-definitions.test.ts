import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';
import { seal } from './seal.js';

/** Statements that make the source, each with `?` for its name, and what must be found in both databases. */
interface Case {
  readonly behaviour: string;
  readonly statements: readonly string[];
  readonly probe: readonly string[];
  /** Since which version of MySQL and of MariaDB; none where it is absent. */
  readonly since?: readonly [mysql: number, mariadb: number];
}

const noVersion = Number.POSITIVE_INFINITY;

// Each was found by `npm run fuzz:schema`, which makes them smaller than a person would.
const cases: readonly Case[] = [
  {
    behaviour: 'O15 a database whose character set is binary',
    statements: ['CREATE DATABASE ? CHARACTER SET binary', 'CREATE TABLE ?.t (c VARCHAR(3))'],
    probe: [
      "SELECT DEFAULT_COLLATION_NAME AS found FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '?'",
    ],
  },
  {
    behaviour: 'C12 a foreign key to a table whose file has another name',
    statements: [
      'CREATE DATABASE ?',
      'CREATE TABLE ?.`my-table$` (id INT PRIMARY KEY) ENGINE=InnoDB',
      'CREATE TABLE ?.child (id INT PRIMARY KEY, p INT, CONSTRAINT c FOREIGN KEY (p) REFERENCES ?.`my-table$` (id) ON DELETE CASCADE) ENGINE=InnoDB',
      'INSERT INTO ?.`my-table$` VALUES (1), (2)',
      'INSERT INTO ?.child VALUES (1, 1), (2, 2)',
    ],
    probe: [
      'INSERT INTO ?.child VALUES (3, 2)',
      'DELETE FROM ?.`my-table$` WHERE id = 1',
      'SELECT id AS found FROM ?.child ORDER BY id',
    ],
  },
  {
    behaviour: 'O12 an event whose time comes soon, in the time zone of a server that is not UTC',
    statements: [
      'CREATE DATABASE ?',
      'CREATE EVENT ?.soon ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 2 HOUR DO SET @a = 1',
      'CREATE EVENT ?.ending ON SCHEDULE EVERY 1 HOUR ENDS CURRENT_TIMESTAMP + INTERVAL 2 HOUR DO SET @a = 1',
    ],
    probe: [
      "SELECT EVENT_NAME AS found FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '?' AND STATUS = 'ENABLED' ORDER BY 1",
    ],
  },
  {
    behaviour: 'C5 C10 bytes as default in a table without rows beside one that is locked',
    statements: [
      'CREATE DATABASE ?',
      "CREATE TABLE ?.part (c VARBINARY(9) DEFAULT x'FFFE27') ENGINE=MyISAM",
      "CREATE TABLE ?.whole (c VARBINARY(9) DEFAULT x'FFFE27') ENGINE=MRG_MYISAM UNION=(?.part)",
    ],
    probe: ['SELECT HEX(DEFAULT(t.c)) AS found FROM (SELECT 1 AS one) AS o LEFT JOIN ?.whole AS t ON FALSE'],
  },
  {
    behaviour: 'C5 an expression of bytes in a character set as default',
    statements: [
      'CREATE DATABASE ?',
      "CREATE TABLE ?.t (id INT PRIMARY KEY, c VARCHAR(1) CHARACTER SET utf8 NOT NULL DEFAULT (_latin1 x'E9'))",
      'INSERT INTO ?.t (id) VALUES (1)',
    ],
    probe: ['INSERT INTO ?.t (id) VALUES (2)', 'SELECT HEX(c) AS found FROM ?.t ORDER BY id'],
    since: [80_013, 100_201],
  },
  {
    behaviour: 'C5 bytes as default in a table that is locked while it is read',
    statements: [
      'CREATE DATABASE ?',
      "CREATE TABLE ?.one (id INT PRIMARY KEY, c VARBINARY(9) NOT NULL DEFAULT x'FF3F27') ENGINE=MyISAM",
    ],
    probe: ['INSERT INTO ?.one (id) VALUES (2)', 'SELECT HEX(c) AS found FROM ?.one'],
  },
  {
    behaviour: 'O8 O12 the user and the settings of events that run, or rest on a replica',
    statements: [
      'CREATE DATABASE ?',
      'USE ?',
      'SET NAMES latin1',
      "SET SESSION collation_connection = 'latin1_german2_ci', SESSION sql_mode = 'ANSI_QUOTES', SESSION time_zone = '+05:00'",
      "CREATE DEFINER=`nobody`@`nowhere` EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 01:02:03' DO SET @a = 1",
      "CREATE EVENT r ON SCHEDULE AT '2037-01-01 00:00:00' DISABLE ON SLAVE DO SET @a = 1",
    ],
    probe: [
      "SELECT EVENT_NAME, DEFINER, STATUS, SQL_MODE, TIME_ZONE, STARTS, EXECUTE_AT, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '?' ORDER BY 1",
    ],
  },
  {
    behaviour: 'O7 what a client of the character set binary made',
    statements: [
      'CREATE DATABASE ?',
      'USE ?',
      'CREATE TABLE t (id INT)',
      'SET NAMES binary',
      "CREATE FUNCTION f() RETURNS INT NO SQL RETURN LENGTH('abc')",
      "CREATE VIEW v AS SELECT 'abc' AS x FROM t",
      "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 01:02:03' DO SET @a = 'abc'",
    ],
    probe: [
      "SELECT CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '?'",
    ],
  },
  {
    behaviour: 'C10 a member that is no text, which the server shows as bytes, in a table whose rows have it',
    statements: [
      'CREATE DATABASE ?',
      "CREATE TABLE ?.t (id INT PRIMARY KEY, c ENUM('a', x'E8') CHARACTER SET utf8mb3 NOT NULL)",
      'INSERT INTO ?.t VALUES (1, 2), (2, 1)',
    ],
    probe: ['SELECT id, HEX(c) AS found FROM ?.t ORDER BY id'],
    since: [80_030, noVersion],
  },
  {
    behaviour: 'C12 the words of checks on a table that gets a foreign key, or a key after its rows',
    statements: [
      'CREATE DATABASE ?',
      'CREATE TABLE ?.parent (id INT PRIMARY KEY) ENGINE=InnoDB',
      "CREATE TABLE ?.child (id INT PRIMARY KEY, p INT, c VARCHAR(9) CHARACTER SET latin2, CONSTRAINT a CHECK (c <> 'é'), CONSTRAINT b CHECK (c <> 'á') /*!80016 NOT ENFORCED */, CONSTRAINT f FOREIGN KEY (p) REFERENCES ?.parent (id)) ENGINE=InnoDB",
      "CREATE TABLE ?.many (id INT PRIMARY KEY, c VARCHAR(9) CHARACTER SET latin2, KEY k (c), CONSTRAINT d CHECK (c <> 'é')) ENGINE=InnoDB",
      'INSERT INTO ?.parent VALUES (1)',
      "INSERT INTO ?.child VALUES (1, 1, 'x')",
      `INSERT INTO ?.many (id) VALUES ${Array.from({ length: 2100 }, (_, i) => `(${i})`).join(', ')}`,
    ],
    probe: [
      "SELECT CONSTRAINT_NAME, CHECK_CLAUSE AS found FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '?' ORDER BY 1",
    ],
    since: [80_016, 100_201],
  },
  {
    behaviour: 'C17 text that generates a column of another character set',
    statements: [
      'CREATE DATABASE ?',
      "CREATE TABLE ?.t (id INT PRIMARY KEY, c TINYTEXT CHARACTER SET macce, g VARCHAR(20) CHARACTER SET cp1257 AS (concat('é', left(c, 2))) STORED) ENGINE=MyISAM",
      "INSERT INTO ?.t (id, c) VALUES (1, 'ab')",
    ],
    probe: ['SELECT HEX(g) AS found FROM ?.t'],
    since: [80_016, 100_201],
  },
];

function numberOf(server: TestServer): number {
  const [major = 0, minor = 0, patch = 0] = server.version.split(/[.-]/).map(Number);
  return major * 10_000 + minor * 100 + patch;
}

describeOnEachServer('a restore of unusual definitions', (server) => {
  for (const [index, { behaviour, statements, probe, since }] of cases.entries()) {
    it(behaviour, async (test) => {
      const needed = since?.[server().vendor === 'mariadb' ? 1 : 0] ?? 0;
      if (numberOf(server()) < needed) {
        test.skip(`${server().version} has none`);
        return;
      }
      const [from, to] = [`unusual_${index}`, `unusual_${index}_back`];
      const of = (sql: string, name: string): string => sql.replaceAll('?', name);
      await server().query(statements.map((sql) => of(sql, from)));
      const sealed = await seal({ ...server().address, database: from });
      await restoreDatabase(await sealed.open(), { ...server().address, database: to });
      const left = { ...server().address, database: from };
      const { differences } = await compareDatabases(left, { ...left, database: to });
      assert.deepEqual(differences, []);
      const found = await Promise.all(
        [from, to].map((name) => server().query(probe.map((sql) => of(sql, name)))),
      );
      assert.deepEqual(found[1], found[0]);
    });
  }
});
