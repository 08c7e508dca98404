import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openConnection } from '../../src/database/connection.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { isBackupError } from '../../src/errors.js';
import type { RestoreOptions } from '../../src/recovery/restore/options.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer } from '../support/servers.js';
import { type Sealed, seal } from './seal.js';

const source = 'loading_source';

/** Tables whose rows are easily loaded as other ones, and a question that shows what they are. */
interface Case {
  readonly title: string;
  readonly table: string;
  readonly statements: readonly string[];
  readonly question: string;
  /** What it must say; without it, what it says at the source. */
  readonly answer?: readonly (readonly (string | null)[])[];
  readonly mariadbOnly?: boolean;
}

function zeroId(name: string, type: string, value: string, engine: string, mariadbOnly = false): Case {
  return {
    title: `C6: a row numbered 0 keeps its number beside ${type} (${engine})`,
    table: name,
    statements: [
      `CREATE TABLE ${name} (\`the, "id\` INT AUTO_INCREMENT PRIMARY KEY COMMENT 'AUTO_INCREMENT, (', e ${type}) ENGINE=${engine}`,
      `INSERT INTO ${name} VALUES (0, ${value}), (5, ${value}), (-3, ${value})`,
    ],
    question: `SELECT \`the, "id\`, e = ${value} FROM ${name} ORDER BY 1`,
    answer: [
      ['-3', '1'],
      ['0', '1'],
      ['5', '1'],
    ],
    mariadbOnly,
  };
}

const widest = Array.from({ length: 2591 }, (_, i) => `w${i.toString(36)}`);
const many = Array.from({ length: 900 }, (_, i) => `c${i}`);

const cases: readonly Case[] = [
  ...['InnoDB', 'MyISAM'].flatMap((engine) => [
    zeroId(`zero_enum_${engine}`, "ENUM('a','b')", "'b'", engine),
    zeroId(`zero_set_${engine}`, "SET('a','b')", "'b'", engine),
    zeroId(`zero_uuid_${engine}`, 'UUID', "'00000000-0000-0000-0000-000000000001'", engine, true),
    zeroId(`zero_inet_${engine}`, 'INET6', "'::1'", engine, true),
  ]),
  {
    title: 'V12: YEAR(2) 2000 stays the year 2000',
    table: 'short_years',
    statements: [
      'CREATE TABLE short_years (id INT PRIMARY KEY, y YEAR(2)) ENGINE=InnoDB',
      'INSERT INTO short_years VALUES (1, 2000), (2, 1999), (3, 2069), (4, 1970), (5, NULL), (6, 2001)',
    ],
    question:
      'SELECT id, DATE_FORMAT(MAKEDATE(2000 + y, 1), "%y"), y = 2000, y = 1999 FROM short_years ORDER BY 1',
    answer: [
      ['1', '00', '1', '0'],
      ['2', '99', '0', '1'],
      ['3', '69', '0', '0'],
      ['4', '70', '0', '0'],
      ['5', null, null, null],
      ['6', '01', '0', '0'],
    ],
    mariadbOnly: true,
  },
  {
    title: 'C1: a table of generated columns alone has as many rows as before',
    table: 'generated_alone',
    statements: [
      'CREATE TABLE generated_alone (a INT AS (1 + 1) PERSISTENT, b INT AS (7) VIRTUAL) ENGINE=MyISAM',
      'INSERT INTO generated_alone () VALUES (), (), ()',
    ],
    question: 'SELECT COUNT(*), SUM(a), SUM(b) FROM generated_alone',
    answer: [['3', '6', '21']],
    mariadbOnly: true,
  },
  {
    title: 'V22: 900 columns that are all NULL',
    table: 'all_null',
    statements: [
      `CREATE TABLE all_null (${many.map((name) => `${name} INT`).join(', ')}) ENGINE=MyISAM`,
      'INSERT INTO all_null () VALUES (), (), ()',
    ],
    question: 'SELECT COUNT(*), COUNT(c0), COUNT(c899) FROM all_null',
    answer: [['3', '0', '0']],
  },
  {
    title: 'V22: as many columns of numbers as a definition file has room for',
    table: 'widest',
    statements: [
      `CREATE TABLE widest (${widest.map((name) => `${name} BIGINT`).join(', ')}) ENGINE=MyISAM`,
      ...[1, 2].map(
        (row) =>
          `INSERT INTO widest VALUES (${widest.map((_, i) => `-9223372036854${row * 100000 + i}`).join(', ')})`,
      ),
    ],
    question: 'SELECT w0, w1, w1zx, w1zy FROM widest ORDER BY 1',
    answer: [
      ['-9223372036854200000', '-9223372036854200001', '-9223372036854202589', '-9223372036854202590'],
      ['-9223372036854100000', '-9223372036854100001', '-9223372036854102589', '-9223372036854102590'],
    ],
  },
  {
    title: 'V22: 1,000 columns of dates, beside texts',
    table: 'wide_dates',
    statements: [
      `CREATE TABLE wide_dates (id INT, ${many.map((name) => `${name} DATETIME`).join(', ')}, t LONGTEXT, u LONGTEXT) ENGINE=MyISAM`,
      ...[1, 2].map(
        (row) =>
          `INSERT INTO wide_dates VALUES (${row}, ${many.map((_, i) => `'20${10 + ((row + i) % 80)}-01-02 03:04:05'`).join(', ')}, REPEAT('${row}', 300000), 'x')`,
      ),
    ],
    question: 'SELECT id, c0, c899, LENGTH(t), u FROM wide_dates ORDER BY 1',
  },
];

