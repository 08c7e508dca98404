import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CatalogTable } from '../../src/catalog/model.js';
import { balancedRuns, planLocks } from '../../src/dump/lock-sets.js';

function table(name: string, dataBytes: number, engine: 'InnoDB' | 'MyISAM' = 'MyISAM'): CatalogTable {
  return {
    name,
    engine,
    transactional: engine === 'InnoDB',
    rowsEstimate: 1,
    dataBytes,
    indexBytes: 0,
    versioned: false,
    columns: [],
    primaryKey: [],
  };
}

const megabyte = 2 ** 20;

describe('who locks what', () => {
  const tables = [
    table('zebra', 4 * megabyte),
    table('apple', 4 * megabyte),
    table('Éclair', megabyte),
    table('Mango', 3 * megabyte),
    table('inno_b', 10 * megabyte, 'InnoDB'),
    table('inno_a', 10 * megabyte, 'InnoDB'),
  ];
  const plan = {
    connections: 2,
    lockBriefly: ['inno_b', 'inno_a'],
    lockWhileReading: ['zebra', 'apple', 'Éclair', 'Mango'],
  };

  it('K3: gives each session a run of the names by their bytes, as servers take the locks of a statement', () => {
    const { gate, sets } = planLocks(plan, tables, 1);
    assert.deepEqual(gate?.lock, ['inno_a', 'inno_b']);
    assert.deepEqual(
      sets.map(({ lock }) => lock),
      [
        ['Mango', 'apple'],
        ['zebra', 'Éclair'],
      ],
    );
    for (const { lock, read } of sets) assert.deepEqual(read, lock);
  });

  it('K3: asks in one session for each kind when it was not granted, and then in one for all', () => {
    const second = planLocks(plan, tables, 2);
    assert.deepEqual(second.gate?.lock, ['inno_a', 'inno_b']);
    assert.deepEqual(
      second.sets.map(({ lock }) => lock),
      [['Mango', 'apple', 'zebra', 'Éclair']],
    );
    const third = planLocks(plan, tables, 3);
    assert.equal(third.gate, undefined);
    assert.deepEqual(
      third.sets.map(({ lock }) => lock),
      [['Mango', 'apple', 'inno_a', 'inno_b', 'zebra', 'Éclair']],
    );
    assert.deepEqual([...third.sets[0]!.read].sort(), [...plan.lockWhileReading].sort());
  });

  it('K4: says which sessions have open transactions to wait for', () => {
    const of = (attempt: number) => {
      const { gate, sets } = planLocks(plan, tables, attempt);
      return [gate?.transactional, ...sets.map((set) => set.transactional)];
    };
    assert.deepEqual(of(1), [true, false, false]);
    assert.deepEqual(of(3), [undefined, true]);
  });

  it('K1: locks nothing but the gate where all tables have snapshots, at every attempt', () => {
    for (const attempt of [1, 2, 3]) {
      const { gate, sets } = planLocks({ ...plan, lockWhileReading: [] }, tables, attempt);
      assert.deepEqual([gate?.lock, sets], [['inno_a', 'inno_b'], []]);
    }
  });

  it('K5: has nothing to lock where nothing is wanted', () => {
    const none = planLocks({ connections: 2, lockBriefly: [], lockWhileReading: [] }, tables, 1);
    assert.deepEqual(none, { gate: undefined, sets: [] });
  });
});

describe('runs that are read at the same time', () => {
  const weights = (...list: readonly number[]) => list.map((weight) => ({ weight }));

  it('are few and end together', () => {
    assert.deepEqual(balancedRuns(weights(1, 1, 1, 1), 2), [weights(1, 1), weights(1, 1)]);
    assert.equal(balancedRuns(weights(5, 1, 1, 1), 1).length, 1);
    // A heavy one in the middle would leave one reader with two thirds.
    const runs = balancedRuns(weights(30, 1, 30, 1, 30, 1), 2);
    assert.ok(runs.length > 2 && runs.length <= 6, `${runs.length} runs`);
  });

  it('hold everything once, in its order, however it is weighed', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed;
    };
    for (let round = 0; round < 200; round++) {
      const items = weights(...Array.from({ length: 1 + (random() % 60) }, () => 1 + (random() % 1000) ** 2));
      const readers = 1 + (random() % 4);
      const runs = balancedRuns(items, readers);
      assert.deepEqual(runs.flat(), items);
      assert.ok(runs.every((run) => run.length > 0));
      assert.ok(runs.length <= 3 * readers);
    }
  });
});
