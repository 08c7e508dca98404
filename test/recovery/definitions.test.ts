import assert from 'node:assert/strict';
import { it } from 'node:test';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import type { RestoreOptions } from '../../src/recovery/restore/options.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer } from '../support/servers.js';

describeOnEachServer(
  'what a definition means',
  (server, kind) => {
    const address = (database: string) => ({ ...server().address, database });
    let number = 0;

    /** Makes a database of its own and restores it beside, by parts. */
    const copyOf = async (statements: readonly string[], options: RestoreOptions = {}) => {
      const source = `meaning_${++number}`;
      const copy = `${source}_copy`;
      await server().query([`CREATE DATABASE ${source} CHARACTER SET utf8`, `USE ${source}`, ...statements]);
      const report = await restoreDatabase(dumpDatabase(address(source)), address(copy), options);
      return { source, copy, report };
    };
    const shown = async (database: string, what: string) => {
      const [row] = await server().query(`SHOW CREATE ${what}`, database);
      return Object.values(row ?? {}).find((text) => text?.startsWith('CREATE '));
    };
    const assertEqual = async (source: string, copy: string, tables: readonly string[]) => {
      for (const table of tables) {
        assert.equal(await shown(copy, `TABLE ${table}`), await shown(source, `TABLE ${table}`));
      }
      const { differences } = await compareDatabases(address(source), address(copy));
      assert.deepEqual(differences, []);
    };

    it('C15: a TIMESTAMP without a default stays without one', async () => {
      const { source, copy, report } = await copyOf([
        "CREATE TABLE a (id INT PRIMARY KEY, ts TIMESTAMP NOT NULL, n TIMESTAMP NULL, k TIMESTAMP NOT NULL DEFAULT '2020-01-01 05:00:00')",
        "INSERT INTO a VALUES (1, '2020-05-05 10:00:00', NULL, '2020-05-05 11:00:00')",
        'CREATE TABLE b (id INT PRIMARY KEY, t6 TIMESTAMP(6) NOT NULL, t3 TIMESTAMP(3) NULL, c TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)',
      ]);
      assert.match((await shown(source, 'TABLE a'))!, /`ts` timestamp NOT NULL,/);
      await assertEqual(source, copy, ['a', 'b']);
      assert.deepEqual(report.notes, []);
    });

    it('C15: what the server was set to is in the copy', async () => {
      const source = `meaning_${++number}`;
      await server().query(`CREATE DATABASE ${source}`);
      for await (const part of dumpDatabase(address(source))) {
        if (part.kind !== 'database') continue;
        const { variables } = part.database.server;
        assert.equal(variables?.['explicit_defaults_for_timestamp'], 'ON');
        assert.equal(variables['div_precision_increment'], '4');
        assert.equal(variables['default_storage_engine'], 'InnoDB');
      }
    });

    if (kind === 'mariadb') {
      it('C16: a database keeps its comment', async () => {
        const source = `meaning_${++number}`;
        const copy = `${source}_copy`;
        await server().query(
          `CREATE DATABASE ${source} CHARACTER SET utf8mb4 COMMENT 'COMMENT ''Ä\\\\ = "it"'`,
        );
        await restoreDatabase(dumpDatabase(address(source)), address(copy));
        const of = async (name: string) =>
          (await shown(name, `DATABASE ${name}`))!.replace(name, 'of_the_same_name');
        assert.match(await of(source), /COMMENT 'COMMENT ''Ä\\\\ = "it"'/);
        assert.equal(await of(copy), await of(source));
      });
    } else {
      it('C16: the comment of a database is left out by name where the server has none', async () => {
        const copy = `meaning_${++number}`;
        const parts = async function* () {
          for await (const part of dumpDatabase(address(await madeEmpty()))) {
            if (part.kind !== 'database') yield part;
            else {
              const { createStatement } = part.database;
              const commented = { ...part.database, createStatement: `${createStatement} COMMENT 'x'` };
              yield { ...part, database: commented };
            }
          }
        };
        const madeEmpty = async () => {
          await server().query(`CREATE DATABASE ${copy}_source`);
          return `${copy}_source`;
        };
        const { notes } = await restoreDatabase(parts(), address(copy));
        assert.deepEqual(
          notes.map(({ code }) => code),
          ['definition-changed'],
        );
      });
    }
  },
  { args: ['--explicit-defaults-for-timestamp=ON'] },
);
