import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Connection, openConnection } from '../../src/database/connection.js';
import { serverErrorNumber } from '../../src/database/server-failures.js';
import type { RowQuery } from '../../src/dump/row-command.js';
import { readRows } from '../../src/dump/row-reader.js';
import { describeOnEachServer } from '../support/servers.js';

const thousand: RowQuery = {
  sql: 'SELECT a.n * 100 + b.n * 10 + c.n FROM digits a, digits b, digits c ORDER BY 1',
  forms: ['i64'],
};

describeOnEachServer('rows', (server) => {
  async function connected(use: (connection: Connection) => Promise<void>): Promise<void> {
    await server().query([
      'CREATE DATABASE IF NOT EXISTS rows_read',
      'CREATE TABLE IF NOT EXISTS rows_read.digits (n INT PRIMARY KEY)',
      'REPLACE INTO rows_read.digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)',
    ]);
    const connection = await openConnection({ ...server().address, database: 'rows_read' });
    try {
      await use(connection);
    } finally {
      await connection.close();
    }
  }

  async function read(connection: Connection, query: RowQuery, runsLastPrepared: boolean): Promise<bigint[]> {
    const values: bigint[] = [];
    for await (const batch of readRows(connection, query, { runsLastPrepared, batchRows: 64 })) {
      const [column] = batch.columns;
      assert.ok(column?.kind === 'fixed');
      values.push(...new BigInt64Array(column.data.slice().buffer, 0, batch.rows));
    }
    return values;
  }

  it('are the same whether the statement is named by its number or is the one prepared last', async () => {
    await connected(async (connection) => {
      const expected = Array.from({ length: 1000 }, (_, i) => BigInt(i));
      // A server that does not know the one prepared last is told the number after all.
      for (const runsLastPrepared of [true, false, true]) {
        assert.deepEqual(await read(connection, thousand, runsLastPrepared), expected);
      }
    });
  });

  it('that are refused leave the connection for others', async () => {
    await connected(async (connection) => {
      for (const runsLastPrepared of [true, false]) {
        const missing = { sql: 'SELECT n FROM nowhere', forms: ['i32'] as const };
        await assert.rejects(
          read(connection, missing, runsLastPrepared),
          (error) => serverErrorNumber(error) === 1146,
        );
        assert.deepEqual(await connection.query('SELECT 1 AS n'), [{ n: '1' }]);
        assert.equal((await read(connection, thousand, runsLastPrepared)).length, 1000);
      }
    });
  });

  it('come after the statement that is sent along, and not at all when that fails', async () => {
    for (const runsLastPrepared of [true, false]) {
      await connected(async (connection) => {
        const first = 'SET @ten = 10';
        const query: RowQuery = { sql: 'SELECT n * @ten FROM digits WHERE n = 3', forms: ['i64'], first };
        assert.deepEqual(await read(connection, query, runsLastPrepared), [30n]);
        const failing = { ...query, first: 'ROLLBACK TO SAVEPOINT nowhere' };
        await assert.rejects(
          read(connection, failing, runsLastPrepared),
          (error) => serverErrorNumber(error) === 1305,
        );
      });
    }
  });
});
