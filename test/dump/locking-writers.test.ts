import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { openConnection } from '../../src/database/connection.js';
import { type DumpOptions, dumpDatabase } from '../../src/dump/dump-database.js';
import { insideOf, openSnapshot, type Snapshot } from '../../src/dump/snapshot.js';
import { isBackupError } from '../../src/errors.js';
import type { DumpSummary } from '../../src/model/parts.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';

const database = 'locking_writers';
const money = ['aa_account', 'aa_ledger', 'zz_account', 'zz_ledger'];

/** The sum of the column of every table, as far as the dump holds it. */
async function dumpOf(
  source: Parameters<typeof dumpDatabase>[0],
  options: DumpOptions = {},
): Promise<{ readonly rows: ReadonlyMap<string, number>; readonly summary: DumpSummary }> {
  let summary: DumpSummary | undefined;
  for await (const part of dumpDatabase(source, options)) if (part.kind === 'summary') summary = part.summary;
  return { rows: new Map(summary!.tables.map(({ name, rows }) => [name, rows])), summary: summary! };
}

describeOnEachServer(
  'a dump beside programs that lock tables',
  (server, kind) => {
    const address = () => ({ ...server().address, database });

    before(async () => {
      await server().query([
        `DROP DATABASE IF EXISTS ${database}`,
        `CREATE DATABASE ${database}`,
        `USE ${database}`,
        ...money.map(
          (name) => `CREATE TABLE ${name} (id INT PRIMARY KEY AUTO_INCREMENT, v BIGINT) ENGINE=MyISAM`,
        ),
        'CREATE TABLE mm_filler (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB) ENGINE=MyISAM',
        "INSERT INTO mm_filler (v) VALUES (REPEAT('x', 200000))",
        ...Array.from({ length: 5 }, () => 'INSERT INTO mm_filler (v) SELECT v FROM mm_filler'),
      ]);
    });

    /** Locks all accounts and ledgers, writes a row into each, and lets go, again and again. */
    async function writeUnderLocks(pauseMs: number, stop: AbortSignal): Promise<number> {
      const office = await openConnection(address());
      let longest = 0;
      while (!stop.aborted) {
        const begun = performance.now();
        await office.query(`LOCK TABLES ${money.map((name) => `${name} WRITE`).join(', ')}`);
        for (const name of money) await office.query(`INSERT INTO ${name} (v) VALUES (1)`);
        await office.query('UNLOCK TABLES');
        longest = Math.max(longest, performance.now() - begun);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      await office.close();
      return longest;
    }

    for (const [writers, pauseMs] of [
      [1, 0],
      [4, 8],
      [16, 50],
      [4, 300],
    ] as const) {
      it(`K3, K4: ends whole, and holds nobody up for long, with ${writers} of them and pauses of ${pauseMs} ms`, async () => {
        const stop = new AbortController();
        const writing = Array.from({ length: writers }, () => writeUnderLocks(pauseMs, stop.signal));
        try {
          for (let round = 0; round < 5; round++) {
            const { rows, summary } = await dumpOf(address());
            assert.deepEqual(summary.consistency, { kind: 'consistent', by: 'lock' });
            // A row in each table, or in none.
            const counts = money.map((name) => rows.get(name));
            assert.equal(new Set(counts).size, 1, `not of one moment: ${counts}`);
          }
        } finally {
          stop.abort();
        }
        const longest = Math.max(...(await Promise.all(writing)));
        assert.ok(longest < 5000, `somebody waited ${(longest / 1000).toFixed(1)} s`);
      });
    }

    it('K3, K4: beside 4 that lock again without a pause it ends whole or says that it got no locks, and holds nobody up', async () => {
      const stop = new AbortController();
      const writing = Array.from({ length: 4 }, () => writeUnderLocks(0, stop.signal));
      try {
        await dumpOf(address(), { timeouts: { grantSeconds: 1, pausesMs: [] } });
      } catch (error) {
        assert.ok(isBackupError(error, 'lock-not-granted'), String(error));
      } finally {
        stop.abort();
      }
      const longest = Math.max(...(await Promise.all(writing)));
      assert.ok(longest < 5000, `somebody waited ${(longest / 1000).toFixed(1)} s`);
    });

    /** Ends when the snapshot is lost. */
    function lost(snapshot: Snapshot): Promise<void> {
      return new Promise((resolve) => {
        if (snapshot.broken.aborted) resolve();
        else snapshot.broken.addEventListener('abort', () => resolve(), { once: true });
      });
    }

    /** The session that asks who waits: the one that is none of the snapshot's. */
    async function watchOf(snapshot: Snapshot, of: TestServer): Promise<number> {
      const ours = new Set([
        ...insideOf(snapshot).readers.map(({ id }) => id),
        ...insideOf(snapshot).lockedTables.map(({ session }) => session.id),
        insideOf(snapshot).schema.id,
      ]);
      const rows = await of.query('SHOW PROCESSLIST');
      const watch = rows.filter((row) => row['db'] === database && !ours.has(Number(row['Id'])));
      assert.equal(watch.length, 1);
      return Number(watch[0]!['Id']);
    }

    it('K3: locks are let go for somebody who waits, also in the middle of a table whose rows nobody takes', async () => {
      const snapshot = await openSnapshot(address(), { timeouts: { othersWaitSeconds: 1 } });
      const parts = dumpDatabase(snapshot, { partBytes: 1000 })[Symbol.asyncIterator]();
      await parts.next();
      await parts.next();
      const office = await openConnection(address());
      const begun = performance.now();
      await office.query('TRUNCATE TABLE aa_account');
      const waited = performance.now() - begun;
      assert.ok(waited < 6000, `${waited} ms`);
      await assert.rejects(
        async () => {
          while ((await parts.next()).done !== true);
        },
        (error) => isBackupError(error, 'lock-not-granted'),
      );
      await snapshot.close();
      await office.close();
    });

    it('K3: the session that watches may end, and another one watches on', async () => {
      const snapshot = await openSnapshot(address(), { timeouts: { othersWaitSeconds: 2 } });
      await server().query(`KILL ${await watchOf(snapshot, server())}`);
      // Longer than the limit: it was put off by looks through another session.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      assert.equal(snapshot.broken.aborted, false);
      const office = await openConnection(address());
      await office.query('INSERT INTO aa_account (v) VALUES (1)');
      assert.ok(snapshot.broken.aborted);
      await snapshot.close();
      await office.close();
    });

    if (kind !== 'mysql-5.6') return;
    it('K3: a server that does not say who waits any more is no reason to hold locks for longer', async () => {
      const snapshot = await openSnapshot(address(), { timeouts: { othersWaitSeconds: 2 } });
      const pid = server().pid()!;
      process.kill(pid, 'SIGSTOP');
      try {
        await lost(snapshot);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      assert.match(String(snapshot.broken.reason), /2 seconds after the server last said/);
      await snapshot.close();
    });
  },
  { kinds: ['mysql-5.6', 'mariadb', 'mysql'] },
);

describeOnEachServer(
  'a dump of transactions beside a server that grants locks without them',
  (server) => {
    const address = () => ({ ...server().address, database: 'open_changes' });
    const hurried = { grantSeconds: 1, pausesMs: [] };

    before(async () => {
      await server().query([
        'DROP DATABASE IF EXISTS open_changes',
        'CREATE DATABASE open_changes',
        'CREATE TABLE open_changes.a (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB',
        'CREATE TABLE open_changes.b (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB',
      ]);
    });

    it('K1, K4: a change that stays open is no reason for no copy where one session with a snapshot will do', async () => {
      const office = await openConnection(address());
      await office.query('START TRANSACTION');
      await office.query('INSERT INTO a VALUES (NULL)');
      const { rows, summary } = await dumpOf(address(), { timeouts: { ...hurried, pausesMs: [10] } });
      assert.deepEqual(summary.consistency, { kind: 'consistent', by: 'snapshot' });
      assert.equal(rows.get('a'), rows.get('b'));
      await office.query('ROLLBACK');
      await office.close();
    });

    for (const consistency of ['auto', 'lock'] as const) {
      it(`K4: a change that is open is waited for under "${consistency}", and never half in the copy`, async () => {
        const office = await openConnection(address());
        await office.query('START TRANSACTION');
        await office.query('INSERT INTO a VALUES (NULL)');
        await assert.rejects(openSnapshot(address(), { consistency, timeouts: hurried }), (error) =>
          isBackupError(error, 'lock-not-granted'),
        );
        await office.query('ROLLBACK');
        let stop = false;
        const writing = (async () => {
          while (!stop) {
            const statements = [
              'START TRANSACTION',
              'INSERT INTO a VALUES (NULL)',
              'INSERT INTO b VALUES (NULL)',
              'COMMIT',
            ];
            for (const statement of statements) await office.query(statement);
          }
        })();
        try {
          for (let round = 0; round < 5; round++) {
            const { rows } = await dumpOf(address(), { consistency, connections: 3 });
            assert.equal(rows.get('a'), rows.get('b'));
          }
        } finally {
          stop = true;
          await writing;
          await office.close();
        }
      });
    }
  },
  { kinds: ['mysql-5.6', 'mariadb'], args: ['--innodb-table-locks=0'] },
);
