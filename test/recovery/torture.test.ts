import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openConnection } from '../../src/database/connection.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import type { RestoreOptions } from '../../src/recovery/restore/options.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer } from '../support/servers.js';
import { buildTorture, type TortureCase } from '../torture/index.js';
import { type Sealed, seal } from './seal.js';

const source = 'round trip';

describeOnEachServer('what was copied and restored', (server) => {
  const address = (database: string) => ({ ...server().address, database });
  let cases: readonly TortureCase[] = [];
  let sealed: Sealed;

  before(async () => {
    cases = await buildTorture(server().address, source);
    sealed = await seal(address(source));
  });

  const answers = async (database: string): Promise<readonly string[]> => {
    const connection = await openConnection(address(database));
    try {
      const all: string[] = [];
      for (const { id, name, probe } of cases) {
        const rows = await connection.query(probe).catch((error: unknown) => [String(error)]);
        const answer = JSON.stringify(rows)
          .replaceAll(database, 'database')
          // How often a sequence began anew is known to its server alone, and changes nothing.
          .replace(/"cycle_count":"\d+"/, '');
        all.push(`${id} ${name}: ${answer}`);
      }
      return all;
    } finally {
      await connection.close();
    }
  };

  const ways: readonly (readonly [title: string, options: RestoreOptions])[] = [
    ['by LOAD DATA', { method: 'load-data' }],
    ['by INSERT', { method: 'insert' }],
  ];
  for (const [title, options] of ways) {
    describe(title, () => {
      const target = `restored ${title}`;
      after(() => server().query(`DROP DATABASE IF EXISTS \`${target}\``));

      it('answers every question of the catalogue as before', async () => {
        await restoreDatabase(await sealed.open(), address(target), options);
        const before = await answers(source);
        const now = await answers(target);
        assert.deepEqual(
          before.map((answer, i) => (answer === now[i] ? '' : `${answer} became ${now[i]}`)).filter(Boolean),
          [],
        );
      });

      it('is equal by the comparer of databases', async () => {
        const { differences } = await compareDatabases(address(source), address(target));
        assert.deepEqual(differences, []);
      });
    });
  }

  it('is equal when it came as a stream', async () => {
    await restoreDatabase(dumpDatabase(address(source)), address('restored stream'));
    const { differences } = await compareDatabases(address(source), address('restored stream'));
    assert.deepEqual(differences, []);
  });
});
