import assert from 'node:assert/strict';
import { it } from 'node:test';
import { askForBytes } from '../../src/database/byte-answers.js';
import { openConnection } from '../../src/database/connection.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import type { Part } from '../../src/model/parts.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import type { RestoreOptions } from '../../src/recovery/restore/options.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { runBytes } from '../../src/recovery/restore/statement-bytes.js';
import { describeOnEachServer, startServer } from '../support/servers.js';
import { seal } from './seal.js';

describeOnEachServer(
  'what a definition means',
  (server, kind) => {
    const address = (database: string) => ({ ...server().address, database });
    const isNew = kind === 'mysql';
    const isOld = kind === 'mysql-5.6';
    let number = 0;

    /** Makes a database of its own and restores it beside, by parts. */
    const copyOf = async (statements: readonly string[], options: RestoreOptions = {}) => {
      const source = `meaning_${++number}`;
      const copy = `${source}_copy`;
      await server().query([`CREATE DATABASE ${source} CHARACTER SET utf8`, `USE ${source}`, ...statements]);
      const report = await restoreDatabase(dumpDatabase(address(source)), address(copy), options);
      return { source, copy, report };
    };
    const shown = async (database: string, what: string) => {
      const [row] = await server().query(`SHOW CREATE ${what}`, database);
      return Object.values(row ?? {}).find((text) => text?.startsWith('CREATE '));
    };
    const assertEqual = async (source: string, copy: string, tables: readonly string[]) => {
      for (const table of tables) {
        assert.equal(await shown(copy, `TABLE ${table}`), await shown(source, `TABLE ${table}`));
      }
      const { differences } = await compareDatabases(address(source), address(copy));
      assert.deepEqual(differences, []);
    };

    it('C15: a TIMESTAMP without a default stays without one', async () => {
      const { source, copy, report } = await copyOf([
        "CREATE TABLE a (id INT PRIMARY KEY, ts TIMESTAMP NOT NULL, n TIMESTAMP NULL, k TIMESTAMP NOT NULL DEFAULT '2020-01-01 05:00:00')",
        "INSERT INTO a VALUES (1, '2020-05-05 10:00:00', NULL, '2020-05-05 11:00:00')",
        'CREATE TABLE b (id INT PRIMARY KEY, t6 TIMESTAMP(6) NOT NULL, t3 TIMESTAMP(3) NULL, c TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)',
      ]);
      assert.match((await shown(source, 'TABLE a'))!, /`ts` timestamp NOT NULL,/);
      await assertEqual(source, copy, ['a', 'b']);
      assert.deepEqual(report.notes, []);
    });

    if (kind === 'mysql-5.6') {
      it('C15: what a server makes of a definition by a setting that nobody may change is told by name', async () => {
        const other = await startServer('mysql-5.6');
        try {
          const source = `meaning_${++number}`;
          await server().query([
            `CREATE DATABASE ${source}`,
            `CREATE TABLE ${source}.a (id INT PRIMARY KEY, ts TIMESTAMP NOT NULL, n TIMESTAMP NULL)`,
          ]);
          const { notes } = await restoreDatabase(dumpDatabase(address(source)), {
            ...other.address,
            database: 'made',
          });
          assert.deepEqual(
            notes.map(({ code }) => code),
            ['definition-changed'],
          );
          assert.match(notes[0]!.message, /"a".* "ts"\./);
        } finally {
          await other.stop();
        }
      });
    }

    it('C15: what the server was set to is in the copy', async () => {
      const source = `meaning_${++number}`;
      await server().query(`CREATE DATABASE ${source}`);
      for await (const part of dumpDatabase(address(source))) {
        if (part.kind !== 'database') continue;
        const { variables } = part.database.server;
        assert.equal(variables?.['explicit_defaults_for_timestamp'], 'ON');
        assert.equal(variables['div_precision_increment'], '4');
        assert.equal(variables['default_storage_engine'], 'InnoDB');
      }
    });

    it('S2, C5: literals that are no text, and characters that the server shows as question marks, come back', async () => {
      const { source, copy, report } = await copyOf([
        "CREATE TABLE z (id INT PRIMARY KEY, v BINARY(16) NOT NULL DEFAULT X'00000000000000000000000000000000')",
        "CREATE TABLE f (id INT PRIMARY KEY, v VARBINARY(20) NOT NULL DEFAULT X'FFFE27', w VARBINARY(9) DEFAULT X'F09F9880', q VARCHAR(9) DEFAULT 'wh''y?')",
        "CREATE TABLE g (id INT PRIMARY KEY, v VARBINARY(20) NOT NULL DEFAULT X'C3A9')",
        "CREATE TABLE e (id INT PRIMARY KEY, e ENUM(X'C3A9F09F9880', 'b?') CHARACTER SET utf8mb4, v VARCHAR(20) CHARACTER SET utf8mb4 DEFAULT X'C3A9F09F9880', w VARCHAR(20) CHARACTER SET utf8mb4 NOT NULL DEFAULT X'F09F9880')",
        // MySQL 9 has no such SET.
        `CREATE TABLE b (id INT PRIMARY KEY, e ENUM(X'FFFE27', X'E9', 'x') CHARACTER SET binary, s SET(${isNew ? "'e'" : "X'E9'"}, 'ab', ${isNew ? "'f'" : "X'FF'"}) CHARACTER SET binary)`,
        "CREATE TABLE p (v VARBINARY(5)) PARTITION BY RANGE COLUMNS(v) (PARTITION a VALUES LESS THAN (X'E9'), PARTITION b VALUES LESS THAN (X'FFFE'))",
        'INSERT INTO z (id) VALUES (1)',
        'INSERT INTO f (id) VALUES (1)',
        'INSERT INTO g (id) VALUES (1)',
        'INSERT INTO e (id, e) VALUES (1, 1), (2, 2)',
        'INSERT INTO b VALUES (1, 1, 1), (2, 2, 4), (3, 3, 7)',
      ]);
      const tables = ['z', 'f', 'g', 'e', 'b', 'p'];
      for (const table of tables) {
        await server().query(`INSERT INTO ${table} VALUES ()`, source);
        await server().query(`INSERT INTO ${table} VALUES ()`, copy);
      }
      for (const [table, columns] of [
        ['z', 'v'],
        ['f', 'v, w, q'],
        ['g', 'v'],
        ['e', 'e, v, w'],
        ['b', 'e, s'],
      ] as const) {
        const question = `SELECT id, ${columns
          .split(', ')
          .map((column) => `HEX(${column}) AS ${column}`)
          .join(', ')} FROM ${table} ORDER BY id`;
        assert.deepEqual(await server().query(question, copy), await server().query(question, source), table);
      }
      const [row] = await server().query('SELECT HEX(v) AS v, HEX(w) AS w, q FROM f WHERE id = 0', copy);
      assert.deepEqual({ ...row }, { v: 'FFFE27', w: 'F09F9880', q: "wh'y?" });
      await assertEqual(source, copy, tables);
      assert.deepEqual(report.notes, []);
    });

    it('S2, C5: members that no row has alone, and members of bytes that are no characters, come back', async () => {
      const { source, copy, report } = await copyOf([
        // Told by a value of several members, and by the default alone.
        "CREATE TABLE m (id INT PRIMARY KEY, s SET('a', X'F09F9880', X'F09F9881') CHARACTER SET utf8mb4)",
        "CREATE TABLE d (id INT PRIMARY KEY, s SET('a', X'F09F9880') CHARACTER SET utf8mb4 NOT NULL DEFAULT X'F09F9880')",
        "CREATE TABLE u (id INT PRIMARY KEY, s SET('a', 'b', X'D83DDE00') CHARACTER SET utf16 NOT NULL DEFAULT 'b')",
        // A byte that is no character of a set of single bytes is shown as another member is, which CSV keeps as text.
        "CREATE TABLE i (id INT NOT NULL, e ENUM('b', '?', X'E8') CHARACTER SET ascii NOT NULL DEFAULT 'b') ENGINE=CSV",
        "CREATE TABLE j (id INT PRIMARY KEY, e SET('b', X'D2') NOT NULL DEFAULT X'D2') CHARACTER SET greek",
        "CREATE TABLE k (id INT PRIMARY KEY, e ENUM('b', X'DB') NOT NULL DEFAULT 'b') CHARACTER SET tis620",
        'INSERT INTO m VALUES (1, 3), (2, 7)',
        'INSERT INTO d VALUES (1, 1)',
        'INSERT INTO i VALUES (1, 3), (2, 2), (3, 0)',
        'INSERT INTO j VALUES (1, 3)',
        'INSERT INTO k VALUES (1, 2)',
        'INSERT INTO u VALUES (1, 7)',
        ...(isNew
          ? []
          : [
              "CREATE TABLE b (id INT PRIMARY KEY, e ENUM(X'E8', X'6162E8', 'c', X'C3A8') CHARACTER SET gbk)",
              'INSERT INTO b VALUES (1, 1), (2, 2), (3, 3), (4, 4)',
              "CREATE TABLE w (id INT PRIMARY KEY, e ENUM('é', '?', X'E8') CHARACTER SET utf8)",
              'INSERT INTO w VALUES (1, 1), (2, 2), (3, 3)',
            ]),
        ...(isOld
          ? [
              "CREATE TABLE c (id INT PRIMARY KEY, e ENUM('x', X'E8') NOT NULL DEFAULT X'E8') CHARACTER SET cp932",
              'INSERT INTO c VALUES (1, 2)',
              "CREATE TABLE x (id INT PRIMARY KEY, e SET('a', X'E8') CHARACTER SET eucjpms DEFAULT X'E8')",
            ]
          : []),
      ]);
      for (const [table, column, all] of [
        ['m', 's', 7],
        ['d', 's', 3],
        ['u', 's', 7],
        ['i', 'e', 3],
        ['j', 'e', 3],
        ['k', 'e', 2],
        ...(isNew ? [] : [['b', 'e', 4] as const, ['w', 'e', 3] as const]),
        ...(isOld ? [['c', 'e', 2] as const, ['x', 'e', 3] as const] : []),
      ] as const) {
        for (const database of [source, copy]) {
          await server().query(`INSERT INTO ${table} VALUES (0, ${all})`, database);
        }
        const question = `SELECT id, HEX(${column}) AS bytes, HEX(DEFAULT(${column})) AS d FROM ${table} ORDER BY id`;
        assert.deepEqual(await server().query(question, copy), await server().query(question, source), table);
      }
      const { differences } = await compareDatabases(address(source), address(copy));
      assert.deepEqual(differences, []);
      assert.deepEqual(report.notes, []);
    });

    it('C5: members of which a server keeps no whole character stay as it shows them', async () => {
      const { source, copy } = await copyOf([
        "CREATE TABLE z (id INT PRIMARY KEY, e ENUM('b', 'é', X'E8') CHARACTER SET utf32)",
        'INSERT INTO z VALUES (1, 1), (2, 2), (3, 3)',
      ]);
      const shown = async (database: string) =>
        (await server().query(`SHOW CREATE TABLE \`${database}\`.z`))[0]?.['Create Table'];
      assert.equal(await shown(copy), await shown(source));
    });

    it("V13, C5: ENUM's error value, which CSV keeps as the empty text, may come back as a member that is shown empty", async () => {
      const { source, copy } = await copyOf([
        "CREATE TABLE z (id INT NOT NULL, e ENUM('b', X'E8') NOT NULL) ENGINE=CSV CHARACTER SET eucjpms",
        'INSERT INTO z VALUES (1, 1), (2, 0)',
      ]);
      const question = 'SELECT id, HEX(e) AS e FROM z ORDER BY id';
      assert.deepEqual(await server().query(question, copy), await server().query(question, source));
    });

    it('C12: a table of a stream is made while one that it refers to waits for more rows', {
      timeout: 30_000,
    }, async () => {
      const source = `meaning_${++number}`;
      const copy = `${source}_copy`;
      await server().query([
        `CREATE DATABASE ${source}`,
        `USE ${source}`,
        'CREATE TABLE above (id INT PRIMARY KEY, v CHAR(200)) ENGINE=InnoDB',
        'CREATE TABLE below (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES above (id)) ENGINE=InnoDB',
        `INSERT INTO above VALUES ${Array.from({ length: 2000 }, (_, i) => `(${i}, REPEAT('x', 200))`).join(', ')}`,
        'INSERT INTO below VALUES (1, 49)',
        // MariaDB 11 refuses to alter this one.
        ...(isOld
          ? []
          : [
              "CREATE TABLE computed (id INT PRIMARY KEY, b LONGBLOB NOT NULL DEFAULT (unhex('00ff')), v INT, KEY k (v)) ENGINE=InnoDB CHARACTER SET ucs2",
              "INSERT INTO computed VALUES (1, '', 1)",
            ]),
      ]);
      const parts: Part[] = [];
      for await (const part of dumpDatabase(address(source), { partBytes: 1000 })) parts.push(part);
      const first = parts.findIndex((part) => part.kind === 'rows');
      const tables = parts.filter((part) => part.kind === 'table');
      const begin = parts.slice(0, first).filter((part) => part.kind !== 'table');
      const rest = parts.slice(first).filter((part) => part.kind !== 'table');
      const [above, ...others] = tables.sort((a, b) => (a.table.name < b.table.name ? -1 : 1));
      const ofAbove = rest.filter((part) => part.kind === 'rows' && part.table === above!.table.index);
      assert.ok(ofAbove.length > 1);
      async function* reordered(): AsyncGenerator<Part> {
        yield* [...begin, above!, ofAbove[0]!, ...others, ...rest.filter((part) => part !== ofAbove[0])];
      }
      const { missing } = await restoreDatabase(reordered(), address(copy));
      assert.deepEqual(missing, []);
      const [row] = await server().query('SELECT COUNT(*) AS n FROM above', copy);
      assert.equal(row?.['n'], '2000');
    });

    it('O2: a view that the server does not show holds up nothing', async () => {
      const source = `meaning_é_${++number}`;
      const copy = `meaning_${number}_copy`;
      const connection = await openConnection(server().address);
      await connection.query(`CREATE DATABASE \`${source}\``);
      await connection.query(`USE \`${source}\``);
      await connection.query('CREATE TABLE t (id INT PRIMARY KEY, c VARCHAR(9) CHARACTER SET cp1250)');
      await connection.query('INSERT INTO t VALUES (1, NULL)');
      // MySQL 9 looks for the database under a name in the character set of the view's client.
      await connection.query("SET character_set_client = koi8r, collation_connection = 'koi8r_general_ci'");
      await connection.query("CREATE VIEW v AS SELECT id, concat(_latin1 X'E9', c) AS d FROM t");
      await connection.close();
      const archive = await (await seal(address(source))).open();
      assert.deepEqual(
        (await archive.objects()).map(({ name }) => name),
        ['v'],
      );
      const { tables } = await restoreDatabase(archive, address(copy));
      assert.deepEqual(
        tables.map(({ name, rows }) => [name, Number(rows)]),
        [['t', 1]],
      );
    });

    if (kind === 'mariadb') {
      it('S2: text that is longer than its compressed column says comes back', async () => {
        const { source, copy } = await copyOf([
          'CREATE TABLE c (id INT PRIMARY KEY, v VARCHAR(82) COMPRESSED) CHARACTER SET utf8mb4',
          "INSERT INTO c VALUES (1, REPEAT('ab', 50)), (2, 'é'), (3, NULL)",
        ]);
        await assertEqual(source, copy, ['c']);
        const inserted = `${copy}_inserted`;
        await restoreDatabase(await (await seal(address(source))).open(), address(inserted), {
          method: 'insert',
        });
        await assertEqual(source, inserted, ['c']);
      });
    }

    it('S2, C5: a table of which more is asked than its definition may have more rows than a batch holds', async () => {
      const source = `meaning_${++number}`;
      const stored = isOld ? 'INT' : 'INT AS (id + 1) STORED';
      const tables = ['MyISAM', 'InnoDB'].flatMap((engine) => [
        `CREATE TABLE q_${engine} (id INT PRIMARY KEY AUTO_INCREMENT, e ENUM('why?') DEFAULT 'why?', b LONGTEXT) ENGINE=${engine}`,
        `CREATE TABLE s_${engine} (id INT PRIMARY KEY, c ${stored}, b LONGTEXT) ENGINE=${engine}`,
        ...[1, 2, 3, 4, 5].flatMap((id) => [
          `INSERT INTO q_${engine} (b) VALUES (REPEAT('x', 900000))`,
          `INSERT INTO s_${engine} (id, b) VALUES (${id}, REPEAT('x', 900000))`,
        ]),
      ]);
      await server().query([`CREATE DATABASE ${source}`, `USE ${source}`, ...tables]);
      for (const connections of [1, 3]) {
        const rows = new Map<number, number>();
        const names: string[] = [];
        const signal = AbortSignal.timeout(20_000);
        for await (const part of dumpDatabase(address(source), { connections, signal })) {
          if (part.kind === 'table') names.push(part.table.name);
          if (part.kind === 'summary')
            for (const table of part.summary.tables) rows.set(table.index, table.rows);
        }
        assert.deepEqual(names.sort(), ['q_InnoDB', 'q_MyISAM', 's_InnoDB', 's_MyISAM']);
        assert.deepEqual([...rows.values()], [5, 5, 5, 5]);
      }
    });

    it('S2, O3, O7: bodies and views come back byte for byte, whatever their clients spoke', async () => {
      const source = `meaning_${++number}`;
      const copy = `${source}_copy`;
      await server().query([
        `CREATE DATABASE ${source} CHARACTER SET utf8mb4`,
        `USE ${source}`,
        'CREATE TABLE l (id INT PRIMARY KEY, name VARCHAR(40) CHARACTER SET utf8)',
        "CREATE VIEW v5 AS SELECT _latin1 X'E9' AS w, X'FFFE' AS b, _binary 'é' AS c, '😀' AS e, _utf8mb4 'ü' AS u",
      ]);
      const connection = await openConnection(address(source));
      const run = async (client: string, bytes: readonly (number | string)[]) => {
        await connection.query(`SET NAMES ${client}`);
        const statement = bytes.map((each) =>
          typeof each === 'number' ? Buffer.of(each) : Buffer.from(each, 'latin1'),
        );
        await runBytes(connection, Buffer.concat(statement));
      };
      await run('latin1', [
        "CREATE TRIGGER l_bi BEFORE INSERT ON l FOR EACH ROW SET NEW.name = CONCAT(NEW.name, ' ",
        0xe9,
        0x74,
        0xe9,
        0x80,
        "')",
      ]);
      await run('latin1', ["CREATE PROCEDURE p1() SELECT 'caf", 0xe9, "' AS x"]);
      await run('latin1', ['CREATE PROCEDURE `n', 0xe9, "`() SELECT '", 0xe9, "' AS x"]);
      await run('latin1', ["CREATE VIEW v AS SELECT id, 'na", 0xef, "ve' AS w FROM l"]);
      await run('latin1', [
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE DO SELECT '",
        0xfc,
        "'",
      ]);
      // Not a character of the set at all, which MySQL 9 refuses.
      if (!isNew) await run('cp1251', ["CREATE PROCEDURE p2() SELECT '", 0xcf, 0xf0, 0x98, "' AS x"]);
      await run('koi8r', [
        "CREATE FUNCTION p3() RETURNS INT DETERMINISTIC NO SQL RETURN LENGTH('",
        0xf0,
        "')",
      ]);
      await run('binary', ["CREATE PROCEDURE p4() SELECT 'caf", 0xc3, 0xa9, "' AS x"]);
      if (!isNew) await run('binary', ["CREATE PROCEDURE p5() SELECT 'caf", 0xe9, 0xff, "' AS x"]);
      await run('binary', ["CREATE VIEW v4 AS SELECT id, 'caf", 0xc3, 0xa9, "' AS w FROM l"]);
      if (!isNew)
        await run('utf8mb4', ['CREATE PROCEDURE p6() SELECT /* ', 0xe9, " */ _latin1'", 0xe9, "' AS x"]);
      await connection.close();
      const { notes } = await restoreDatabase(dumpDatabase(address(source)), address(copy));
      assert.deepEqual(notes, []);
      const bytes = async (database: string) => {
        const reader = await openConnection(address(database));
        await reader.query('SET character_set_results = NULL');
        const kinds = [
          'TRIGGER l_bi',
          'EVENT e',
          'FUNCTION p3',
          'VIEW v',
          'VIEW v4',
          'VIEW v5',
          'PROCEDURE `né`',
        ];
        for (const i of isNew ? [1, 4] : [1, 2, 4, 5, 6]) kinds.push(`PROCEDURE p${i}`);
        const all = await askForBytes(
          reader,
          kinds.map((what) => `SHOW CREATE ${what}`),
        );
        await reader.close();
        return all.map(([row]) => Object.entries(row!).filter(([key]) => key !== 'Created'));
      };
      assert.deepEqual(await bytes(copy), await bytes(source));
      const { differences } = await compareDatabases(address(source), address(copy));
      assert.deepEqual(differences, []);
    });

    it('O7: what speaks of the database it came from is told by name, before and after', async () => {
      const source = `meaning_${number + 1}`;
      const quoted = `\`${source}\``;
      const statements = [
        'CREATE TABLE t (id INT)',
        `CREATE TRIGGER writes AFTER INSERT ON t FOR EACH ROW INSERT INTO ${source}.log VALUES (1)`,
        `CREATE TRIGGER mentions AFTER DELETE ON t FOR EACH ROW SET @a = '${source}.t' /* ${source}.t */`,
        `CREATE PROCEDURE ${source}.calls() BEGIN SELECT 1; CALL ${quoted} . \`writes\`(); END`,
        `CREATE FUNCTION fine() RETURNS INT DETERMINISTIC NO SQL RETURN 1`,
        `CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE DO DELETE FROM ${source}.t`,
        `CREATE VIEW v AS SELECT * FROM ${source}.t`,
        "SET sql_mode = 'ANSI_QUOTES'",
        `CREATE PROCEDURE ansi() SELECT * FROM "${source}"."t"`,
        "SET sql_mode = ''",
      ];
      const { copy, report } = await copyOf(statements);
      const named = ['ansi', 'calls', 'ev', 'writes'];
      const namesOf = (told: readonly { readonly code: string; readonly message: string }[]) =>
        told
          .filter(({ code }) => code === 'names-its-source')
          .map(({ message }) => /"(\w+)"/.exec(message)![1])
          .sort();
      assert.deepEqual(namesOf(report.notes), named);
      const archive = await (await seal(address(source))).open();
      const plan = await planRestore(archive, address(`${copy}_2`));
      assert.deepEqual(namesOf(plan.obstacles), named);
      assert.equal(plan.possible, true);
      assert.deepEqual(namesOf((await planRestore(archive, address(source))).obstacles), []);
    });

    if (kind !== 'mysql-5.6') {
      it('C1, S5: stored generated columns hold what they held, whatever time zone their rows were written in', async () => {
        const { source, copy, report } = await copyOf([
          "SET time_zone = '-05:00'",
          'CREATE TABLE visit (id INT PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, day DATE AS (DATE(at)) STORED, hour TINYINT AS (HOUR(at)) STORED, twice INT AS (hour * 2) STORED, KEY (day)) ENGINE=InnoDB',
          "INSERT INTO visit (id, at) VALUES (1, '2024-03-01 21:30:00'), (2, '2024-03-01 09:00:00')",
          "SET time_zone = '+00:00'",
          'CREATE TABLE utc LIKE visit',
          "INSERT INTO utc (id, at) VALUES (1, '2024-03-01 21:30:00')",
          'CREATE TABLE plain (a INT, b INT AS (a + 1) STORED)',
          'INSERT INTO plain (a) VALUES (1), (NULL)',
          'CREATE TABLE none LIKE visit',
        ]);
        const [row] = await server().query('SELECT * FROM visit WHERE id = 1', copy);
        assert.deepEqual(
          { ...row },
          { id: '1', at: '2024-03-02 02:30:00', day: '2024-03-01', hour: '21', twice: '42' },
        );
        await assertEqual(source, copy, ['visit', 'utc', 'plain', 'none']);
        assert.deepEqual(report.notes, []);
      });

      it('C5, S5: stored generated columns hold what they held, whatever the mode of the source made of dates and differences', async () => {
        const [before] = await server().query('SELECT @@global.sql_mode AS mode');
        try {
          const { source, copy, report } = await copyOf([
            "SET GLOBAL sql_mode = 'NO_UNSIGNED_SUBTRACTION'",
            "SET SESSION sql_mode = 'NO_UNSIGNED_SUBTRACTION'",
            'CREATE TABLE less (id INT PRIMARY KEY, a BIGINT UNSIGNED, b BIGINT UNSIGNED, g BIGINT AS (a - b) STORED)',
            'INSERT INTO less (id, a, b) VALUES (1, 1, 2), (2, 3, 1)',
            'CREATE TABLE days (id INT PRIMARY KEY, v VARCHAR(20), g DATE AS (CAST(v AS DATE)) STORED)',
            "INSERT INTO days (id, v) VALUES (1, '2023-02-30')",
            'CREATE TABLE dates (id INT PRIMARY KEY, v VARCHAR(20), d DATE, g DATE AS (CAST(v AS DATE)) STORED)',
            "INSERT INTO dates (id, v) VALUES (1, '2023-02-30')",
            "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
            "INSERT INTO dates (id, d) VALUES (2, '2023-02-30')",
          ]);
          assert.deepEqual(report.missing, []);
          // What would change another value is told.
          assert.deepEqual(
            report.notes.map(({ code, message }) => [code, /"dates"/.test(message)]),
            [['computed-differently', true]],
          );
          const [row] = await server().query('SELECT d FROM dates WHERE id = 2', copy);
          assert.equal(row?.['d'], '2023-02-30');
          const { differences } = await compareDatabases(address(source), address(copy));
          assert.deepEqual(
            differences.map(({ name, aspect }) => `${name} ${aspect}`),
            ['dates content'],
          );
        } finally {
          await server().query(`SET GLOBAL sql_mode = '${before!['mode']}'`);
        }
      });

      it('C5, S5: checks over a TIMESTAMP take the rows that they took, and are in force', async () => {
        const { source, copy, report } = await copyOf([
          'CREATE TABLE c (id INT PRIMARY KEY, at TIMESTAMP NOT NULL, n INT, CONSTRAINT office CHECK (HOUR(at) BETWEEN 8 AND 19), CONSTRAINT few CHECK (n < 9))',
          "SET time_zone = '-05:00'",
          "INSERT INTO c VALUES (1, '2024-03-01 19:30:00', 1), (2, '2024-03-01 09:00:00', 2)",
        ]);
        await assertEqual(source, copy, ['c']);
        assert.deepEqual(report.notes, []);
        await assert.rejects(server().query("INSERT INTO c VALUES (3, '2024-03-01 03:00:00', 1)", copy));
      });

      it('C1, S5: values that no one time zone gives are told by name', async () => {
        const { copy, report } = await copyOf([
          'CREATE TABLE mixed (id INT PRIMARY KEY, at TIMESTAMP NOT NULL, hour TINYINT AS (HOUR(at)) STORED)',
          "SET time_zone = '-05:00'",
          "INSERT INTO mixed (id, at) VALUES (1, '2024-03-01 21:30:00')",
          "SET time_zone = '+03:30'",
          "INSERT INTO mixed (id, at) VALUES (2, '2024-03-01 21:30:00')",
        ]);
        assert.deepEqual(
          report.notes.map(({ code }) => code),
          ['computed-differently'],
        );
        assert.match(report.notes[0]!.message, /"mixed" \("hour"\)/);
        const rows = await server().query('SELECT id, at FROM mixed ORDER BY id', copy);
        assert.deepEqual(
          rows.map((row) => row['at']),
          ['2024-03-02 02:30:00', '2024-03-01 18:00:00'],
        );
      });
    }

    if (kind === 'mariadb') {
      it('C16: a database keeps its comment', async () => {
        const source = `meaning_${++number}`;
        const copy = `${source}_copy`;
        await server().query(
          `CREATE DATABASE ${source} CHARACTER SET utf8mb4 COMMENT 'COMMENT ''Ä\\\\ = "it"'`,
        );
        await restoreDatabase(dumpDatabase(address(source)), address(copy));
        const of = async (name: string) =>
          (await shown(name, `DATABASE ${name}`))!.replace(name, 'of_the_same_name');
        assert.match(await of(source), /COMMENT 'COMMENT ''Ä\\\\ = "it"'/);
        assert.equal(await of(copy), await of(source));
      });
    } else {
      it('C16: the comment of a database is left out by name where the server has none', async () => {
        const copy = `meaning_${++number}`;
        const parts = async function* () {
          for await (const part of dumpDatabase(address(await madeEmpty()))) {
            if (part.kind !== 'database') yield part;
            else {
              const { createStatement } = part.database;
              const commented = { ...part.database, createStatement: `${createStatement} COMMENT 'x'` };
              yield { ...part, database: commented };
            }
          }
        };
        const madeEmpty = async () => {
          await server().query(`CREATE DATABASE ${copy}_source`);
          return `${copy}_source`;
        };
        const { notes } = await restoreDatabase(parts(), address(copy));
        assert.deepEqual(
          notes.map(({ code }) => code),
          ['definition-changed'],
        );
      });
    }
  },
  { args: ['--explicit-defaults-for-timestamp=ON'] },
);
