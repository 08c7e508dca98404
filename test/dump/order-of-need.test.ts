import assert from 'node:assert/strict';
import { it } from 'node:test';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { describeOnEachServer } from '../support/servers.js';

const database = 'order_of_need';
// The larger the earlier in the alphabet and on the disk, and the less needed.
const tables = { entrylog: 3000, signalod: 2000, definition: 300, patient: 20, appointment: 10 };

describeOnEachServer(
  'the order of an archive',
  (server) => {
    for (const engine of ['MyISAM', 'InnoDB']) {
      it(`F7: is by need, and its front names all tables (${engine})`, async () => {
        await server().query([
          `DROP DATABASE IF EXISTS ${database}`,
          `CREATE DATABASE ${database}`,
          `USE ${database}`,
          ...Object.entries(tables).flatMap(([name, rows]) => [
            `CREATE TABLE ${name} (id INT NOT NULL PRIMARY KEY, v CHAR(100)) ENGINE=${engine}`,
            `INSERT INTO ${name} VALUES ${Array.from({ length: rows }, (_, i) => `(${i}, 'x')`).join()}`,
          ]),
        ]);
        const order: string[] = [];
        for await (const part of dumpDatabase({ ...server().address, database }, { connections: 1 })) {
          if (part.kind === 'database') {
            assert.deepEqual(
              part.database.tables?.map(({ name, tier }) => `${name} ${tier}`),
              [
                'patient critical',
                'appointment critical',
                'definition critical',
                'entrylog optional',
                'signalod transient',
              ],
            );
          }
          if (part.kind === 'table') order.push(part.table.name);
        }
        assert.deepEqual(order.slice(0, 3), ['patient', 'appointment', 'definition']);
        assert.deepEqual(order.slice(3).sort(), ['entrylog', 'signalod']);
      });
    }
  },
  { kinds: ['mysql-5.6', 'mariadb'] },
);
