import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openConnection } from '../../src/database/connection.js';
import { describeOnEachServer } from '../support/servers.js';
import { buildTorture, type TortureCase } from './index.js';

describeOnEachServer('the torture database', (server) => {
  const answers = async (database: string, cases: readonly TortureCase[]): Promise<readonly string[]> => {
    const connection = await openConnection({ ...server().address, database });
    try {
      const all: string[] = [];
      for (const { id, name, probe } of cases) {
        const rows = await connection.query(probe).catch((error: unknown) => {
          throw new Error(`${id} ${name} cannot be asked`, { cause: error });
        });
        all.push(`${id} ${name}: ${JSON.stringify(rows)}`);
      }
      return all;
    } finally {
      await connection.close();
    }
  };

  it('is built with every case the server can have, and twice alike', async () => {
    const cases = await buildTorture(server().address, 'torture one');
    await buildTorture(server().address, 'torture_two');
    assert.ok(cases.length > 60, `${cases.length} cases`);
    const [one, two] = [await answers('torture one', cases), await answers('torture_two', cases)];
    assert.deepEqual(one, two);
    const silent = one.filter((answer) => answer.endsWith(': []') && !/_empty|o12_ran/.test(answer));
    assert.deepEqual(silent, []);
  });

  it('tells apart what text would blur', async () => {
    await server().query('DROP DATABASE IF EXISTS torture_values');
    const cases = await buildTorture(server().address, 'torture_values', {
      only: ({ id }) => ['V3', 'V13', 'V9'].includes(id),
    });
    const [float, nulls, members] = await answers('torture_values', cases);
    assert.match(float ?? '', /16777216.*0\.3333333432674408/);
    assert.match(nulls ?? '', /4E554C4C/);
    // The error value and the empty member are both '' as text.
    assert.match(members ?? '', /"id":"1","e\+0":"0","HEX\(e\)":"".*"id":"2","e\+0":"1","HEX\(e\)":""/);
  });
});
