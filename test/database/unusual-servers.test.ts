import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { DatabaseAddress } from '../../src/database/address.js';
import { openConnection } from '../../src/database/connection.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import type { Part } from '../../src/model/parts.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { type DatabaseFingerprint, takeFingerprint } from '../../src/recovery/compare/side.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { rehearseRestore } from '../../src/recovery/rehearse/rehearse-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { seal, sealParts } from '../recovery/seal.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';

const kinds = ['mysql-5.6', 'mariadb'] as const;

function at(server: TestServer, database: string): DatabaseAddress {
  return { ...server.address, database };
}

/**
 * A small practice: both engines, a key between tables, and an object of every kind that speaks of a table.
 */
async function makePractice(server: TestServer, database: string, engine = 'InnoDB'): Promise<void> {
  await server.query([
    `CREATE DATABASE ${database} DEFAULT CHARACTER SET utf8`,
    `USE ${database}`,
    "CREATE TABLE Patient (PatNum BIGINT PRIMARY KEY, LName VARCHAR(100) NOT NULL DEFAULT '') ENGINE=MyISAM",
    "INSERT INTO Patient VALUES (1, 'Ängström'), (2, '')",
    `CREATE TABLE Provider (ProvNum INT PRIMARY KEY) ENGINE=${engine}`,
    'INSERT INTO Provider VALUES (7)',
    'CREATE TABLE Visit (VisitNum INT PRIMARY KEY, ProvNum INT, Note TEXT,' +
      ` CONSTRAINT visit_provider FOREIGN KEY (ProvNum) REFERENCES Provider (ProvNum)) ENGINE=${engine}`,
    "INSERT INTO Visit VALUES (1, 7, 'x'), (2, NULL, REPEAT('y', 5000))",
    'CREATE VIEW Names AS SELECT p.LName FROM Patient p',
    'CREATE TRIGGER BeforeVisit BEFORE INSERT ON Visit FOR EACH ROW SET NEW.Note = NEW.Note',
    'CREATE FUNCTION Twice(x INT) RETURNS INT DETERMINISTIC RETURN 2 * x',
  ]);
}

async function makeEvent(server: TestServer, database: string): Promise<void> {
  await server.query(
    "CREATE EVENT Nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DISABLE DO DELETE FROM Patient WHERE 1 = 0",
    database,
  );
}

describeOnEachServer(
  'a server that does not tell the case of names apart, as on Windows',
  (server) => {
    it('C14: backs up under whatever letters the database was asked for', async () => {
      await makePractice(server(), 'OpenDental');
      await makeEvent(server(), 'OpenDental');
      for (const name of ['opendental', 'OpenDental', 'OPENDENTAL']) {
        const { manifest } = await (await seal(at(server(), name))).open();
        assert.deepEqual(
          manifest.tables.map((table) => [table.name, table.rows]),
          [
            ['patient', 2],
            ['provider', 1],
            ['visit', 2],
          ],
        );
      }
    });

    it('C14: restores under such a name, refuses to do so twice, and replaces when told to', async () => {
      const archive = await (await seal(at(server(), 'OpenDental'))).open();
      const target = at(server(), 'Recovered');
      assert.equal((await restoreDatabase(archive, target)).database, 'recovered');
      assert.equal((await planRestore(archive, target)).state, 'filled');
      await assert.rejects(restoreDatabase(archive, target), { code: 'target-refused' });
      await restoreDatabase(archive, target, { replace: true });
      const { equal, tables, objects } = await compareDatabases(at(server(), 'OPENDENTAL'), target);
      assert.deepEqual([equal, tables.length, objects], [true, 3, 4]);
    });

    it('C14: takes up an interrupted restore', async () => {
      const archive = await (await seal(at(server(), 'OpenDental'))).open();
      const target = at(server(), 'Interrupted');
      await assert.rejects(
        restoreDatabase(archive, target, {
          onProgress: ({ phase }) => {
            if (phase === 'objects') throw new Error('stop');
          },
        }),
        { message: 'stop' },
      );
      assert.equal((await planRestore(archive, target)).state, 'unfinished');
      const { notes } = await restoreDatabase(archive, target);
      assert.ok(notes.some(({ code }) => code === 'resumed'));
    });

    it('C14: does not replace a database that somebody works in under other letters', async () => {
      const archive = await (await seal(at(server(), 'OpenDental'))).open();
      const colleague = await openConnection(at(server(), 'Recovered'));
      try {
        await assert.rejects(restoreDatabase(archive, at(server(), 'RECOVERED'), { replace: true }), {
          code: 'target-refused',
          message: /in use/,
        });
      } finally {
        await colleague.close();
      }
    });

    it('C14: sees a difference whatever letters the names have', async () => {
      await server().query("UPDATE Patient SET LName = 'Other' WHERE PatNum = 2", 'Recovered');
      const { equal, differences } = await compareDatabases(
        at(server(), 'OpenDental'),
        at(server(), 'RECOVERED'),
      );
      assert.equal(equal, false);
      assert.deepEqual(
        differences.map(({ name, aspect }) => [name, aspect]),
        [['patient', 'content']],
      );
    });

    it('C14: compares tables that are asked for in other letters', async () => {
      const { tables } = await compareDatabases(at(server(), 'OpenDental'), at(server(), 'Interrupted'), {
        tables: ['Patient'],
      });
      assert.deepEqual(
        tables.map((table) => [table.equal, table.left?.rows]),
        [[true, 2]],
      );
    });

    it('C14: finds the tables of an archive under its own letters in a rehearsal', async () => {
      const archive = await (await seal(at(server(), 'OpenDental'))).open();
      const certificate = await rehearseRestore(archive, server().address, { scratchName: 'Rehearsal' });
      assert.deepEqual(certificate.differences, []);
      const there = await server().query("SHOW DATABASES LIKE 'rehearsal'");
      assert.equal(there.length, 0);
    });
  },
  { kinds, args: ['--lower-case-table-names=1'] },
);

