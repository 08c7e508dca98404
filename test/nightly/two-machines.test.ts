import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { listBackups } from '../../src/history/list-backups.js';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import { claimPruning } from '../../src/nightly/run/pruning-claim.js';
import { runSupplementalBackup } from '../../src/nightly/run/run-supplemental-backup.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { NumberedPractice } from '../history/practice.js';
import { anyKind, describeOnEachServer, type TestServer } from '../support/servers.js';
import { type NightBench, setUpNight } from './support/night.js';
import { buildSmallPractice } from './support/small-practice.js';

const kinds = [anyKind('mysql-5.6')];

function twoMachines(server: () => TestServer): void {
  const database = 'two_machines';
  let bench: NightBench;
  before(async () => {
    await buildSmallPractice(server(), database);
    bench = await setUpNight(
      { ...server().address, database },
      { keys: { store: createMemoryEnrollments() } },
    );
  });
  after(() => bench.remove());

  it('with one store leave a copy of every night that is kept, and none that the other reported tonight is gone', async () => {
    const policy = { daily: 'P3D', weekly: 'P1M' };
    const machine = (name: string): Promise<BackupReport> =>
      runSupplementalBackup(
        {
          ...bench.plan,
          spool: join(bench.folder, name),
          hq: { storage: bench.hq, retry: 'none', retention: policy },
        },
        { destinations: ['hq'], scheduled: true },
      );
    // The key pair is there before two want to make one.
    await machine('A');
    for (let day = 16; day <= 23; day++) {
      bench.setClock(`2026-07-${day}T05:00:00Z`);
      const both = await Promise.all([machine('A'), machine('B')]);
      const keys = (await listBackups(bench.hq)).map(({ key }) => key);
      for (const { destinations } of both) assert.ok(keys.includes(destinations[0]!.copy!.key));
    }
    const nights = new Set((await listBackups(bench.hq)).map(({ key }) => key.split('/')[1]));
    for (const night of ['2026-07-19', '2026-07-20', '2026-07-21', '2026-07-22'])
      assert.ok(nights.has(night), night);
    assert.ok((await listBackups(bench.hq)).length < 17, 'the copies of earlier nights are cleaned up');
    const keys: string[] = [];
    for await (const { key } of bench.hq.list('4711/')) keys.push(key);
    // A note goes with its archive.
    for (const key of keys)
      assert.ok(key.endsWith('.tar.age') || keys.includes(key.replace(/\.note$/, '.tar.age')), key);
  });

  it('cannot both have the claim of a night, and the one that has it has it again after a restart', async () => {
    const store = createMemoryStorage();
    const { signal } = new AbortController();
    const claim = (machine: string) =>
      claimPruning({ store, practiceId: '4711', night: '2026-07-14', machine, signal });
    const [a, b] = await Promise.all([claim('a'), claim('b')]);
    assert.deepEqual([a.isOurs, b.isOurs], [true, false]);
    assert.equal((await claim('a')).isOurs, true);
    await b.release();
    assert.equal((await claim('b')).isOurs, false);
    await a.release();
    assert.equal((await claim('b')).isOurs, true);
  });
}

it('two machines of one practice never both remove copies of the other where the store cannot refuse a second claim', async () => {
  const inner = createMemoryStorage();
  let looked = 0;
  const store: StorageAdapter = {
    ...inner,
    capabilities: { ...inner.capabilities, atomicIfAbsent: false },
    // As two that look at the same moment, and of which one writes only after the other has read its claim.
    async put(key, source, { ifAbsent: _, ...options } = {}) {
      looked += 1;
      if (looked === 2) while (!isFirstDone) await nextTurn();
      return inner.put(key, source, options);
    },
  };
  let isFirstDone = false;
  const { signal } = new AbortController();
  const claims = ['a', 'b'].map((machine) =>
    claimPruning({ store, practiceId: '4711', night: '2026-07-14', machine, signal }).finally(() => {
      isFirstDone = true;
    }),
  );
  const having = (await Promise.all(claims)).filter(({ isOurs }) => isOurs);
  assert.ok(having.length < 2);
});

it('one machine alone removes its older copies also where the store cannot refuse a second object', async () => {
  const practice = await NumberedPractice.open();
  try {
    const { local } = practice;
    const storage = { ...local, capabilities: { ...local.capabilities, atomicIfAbsent: false } };
    practice.more = { hq: undefined, local: { storage, retry: 'none', retention: { daily: 'P2D' } } };
    await practice.nights(5);
    assert.equal((await listBackups(local)).length, 3);
  } finally {
    await practice.close();
  }
});

describeOnEachServer('two machines of one practice', twoMachines, { kinds });
