import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { unpackRows } from '../../src/columns/pack.js';
import { type Connection, openConnection } from '../../src/database/connection.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import type { SnapshotEvent } from '../../src/dump/events.js';
import type { LockTimeouts } from '../../src/dump/locks.js';
import { insideOf, openSnapshot, type SnapshotOptions } from '../../src/dump/snapshot.js';
import { type BackupErrorCode, isBackupError } from '../../src/errors.js';
import type { DumpSummary, Part, TableDescription } from '../../src/model/parts.js';
import { describeOnEachServer } from '../support/servers.js';

const database = 'dump_moment';
const hurried: LockTimeouts = { grantSeconds: 1, pausesMs: [10], othersWaitSeconds: 60 };

function refusal(code: BackupErrorCode): (error: unknown) => true {
  return (error) => {
    assert.ok(isBackupError(error, code), `expected ${code}, got ${String(error)}`);
    return true;
  };
}

/** The numbers in the first column of every table. */
async function numbersOf(source: AsyncIterable<Part>): Promise<{
  readonly numbers: ReadonlyMap<string, readonly number[]>;
  readonly summary: DumpSummary;
}> {
  const tables = new Map<number, TableDescription>();
  const numbers = new Map<string, number[]>();
  let summary: DumpSummary | undefined;
  for await (const part of source) {
    if (part.kind === 'table') {
      tables.set(part.table.index, part.table);
      numbers.set(part.table.name, []);
    } else if (part.kind === 'rows') {
      const table = tables.get(part.table)!;
      const { columns } = await unpackRows(
        part,
        table.columns.map((column) => column.form!),
      );
      const { data } = columns[0]!;
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      for (let at = 0; at < data.length; at += 4) numbers.get(table.name)!.push(view.getInt32(at, true));
    } else if (part.kind === 'summary') summary = part.summary;
  }
  return { numbers, summary: summary! };
}

