import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { readTablesOption } from '../../src/cli/tables-option.js';
import { type DumpOptions, dumpDatabase } from '../../src/dump/dump-database.js';
import { isBackupError } from '../../src/errors.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { missingSentence } from '../../src/recovery/restore/missing.js';
import type { RestoreOptions } from '../../src/recovery/restore/options.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer } from '../support/servers.js';
import { type Sealed, seal } from './seal.js';

const source = 'objects_source';
const target = 'objects_target';

const rows = (table: string, count: number, row: (i: number) => string): string =>
  `INSERT INTO ${table} VALUES ${Array.from({ length: count }, (_, i) => `(${row(i + 1)})`).join(', ')}`;

describeOnEachServer(
  'a restore of all kinds of objects',
  (server, kind) => {
    const address = (database: string) => ({ ...server().address, database });
    const isMariadb = () => server().vendor === 'mariadb';

    const make = async (statements: readonly string[], options: DumpOptions = {}): Promise<Sealed> => {
      await server().query([
        `DROP DATABASE IF EXISTS ${source}`,
        `DROP DATABASE IF EXISTS ${target}`,
        `CREATE DATABASE ${source} CHARACTER SET utf8`,
        `USE ${source}`,
        ...statements,
      ]);
      return seal(address(source), options);
    };
    const restore = async (sealed: Sealed, options: RestoreOptions = {}) =>
      restoreDatabase(await sealed.open(), address(target), options);
    const differences = async () => (await compareDatabases(address(source), address(target))).differences;
    const tablesThere = async () =>
      (await server().query(`SHOW TABLES FROM ${target}`)).map((row) => Object.values(row)[0]);

    it('O2: keeps a view of which a column is gone, copies all else, and names what cannot be made', async () => {
      const sealed = await make([
        'CREATE TABLE kept (a INT, b INT)',
        'CREATE VIEW half AS SELECT a, b FROM kept WHERE a > 0 WITH CHECK OPTION',
        'ALTER TABLE kept DROP COLUMN b',
        'INSERT INTO kept VALUES (1)',
      ]);
      const [view] = await (await sealed.open()).objects();
      assert.match(view?.createStatement ?? '', /VIEW `half` AS select .* WITH CASCADED CHECK OPTION$/);
      assert.match(view?.brokenAtSource ?? '', /^1356: /);
      const { warnings } = (await sealed.open()).manifest;
      assert.match(warnings.find(({ code }) => code === 'views-broken')?.message ?? '', /: "half"\./);
      const { missing } = await restoreDatabase(await sealed.open(), address(target));
      assert.deepEqual(
        missing.map(({ name, errno }) => `${name}: ${errno}`),
        ['half: 1054'],
      );
      const { differences } = await compareDatabases(address(source), address(target));
      assert.ok(differences.some(({ name, aspect }) => name === 'half' && aspect === 'missing-right'));
    });

    it('O2: copies all else when a view was written down so that its server cannot read it', async () => {
      const sealed = await make([
        'CREATE TABLE kept (`1e5` INT PRIMARY KEY, b INT)',
        'INSERT INTO kept VALUES (1, 2)',
        'SET sql_quote_show_create = 0',
        'CREATE VIEW unread AS SELECT `1e5` FROM kept',
        'SET sql_quote_show_create = 1',
        'CREATE VIEW good AS SELECT b FROM kept',
      ]);
      // Newer servers mark the name all the same.
      const broken = await server()
        .query(`SHOW CREATE VIEW ${source}.unread`)
        .then(
          () => false,
          () => true,
        );
      const { missing, objects, tables } = await restore(sealed);
      assert.deepEqual(
        missing.map(({ kind: what, name, errno }) => `${what} ${name}: ${errno}`),
        broken ? ['view unread: 1064'] : [],
      );
      assert.ok(objects.some(({ name }) => name === 'good'));
      assert.deepEqual(tables, [{ name: 'kept', rows: 1 }]);
      assert.deepEqual(
        (await differences()).map(({ name, aspect }) => `${name} ${aspect}`),
        broken ? ['supplemental_backup_missing missing-left', 'unread missing-right'] : [],
      );
    });

    it('C12: brings back foreign keys to keys that come after the rows, from an archive, over one session and from a stream', async () => {
      const sealed = await make([
        'CREATE TABLE parent (id INT PRIMARY KEY, code VARCHAR(20) NOT NULL, UNIQUE KEY code (code)) ENGINE=InnoDB',
        'CREATE TABLE child (id INT PRIMARY KEY, pcode VARCHAR(20), up INT, KEY pcode (pcode), KEY up (up),' +
          ' CONSTRAINT c1 FOREIGN KEY (pcode) REFERENCES parent (code) ON DELETE SET NULL,' +
          ' CONSTRAINT c2 FOREIGN KEY (up) REFERENCES child (id)) ENGINE=InnoDB',
        'CREATE TABLE small (id INT PRIMARY KEY, pcode VARCHAR(20), KEY pcode (pcode),' +
          ' CONSTRAINT c3 FOREIGN KEY (pcode) REFERENCES parent (code) ON UPDATE CASCADE) ENGINE=InnoDB',
        rows('parent', 2500, (i) => `${i}, 'c${i}'`),
        rows('child', 3000, (i) => `${i}, 'c${(i % 2500) + 1}', NULL`),
        "INSERT INTO small VALUES (1, 'c7')",
      ]);
      const ways: readonly (() => Promise<unknown>)[] = [
        () => restore(sealed),
        () => restore(sealed, { connections: 1 }),
        () => restoreDatabase(dumpDatabase(address(source)), address(target)),
      ];
      for (const way of ways) {
        await server().query(`DROP DATABASE IF EXISTS ${target}`);
        await way();
        assert.deepEqual(await differences(), []);
      }
    });

    it('takes up a restore that was interrupted among its foreign keys', async () => {
      const sealed = await make(
        [
          'CREATE TABLE parent (id INT PRIMARY KEY, code CHAR(200) NOT NULL, UNIQUE KEY code (code)) ENGINE=InnoDB',
          'CREATE TABLE child (id INT PRIMARY KEY, pcode CHAR(200), KEY pcode (pcode),' +
            ' CONSTRAINT c1 FOREIGN KEY (pcode) REFERENCES parent (code)) ENGINE=InnoDB',
          rows('parent', 2200, (i) => `${i}, 'c${i}'`),
          rows('child', 9000, (i) => `${i}, REPEAT('x', 190)`),
          'UPDATE child SET pcode = NULL',
          'CREATE VIEW v AS SELECT id FROM child',
        ].toSpliced(2, 0, 'SET foreign_key_checks = 0'),
      );
      const stop = new AbortController();
      await assert.rejects(
        restore(sealed, {
          signal: stop.signal,
          onProgress: ({ phase }) => {
            if (phase === 'objects') stop.abort(new Error('stopped'));
          },
        }),
      );
      const { connections } = { connections: 1 };
      await restore(sealed, { connections });
      assert.deepEqual(await differences(), []);
    });

    it('renames the database in a view and leaves tables and aliases of its name alone', async () => {
      const sealed = await make([
        `CREATE TABLE ${source} (id INT PRIMARY KEY, amount INT)`,
        `INSERT INTO ${source} VALUES (1, 10)`,
        'CREATE TABLE other (id INT PRIMARY KEY)',
        'CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n',
        `CREATE VIEW a_table AS SELECT id, amount FROM ${source}`,
        `CREATE VIEW b_alias AS SELECT ${source}.id AS x FROM other AS ${source}`,
        `CREATE VIEW c_function AS SELECT twice(${source}.id) AS x, EXTRACT(DAY FROM '2020-01-02') AS y FROM other AS ${source}`,
        `CREATE VIEW d_join AS SELECT ${source}.id AS x, t.amount FROM other AS ${source} JOIN ${source} AS t ON t.id = ${source}.id WHERE ${source}.id IN (SELECT ${source}.id FROM ${source})`,
        `CREATE VIEW e_far AS SELECT ${source}.id AS x, n.n FROM other AS ${source}, information_schema.TABLES AS i, (SELECT 1 AS n) AS n WHERE i.TABLE_NAME = ''`
          .replace(', (SELECT 1 AS n) AS n', '')
          .replace(', n.n', ''),
      ]);
      const { missing } = await restore(sealed);
      assert.deepEqual(missing, []);
      for (const view of ['a_table', 'b_alias', 'c_function', 'd_join', 'e_far']) {
        await server().query(`SELECT * FROM ${view}`, target);
        const [shown] = await server().query(`SHOW CREATE VIEW ${target}.${view}`);
        const far = shown!['Create View']!.includes(`\`${target}\``);
        assert.doesNotMatch(shown!['Create View']!, far ? new RegExp(`\`${source}\`\\.\`\\w+\`\\.`) : /^$/);
      }
    });

    it('O2: makes views in the order of their need, whatever they mention, and broken ones as broken', async () => {
      const sealed = await make([
        'CREATE TABLE l (id INT PRIMARY KEY, amount INT)',
        'CREATE VIEW balance AS SELECT id, amount AS total FROM l',
        'CREATE VIEW total AS SELECT SUM(total) AS s FROM balance',
        'CREATE VIEW z_base AS SELECT id, amount AS a_report FROM l',
        'CREATE VIEW a_report AS SELECT SUM(a_report) AS s FROM z_base',
        'CREATE TABLE gone (id INT)',
        'CREATE VIEW a_broken AS SELECT * FROM gone',
        'CREATE VIEW a_over_broken AS SELECT id FROM a_broken',
        'CREATE VIEW z_over_broken AS SELECT id FROM a_over_broken',
        'CREATE TABLE `..dot` (id INT)',
        'CREATE VIEW c_over_dots AS SELECT id FROM `..dot`',
        'DROP TABLE `..dot`',
        "CREATE DEFINER='left_us'@'10.1.%' SQL SECURITY INVOKER VIEW b_invoker AS SELECT id FROM l",
        'CREATE VIEW b_nodefiner AS SELECT id FROM l',
        'CREATE VIEW a_over_nodefiner AS SELECT id FROM b_nodefiner',
        "ALTER DEFINER='left_us'@'10.1.%' SQL SECURITY DEFINER VIEW b_nodefiner AS SELECT id FROM l",
        'DROP TABLE gone',
      ]);
      const report = await restore(sealed);
      assert.deepEqual(report.missing, []);
      assert.deepEqual(await differences(), []);
      assert.deepEqual((await tablesThere()).includes('gone'), false);
    });

    it('leaves out of a copy of some tables the views and triggers that use others, by name', async () => {
      const statements = [
        'CREATE TABLE patient (id INT PRIMARY KEY, total INT)',
        'CREATE TABLE audit (total INT)',
        'CREATE VIEW names AS SELECT id AS audit FROM patient',
        'CREATE VIEW trail AS SELECT total FROM audit',
        'CREATE VIEW over_trail AS SELECT total FROM trail',
        'CREATE TRIGGER on_audit BEFORE INSERT ON audit FOR EACH ROW SET NEW.total = 1',
        'CREATE TRIGGER patient_ai AFTER INSERT ON patient FOR EACH ROW INSERT INTO audit VALUES (NEW.total)',
        'CREATE TRIGGER patient_bi BEFORE INSERT ON patient FOR EACH ROW SET NEW.total = 2',
        'CREATE PROCEDURE clear_up() DELETE FROM audit',
      ];
      const sealed = await make(statements, { selection: readTablesOption('patient') });
      const archive = await sealed.open();
      const leftOut = archive.manifest.leftOut.filter(
        ({ kind: what }) => what !== 'table' && what !== 'users',
      );
      assert.deepEqual(leftOut.map(({ kind: what, name }) => `${what} ${name}`).sort(), [
        'trigger on_audit',
        'trigger patient_ai',
        'view over_trail',
        'view trail',
      ]);
      assert.ok(leftOut.every(({ reason }) => /not in this archive$/.test(reason)));
      assert.deepEqual((await restore(sealed)).missing, []);
      await server().query('INSERT INTO patient VALUES (1, 1)', target);
      // A choice of tables from an archive that holds all.
      const whole = await make(statements);
      const report = await restore(whole, { tables: ['patient'], objects: true });
      assert.deepEqual(report.missing, []);
      assert.equal(report.notes.filter(({ code }) => code === 'left-out').length, 4);
      await server().query('SELECT * FROM names', target);
    });

    it('O12: brings back events whose time is over, at rest, and says so', async () => {
      // A server that runs events drops the one that is due, at the source already.
      const [before] = await server().query('SELECT @@global.event_scheduler AS word');
      await server().query('SET GLOBAL event_scheduler = OFF');
      const sealed = await make([
        'CREATE TABLE l (id INT)',
        'CREATE EVENT ev_once ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND DO INSERT INTO l VALUES (1)',
        "CREATE EVENT ev_ends ON SCHEDULE EVERY 1 HOUR STARTS '2020-01-01' ENDS CURRENT_TIMESTAMP + INTERVAL 1 SECOND DO INSERT INTO l VALUES (2)",
        "CREATE EVENT ev_keep ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO INSERT INTO l VALUES (3)",
        'CREATE EVENT ev_preserve ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND ON COMPLETION PRESERVE DO INSERT INTO l VALUES (4)',
      ]);
      await new Promise((resolve) => setTimeout(resolve, 2100));
      for (const way of ['archive', 'stream']) {
        await server().query(`DROP DATABASE IF EXISTS ${target}`);
        const report =
          way === 'archive'
            ? await restore(sealed)
            : await restoreDatabase(dumpDatabase(address(source)), address(target));
        assert.deepEqual(report.missing, []);
        assert.equal(report.objects.length, 4);
        const found = await server().query(
          `SELECT EVENT_NAME AS name, STATUS AS status FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '${target}' ORDER BY 1`,
        );
        assert.deepEqual(
          found.map(({ name, status }) => `${name} ${status}`),
          ['ev_ends DISABLED', 'ev_keep ENABLED', 'ev_once DISABLED', 'ev_preserve DISABLED'],
        );
        const told = report.notes.filter(({ code }) => code === 'event-over').map(({ message }) => message);
        assert.equal(told.length, 3);
      }
      await server().query(`SET GLOBAL event_scheduler = ${before!['word'] === 'ON' ? 'ON' : 'OFF'}`);
    });

    it('lists what it cannot make, has the rest in place, and tries just that when it is asked again', async () => {
      const sealed = await make([
        'SET GLOBAL log_bin_trust_function_creators = 1',
        'CREATE TABLE l (id INT PRIMARY KEY)',
        'INSERT INTO l VALUES (1), (2)',
        'CREATE FUNCTION anything() RETURNS INT NOT DETERMINISTIC RETURN RAND()',
        'CREATE VIEW over_it AS SELECT anything() AS x FROM l',
        'CREATE VIEW good AS SELECT id FROM l',
      ]);
      await server().query('SET GLOBAL log_bin_trust_function_creators = 0');
      const first = await restore(sealed);
      assert.deepEqual(
        first.missing.map(({ kind: what, name, errno }) => `${what} ${name}: ${errno}`),
        ['function anything: 1418', 'view over_it: 1305'],
      );
      assert.match(first.missing[0]!.message, /DETERMINISTIC/);
      assert.deepEqual(first.objects, [{ kind: 'view', name: 'good' }]);
      await server().query('INSERT INTO l VALUES (3)', target);
      // Nothing has changed: it is missing still.
      assert.equal((await restore(sealed)).missing.length, 2);
      await server().query('SET GLOBAL log_bin_trust_function_creators = 1');
      const again = await restore(sealed);
      assert.deepEqual(again.missing, []);
      assert.deepEqual(again.tables, []);
      assert.equal(again.objects.length, 2);
      assert.deepEqual(await tablesThere(), ['good', 'l', 'over_it']);
      const [row] = await server().query('SELECT COUNT(*) AS n FROM over_it', target);
      assert.equal(row?.['n'], '3');
      await assert.rejects(restore(sealed), (error) => isBackupError(error, 'target-refused'));
    });

    it('has all other tables when one cannot be made, lists it, and makes it when it can', async () => {
      const sealed = await make([
        'CREATE TABLE a (id INT PRIMARY KEY)',
        'INSERT INTO a VALUES (1)',
        'CREATE TABLE b (id INT PRIMARY KEY) ENGINE=InnoDB',
        'INSERT INTO b VALUES (1), (2)',
        'CREATE VIEW v AS SELECT id FROM a',
        'CREATE VIEW w AS SELECT id FROM b',
        'CREATE VIEW over_w AS SELECT id FROM w',
        'CREATE TRIGGER on_a BEFORE INSERT ON a FOR EACH ROW INSERT INTO b VALUES (NEW.id)',
        'CREATE TRIGGER on_b BEFORE INSERT ON b FOR EACH ROW SET @seen = NEW.id',
        'CREATE TABLE c (id INT PRIMARY KEY, b INT, KEY (b), CONSTRAINT to_b FOREIGN KEY (b) REFERENCES b (id)) ENGINE=InnoDB',
        'INSERT INTO c VALUES (1, 2)',
      ]);
      const archive = await sealed.open();
      const forged = {
        ...archive,
        table: async (name: string) => {
          const table = await archive.table(name);
          return name === 'b'
            ? { ...table, createStatement: table.createStatement.replace('int', 'inet99') }
            : table;
        },
      };
      const first = await restoreDatabase(forged, address(target));
      assert.equal(first.outcome, 'partial');
      const told = first.missing.map(({ kind: what, name, errno }) => `${what} ${name} ${errno}`);
      assert.match(told[0]!, /^table b (?:1064|4161)$/);
      const needing = ['foreign-key to_b 0', 'trigger on_a 0', 'trigger on_b 0', 'view over_w 0', 'view w 0'];
      assert.deepEqual(told.slice(1).sort(), needing);
      assert.deepEqual(first.tables.map(({ name }) => name).sort(), ['a', 'c']);
      // The target is finished, and people may work in it.
      await server().query(['INSERT INTO a VALUES (7)', 'SELECT * FROM v'], target);
      assert.equal((await planRestore(archive, address(target))).state, 'filled');
      // Nothing has changed: the same is missing still.
      const second = await restoreDatabase(forged, address(target));
      assert.deepEqual(
        second.missing.map(({ name }) => name).sort(),
        first.missing.map(({ name }) => name).sort(),
      );
      assert.deepEqual(second.tables, []);
      await server().query('DELETE FROM a WHERE id = 7', target);
      const report = await restore(sealed);
      assert.equal(report.outcome, 'complete');
      assert.deepEqual(report.tables, [{ name: 'b', rows: 2 }]);
      assert.deepEqual(await differences(), []);
    });

    it("goes on where it stopped among tables that were missing, and touches nobody else's table of that name", async () => {
      const sealed = await make([
        'CREATE TABLE a (id INT PRIMARY KEY)',
        'INSERT INTO a VALUES (1)',
        'CREATE TABLE b (id INT PRIMARY KEY, t CHAR(250)) ENGINE=InnoDB',
        rows('b', 2000, (i) => `${i}, REPEAT('x', 240)`),
      ]);
      const archive = await sealed.open();
      const forged = {
        ...archive,
        table: async (name: string) => {
          const table = await archive.table(name);
          return name === 'b'
            ? { ...table, createStatement: table.createStatement.replace('int', 'inet99') }
            : table;
        },
      };
      await restoreDatabase(forged, address(target));
      await server().query(['INSERT INTO a VALUES (2)', 'CREATE TABLE b (mine INT)'], target);
      const refused = await restore(sealed);
      assert.match(refused.missing[0]!.message, /^A table of this name is there/);
      assert.deepEqual(await server().query('SELECT mine FROM b', target), []);
      await server().query('DROP TABLE b', target);
      const stop = new AbortController();
      const stopped = restore(sealed, {
        signal: stop.signal,
        onProgress: ({ rows: done }) => {
          if (done > 0) stop.abort(new Error('stopped'));
        },
      });
      await assert.rejects(stopped, /stopped/);
      assert.equal((await planRestore(archive, address(target))).state, 'unfinished');
      const report = await restore(sealed);
      assert.equal(report.outcome, 'complete');
      assert.deepEqual(report.tables, [{ name: 'b', rows: 2000 }]);
      const [row] = await server().query('SELECT COUNT(*) AS n FROM a', target);
      assert.equal(row?.['n'], '2');
      assert.deepEqual(await tablesThere(), ['a', 'b']);
    });

    for (const method of ['insert', 'load-data'] as const) {
      it(`has all other tables when the rows of one are refused, by ${method}, and takes them when they are not`, async () => {
        const sealed = await make([
          'CREATE TABLE a (id INT PRIMARY KEY)',
          'INSERT INTO a VALUES (1)',
          'CREATE TABLE b (id INT PRIMARY KEY, same INT, a INT, KEY (a), CONSTRAINT to_a FOREIGN KEY (a) REFERENCES a (id)) ENGINE=InnoDB',
          'INSERT INTO b VALUES (1, 7, 1), (2, 7, 1)',
          'CREATE VIEW v AS SELECT id FROM a',
          'CREATE VIEW w AS SELECT id FROM b',
        ]);
        const archive = await sealed.open();
        const strict = {
          ...archive,
          table: async (name: string) => {
            const table = await archive.table(name);
            const createStatement = table.createStatement.replace(
              'KEY `a`',
              'UNIQUE KEY `one` (`same`), KEY `a`',
            );
            return name === 'b' ? { ...table, createStatement } : table;
          },
        };
        const first = await restoreDatabase(strict, address(target), { method });
        assert.equal(first.outcome, 'partial');
        assert.deepEqual(
          first.missing.map(({ kind: what, name }) => `${what} ${name}`),
          ['table b', 'view w'],
        );
        assert.match(missingSentence(first.missing[0]!), /Missing: table "b": .*(?:1062|1 of 2 rows)/);
        assert.doesNotMatch(JSON.stringify(first.missing), /foreign key|'7'/);
        await server().query('SELECT * FROM v', target);
        const again = await restore(sealed);
        assert.deepEqual(again.missing, []);
        assert.deepEqual(again.tables, [{ name: 'b', rows: 2 }]);
        assert.match(JSON.stringify(again.notes), /Only what was missing was tried again/);
        assert.deepEqual(await differences(), []);
      });
    }

    it('keeps the rows of a table when a key of it cannot be made, and lists the key', async () => {
      const sealed = await make([
        'CREATE TABLE a (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL, other INT, KEY other (other)) ENGINE=InnoDB',
        "INSERT INTO a VALUES (1, 'Sample', 1), (2, 'Sample', 2)",
      ]);
      const archive = await sealed.open();
      const withKey = (key: string) => ({
        ...archive,
        table: async (name: string) => {
          const table = await archive.table(name);
          return {
            ...table,
            createStatement: table.createStatement.replace('KEY `other`', `${key},\n  KEY \`other\``),
          };
        },
      });
      const report = await restoreDatabase(withKey('KEY `nowhere` (`gone`)'), address(target));
      assert.deepEqual(
        report.missing.map(({ kind: what, name, table, errno }) => [what, name, table, errno]),
        [['key', 'nowhere', 'a', 1072]],
      );
      const keys = await server().query('SHOW INDEX FROM a', target);
      assert.deepEqual(
        keys.map((row) => row['Key_name']),
        ['PRIMARY', 'other'],
      );
      assert.equal((await server().query('SELECT * FROM a', target)).length, 2);
    });

    it('C11: keeps definitions as they are where tables share a file, and the words of checks', async () => {
      const sealed = await make([
        'CREATE TABLE parent (id INT PRIMARY KEY, code VARCHAR(20) NOT NULL, UNIQUE KEY code (code)) ENGINE=InnoDB',
        "CREATE TABLE child (id INT PRIMARY KEY, t VARCHAR(9) CHARACTER SET big5, n INT, code VARCHAR(20), KEY code (code), CONSTRAINT some CHECK (t <> 'x' AND n > -(100)), CONSTRAINT to_code FOREIGN KEY (code) REFERENCES parent (code)) ENGINE=InnoDB",
        rows('parent', 2500, (i) => `${i}, 'c${i}'`),
        "INSERT INTO child VALUES (1, 'y', 2, 'c7')",
      ]);
      await server()
        .query('SET GLOBAL innodb_file_per_table = 0')
        .catch(() => undefined);
      try {
        await restore(sealed);
      } finally {
        await server()
          .query('SET GLOBAL innodb_file_per_table = 1')
          .catch(() => undefined);
      }
      for (const table of ['parent', 'child']) {
        const [before] = await server().query(`SHOW CREATE TABLE ${source}.${table}`);
        const [after] = await server().query(`SHOW CREATE TABLE ${target}.${table}`);
        assert.equal(after!['Create Table'], before!['Create Table']);
      }
    });

    it('C11: makes tables whose files would stand beside those of the living ones elsewhere, and says so', async (context) => {
      if (kind === 'env') return context.skip('needs the files of the server');
      const directory = await mkdtemp(join(tmpdir(), 'places-'));
      try {
        const sealed = await make([
          `CREATE TABLE placed (id INT PRIMARY KEY, v INT, KEY v (v)) ENGINE=MyISAM DATA DIRECTORY='${directory}' INDEX DIRECTORY='${directory}'`,
          'INSERT INTO placed VALUES (1, 1)',
        ]);
        const [made] = await server().query(`SHOW CREATE TABLE ${source}.placed`);
        if (!made!['Create Table']!.includes('DIRECTORY'))
          return context.skip('the server heeds no such places');
        const { notes, missing } = await restore(sealed);
        assert.deepEqual(missing, []);
        assert.deepEqual(
          notes.map(({ code }) => code),
          ['adapted'],
        );
        assert.match(notes[0]!.message, /"placed".*disk paths/);
        assert.equal((await server().query('SELECT * FROM placed', target)).length, 1);
        await server().query(`DROP DATABASE ${source}`);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });

    it('brings back the rows of a table whose file has an old name, under its usual one', async (context) => {
      const { directory } = server();
      if (directory === undefined) return context.skip('needs the files of the server');
      await make(['CREATE TABLE a_b (id INT PRIMARY KEY) ENGINE=MyISAM', 'INSERT INTO a_b VALUES (1), (2)']);
      const [row] = await server().query(['FLUSH TABLES', 'SELECT @@datadir AS directory']);
      const files = join(row!['directory']!, source);
      const old = (await readdir(files)).filter((name) => name.startsWith('a_b.'));
      if (old.length < 3) return context.skip('the server keeps no definitions in files');
      for (const name of old) await copyFile(join(files, name), join(files, name.replace('a_b', 'a-b')));
      const { notes, missing } = await restore(await seal(address(source)));
      assert.deepEqual(missing, []);
      // Some servers still take such a name; the others do not, and say what it is called now.
      const renamed = notes.some(({ message }) => /"#mysql50#a-b" is made as "a-b"/.test(message));
      const name = renamed ? 'a-b' : '#mysql50#a-b';
      assert.equal((await server().query(`SELECT * FROM \`${name}\``, target)).length, 2);
    });

    it('C10: fills ARCHIVE tables that count, from an archive and a stream, and they count on', async (context) => {
      const engines = await server().query('SHOW ENGINES');
      const usable = engines.some((row) => row['Engine'] === 'ARCHIVE' && row['Support'] !== 'NO');
      if (!usable) return context.skip('the server has no ARCHIVE engine');
      const counted = 'id INT NOT NULL AUTO_INCREMENT, v INT';
      const sealed = await make([
        `CREATE TABLE ar (${counted}, PRIMARY KEY (id)) ENGINE=ARCHIVE`,
        'INSERT INTO ar (v) VALUES (1), (2), (3)',
        'INSERT INTO ar VALUES (100, 4)',
        `CREATE TABLE ar_empty (${counted}, PRIMARY KEY (id)) ENGINE=ARCHIVE AUTO_INCREMENT=50`,
        `CREATE TABLE ar_key (${counted}, KEY (id)) ENGINE=ARCHIVE`,
        'INSERT INTO ar_key (v) VALUES (1), (2), (3)',
        'INSERT INTO ar_key VALUES (2, 7)',
      ]);
      await restore(sealed);
      assert.deepEqual(await differences(), []);
      await server().query(`DROP DATABASE ${target}`);
      await restoreDatabase(dumpDatabase(address(source)), address(target), { method: 'insert' });
      assert.deepEqual(await differences(), []);
    });

    it('fills MEMORY tables beyond the limit of new sessions', async () => {
      const sealed = await make([
        'SET max_heap_table_size = 67108864',
        'CREATE TABLE big (id INT PRIMARY KEY, filler CHAR(200)) ENGINE=MEMORY',
        ...Array.from({ length: 4 }, (_, part) =>
          rows('big', 2000, (i) => `${part * 2000 + i}, REPEAT('x', 200)`),
        ),
      ]);
      const [before] = await server().query('SELECT @@global.max_heap_table_size AS bytes');
      await server().query('SET GLOBAL max_heap_table_size = 1048576');
      try {
        await restore(sealed);
        assert.deepEqual(await differences(), []);
      } finally {
        await server().query(`SET GLOBAL max_heap_table_size = ${before!['bytes']}`);
      }
    });

    it('C3: makes a unique key of a table that keeps old versions, also where changes are to be instant', async (context) => {
      if (!isMariadb()) return context.skip('MariaDB only');
      const sealed = await make([
        'CREATE TABLE kept (id INT PRIMARY KEY, code INT NOT NULL, UNIQUE KEY code (code)) ENGINE=InnoDB WITH SYSTEM VERSIONING',
        'CREATE TABLE child (id INT PRIMARY KEY, code INT, KEY code (code), CONSTRAINT cv FOREIGN KEY (code) REFERENCES kept (code)) ENGINE=InnoDB WITH SYSTEM VERSIONING',
        'CREATE TABLE plain (id INT PRIMARY KEY, code INT NOT NULL, UNIQUE KEY code (code)) ENGINE=InnoDB',
        rows('kept', 2500, (i) => `${i}, ${i}`),
        rows('child', 2500, (i) => `${i}, ${i}`),
        rows('plain', 2500, (i) => `${i}, ${i}`),
      ]);
      const [before] = await server().query('SELECT @@global.alter_algorithm AS word');
      await server().query("SET GLOBAL alter_algorithm = 'INSTANT'");
      try {
        const { missing } = await restore(sealed);
        assert.deepEqual(missing, []);
        assert.deepEqual(await differences(), []);
      } finally {
        await server().query(`SET GLOBAL alter_algorithm = '${before!['word']}'`);
      }
    });

    it('lists an event in a time zone that the target does not know', async (context) => {
      const [zone] = await server().query("SELECT CONVERT_TZ('2020-01-01', 'Europe/Berlin', 'UTC') AS there");
      if (zone?.['there'] !== null) return context.skip('the server knows the zone');
      const sealed = await make([
        'CREATE TABLE l (id INT)',
        "CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO INSERT INTO l VALUES (3)",
        "CREATE EVENT other ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO INSERT INTO l VALUES (3)",
      ]);
      const archive = await sealed.open();
      const elsewhere = {
        ...archive,
        objects: async () =>
          (await archive.objects()).map((object) =>
            object.name === 'ev' ? { ...object, timeZone: 'Europe/Berlin' } : object,
          ),
      };
      const { missing, objects } = await restoreDatabase(elsewhere, address(target));
      assert.deepEqual(
        missing.map(({ name, errno }) => [name, errno]),
        [['ev', 1298]],
      );
      assert.match(missing[0]!.message, /Europe\/Berlin/);
      assert.deepEqual(objects, [{ kind: 'event', name: 'other' }]);
    });

    it('S9: leaves no session behind, wherever it is stopped', async () => {
      const sealed = await make(
        Array.from({ length: 4 }, (_, i) => `CREATE TABLE t${i} (id INT PRIMARY KEY) ENGINE=InnoDB`),
      );
      const begun = performance.now();
      await restore(sealed);
      const whole = performance.now() - begun;
      for (let i = 0; i < 12; i++) {
        await server().query(`DROP DATABASE IF EXISTS ${target}`);
        const stop = new AbortController();
        const timer = setTimeout(() => stop.abort(new Error('enough')), (whole * i) / 12);
        await restore(sealed, { signal: stop.signal }).catch(() => undefined);
        clearTimeout(timer);
        let left: readonly unknown[] = [];
        for (let wait = 0; wait < 40; wait++) {
          left = (await server().query('SHOW PROCESSLIST')).filter(({ db }) => db === target);
          if (left.length === 0) break;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        assert.deepEqual(left, []);
      }
    });
  },
  { args: ['--log-bin=bin', '--server-id=1', '--binlog-format=ROW'] },
);
