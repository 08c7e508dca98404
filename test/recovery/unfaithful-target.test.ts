import assert from 'node:assert/strict';
import { before, beforeEach, it } from 'node:test';
import type { Part } from '../../src/archive/model.js';
import { openConnection } from '../../src/database/connection.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { isBackupError } from '../../src/errors.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer, startServer } from '../support/servers.js';
import { seal } from './seal.js';

const source = 'faithful_source';
// One for each test: what a failed restore leaves on the server ends in its own time.
let targets = 0;
let target = '';

/** A dump whose tables are made otherwise than they were: what a target does that has other ideas of a type. */
async function* madeOtherwise(parts: AsyncIterable<Part>, from: string, to: string): AsyncGenerator<Part> {
  for await (const part of parts) {
    if (part.kind !== 'table') yield part;
    else {
      const createStatement = part.table.createStatement.replace(from, to);
      assert.notEqual(createStatement, part.table.createStatement);
      yield { ...part, table: { ...part.table, createStatement } };
    }
  }
}

describeOnEachServer('a target that would not hold what it is given', (server, kind) => {
  const address = (database: string) => ({ ...server().address, database });

  beforeEach(() => {
    targets += 1;
    target = `faithful_target_${targets}`;
  });

  before(() =>
    server().query([
      `CREATE DATABASE ${source} CHARACTER SET utf8`,
      `CREATE TABLE ${source}.patient (PatNum BIGINT NOT NULL PRIMARY KEY, LName VARCHAR(100), Fee INT) ENGINE=MyISAM`,
      `INSERT INTO ${source}.patient VALUES (1, 'Sample', 70000), (2, NULL, 2)`,
      `CREATE DEFINER = 'nobody'@'nowhere' VIEW ${source}.names AS SELECT LName FROM ${source}.patient`,
    ]),
  );

  for (const method of ['load-data', 'insert'] as const) {
    for (const [what, from, to] of [
      ['a text is cut', 'varchar(100)', 'varchar(2)'],
      ['a number is too large', /`Fee` int(\(11\))?/, '`Fee` smallint'],
      ['NULL is none', /`LName` varchar\(100\)[^,]*/, '`LName` varchar(100) NOT NULL'],
    ] as [string, string, string][]) {
      it(`is not taken at its word when ${what}, by ${method}`, async () => {
        const parts = madeOtherwise(dumpDatabase(address(source)), from, to);
        await assert.rejects(restoreDatabase(parts, address(target), { method }), (error) => {
          assert.ok(isBackupError(error, 'restore-changed-data'), String(error));
          assert.match(error.message, /table "patient"/);
          assert.doesNotMatch(error.message, /Sample|70000/);
          return true;
        });
      });
    }
  }

  it('F16: is not replaced while somebody works in it', async () => {
    await server().query([`CREATE DATABASE ${target}`, `CREATE TABLE ${target}.precious (id INT)`]);
    const atWork = await openConnection(address(target));
    const replace = () => restoreDatabase(dumpDatabase(address(source)), address(target), { replace: true });
    try {
      await assert.rejects(
        replace(),
        (error) => isBackupError(error, 'target-refused') && /is in use/.test(error.message),
      );
      await atWork.query('SELECT * FROM precious');
    } finally {
      await atWork.close();
    }
    const { tables } = await replace();
    assert.equal(tables.length, 1);
  });

  it('gets views that act for whoever restores, when the users of old are not to be kept', async () => {
    const definers: Record<string, string | null | undefined> = {};
    for (const wish of ['keep', 'strip'] as const) {
      const into = `${target}_${wish}`;
      await restoreDatabase(dumpDatabase(address(source)), address(into), { definers: wish });
      const [view] = await server().query(
        `SELECT DEFINER AS definer FROM information_schema.VIEWS WHERE TABLE_SCHEMA = '${into}'`,
      );
      definers[wish] = view?.['definer'];
    }
    assert.equal(definers['keep'], 'nobody@nowhere');
    assert.match(definers['strip'] ?? '', new RegExp(`^${server().address.user}@`));
  });

  it('is refused when two tables would be one there, before anything is made', async (context) => {
    if (kind === 'env') return context.skip('needs a server of another setting');
    if (kind === 'mysql' && Number.parseInt(server().version, 10) >= 8) {
      return context.skip('the server takes that setting only when its files are made');
    }
    await server().query([
      'CREATE DATABASE faithful_case',
      'CREATE TABLE faithful_case.Note (id INT)',
      'CREATE TABLE faithful_case.note (id INT)',
    ]);
    const archive = await (await seal(address('faithful_case'))).open();
    const other = await startServer(kind, { args: ['--lower-case-table-names=1'] });
    try {
      const elsewhere = { ...other.address, database: target };
      const { obstacles } = await planRestore(archive, elsewhere);
      assert.ok(obstacles.some(({ severity, code }) => severity === 'blocks' && code === 'names-collide'));
      await assert.rejects(
        restoreDatabase(archive, elsewhere),
        (error) => isBackupError(error, 'target-refused') && /"Note" and "note"/.test(error.message),
      );
      const databases = await other.query('SHOW DATABASES');
      assert.ok(!databases.some((row) => Object.values(row).includes(target)));
    } finally {
      await other.stop();
    }
  });
});