describeOnEachServer(
  'a server without InnoDB and without accounts, whose transactions only read',
  (server) => {
    it('F11: backs up, restores and compares what it has', async () => {
      await makePractice(server(), 'practice', 'MyISAM');
      const archive = await (await seal(at(server(), 'practice'))).open();
      assert.deepEqual(archive.manifest.consistency, { kind: 'consistent', by: 'lock' });
      assert.deepEqual(archive.manifest.warnings, []);
      assert.equal((await planRestore(archive, at(server(), 'copy'))).possible, true);
      const { tables, objects } = await restoreDatabase(archive, at(server(), 'copy'), { definers: 'strip' });
      assert.deepEqual([tables.length, objects.length], [3, 3]);
      const { differences } = await compareDatabases(at(server(), 'practice'), at(server(), 'copy'));
      assert.deepEqual(differences, []);
    });
  },
  {
    kinds,
    args: [
      '--skip-grant-tables',
      '--skip-innodb',
      '--default-storage-engine=MyISAM',
      '--default-tmp-storage-engine=MyISAM',
      '--transaction-read-only=1',
    ],
  },
);

describeOnEachServer(
  'a server in trouble',
  (server, kind) => {
    let usual: DatabaseFingerprint | undefined;

    before(async () => {
      await makePractice(server(), 'practice');
      await makeEvent(server(), 'practice');
      await server().query(
        ['CREATE TABLE notes (id INT) ENGINE=MyISAM', 'CREATE TABLE list (id INT) ENGINE=InnoDB'],
        'practice',
      );
    });

    it('F10: is copied whole in the last of its rescue modes, in which it takes no copy', async () => {
      usual = await takeFingerprint(at(server(), 'practice'));
      await server().restart(['--innodb-force-recovery=6']);
      const archive = await (await seal(at(server(), 'practice'))).open();
      assert.deepEqual(archive.manifest.consistency, { kind: 'consistent', by: 'lock-and-snapshot' });
      const target = at(server(), 'copy');
      const { possible, obstacles } = await planRestore(archive, target);
      assert.ok(!possible && obstacles.some(({ code }) => code === 'read-only'));
      await assert.rejects(restoreDatabase(archive, target), {
        code: 'target-refused',
        message: /innodb_force_recovery/,
      });
      await server().restart(['--skip-grant-tables']);
      await restoreDatabase(archive, target, { objects: false });
    });

    it('O12: names the events that a server without accounts does not show, and compares nothing with them', async () => {
      const { manifest } = await (await seal(at(server(), 'practice'))).open();
      const left = manifest.leftOut.filter((each) => each.kind === 'event').map(({ name }) => name);
      // MySQL shows them all the same.
      assert.deepEqual(left, kind === 'mariadb' ? ['Nightly'] : []);
      assert.equal(
        manifest.warnings.some(({ code }) => code === 'events-unseen'),
        kind === 'mariadb',
      );
      const source = at(server(), 'practice');
      if (kind === 'mariadb') {
        await assert.rejects(takeFingerprint(source), { message: /cannot show its events/ });
      } else {
        assert.ok((await takeFingerprint(source)).definitions.objects.has('event Nightly'));
      }
    });

    it('F10, C14: does not take a table for damaged whose engine is switched off, or whose name it does not look for', async () => {
      await server().restart([
        '--skip-innodb',
        '--default-storage-engine=MyISAM',
        '--default-tmp-storage-engine=MyISAM',
        '--lower-case-table-names=1',
      ]);
      await assert.rejects(seal(at(server(), 'practice')), {
        code: 'database-query-failed',
        message: /capital letters|storage engine does not run/,
      });
      const { manifest } = await (
        await seal(at(server(), 'practice'), { damagedTables: 'leave-out' })
      ).open();
      assert.deepEqual(
        manifest.tables.map(({ name }) => name),
        ['notes'],
      );
      const reasons = new Map(manifest.leftOut.map(({ name, reason }) => [name, reason]));
      assert.match(reasons.get('Patient') ?? '', /^out of reach: its file name has capital letters/);
      assert.match(reasons.get('list') ?? '', /^out of reach: its storage engine/);
    });

    it("O9: copies all rows where the server's own lists are missing, and says what is not there", async () => {
      await server().restart(['--init-connect=SELECT * FROM no.such']);
      // The copy that was made in rescue mode.
      assert.deepEqual((await takeFingerprint(at(server(), 'copy'))).contents, usual?.contents);
      await server().query(['DROP TABLE mysql.proc', 'DROP TABLE mysql.event']);
      const archive = await (await seal(at(server(), 'practice'))).open();
      assert.deepEqual(archive.manifest.leftOut.map((each) => each.kind).sort(), [
        'event',
        'function',
        'procedure',
        'users',
      ]);
      const { tables, objects } = await restoreDatabase(archive, at(server(), 'without_routines'));
      assert.deepEqual([tables.length, objects.length], [5, 2]);
      await assert.rejects(takeFingerprint(at(server(), 'practice')), {
        message: /cannot show its routines \(the server answered ER_NO_SUCH_TABLE, 1146\)/,
      });
    });

    it('F11: says that init_connect fails, not just a number', async () => {
      await server().query([
        "CREATE USER 'office'@'127.0.0.1'",
        "GRANT SELECT ON practice.* TO 'office'@'127.0.0.1'",
      ]);
      await assert.rejects(seal({ ...at(server(), 'practice'), user: 'office' }), {
        code: 'database-unreachable',
        message: /init_connect/,
      });
    });
  },
  { kinds, args: ['--skip-symbolic-links'] },
);

