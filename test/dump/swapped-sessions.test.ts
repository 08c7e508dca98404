import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { openConnection } from '../../src/database/connection.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { openSnapshot, type Snapshot } from '../../src/dump/snapshot.js';
import { isBackupError } from '../../src/errors.js';
import { describeOnEachServer } from '../support/servers.js';
import { type Choice, SwappingProxy } from '../support/swapping-proxy.js';

const database = 'swapped_sessions';

/**
 * Clients of the proxy in the order of a snapshot of locked tables: questions about the schema, the locks and
 * what is read.
 */
const holder = 1;

/** The first byte of a command, behind the four of the packet. */
const [comQuery, comStmtPrepare, comStmtExecute] = [0x03, 0x16, 0x17];

const kindOf = (command: Buffer): number | undefined => command[4];
const isPrepared: Choice = (command) =>
  [comStmtPrepare, comStmtExecute].includes(kindOf(command) as typeof comStmtPrepare);

/** All that its client says after the rows of a table were asked for with this command. */
function after(kind: number, table: string): Choice {
  let reader: number | undefined;
  let swapped = false;
  return (command, client) => {
    if (kindOf(command) === comStmtPrepare && command.includes(`\`${table}\``)) reader = client;
    if (client !== reader || swapped) return client === reader;
    swapped = kindOf(command) === kind;
    return false;
  };
}

describeOnEachServer('a dump through a proxy that swaps sessions', (server) => {
  before(() =>
    server().query([
      `DROP DATABASE IF EXISTS ${database}`,
      `CREATE DATABASE ${database}`,
      ...['InnoDB', 'MyISAM'].flatMap((engine) =>
        ['first', 'second'].flatMap((name) => [
          `CREATE TABLE ${database}.${name}_${engine} (n INT NOT NULL PRIMARY KEY) ENGINE=${engine}`,
          `INSERT INTO ${database}.${name}_${engine} VALUES (1), (2)`,
        ]),
      ),
    ]),
  );

  /**
   * Takes a snapshot through the proxy, and reads it while the chosen commands are run by another session.
   */
  async function dumpSwapped(engine: string, choose: Choice): Promise<void> {
    const { host = '127.0.0.1', port = 3306, socketPath: _, ...login } = server().address;
    const proxy = await SwappingProxy.start(host, port);
    let snapshot: Snapshot | undefined;
    try {
      const address = { ...login, host: '127.0.0.1', port: proxy.port, database };
      snapshot = await openSnapshot(address, {
        connections: 1,
        selection: ({ tables }) => ({
          scope: 'full',
          tables: tables
            .filter((table) => table.engine === engine)
            .map(({ name }) => ({ name, tier: 'critical' })),
          leftOut: [],
          warnings: [],
        }),
      });
      // What the pool has at hand: a session with the same settings, outside of the snapshot.
      await openConnection(address);
      proxy.swap(choose);
      for await (const part of dumpDatabase(snapshot)) void part;
    } finally {
      proxy.stop();
      await snapshot?.close();
    }
  }

  const refusal = (error: unknown): true => {
    assert.ok(isBackupError(error, 'database-connection-lost'), String(error));
    assert.match(error.message, /session was replaced/);
    return true;
  };

  for (const engine of ['InnoDB', 'MyISAM']) {
    for (const [when, command] of [
      ['before', comStmtPrepare],
      ['after', comStmtExecute],
    ] as const) {
      it(`S8, S9: a session replaced for good ${when} a table is read no longer holds the snapshot of ${engine} tables`, async () => {
        await assert.rejects(dumpSwapped(engine, after(command, `first_${engine}`)), refusal);
      });
    }

    it(`S8: rows of ${engine} tables read by another session than the one with the snapshot are refused`, async () => {
      await assert.rejects(dumpSwapped(engine, isPrepared), refusal);
    });
  }

  it('S8: locks that another session lets go of were not held to the end', async () => {
    const locks: Choice = (command, client) => client === holder && kindOf(command) === comQuery;
    await assert.rejects(dumpSwapped('MyISAM', locks), refusal);
  });
});
