import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openConnection } from '../../src/database/connection.js';
import { quoteText } from '../../src/database/identifiers.js';
import { headsPreference } from '../../src/history/kept-heads.js';
import type { ReplicaState } from '../../src/history/loss/facts.js';
import { readFacts } from '../../src/nightly/origin/facts-file.js';
import { readReplica, replicaState } from '../../src/nightly/origin/read-replica.js';
import { runSupplementalBackup } from '../../src/nightly/run/run-supplemental-backup.js';
import { createDatabaseSettings } from '../../src/nightly/settings/database-settings.js';
import { type NightBench, setUpNight } from '../nightly/support/night.js';
import { buildSmallPractice } from '../nightly/support/small-practice.js';
import { describeOnEachServer, startServer } from '../support/servers.js';

describeOnEachServer(
  'a night at a server that follows another one',
  (server, kind) => {
    const database = 'replica';
    const [follow, start, stop, forget] =
      kind === 'mysql'
        ? [
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1, SOURCE_USER = 'nobody'",
            'START REPLICA',
            'STOP REPLICA',
            'RESET REPLICA ALL',
          ]
        : [
            "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'nobody'",
            'START SLAVE',
            'STOP SLAVE',
            'RESET SLAVE ALL',
          ];
    let bench: NightBench;
    before(async () => {
      await buildSmallPractice(server(), database);
      const address = { ...server().address, database };
      const settings = createDatabaseSettings(address, { timeZone: 'America/Chicago' });
      bench = await setUpNight(address, { settings });
      await settings.save({ networkPath: bench.share }, { userNum: '1' });
    });
    after(() => bench?.remove());
    const state = async (): Promise<ReplicaState | undefined> => {
      const connection = await openConnection(server().address);
      try {
        return await readReplica(connection);
      } finally {
        await connection.close();
      }
    };
    const night = async (evening: string) => {
      bench.setClock(evening);
      return (await runSupplementalBackup(bench.plan)).looksLikeLoss;
    };

    const keptHeads = async (): Promise<string> => {
      const sql = `SELECT ValueString AS value FROM preference WHERE PrefName = '${headsPreference}'`;
      return (await server().query(sql, database))[0]?.['value'] ?? '';
    };

    it('says on the same night that it was stopped, once, and nothing of a line that is down', async () => {
      assert.equal(await state(), undefined);
      await server().query([follow, start]);
      assert.equal(await state(), 'waits');
      assert.equal(await night('2026-07-15T05:00:00Z'), undefined);
      await server().query([stop, "UPDATE patient SET FName = 'Bo' WHERE PatNum = 1"], database);
      assert.equal(await state(), 'stopped');
      const heads = await keptHeads();
      const told = await night('2026-07-16T05:00:00Z');
      assert.equal(told?.length, 1);
      assert.match(told?.[0] ?? '', /is a replica of another one and has stopped/);
      // As if the server that is read had stopped before the last night could be kept in it.
      assert.notEqual(await keptHeads(), heads);
      await server().query(
        `UPDATE preference SET ValueString = ${quoteText(heads)} WHERE PrefName = '${headsPreference}'`,
        database,
      );
      const again = await night('2026-07-17T05:00:00Z');
      assert.equal(again?.length, 2);
      assert.match(again?.[1] ?? '', /The database lacks the date of the copy of 2026-07-16/);
      assert.deepEqual([...bench.alerts.standing.keys()], ['looks-like-loss']);
      const [third, second, first] = await readFacts(bench.spool);
      assert.deepEqual([first?.replica, second?.replica, third?.replica], ['waits', 'stopped', 'stopped']);
      assert.equal(typeof first?.content, 'string');
      assert.notEqual(second?.content, first?.content);
      assert.equal(third?.content, second?.content);
      await server().query(forget);
      assert.equal(await state(), undefined);
      // The critical tables of a copy of everything are the same as in a copy of them alone.
      bench.setClock('2026-07-18T05:00:00Z');
      const { unchangedSince } = await runSupplementalBackup(bench.plan, { destinations: ['hq'] });
      assert.equal(unchangedSince, '2026-07-16');
    });

    // MySQL's two would have to differ by an id that is made with their files.
    if (kind !== 'mariadb') return;

    it('knows one that follows, one that was stopped, and one whose line is down', async () => {
      const other = await startServer(kind, { args: ['--log-bin=bin', '--server-id=78'] });
      const becomes = async (wanted: ReplicaState): Promise<void> => {
        const deadline = performance.now() + 30_000;
        while ((await state()) !== wanted && performance.now() < deadline) await delay(50);
        assert.equal(await state(), wanted);
      };
      try {
        await other.query([
          "CREATE USER 'copier'@'127.0.0.1' IDENTIFIED BY 'c'",
          "GRANT REPLICATION SLAVE ON *.* TO 'copier'@'127.0.0.1'",
        ]);
        const [at] = await other.query('SHOW MASTER STATUS');
        await server().query([
          `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${other.address.port}, MASTER_USER = 'copier',` +
            ` MASTER_PASSWORD = 'c', MASTER_LOG_FILE = '${at?.['File']}', MASTER_LOG_POS = ${at?.['Position']}`,
          start,
        ]);
        await becomes('follows');
        await server().query(stop);
        await becomes('stopped');
        await server().query(start);
        await becomes('follows');
        await other.kill9();
        await becomes('waits');
      } finally {
        await server().query([stop, forget]);
        await other.stop();
      }
    });
  },
  { kinds: ['mysql-5.6', 'mariadb', 'mysql'], args: ['--server-id=77'] },
);

it('the state of a server is that of the worst line to those that it follows', () => {
  const row = (receiver: string, applier: string, behind: string | null = '0') => ({
    Slave_IO_Running: receiver,
    Slave_SQL_Running: applier,
    Seconds_Behind_Master: behind,
  });
  assert.equal(replicaState([]), undefined);
  assert.equal(replicaState([row('Yes', 'Yes')]), 'follows');
  assert.equal(replicaState([row('Yes', 'Yes', '50000')]), 'stopped');
  assert.equal(replicaState([row('Connecting', 'Yes', null)]), 'waits');
  assert.equal(replicaState([row('Yes', 'No', null), row('Yes', 'Yes')]), 'stopped');
  assert.equal(
    replicaState([
      { Replica_IO_Running: 'Preparing', Replica_SQL_Running: 'Yes', Seconds_Behind_Source: null },
    ]),
    'waits',
  );
});