describeOnEachServer(
  'a database with a table named like the mark of an unfinished restore',
  (server) => {
    it('R1: leaves the mark of an unfinished restore out of a copy, and says so', async () => {
      await server().query([
        'CREATE DATABASE unfinished',
        "CREATE TABLE unfinished.supplemental_backup_restore (number INT NOT NULL PRIMARY KEY, rows_loaded BIGINT NOT NULL) ENGINE=InnoDB COMMENT 'Restore in progress: abc:def'",
        'CREATE TABLE unfinished.patient (PatNum INT) ENGINE=InnoDB',
        'INSERT INTO unfinished.patient VALUES (1)',
      ]);
      const archive = await (await seal(at(server(), 'unfinished'))).open();
      const { tables, leftOut, warnings } = archive.manifest;
      assert.deepEqual(
        tables.map(({ name }) => name),
        ['patient'],
      );
      assert.ok(leftOut.some(({ name }) => name === 'supplemental_backup_restore'));
      assert.ok(warnings.some(({ code }) => code === 'restore-unfinished'));
      await restoreDatabase(archive, at(server(), 'finished'));
      assert.equal((await planRestore(archive, at(server(), 'finished'))).state, 'filled');
    });

    it('R1: leaves the list of what is missing out of a copy, by name', async () => {
      await server().query([
        'CREATE DATABASE lacking',
        'CREATE TABLE lacking.supplemental_backup_missing (number INT NOT NULL PRIMARY KEY, kind VARCHAR(20) NOT NULL,' +
          ' name VARCHAR(200) NOT NULL, table_name VARCHAR(64), errno INT NOT NULL, message TEXT NOT NULL)' +
          " DEFAULT CHARSET=utf8mb4 COMMENT 'Not restored: abc:def'",
        'CREATE TABLE lacking.patient (PatNum INT) ENGINE=InnoDB',
      ]);
      const { tables, leftOut } = (await (await seal(at(server(), 'lacking'))).open()).manifest;
      assert.deepEqual(
        tables.map(({ name }) => name),
        ['patient'],
      );
      const left = leftOut.find(({ name }) => name === 'supplemental_backup_missing');
      assert.match(left?.reason ?? '', /lists what a restore could not make/);
    });

    it('R1: does not take a mark that an older archive holds for one of its own', async () => {
      await server().query([
        'CREATE DATABASE older',
        'CREATE TABLE older.patient (PatNum INT) ENGINE=InnoDB',
        'INSERT INTO older.patient VALUES (1)',
        "CREATE TABLE older.supplemental_backup_restore (number INT NOT NULL PRIMARY KEY, rows_loaded BIGINT NOT NULL) ENGINE=InnoDB COMMENT 'Other'",
      ]);
      const parts = async function* (): AsyncGenerator<Part> {
        for await (const part of dumpDatabase(at(server(), 'older'))) {
          if (part.kind !== 'table') yield part;
          else {
            const createStatement = part.table.createStatement.replace(
              "'Other'",
              "'Restore in progress: abc:def'",
            );
            yield { ...part, table: { ...part.table, createStatement } };
          }
        }
      };
      const streamed = at(server(), 'older_stream');
      const { notes } = await restoreDatabase(parts(), streamed);
      assert.ok(
        notes.some(({ code, message }) => code === 'left-out' && /supplemental_backup_restore/.test(message)),
      );
      const archive = await (await sealParts(parts(), 'older')).open();
      const target = at(server(), 'older_copy');
      const report = await restoreDatabase(archive, target);
      assert.ok(report.notes.some(({ code }) => code === 'left-out'));
      assert.deepEqual(
        report.tables.map(({ name }) => name),
        ['patient'],
      );
      for (const each of [target, streamed]) assert.equal((await planRestore(archive, each)).state, 'filled');
    });

    it('R1: restores a table of the practice with that name, also when interrupted', async () => {
      await server().query([
        'CREATE DATABASE namesake',
        "CREATE TABLE namesake.supplemental_backup_restore (id INT PRIMARY KEY, x TEXT) ENGINE=MyISAM COMMENT 'ours'",
        "INSERT INTO namesake.supplemental_backup_restore VALUES (1, 'kept'), (2, NULL)",
      ]);
      const source = at(server(), 'namesake');
      const archive = await (await seal(source)).open();
      const target = at(server(), 'namesake_copy');
      const onProgress = ({ phase }: { readonly phase: string }): void => {
        if (phase === 'objects') throw new Error('stop');
      };
      await assert.rejects(restoreDatabase(archive, target, { onProgress }), { message: 'stop' });
      assert.equal((await planRestore(archive, target)).state, 'unfinished');
      await restoreDatabase(archive, target);
      assert.equal((await compareDatabases(source, target)).equal, true);
      const streamed = at(server(), 'namesake_stream');
      await restoreDatabase(dumpDatabase(source), streamed);
      assert.equal((await compareDatabases(source, streamed)).equal, true);
      assert.equal((await planRestore(archive, streamed)).state, 'filled');
    });
  },
  { kinds },
);

describe('an archive of a server that tells case apart on one that does not', () => {
  describeOnEachServer(
    'from Linux',
    (linux, kind) => {
      describeOnEachServer(
        'to Windows',
        (windows) => {
          it('C14: restores and compares as the same, names aside', async () => {
            await makePractice(linux(), 'Case_Apart');
            await makeEvent(linux(), 'Case_Apart');
            const original = await takeFingerprint(at(linux(), 'Case_Apart'));
            const archive = await (await seal(at(linux(), 'Case_Apart'))).open();
            await restoreDatabase(archive, at(windows(), 'From_Linux'));
            const comparison = await compareDatabases(original, at(windows(), 'From_Linux'));
            assert.deepEqual(comparison.differences, []);
            assert.deepEqual([comparison.tables.length, comparison.objects], [3, 4]);
            const certificate = await rehearseRestore(archive, windows().address);
            assert.deepEqual(certificate.differences, []);
            assert.ok(certificate.tables.every(({ hash }) => hash !== ''));
          });
        },
        { kinds: [kind], args: ['--lower-case-table-names=1'] },
      );
    },
    { kinds },
  );
});
