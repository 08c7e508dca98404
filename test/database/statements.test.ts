import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Connection, openConnection } from '../../src/database/connection.js';
import { QueryBatcher } from '../../src/database/query-batcher.js';
import { serverErrorNumber } from '../../src/database/server-failures.js';
import { rowsOf } from '../../src/database/statements.js';
import { isBackupError } from '../../src/errors.js';
import { describeOnEachServer } from '../support/servers.js';

describeOnEachServer('statements that are sent together', (server) => {
  async function connected<Result>(use: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await openConnection(server().address);
    try {
      return await use(connection);
    } finally {
      await connection.close();
    }
  }

  it('are answered in their order, each with its rows or its own failure', async () => {
    await connected(async (connection) => {
      const answers = await connection.queryEach([
        "SELECT 1 AS one, NULL AS nothing, '' AS blank UNION SELECT 2, 'ä€𐍈', REPEAT('x', 300)",
        'DO 1',
        'SELECT nonsense',
        'SELECT 3 AS three FROM DUAL WHERE 1 = 0',
        "SET @kept = 'kept'",
        'SELECT @kept AS kept',
      ]);
      assert.deepEqual(answers.slice(0, 2), [
        {
          rows: [
            { one: '1', nothing: null, blank: '' },
            { one: '2', nothing: 'ä€𐍈', blank: 'x'.repeat(300) },
          ],
        },
        { rows: [] },
      ]);
      assert.equal(serverErrorNumber(answers[2]?.error), 1054);
      assert.throws(() => rowsOf(answers[2]), isBackupError);
      assert.deepEqual(answers.slice(3), [{ rows: [] }, { rows: [] }, { rows: [{ kept: 'kept' }] }]);
    });
  });

  it('leave the connection as any statement does', async () => {
    await connected(async (connection) => {
      const both = [
        connection.queryEach(['SELECT 1 AS n', 'SELECT nonsense']),
        connection.query('SELECT 2 AS n'),
      ];
      assert.deepEqual(rowsOf((await both[0])?.[0] as never), [{ n: '1' }]);
      assert.deepEqual(await both[1], [{ n: '2' }]);
      assert.deepEqual(await connection.queryEach([]), []);
    });
  });

  it('may be many, and their answers long', async () => {
    await connected(async (connection) => {
      const statements = Array.from({ length: 1000 }, (_, i) => `SELECT REPEAT('${i % 10}', 20000) AS t`);
      const answers = await connection.queryEach(statements);
      assert.ok(answers.every((answer, i) => rowsOf(answer)[0]?.['t'] === String(i % 10).repeat(20_000)));
    });
  });

  it('end with the connection, and with the signal', async () => {
    await connected(async (connection) => {
      const reason = new Error('given up');
      const stop = new AbortController();
      const slow = connection.queryEach(['SELECT 1', 'SELECT SLEEP(60)', 'SELECT 2'], {
        signal: stop.signal,
      });
      stop.abort(reason);
      await assert.rejects(slow, (error) => error === reason);
    });
    await connected(async (connection) => {
      const [before, ...others] = await connection.queryEach([
        'SELECT 1 AS n',
        `KILL ${connection.id}`,
        'SELECT 2',
      ]);
      assert.deepEqual(before, { rows: [{ n: '1' }] });
      // To be killed may be answered once more.
      assert.ok(isBackupError(others[1]?.error, 'database-connection-lost'));
    });
  });

  it('come together from whoever asks while the server is at others', async () => {
    await connected(async (connection) => {
      const sent: number[] = [];
      const counting: Connection = {
        ...connection,
        queryEach(statements, options) {
          sent.push(statements.length);
          return connection.queryEach(statements, options);
        },
      };
      const questions = new QueryBatcher(counting);
      const answers = await Promise.allSettled(
        Array.from({ length: 50 }, (_, i) => questions.ask(i === 7 ? 'SELECT nonsense' : `SELECT ${i} AS n`)),
      );
      assert.deepEqual(
        answers.map((answer) => (answer.status === 'fulfilled' ? answer.value[0]?.['n'] : 'refused')),
        Array.from({ length: 50 }, (_, i) => (i === 7 ? 'refused' : String(i))),
      );
      assert.deepEqual(sent, [32, 18]);
      assert.deepEqual(await questions.ask('SELECT 51 AS n'), [{ n: '51' }]);
    });
  });
});
