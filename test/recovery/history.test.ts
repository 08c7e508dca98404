import assert from 'node:assert/strict';
import { before, it, test } from 'node:test';
import { columnsWithHistory, systemTimeOf } from '../../src/catalog/system-time.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { isBackupError } from '../../src/errors.js';
import type { DumpSummary, Part } from '../../src/model/parts.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer, startServer, whyMissing } from '../support/servers.js';
import { seal } from './seal.js';

const source = 'history_source';
const target = 'history_target';

const lives = (table: string, columns = '(id, v)'): readonly string[] => [
  'SET SESSION timestamp = 1700000000.25',
  `INSERT INTO ${source}.${table} ${columns} VALUES (1, 'old'), (2, 'gone'), (3, 'same')`,
  'SET SESSION timestamp = 1700000100.5',
  `UPDATE ${source}.${table} SET v = 'new' WHERE id = 1`,
  'SET SESSION timestamp = 1700000200',
  `UPDATE ${source}.${table} SET v = 'newest' WHERE id = 1`,
  `DELETE FROM ${source}.${table} WHERE id = 2`,
  'SET SESSION timestamp = DEFAULT',
];

const period =
  'GENERATED ALWAYS AS ROW START INVISIBLE, `to ``` TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (`from`, `to ```)';

const statements: readonly string[] = [
  `CREATE TABLE ${source}.plain (id INT PRIMARY KEY, v VARCHAR(20), KEY (v)) ENGINE=InnoDB WITH SYSTEM VERSIONING`,
  ...lives('plain'),
  `CREATE TABLE ${source}.old_engine (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=Aria WITH SYSTEM VERSIONING`,
  ...lives('old_engine'),
  `CREATE TABLE ${source}.named (id INT PRIMARY KEY, v VARCHAR(20), \`from\` TIMESTAMP(6) ${period}) ENGINE=InnoDB WITH SYSTEM VERSIONING`,
  ...lives('named'),
  `CREATE TABLE ${source}.parted (id INT, v VARCHAR(20)) ENGINE=InnoDB WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 2 (PARTITION p0 HISTORY, PARTITION p1 HISTORY, PARTITION pn CURRENT)`,
  ...lives('parted'),
  `CREATE TABLE ${source}.ordinary (id INT PRIMARY KEY) ENGINE=InnoDB`,
  `INSERT INTO ${source}.ordinary VALUES (1)`,
];

const byTransaction: readonly string[] = [
  `CREATE TABLE ${source}.counted (id INT PRIMARY KEY, v VARCHAR(20), rs BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, re BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (rs, re)) ENGINE=InnoDB WITH SYSTEM VERSIONING`,
  `INSERT INTO ${source}.counted (id, v) VALUES (1, 'old')`,
  `UPDATE ${source}.counted SET v = 'new'`,
];

async function summaryOf(parts: AsyncIterable<Part>): Promise<DumpSummary> {
  let summary: DumpSummary | undefined;
  for await (const part of parts) if (part.kind === 'summary') summary = part.summary;
  return summary!;
}

