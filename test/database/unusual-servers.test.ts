import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DatabaseAddress } from '../../src/database/address.js';
import { openConnection } from '../../src/database/connection.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { takeFingerprint } from '../../src/recovery/compare/side.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { rehearseRestore } from '../../src/recovery/rehearse/rehearse-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { seal } from '../recovery/seal.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';

const kinds = ['mysql-5.6', 'mariadb'] as const;

function at(server: TestServer, database: string): DatabaseAddress {
  return { ...server.address, database };
}

/** A small practice: both engines, a key between tables, and an object of every kind that speaks of a table. */
async function makePractice(server: TestServer, database: string): Promise<void> {
  await server.query([
    `CREATE DATABASE ${database} DEFAULT CHARACTER SET utf8`,
    `USE ${database}`,
    "CREATE TABLE Patient (PatNum BIGINT PRIMARY KEY, LName VARCHAR(100) NOT NULL DEFAULT '') ENGINE=MyISAM",
    "INSERT INTO Patient VALUES (1, 'Ängström'), (2, '')",
    'CREATE TABLE Provider (ProvNum INT PRIMARY KEY) ENGINE=InnoDB',
    'INSERT INTO Provider VALUES (7)',
    'CREATE TABLE Visit (VisitNum INT PRIMARY KEY, ProvNum INT, Note TEXT,' +
      ' CONSTRAINT visit_provider FOREIGN KEY (ProvNum) REFERENCES Provider (ProvNum)) ENGINE=InnoDB',
    "INSERT INTO Visit VALUES (1, 7, 'x'), (2, NULL, REPEAT('y', 5000))",
    'CREATE VIEW Names AS SELECT p.LName FROM Patient p',
    'CREATE TRIGGER BeforeVisit BEFORE INSERT ON Visit FOR EACH ROW SET NEW.Note = NEW.Note',
    'CREATE FUNCTION Twice(x INT) RETURNS INT DETERMINISTIC RETURN 2 * x',
    "CREATE EVENT Nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DISABLE DO DELETE FROM Patient WHERE 1 = 0",
  ]);
}

describeOnEachServer(
  'a server that does not tell the case of names apart, as on Windows',
  (server) => {
    it('C14: backs up under whatever letters the database was asked for', async () => {
      await makePractice(server(), 'OpenDental');
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

describe('an archive of a server that tells case apart on one that does not', () => {
  describeOnEachServer(
    'from Linux',
    (linux, kind) => {
      describeOnEachServer(
        'to Windows',
        (windows) => {
          it('C14: restores and compares as the same, names aside', async () => {
            await makePractice(linux(), 'Case_Apart');
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