describeOnEachServer('rows that are easily loaded as others', (server, kind) => {
  const address = (database: string) => ({ ...server().address, database });
  const possible = cases.filter(({ mariadbOnly = false }) => kind === 'mariadb' || !mariadbOnly);
  let sealed: Sealed;

  before(async () => {
    await server().query([
      `CREATE DATABASE ${source} CHARACTER SET utf8`,
      `USE ${source}`,
      "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
      ...possible.flatMap(({ statements }) => statements),
    ]);
    sealed = await seal(address(source));
  });

  const ask = async (database: string, question: string) =>
    (await server().query(question, database)).map((row) => Object.values(row));

  const ways: readonly (readonly [title: string, stream: boolean, options: RestoreOptions])[] = [
    ['by LOAD DATA', false, { method: 'load-data' }],
    ['by INSERT', false, { method: 'insert' }],
    ['as a stream', true, {}],
  ];
  for (const [title, stream, options] of ways) {
    describe(title, () => {
      const target = `loading_${title.replaceAll(' ', '_').toLowerCase()}`;
      before(async () => {
        await restoreDatabase(
          stream ? dumpDatabase(address(source)) : await sealed.open(),
          address(target),
          options,
        );
      });
      after(() => server().query(`DROP DATABASE IF EXISTS ${target}`));

      for (const each of possible) {
        it(each.title, async () => {
          assert.deepEqual(
            await ask(target, each.question),
            each.answer ?? (await ask(source, each.question)),
          );
        });
      }
    });
  }
});

describeOnEachServer('a load that stands still', (server) => {
  const address = (database: string) => ({ ...server().address, database });
  const standing = 'standing_source';

  before(async () => {
    await server().query([
      `CREATE DATABASE ${standing}`,
      `CREATE TABLE ${standing}.t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB`,
      `INSERT INTO ${standing}.t VALUES (1, 'Sample')`,
    ]);
  });

  /** Somebody reads the table at the moment when its rows are to come. */
  const held = async (
    target: string,
    options: RestoreOptions,
    look: (restoring: Promise<unknown>) => Promise<void>,
  ): Promise<void> => {
    const holder = await openConnection(server().address);
    try {
      const parts = async function* () {
        for await (const part of dumpDatabase(address(standing))) {
          if (part.kind === 'rows') await holder.query(`LOCK TABLES ${target}.t READ`);
          yield part;
        }
      };
      await look(restoreDatabase(parts(), address(target), options));
    } finally {
      await holder.close();
    }
  };

  const statementsIn = async (target: string) =>
    (await server().query('SHOW PROCESSLIST')).filter((row) => row['db'] === target).length;

  for (const method of ['load-data', 'insert'] as const) {
    it(`is noticed, told and ended on the server, by ${method}`, async () => {
      const target = `standing_${method.slice(0, 4)}`;
      await held(target, { method, standstillTimeout: 400 }, async (restoring) => {
        await assert.rejects(restoring, (error) => {
          assert.ok(isBackupError(error, 'restore-failed'), String(error));
          assert.match(
            error.message,
            /^Loading table "t" stands still: .* The statement is still running there/,
          );
          assert.equal(error.details['server'], 'there');
          return true;
        });
        assert.equal(await statementsIn(target), 0);
      });
    });

    it(`hears an abort, by ${method}`, async () => {
      const target = `aborted_${method.slice(0, 4)}`;
      const controller = new AbortController();
      await held(target, { method, signal: controller.signal }, async (restoring) => {
        restoring.catch(() => undefined);
        await delay(500);
        const reason = new Error('the office opens');
        const since = performance.now();
        controller.abort(reason);
        await assert.rejects(restoring, reason);
        assert.ok(performance.now() - since < 5000);
        assert.equal(await statementsIn(target), 0);
      });
    });
  }

  it('is not taken for one that is slow', async () => {
    const target = 'standing_slow';
    const parts = async function* () {
      for await (const part of dumpDatabase(address(standing))) {
        // The server waits for us, and not we for the server.
        await delay(part.kind === 'summary' ? 600 : 0);
        yield part;
      }
    };
    const { tables } = await restoreDatabase(parts(), address(target), { standstillTimeout: 200 });
    assert.deepEqual(tables, [{ name: 't', rows: 1 }]);
  });
});