describeOnEachServer(
  'C3: a system-versioned table',
  (server) => {
    const address = (database: string) => ({ ...server().address, database });
    const versions = async (database: string) => {
      const all: unknown[] = [];
      for (const [table, from, to] of [
        ['plain', 'ROW_START', 'ROW_END'],
        ['old_engine', 'ROW_START', 'ROW_END'],
        ['named', '`from`', '`to ```'],
        ['parted', 'ROW_START', 'ROW_END'],
      ]) {
        all.push(
          await server().query(
            `SELECT id, v, ${from} AS f, ${to} AS t FROM ${table} FOR SYSTEM_TIME ALL ORDER BY 1, 3`,
            database,
          ),
        );
      }
      return all;
    };

    before(() =>
      server().query([`DROP DATABASE IF EXISTS ${source}`, `CREATE DATABASE ${source}`, ...statements]),
    );

    it('is copied as its current rows unless more is asked for, and the copy says so', async () => {
      const summary = await summaryOf(dumpDatabase(address(source)));
      assert.deepEqual(
        summary.tables.map(({ name, rows }) => [name, rows]),
        [
          ['named', 2],
          ['old_engine', 2],
          ['ordinary', 1],
          ['parted', 2],
          ['plain', 2],
        ],
      );
      assert.equal(summary.warnings.filter(({ code }) => code === 'history-left-out').length, 4);
    });

    for (const method of ['load-data', 'insert'] as const) {
      it(`comes back with every version at its time where that is asked for, by ${method}`, async () => {
        const before = await versions(source);
        assert.equal((before[0] as unknown[]).length, 5);
        const sealed = await seal(address(source), { history: 'all' });
        const archive = await sealed.open();
        assert.equal((await archive.table('plain')).versioned, 'history');
        assert.equal((await archive.table('ordinary')).versioned, undefined);
        assert.ok(!archive.manifest.warnings.some(({ code }) => code === 'history-left-out'));
        await server().query(`DROP DATABASE IF EXISTS ${target}`);
        await restoreDatabase(archive, address(target), { method });
        assert.deepEqual(await versions(target), before);
        const { differences } = await compareDatabases(address(source), address(target), { history: 'all' });
        assert.deepEqual(differences, []);
        // And the comparer is not blind: a history that ends a second later is another one.
        await server().query(
          [
            'SET SESSION system_versioning_insert_history = 1',
            "INSERT INTO plain (id, v, ROW_START, ROW_END) VALUES (9, 'x', '2001-01-01', '2001-01-02')",
          ],
          target,
        );
        const current = await compareDatabases(address(source), address(target));
        assert.deepEqual(current.differences, []);
        const all = await compareDatabases(address(source), address(target), { history: 'all' });
        assert.deepEqual(
          all.differences.map(({ name, aspect }) => [name, aspect]),
          [['plain', 'rows']],
        );
      });
    }

    it('that counts transactions keeps its current rows, and the copy says why', async () => {
      await server().query(byTransaction);
      try {
        const summary = await summaryOf(dumpDatabase(address(source), { history: 'all' }));
        assert.equal(summary.tables.find(({ name }) => name === 'counted')?.rows, 1);
        assert.deepEqual(
          summary.warnings.filter(({ code }) => code === 'history-left-out').map(({ table }) => table),
          ['counted'],
        );
      } finally {
        await server().query(`DROP TABLE ${source}.counted`);
      }
    });

    const missing = whyMissing('mysql-5.6');
    it('with its versions is refused, and planned as refused, where no server takes them', {
      skip: missing ?? false,
    }, async () => {
      const old = await startServer('mysql-5.6');
      try {
        const archive = await (await seal(address(source), { history: 'all' })).open();
        const there = { ...old.address, database: target };
        const plan = await planRestore(archive, there, { adapt: true });
        const told = plan.obstacles.filter(({ code }) => code === 'history-unsupported');
        assert.equal(told.length, 4);
        assert.ok(told.every(({ severity }) => severity === 'blocks'));
        await assert.rejects(restoreDatabase(archive, there, { adapt: true }), (error) =>
          isBackupError(error, 'target-refused'),
        );
        const databases = await old.query('SHOW DATABASES');
        assert.ok(!databases.some((row) => Object.values(row)[0] === target));
      } finally {
        await old.stop();
      }
    });
  },
  { kinds: ['mariadb'] },
);

test('C3: the period of a table is found in its definition, and nowhere else', () => {
  assert.equal(systemTimeOf('CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB'), undefined);
  const comment = "CREATE TABLE `t` (\n  `a` int COMMENT 'WITH SYSTEM VERSIONING'\n) ENGINE=InnoDB";
  assert.equal(systemTimeOf(comment), undefined);
  assert.deepEqual(systemTimeOf('CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB WITH SYSTEM VERSIONING'), {
    start: 'ROW_START',
    end: 'ROW_END',
  });
  const named =
    'CREATE TABLE `t` (\n  PERIOD FOR SYSTEM_TIME (`f`, `t```)\n) ENGINE=InnoDB WITH SYSTEM VERSIONING';
  assert.deepEqual(systemTimeOf(named), { start: 'f', end: 't`' });
  const column = { name: 'f', type: 'bigint(20) unsigned', characterSet: null, nullable: false, form: null };
  assert.equal(columnsWithHistory([column], { start: 'f', end: 't' }), undefined);
});
