import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import type { ArchiveReader } from '../../src/archive/open-archive.js';
import { readTablesOption } from '../../src/cli/tables-option.js';
import { rehearseRestore } from '../../src/recovery/rehearse/rehearse-restore.js';
import { describeOnEachServer } from '../support/servers.js';
import { type Sealed, seal } from './seal.js';

const source = 'rehearsed_source';

describeOnEachServer('what a rehearsal takes for a difference', (server) => {
  const original = () => ({ ...server().address, database: source });
  let sealed: Sealed;

  const rehearse = (archive: ArchiveReader, against: boolean) =>
    rehearseRestore(archive, server().address, against ? { against: original() } : {});

  before(async () => {
    await server().query([
      `CREATE DATABASE ${source} CHARACTER SET utf8`,
      `USE ${source}`,
      'CREATE TABLE patient (PatNum BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=InnoDB',
      'INSERT INTO patient VALUES (1, 1), (2, 1)',
      'CREATE TABLE signalod (SignalNum INT PRIMARY KEY) ENGINE=InnoDB',
      'INSERT INTO signalod VALUES (1), (2)',
      'CREATE VIEW v AS SELECT v FROM patient',
      "CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM signalod",
    ]);
    sealed = await seal(original());
  });

  it('is not a table without rows that came without, nor what was left out', async () => {
    const critical = await seal(original(), { selection: readTablesOption('critical') });
    for (const against of [true, false]) {
      const certificate = await rehearse(await critical.open(), against);
      assert.deepEqual(certificate.differences, []);
    }
  });

  it('is not a number that moved on since then, nor an event at rest', async () => {
    await server().query(
      ['INSERT INTO patient (v) VALUES (3), (4)', 'DELETE FROM patient WHERE v > 2'],
      source,
    );
    for (const against of [true, false]) {
      assert.deepEqual((await rehearse(await sealed.open(), against)).differences, []);
    }
  });

  it('is an event that is lost, also where the original is gone', async () => {
    const archive = await sealed.open();
    // The restore sees none of it; whoever looks at the archive again does.
    let asked = 0;
    const forgetful: ArchiveReader = {
      ...archive,
      objects: async (options) =>
        (await archive.objects(options)).filter(({ kind }) => kind !== 'event' || asked++ > 0),
    };
    for (const against of [true, false]) {
      asked = 0;
      const { equal, differences } = await rehearse(forgetful, against);
      assert.equal(equal, false);
      assert.deepEqual(
        differences.map(({ kind, name, aspect }) => `${kind} ${name} ${aspect}`),
        ['event tidy missing-right'],
      );
    }
  });

  it('is an event that does something else', async () => {
    await server().query('ALTER EVENT tidy DO DELETE FROM patient', source);
    const { differences } = await rehearse(await sealed.open(), true);
    assert.deepEqual(
      differences.map(({ kind, name, aspect }) => `${kind} ${name} ${aspect}`),
      ['event tidy definition'],
    );
    await server().query('ALTER EVENT tidy DO DELETE FROM signalod', source);
  });

  it('is a table that cannot be made, with the words of the server', async () => {
    const archive = await sealed.open();
    const forged: ArchiveReader = {
      ...archive,
      table: async (name, options) => {
        const table = await archive.table(name, options);
        return name === 'signalod'
          ? { ...table, createStatement: table.createStatement.replace('int', 'inet99') }
          : table;
      },
    };
    const { equal, differences } = await rehearse(forged, false);
    assert.equal(equal, false);
    assert.deepEqual(
      differences.map(({ name, aspect }) => `${name} ${aspect}`),
      ['signalod missing-right'],
    );
    assert.match(differences[0]!.message, /inet99/);
    const left = await server().query("SHOW DATABASES LIKE 'supplemental\\_%'");
    assert.deepEqual(left, []);
  });
});