describeOnEachServer('one moment for all tables', (server) => {
  const address = () => ({ ...server().address, database });

  before(async () => {
    await server().query([
      `DROP DATABASE IF EXISTS ${database}`,
      `CREATE DATABASE ${database}`,
      ...['a_myisam', 'b_myisam'].map(
        (name) => `CREATE TABLE ${database}.${name} (n INT NOT NULL) ENGINE=MyISAM`,
      ),
      ...['c_inno', 'd_inno', 'e_inno'].map(
        (name) => `CREATE TABLE ${database}.${name} (n INT NOT NULL PRIMARY KEY) ENGINE=InnoDB`,
      ),
    ]);
  });

  /** Writes n = 1, 2, 3 … to all tables in turn, as fast as the server takes it. */
  async function writeOn(until: AbortSignal): Promise<number> {
    const connection = await openConnection(address());
    let n = 0;
    try {
      while (!until.aborted) {
        n++;
        await connection.query(`INSERT INTO a_myisam VALUES (${n})`);
        await connection.query('BEGIN');
        for (const name of ['c_inno', 'd_inno', 'e_inno']) {
          await connection.query(`INSERT INTO ${name} VALUES (${n})`);
        }
        await connection.query('COMMIT');
        await connection.query(`INSERT INTO b_myisam VALUES (${n})`);
      }
      return n;
    } finally {
      await connection.close();
    }
  }

  it('K2, K3, K4: over engines and connections, while others write', async () => {
    for (let round = 0; round < 6; round++) {
      await server().query(
        ['a_myisam', 'b_myisam', 'c_inno', 'd_inno', 'e_inno'].map((name) => `TRUNCATE TABLE ${name}`),
        database,
      );
      const stop = new AbortController();
      const writing = writeOn(stop.signal);
      let dumped: Awaited<ReturnType<typeof numbersOf>>;
      try {
        await new Promise((resolve) => setTimeout(resolve, 15 * round));
        dumped = await numbersOf(dumpDatabase(address(), { connections: 1 + (round % 3) }));
      } finally {
        stop.abort();
        await writing;
      }
      const { numbers, summary } = dumped;
      assert.deepEqual(summary.consistency, { kind: 'consistent', by: 'lock-and-snapshot' });
      const counts = ['a_myisam', 'c_inno', 'd_inno', 'e_inno', 'b_myisam'].map((name) => {
        const found = [...numbers.get(name)!].sort((x, y) => x - y);
        // No number is left out before the moment, and none is there from after it.
        assert.deepEqual(
          found,
          found.map((_, i) => i + 1),
          name,
        );
        return found.length;
      });
      const [a, c, d, e, b] = counts as [number, number, number, number, number];
      assert.ok(c === d && d === e, `a transaction came in half: ${counts}`);
      assert.ok(a - c === 0 || a - c === 1, `InnoDB is from another moment than MyISAM: ${counts}`);
      assert.ok(c - b === 0 || c - b === 1, `MyISAM is from another moment than InnoDB: ${counts}`);
    }
  });

  it('is let go at the end of a block', async () => {
    let inside: Connection;
    {
      await using snapshot = await openSnapshot(address());
      inside = snapshot.sessionFor('c_inno');
      await inside.query('SELECT COUNT(*) AS n FROM c_inno');
    }
    await assert.rejects(inside.query('SELECT 1'), (error) =>
      isBackupError(error, 'database-connection-lost'),
    );
  });

  async function somebodyWaits(): Promise<void> {
    for (let i = 0; i < 500; i++) {
      const rows = await server().query('SHOW PROCESSLIST');
      if (rows.some((row) => row['State']?.startsWith('Waiting for table') === true)) return;
    }
    assert.fail('nobody waits for a table');
  }

  const events = (options: SnapshotOptions, seen: SnapshotEvent[]): SnapshotOptions => ({
    ...options,
    onEvent: (event) => seen.push(event),
  });

  it('K3: a table that is being written is waited for, but not for long', async () => {
    const other = await openConnection(address());
    await other.query('LOCK TABLES b_myisam WRITE');
    const seen: SnapshotEvent[] = [];
    const begun = performance.now();
    await assert.rejects(
      openSnapshot(address(), events({ timeouts: hurried }, seen)),
      refusal('lock-not-granted'),
    );
    assert.ok(performance.now() - begun < 8000);
    assert.deepEqual(
      seen.map((event) => (event.kind === 'locks-refused' ? [event.attempt, event.retryInMs] : event.kind)),
      [
        [1, 10],
        [2, null],
      ],
    );
    // Nobody is left waiting behind a lock that we gave up.
    await other.query('UNLOCK TABLES');
    await other.query('INSERT INTO a_myisam VALUES (0)');
    await other.query('DELETE FROM a_myisam WHERE n = 0');
    await other.close();
  });

  it('K4: a change that is not committed is waited for, and never half seen', async () => {
    const other = await openConnection(address());
    await other.query('BEGIN');
    await other.query('INSERT INTO c_inno VALUES (1000000)');
    await assert.rejects(openSnapshot(address(), { timeouts: hurried }), refusal('lock-not-granted'));
    await other.query('ROLLBACK');
    await other.close();
  });

  it('K9: a change that is prepared and waits for its coordinator (XA) is waited for, and never half seen', async () => {
    const other = await openConnection(address());
    const xa = ['START', 'END', 'PREPARE'].map((word) => `XA ${word} 'waits'`);
    await other.query(xa[0]!);
    await other.query('INSERT INTO c_inno VALUES (1000001)');
    await other.query(xa[1]!);
    await other.query(xa[2]!);
    await assert.rejects(openSnapshot(address(), { timeouts: hurried }), refusal('lock-not-granted'));
    await other.query("XA ROLLBACK 'waits'");
    await other.close();
  });

  it('K3: locks are let go when somebody waits for too long', async () => {
    const snapshot = await openSnapshot(address(), { timeouts: { ...hurried, othersWaitSeconds: 1 } });
    const other = await openConnection(address());
    const writing = other.query('INSERT INTO a_myisam VALUES (-1)');
    await writing;
    assert.ok(snapshot.broken.aborted);
    await assert.rejects(numbersOf(dumpDatabase(snapshot)), refusal('lock-not-granted'));
    await snapshot.close();
    await other.query('DELETE FROM a_myisam WHERE n = -1');
    await other.close();
  });

  it('F11: where waiting cannot be seen, locks are let go after as long, and the copy says so', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      await server().query([
        `CREATE USER 'blind'@'${host}' IDENTIFIED BY 'x'`,
        `GRANT ALL ON ${database}.* TO 'blind'@'${host}'`,
      ]);
    }
    const blind = { ...address(), user: 'blind', password: 'x', getServerPublicKey: true };
    const { summary } = await numbersOf(dumpDatabase(blind));
    assert.ok(
      summary.warnings.some(({ code, message }) => code === 'sessions-hidden' && /PROCESS/.test(message)),
    );
    const snapshot = await openSnapshot(blind, { timeouts: { ...hurried, othersWaitSeconds: 0.2 } });
    if (!snapshot.broken.aborted) {
      await new Promise((resolve) => snapshot.broken.addEventListener('abort', resolve, { once: true }));
    }
    await assert.rejects(numbersOf(dumpDatabase(snapshot)), (error) => {
      assert.ok(isBackupError(error, 'lock-not-granted'));
      assert.deepEqual(error.details['missing'], ['PROCESS']);
      return true;
    });
    await snapshot.close();
    for (const host of ['localhost', '127.0.0.1']) {
      await server().query(`GRANT PROCESS ON *.* TO 'blind'@'${host}'`);
    }
    const seeing = await numbersOf(dumpDatabase(blind));
    assert.ok(!seeing.summary.warnings.some(({ code }) => code === 'sessions-hidden'));
    await server().query("DROP USER 'blind'@'localhost', 'blind'@'127.0.0.1'");
  });

  it('K4: a writer who waits does not hold the dump up', async () => {
    const snapshot = await openSnapshot(address(), { timeouts: { ...hurried, othersWaitSeconds: 30 } });
    const other = await openConnection(address());
    const writing = other.query('INSERT INTO a_myisam VALUES (-2)');
    // Only after the writer queued is the table read.
    await somebodyWaits();
    const { numbers, summary } = await numbersOf(dumpDatabase(snapshot));
    assert.ok(!numbers.get('a_myisam')!.includes(-2));
    assert.ok(summary.lockSeconds < 10);
    await writing;
    await snapshot.close();
    await other.query('DELETE FROM a_myisam WHERE n = -2');
    await other.close();
  });

  it('F4: losing the session that holds the locks is not overlooked', async () => {
    for (const which of [0, 1]) {
      const snapshot = await openSnapshot(address(), { consistency: 'lock' });
      assert.equal(insideOf(snapshot).lockedTables.length, 2);
      await server().query(`KILL ${insideOf(snapshot).lockedTables[which]!.session.id}`);
      await assert.rejects(numbersOf(dumpDatabase(snapshot)), refusal('database-connection-lost'));
      await snapshot.close();
    }
  });

  it('K6: a table altered under the snapshot is noticed, whatever its engine and kind of change', async () => {
    for (const sql of [
      'ALTER TABLE c_inno ADD COLUMN more INT NULL',
      'ALTER TABLE c_inno DROP COLUMN more',
      'TRUNCATE TABLE d_inno',
      'RENAME TABLE d_inno TO f_inno',
      'RENAME TABLE f_inno TO d_inno',
    ]) {
      const snapshot = await openSnapshot(address());
      const other = await openConnection(address());
      await other.query(sql);
      await assert.rejects(numbersOf(dumpDatabase(snapshot)), refusal('schema-changed'), sql);
      await snapshot.close();
      await other.close();
    }
  });

  it('K6: a change of a table that waits for our lock neither fails the dump nor comes into it', async () => {
    for (const sql of [
      'ALTER TABLE b_myisam ADD COLUMN more INT NULL',
      'ALTER TABLE b_myisam DROP COLUMN more',
      'OPTIMIZE TABLE b_myisam',
      'LOCK TABLES a_myisam WRITE, b_myisam WRITE, c_inno WRITE',
      // MariaDB does not wait.
      ...(server().vendor === 'mysql' ? ['FLUSH TABLES'] : []),
      'TRUNCATE TABLE b_myisam',
    ]) {
      await server().query(['TRUNCATE TABLE b_myisam', 'INSERT INTO b_myisam (n) VALUES (1), (2)'], database);
      const snapshot = await openSnapshot(address(), { timeouts: hurried });
      const other = await openConnection(address());
      const waiting = other.query(sql).then(() => other.query('UNLOCK TABLES'));
      await somebodyWaits();
      const { numbers, summary } = await numbersOf(dumpDatabase(snapshot));
      assert.deepEqual(numbers.get('b_myisam'), [1, 2], sql);
      assert.ok(summary.lockSeconds < 10, `${sql}: ${summary.lockSeconds}`);
      await snapshot.close();
      await waiting;
      await other.close();
    }
  });

  it('K6: a table that somebody has locked is waited for, and what is told of it is not that it was altered', async () => {
    const timeouts = { ...hurried, othersWaitSeconds: 1 };
    const snapshot = await openSnapshot(address(), { timeouts, consistency: 'snapshot' });
    const other = await openConnection(address());
    await other.query('LOCK TABLES d_inno WRITE');
    await assert.rejects(numbersOf(dumpDatabase(snapshot)), (error) => {
      assert.ok(isBackupError(error, 'lock-not-granted'), String(error));
      assert.match(error.message, /"d_inno" could not be read in time: somebody has locked it/);
      return true;
    });
    await snapshot.close();
    await other.close();
  });

  it('K5: says what it could not promise', async () => {
    const { summary } = await numbersOf(dumpDatabase(address(), { consistency: 'snapshot' }));
    assert.equal(summary.consistency.kind, 'per-table');
    assert.equal(summary.lockSeconds, 0);
    const inno = await numbersOf(
      dumpDatabase(address(), {
        connections: 1,
        selection: {
          scope: 'full',
          tables: [{ name: 'c_inno', tier: 'critical' }],
          leftOut: [],
          warnings: [],
        },
      }),
    );
    assert.deepEqual(inno.summary.consistency, { kind: 'consistent', by: 'snapshot' });
    assert.equal(inno.summary.lockSeconds, 0);
  });

  it('K5: a user without LOCK TABLES is refused where locks are needed', async () => {
    const user = 'no_locks';
    for (const host of ['localhost', '127.0.0.1']) {
      await server().query([
        `CREATE USER '${user}'@'${host}'`,
        `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON ${database}.* TO '${user}'@'${host}'`,
      ]);
    }
    try {
      await assert.rejects(openSnapshot({ ...address(), user, password: '' }), refusal('privilege-missing'));
      const { summary } = await numbersOf(
        dumpDatabase({ ...address(), user, password: '' }, { consistency: 'per-table' }),
      );
      assert.equal(summary.consistency.kind, 'per-table');
    } finally {
      await server().query([`DROP USER '${user}'@'localhost', '${user}'@'127.0.0.1'`]);
    }
  });
});
