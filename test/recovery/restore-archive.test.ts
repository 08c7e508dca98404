import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { isBackupError } from '../../src/errors.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer } from '../support/servers.js';
import { hazards } from './hazards.js';
import { type Sealed, seal } from './seal.js';

const source = 'archive_source';
const target = 'archive_target';

describeOnEachServer('restoreDatabase from an archive read at any place', (server) => {
  const address = (database: string) => ({ ...server().address, database });
  let sealed: Sealed;

  before(async () => {
    await server().query([
      `DROP DATABASE IF EXISTS ${source}`,
      `CREATE DATABASE ${source} CHARACTER SET utf8`,
      `USE ${source}`,
      'SET SESSION foreign_key_checks = 0',
      ...hazards(server()),
    ]);
    sealed = await seal(address(source));
  });

  it('brings everything back, several tables at a time', async () => {
    const seen: number[] = [];
    const report = await restoreDatabase(await sealed.open(), address(target), {
      onProgress: ({ tablesDone, totalTables }) => seen.push(tablesDone / totalTables!),
    });
    const { differences } = await compareDatabases(address(source), address(target));
    assert.deepEqual(differences, []);
    assert.ok(report.tables.length > 20);
    assert.equal(seen.at(-1), 1);
  });

  it('restores chosen tables alone, beside the others, and no trigger', async () => {
    const report = await restoreDatabase(await sealed.open(), address('archive_piece'), {
      tables: ['c7_nokey', 'v10_dates'],
    });
    assert.deepEqual(
      report.tables.map(({ name }) => name),
      ['c7_nokey', 'v10_dates'],
    );
    const { equal, objects } = await compareDatabases(address(source), address('archive_piece'), {
      tables: ['c7_nokey', 'v10_dates'],
    });
    assert.deepEqual([equal, objects], [true, 0]);
    await server().query('DROP DATABASE archive_piece');
  });

  it('takes up an interrupted restore of the same archive where it stopped', async () => {
    await server().query(`DROP DATABASE ${target}`);
    for (const stopAt of [3, 9, 15, 20]) {
      const stop = new AbortController();
      const reason = new Error('stopped');
      await assert.rejects(
        restoreDatabase(await sealed.open(), address(target), {
          signal: stop.signal,
          onProgress: ({ tablesDone }) => {
            if (tablesDone >= stopAt) stop.abort(reason);
          },
        }),
        (error) => error === reason,
      );
    }
    const report = await restoreDatabase(await sealed.open(), address(target));
    assert.deepEqual(
      report.notes.map(({ code }) => code),
      ['resumed'],
    );
    const { differences } = await compareDatabases(address(source), address(target));
    assert.deepEqual(differences, []);
  });

  it('does not take up what another archive left behind', async () => {
    await server().query(`DROP DATABASE ${target}`);
    await assert.rejects(
      restoreDatabase(await sealed.open(), address(target), {
        onProgress: ({ phase }) => {
          if (phase === 'objects') throw new Error('stopped');
        },
      }),
      /stopped/,
    );
    const other = await seal(address(source));
    await assert.rejects(restoreDatabase(await other.open(), address(target)), (error) =>
      isBackupError(error, 'target-refused'),
    );
    await restoreDatabase(await other.open(), address(target), { replace: true });
    assert.equal((await compareDatabases(address(source), address(target))).equal, true);
  });
});
