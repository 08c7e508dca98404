import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isBackupError } from '../../src/errors.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { startServer, type TestServer, whyMissing } from '../support/servers.js';
import { buildTorture } from '../torture/index.js';
import { type Sealed, seal } from './seal.js';

const missing = whyMissing('mysql-5.6') ?? whyMissing('mariadb');

// What MariaDB cannot be made to hold; everything else must be there as it was.
const known: ReadonlySet<string> = new Set([
  // It has no such engine, and InnoDB stands in.
  'c10_archive: definition',
  'c10_blackhole: definition',
  // It turns every negative zero into zero (V5).
  'v05_negative_zero: content',
  // MySQL 5.6 shows this view in a mixture of character sets; MariaDB shows it right (O3).
  'o03_options: definition',
]);

describe('a backup of MySQL 5.6 restored into MariaDB', { skip: missing ?? false }, () => {
  let from: TestServer;
  let to: TestServer;
  let sealed: Sealed;
  const source = 'across';
  const target = 'across_here';

  before(async () => {
    [from, to] = await Promise.all([startServer('mysql-5.6'), startServer('mariadb')]);
    await buildTorture(from.address, source);
    sealed = await seal({ ...from.address, database: source });
  });
  after(async () => {
    await Promise.all([from?.stop(), to?.stop()]);
  });

  it('C10, C15: is refused with every obstacle by name, and nothing was made', async () => {
    const archive = await sealed.open();
    const plan = await planRestore(archive, { ...to.address, database: target });
    const blocking = plan.obstacles.filter(({ severity }) => severity === 'blocks');
    assert.ok(blocking.some(({ code, message }) => code === 'unknown-engine' && /c10_archive/.test(message)));
    await assert.rejects(restoreDatabase(archive, { ...to.address, database: target }), (error) => {
      assert.ok(isBackupError(error, 'target-refused'));
      assert.equal((error.details['obstacles'] as readonly string[]).length, blocking.length);
      return true;
    });
    const databases = await to.query('SHOW DATABASES');
    assert.ok(!databases.some((row) => Object.values(row)[0] === target));
  });

  it('comes back the same but for what MariaDB cannot hold, and every change is told', async () => {
    const report = await restoreDatabase(
      await sealed.open(),
      { ...to.address, database: target },
      { adapt: true },
    );
    assert.ok(report.notes.some(({ code, message }) => code === 'adapted' && /c10_archive/.test(message)));
    const { differences } = await compareDatabases(
      { ...from.address, database: source },
      { ...to.address, database: target },
    );
    const unknown = differences.filter(({ name, aspect }) => !known.has(`${name}: ${aspect}`));
    assert.deepEqual(unknown, []);
  });

  it('C5: bytes as default of an empty table are the same on both, and told when they are not', async () => {
    const make = (bytes: string): string =>
      `CREATE TABLE empty.t (id INT PRIMARY KEY, c VARBINARY(9) NOT NULL DEFAULT x'${bytes}') ENGINE=InnoDB`;
    for (const server of [from, to]) {
      await server.query([
        'CREATE DATABASE empty CHARACTER SET latin1 COLLATE latin1_swedish_ci',
        make('FFFE27'),
      ]);
    }
    const sides = [from, to].map(({ address }) => ({ ...address, database: 'empty' }));
    assert.deepEqual((await compareDatabases(sides[0]!, sides[1]!)).differences, []);
    await to.query(["ALTER TABLE empty.t MODIFY c VARBINARY(9) NOT NULL DEFAULT x'FFFF27'"]);
    const { differences } = await compareDatabases(sides[0]!, sides[1]!);
    assert.deepEqual(
      differences.map(({ name, aspect }) => `${name}: ${aspect}`),
      ['t: definition'],
    );
  });
});
