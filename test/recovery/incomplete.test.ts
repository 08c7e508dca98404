import assert from 'node:assert/strict';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { before, it, test } from 'node:test';
import { rangesOfBytes } from '../../src/bytes.js';
import { moveOpenEnds } from '../../src/recovery/load/open-ends.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { verifyArchive } from '../../src/recovery/verify/verify-archive.js';
import { describeOnEachServer } from '../support/servers.js';
import { type Sealed, seal } from './seal.js';

const source = 'incomplete_source';
const target = 'incomplete_target';

describeOnEachServer(
  'R1, F9: a copy with a table that was damaged',
  (server) => {
    const address = (database: string) => ({ ...server().address, database });
    let sealed: Sealed;

    before(async () => {
      await server().query([
        `CREATE DATABASE ${source}`,
        `CREATE TABLE ${source}.whole (id INT) ENGINE=MyISAM`,
        `INSERT INTO ${source}.whole VALUES (1), (2)`,
        `CREATE TABLE ${source}.hurt (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(200)) ENGINE=MyISAM`,
        `INSERT INTO ${source}.hurt (v) VALUES (REPEAT('a', 90))`,
        ...Array.from({ length: 10 }, () => `INSERT INTO ${source}.hurt (v) SELECT v FROM ${source}.hurt`),
        'FLUSH TABLES',
      ]);
      const [row] = await server().query('SELECT @@datadir AS datadir');
      await truncate(join(row!['datadir']!, source, 'hurt.MYD'), 40_000);
      sealed = await seal(address(source), { damagedTables: 'leave-out' });
    });

    it('is whole as an archive, and verified as holding an incomplete table', async () => {
      const { identities, bytes } = sealed;
      const found = await verifyArchive(rangesOfBytes(bytes), { identities });
      assert.deepEqual(found.incompleteTables, ['hurt']);
      assert.equal(found.tables, 2);
    });

    it('is planned and restored with the table by name', async () => {
      const archive = await sealed.open();
      const plan = await planRestore(archive, address(target));
      const told = plan.obstacles.filter(({ code }) => code === 'table-incomplete');
      assert.deepEqual(
        told.map(({ severity }) => severity),
        ['changes'],
      );
      assert.match(told[0]!.message, /"hurt".* not complete/);
      const report = await restoreDatabase(archive, address(target));
      assert.ok(
        report.notes.some(({ code, message }) => code === 'table-incomplete' && /"hurt"/.test(message)),
      );
      const [row] = await server().query('SELECT COUNT(*) AS n, MIN(v) AS v FROM hurt', target);
      const held = archive.manifest.tables.find(({ name }) => name === 'hurt')!;
      assert.equal(Number(row?.['n']), held.rows);
      assert.ok(held.rows > 0);
      assert.equal(row?.['v'], 'a'.repeat(90));
      // Other tables of the same archive are not spoken of.
      await server().query(`DROP DATABASE ${target}`);
      const other = await restoreDatabase(archive, address(target), { tables: ['whole'] });
      assert.ok(!other.notes.some(({ code }) => code === 'table-incomplete'));
    });
  },
  { kinds: ['mysql-5.6', 'mariadb'], args: ['--myisam-recover-options=OFF'] },
);

test('C3: a row that is current on one server is current on a server whose time ends elsewhere', () => {
  const old = [0xf6, 0x07, 1, 19, 3, 14, 7, 0x3f, 0x42, 0x0f, 0];
  const newer = [0x3a, 0x08, 2, 7, 6, 28, 15, 0x3f, 0x42, 0x0f, 0];
  const past = [0xf6, 0x07, 1, 19, 3, 14, 6, 0x3f, 0x42, 0x0f, 0];
  const data = Uint8Array.from([...old, ...past, ...newer]);
  const ends = { kind: 'variable' as const, nulls: null, lengths: Uint32Array.of(11, 11, 11), data };
  moveOpenEnds({ rows: 3, columns: [ends] }, 0, Uint8Array.from(newer));
  assert.deepEqual([...data], [...newer, ...past, ...newer]);
});
