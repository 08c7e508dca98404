import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { exportSql } from '../../src/recovery/export/sql.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer } from '../support/servers.js';
import { seal } from './seal.js';

const source = 'large_row';
const mebibyte = 2 ** 20;

/** Characters of the longest text that was made of bytes meanwhile. */
async function longestText(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  const watched = (prototype: object, name: string): (() => void) => {
    const target = prototype as Record<string, (...args: unknown[]) => string>;
    const real = target[name]!;
    target[name] = function (...args) {
      const text = Reflect.apply(real, this, args);
      longest = Math.max(longest, text.length);
      return text;
    };
    return () => {
      target[name] = real;
    };
  };
  const back = [watched(Buffer.prototype, 'toString'), watched(TextDecoder.prototype, 'decode')];
  try {
    await work();
  } finally {
    for (const each of back) each();
  }
  return longest;
}

describeOnEachServer(
  'V20: a row larger than a text can be',
  (server) => {
    const address = (database: string) => ({ ...server().address, database });

    before(() =>
      server().query([
        `CREATE DATABASE ${source}`,
        `CREATE TABLE ${source}.image (id INT PRIMARY KEY, body LONGBLOB) ENGINE=MyISAM`,
        `INSERT INTO ${source}.image VALUES (1, REPEAT(x'00FF5C27', ${5 * mebibyte})), (2, 'small')`,
      ]),
    );

    it('is never one on its way through dump, archive, restore and script', async () => {
      let script = 0;
      const longest = await longestText(async () => {
        const sealed = await seal(address(source));
        for (const method of ['load-data', 'insert'] as const) {
          await restoreDatabase(await sealed.open(), address(`${source}_${method.slice(0, 4)}`), { method });
        }
        const reader = await sealed.open();
        const { signal } = new AbortController();
        for await (const piece of exportSql(reader, {
          tables: ['image'],
          objects: false,
          signal,
          onRows: () => undefined,
        })) {
          script += piece.length;
        }
      });
      assert.ok(longest > 0 && longest < mebibyte / 4, `${longest} characters`);
      assert.ok(script > 40 * mebibyte, `${script} bytes of script`);
      for (const method of ['load', 'inse']) {
        const { differences } = await compareDatabases(address(source), address(`${source}_${method}`));
        assert.deepEqual(differences, []);
      }
    });
  },
  { args: ['--max-allowed-packet=256M'], kinds: ['mysql-5.6', 'mariadb', 'mysql'] },
);
