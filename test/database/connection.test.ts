import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { it, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { type Connection, endSessions, openConnection } from '../../src/database/connection.js';
import { isBackupError } from '../../src/errors.js';
import { describeOnEachServer } from '../support/servers.js';

test('a server that takes the call and says nothing holds up nobody who has given up', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const address = { host: '127.0.0.1', port, user: 'nobody', connectTimeout: 60_000 };
    const stop = new AbortController();
    const called = once(server, 'connection');
    const opening = openConnection(address, { signal: stop.signal });
    await called;
    const reason = new Error('given up');
    stop.abort(reason);
    await assert.rejects(opening, (error) => error === reason);
    await assert.rejects(openConnection({ ...address, connectTimeout: 50 }), (error) =>
      isBackupError(error, 'database-unreachable'),
    );
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

describeOnEachServer('a session in a block', (server) => {
  it('is closed at its end', async () => {
    let inside: Connection;
    {
      await using connection = await openConnection(server().address);
      assert.deepEqual(await connection.query('SELECT 1 AS one'), [{ one: '1' }]);
      inside = connection;
    }
    await assert.rejects(inside.query('SELECT 1'), (error) =>
      isBackupError(error, 'database-connection-lost'),
    );
  });
});

describeOnEachServer('a statement that the server refuses', (server) => {
  it('is told by the number of the server’s answer, and never repeats what was in the statement', async () => {
    const connection = await openConnection(server().address);
    try {
      for (const [sql, errno] of [
        ["SELEC 'Sample'", 1064],
        ["SELECT 'Sample' FROM mysql.no_such_table", 1146],
      ] as const) {
        await assert.rejects(connection.query(sql), (error) => {
          assert.ok(isBackupError(error, 'database-query-failed'), String(error));
          assert.equal(error.details['errno'], errno);
          assert.match(error.message, new RegExp(`^The database server answered ER_\\w+, ${errno}\\.`));
          assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /Sample/);
          return true;
        });
      }
      // The session is of use all the same.
      assert.deepEqual(await connection.query('SELECT 1 AS one'), [{ one: '1' }]);
    } finally {
      await connection.close();
    }
  });
});

describeOnEachServer(
  'a session that is of no more use',
  (server) => {
    /** What the server was told while something went on. */
    async function statementsDuring(work: () => Promise<void>): Promise<readonly string[]> {
      await server().query([
        "SET GLOBAL log_output = 'TABLE'",
        'TRUNCATE TABLE mysql.general_log',
        'SET GLOBAL general_log = 1',
      ]);
      try {
        await work();
      } finally {
        await server().query('SET GLOBAL general_log = 0');
      }
      const rows = await server().query('SELECT CONVERT(argument USING utf8) AS said FROM mysql.general_log');
      return rows.map((row) => row['said'] ?? '');
    }
    const isThere = async (id: number) =>
      (await server().query('SHOW PROCESSLIST')).some((row) => row['Id'] === String(id));

    it('F3: ends with its statement and its locks, and no socket is closed under it on the server', async () => {
      const waiting = await openConnection(server().address);
      const idle = await openConnection(server().address);
      await idle.query("SELECT GET_LOCK('no more use', 0)");
      const stop = new AbortController();
      const asleep = waiting.query('SELECT SLEEP(60)', { signal: stop.signal });
      const said = await statementsDuring(async () => {
        stop.abort(new Error('given up'));
        await assert.rejects(asleep, /given up/);
        idle.destroy();
        await endSessions(server().address, [waiting.id, idle.id]);
        for (const { id } of [waiting, idle]) assert.equal(await isThere(id), false);
        assert.deepEqual(await server().query("SELECT IS_FREE_LOCK('no more use') AS free"), [{ free: '1' }]);
      });
      assert.ok(said.includes(`KILL QUERY ${waiting.id}`));
      for (const { id } of [waiting, idle]) assert.ok(!said.includes(`KILL ${id}`));
    });

    it('F3: is ended all the same when it does not notice that nobody is there', async () => {
      const deaf = await openConnection(server().address);
      await endSessions(server().address, [deaf.id]);
      // One that was killed takes a moment to go.
      for (let i = 0; i < 500 && (await isThere(deaf.id)); i++) await delay(20);
      assert.equal(await isThere(deaf.id), false);
      deaf.destroy();
    });
  },
  { kinds: ['mysql-5.6', 'mariadb', 'mysql'] },
);

describeOnEachServer('an address of a host that has no plain one', (server) => {
  it('asks for the password and for the way to the server anew for each connection', async () => {
    const { host, port, password = '', ...rest } = server().address;
    const asked: string[] = [];
    const address = {
      ...rest,
      // Nobody listens there.
      port: 1,
      password: async () => {
        asked.push('password');
        return password;
      },
      connect: () => {
        asked.push('way');
        return connect(port ?? 3306, host ?? '127.0.0.1');
      },
    };
    for (let i = 0; i < 2; i++) {
      const connection = await openConnection(address);
      assert.deepEqual(await connection.query('SELECT 1 AS one'), [{ one: '1' }]);
      await connection.close();
    }
    assert.deepEqual(asked, ['password', 'way', 'password', 'way']);
  });

  it('tells nothing of what a password function throws, and of a way that is closed', async () => {
    const fail = async (): Promise<never> => {
      throw new Error('Sample');
    };
    for (const each of [{ password: fail }, { connect: fail }]) {
      await assert.rejects(openConnection({ ...server().address, ...each }), (error) => {
        assert.ok(isBackupError(error, 'database-unreachable'), String(error));
        assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /Sample/);
        return true;
      });
    }
  });
});
