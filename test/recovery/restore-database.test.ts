import assert from 'node:assert/strict';
import { it } from 'node:test';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { isBackupError } from '../../src/errors.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { type RestoreOptions, restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('hex');

/** A table or object per hazard; the names say which. */
const hazards = (server: TestServer): readonly string[] => {
  const mariadb = server.vendor === 'mariadb';
  return [
    'CREATE TABLE v1_whole (a BIGINT, b BIGINT UNSIGNED, c TINYINT, d TINYINT UNSIGNED, e SMALLINT, f MEDIUMINT, g INT, h INT(8) UNSIGNED ZEROFILL, i SMALLINT UNSIGNED) ENGINE=MyISAM',
    `INSERT INTO v1_whole VALUES
      (-9223372036854775808, 18446744073709551615, -128, 255, -32768, -8388608, -2147483648, 42, 65535),
      (9223372036854775807, 9223372036854775808, 127, 0, 32767, 8388607, 2147483647, 4294967295, 0),
      (9007199254740993, 1000000000, 0, 9, 10000, 99999, 999999999, 0, 1),
      (-1000000000, 999999999999999999, 1, 10, 9999, 100000, 1000000000, 7, 2),
      (-4294967296, 4294967296, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (0, 0, 0, 0, 0, 0, 0, 0, 0)`,
    'CREATE TABLE v2_decimal (d DECIMAL(65,30)) ENGINE=MyISAM',
    "INSERT INTO v2_decimal VALUES ('-12345678901234567890123456789012345.123456789012345678901234567891'), (NULL), (0)",
    'CREATE TABLE v3_float (f FLOAT, g FLOAT(7,4), d DOUBLE, e DOUBLE(12,2)) ENGINE=InnoDB',
    'INSERT INTO v3_float VALUES (16777217, 1.2345, 1.7976931348623157e308, 0.1), (0.33333334, -999.9999, 5e-324, -1.25), (-0e0, 0, -0e0, 0), (1e-38, 0, 1e21, 1234567890.12), (3.402823466e38, 1, 123456789, 1)',
    `CREATE TABLE v6_bytes (id INT PRIMARY KEY, b BIT(64), one BIT(1), v VARBINARY(300), n BINARY(4), blobs LONGBLOB) ENGINE=InnoDB`,
    `INSERT INTO v6_bytes VALUES (1, b'101', 1, x'${allBytes}', 'a', x'${allBytes}'), (2, 0x0A09005C27220D1A, 0, '', '', ''), (3, NULL, NULL, NULL, NULL, NULL), (4, 18446744073709551615, 1, '\\\\N', 'NULL', REPEAT(x'5C0A0900', 200000))`,
    'CREATE TABLE v9_null (a VARCHAR(20), b TEXT, c CHAR(0)) ENGINE=MyISAM',
    "INSERT INTO v9_null VALUES (NULL, NULL, NULL), ('', '', ''), ('NULL', '\\\\N', NULL), ('0', '  x  ', '')",
    'CREATE TABLE v9_lonely (a VARCHAR(20)) ENGINE=MyISAM',
    "INSERT INTO v9_lonely VALUES (''), (NULL), (''), ('N')",
    'CREATE TABLE v10_dates (d DATE, dt DATETIME, dt6 DATETIME(6), ts TIMESTAMP NULL, ts3 TIMESTAMP(3) NULL, t TIME, t6 TIME(6), y YEAR) ENGINE=MyISAM',
    `INSERT INTO v10_dates VALUES
      ('0000-00-00', '0000-00-00 00:00:00', '0001-01-01 00:00:00.000001', '0000-00-00', '2038-01-19 03:14:07.999', '-838:59:59', '838:59:59.999999', 0),
      ('2024-00-00', '2024-02-00 01:02:03', '9999-12-31 23:59:59.999999', '1970-01-01 00:00:01', '2026-03-29 02:30:00.5', '00:00:00', '-00:00:00.000001', 1901),
      ('0001-01-01', '0001-01-01', NULL, NULL, NULL, NULL, '100:00:00', 2155), (NULL, NULL, '2020-02-29', NULL, NULL, '24:00:00', NULL, 2000)`,
    "CREATE TABLE v13_enum (e ENUM('', '2', '1') NOT NULL, s SET('a','b','1'), big ENUM('x,y', 'it''s', 'ä\\\\z')) ENGINE=MyISAM",
    "INSERT INTO v13_enum VALUES ('unknown', 'a,1', 1), ('', '', 2), ('2', NULL, 3), ('1', 'b', NULL)",
    'CREATE TABLE v15_shape (g GEOMETRY, p POINT) ENGINE=MyISAM',
    "INSERT INTO v15_shape VALUES (GeomFromText('LINESTRING(0 0, 1 1)', 4326), GeomFromText('POINT(9 10)')), (NULL, NULL)",
    'CREATE TABLE s2_texts (l VARCHAR(30) CHARACTER SET latin1, u VARCHAR(30) CHARACTER SET utf8, m VARCHAR(30) CHARACTER SET utf8mb4, g VARCHAR(30) CHARACTER SET gbk, w VARCHAR(30) CHARACTER SET utf16, c CHAR(10) CHARACTER SET ucs2) ENGINE=MyISAM',
    "INSERT INTO s2_texts VALUES (x'818D8F909DE9', 'Ä', x'F09FA6B7', _gbk x'815C815C', 'ä', 'ö'), ('', '', '', '', '', ''), ('\\\\', '\\n\\t\\r', '\\0', _gbk x'D55C', '\\\\', NULL)",
    'CREATE TABLE c6_counter (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, x INT) ENGINE=InnoDB AUTO_INCREMENT=500',
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    'INSERT INTO c6_counter VALUES (0, 1), (-5, 2), (7, 3)',
    "SET SESSION sql_mode = ''",
    'CREATE TABLE c7_nokey (a INT) ENGINE=InnoDB',
    'INSERT INTO c7_nokey VALUES (1), (1), (1), (2)',
    "CREATE TABLE c11_keys (id INT NOT NULL, a INT, b VARCHAR(200), c INT NOT NULL, PRIMARY KEY (id), KEY second (a), UNIQUE KEY third (c, b(10)), KEY fourth (b(5), a) COMMENT 'a, b') ENGINE=InnoDB",
    "INSERT INTO c11_keys VALUES (1, 1, 'x', 1), (2, 2, 'y', 2)",
    'CREATE TABLE c11_second (id INT NOT NULL, n INT NOT NULL AUTO_INCREMENT, PRIMARY KEY (id), KEY a (id, n), KEY n (n)) ENGINE=InnoDB',
    'INSERT INTO c11_second VALUES (5, 1), (4, 2)',
    'CREATE TABLE c12_parent (id INT PRIMARY KEY, other INT, KEY (other), CONSTRAINT cycle_a FOREIGN KEY (other) REFERENCES c12_child (id) ON DELETE SET NULL) ENGINE=InnoDB',
    'CREATE TABLE c12_child (id INT PRIMARY KEY, parent INT, KEY named (parent), CONSTRAINT cycle_b FOREIGN KEY (parent) REFERENCES c12_parent (id) ON UPDATE CASCADE) ENGINE=InnoDB',
    'INSERT INTO c12_parent VALUES (1, NULL), (2, 77)',
    'INSERT INTO c12_child VALUES (10, 1), (11, 99)',
    "CREATE TABLE `c13 ``odd``; -- \n name` (`a``b` INT, `select` INT COMMENT 'it''s; -- \\n') ENGINE=MyISAM COMMENT='x\\ny'",
    'INSERT INTO `c13 ``odd``; -- \n name` VALUES (1, 2)',
    'CREATE TABLE c9_parts (id INT NOT NULL, d DATE NOT NULL, PRIMARY KEY (id, d)) ENGINE=InnoDB PARTITION BY RANGE (YEAR(d)) (PARTITION old VALUES LESS THAN (2000), PARTITION `new one` VALUES LESS THAN MAXVALUE)',
    "INSERT INTO c9_parts VALUES (1, '1999-01-01'), (2, '0000-00-00'), (3, '2024-05-05')",
    'CREATE TABLE c10_memory (a INT, b VARCHAR(10)) ENGINE=MEMORY',
    "INSERT INTO c10_memory VALUES (1, 'x')",
    'CREATE TABLE c11_fulltext (id INT PRIMARY KEY, t TEXT, FULLTEXT KEY words (t), KEY k (id)) ENGINE=MyISAM',
    "INSERT INTO c11_fulltext VALUES (1, 'one two')",
    'CREATE TABLE empty_one (id INT PRIMARY KEY) ENGINE=InnoDB',
    ...(mariadb
      ? [
          'CREATE TABLE c1_generated (v INT AS (a + 1) VIRTUAL, a INT, p INT AS (a * 2) PERSISTENT, h INT INVISIBLE) ENGINE=InnoDB',
          'INSERT INTO c1_generated (a, h) VALUES (1, 10), (NULL, NULL)',
          'CREATE TABLE v16_types (u UUID, i INET6, j JSON, cmp VARCHAR(500) COMPRESSED) ENGINE=InnoDB',
          `INSERT INTO v16_types VALUES ('123e4567-e89b-12d3-a456-426655440000', '::ffff:1.2.3.4', '{"a":1,"a":2}', REPEAT('x', 400)), (NULL, NULL, NULL, NULL)`,
          'CREATE SEQUENCE c5_numbers START WITH 5 INCREMENT BY 10 CACHE 3',
          'CREATE TABLE c5_default (id INT DEFAULT NEXT VALUE FOR c5_numbers, b INT) ENGINE=InnoDB',
          'INSERT INTO c5_default (b) VALUES (1), (2)',
          'CREATE TABLE checked (a INT CHECK (a > 0), CONSTRAINT `odd name` CHECK (a < 100)) ENGINE=InnoDB',
          'INSERT INTO checked VALUES (1), (99)',
          'CREATE TABLE c3_versions (id INT PRIMARY KEY, x INT) ENGINE=InnoDB WITH SYSTEM VERSIONING',
          'INSERT INTO c3_versions VALUES (1, 1)',
        ]
      : []),
    'CREATE VIEW o1_base AS SELECT id, a FROM c11_keys WHERE a > 0',
    'CREATE VIEW o1_a_first AS SELECT id FROM o1_base WHERE id > 0 WITH CASCADED CHECK OPTION',
    'CREATE FUNCTION o10_double(x INT) RETURNS INT DETERMINISTIC NO SQL RETURN x * 2',
    'CREATE VIEW o10_uses AS SELECT o10_double(a) AS twice FROM c11_keys',
    "CREATE PROCEDURE o6_odd() BEGIN /* ;; // */ SELECT ';;' AS x; -- end\n END",
    'CREATE TRIGGER o4_count AFTER INSERT ON c7_nokey FOR EACH ROW INSERT INTO c6_counter (x) VALUES (NEW.a)',
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
    'CREATE PROCEDURE o7_ansi() SELECT "a" || \'b\' FROM "c11_keys"',
    "SET SESSION sql_mode = ''",
    "CREATE EVENT o12_runs ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' ON COMPLETION PRESERVE ENABLE COMMENT 'enable' DO DELETE FROM c10_memory",
    "CREATE EVENT o12_rests ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE DO DELETE FROM c10_memory",
  ];
};

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
});
