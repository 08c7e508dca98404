import assert from 'node:assert/strict';
import { closeSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openConnection } from '../../src/database/connection.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { isBackupError } from '../../src/errors.js';
import type { Part, TableDescription } from '../../src/model/parts.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
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
    title: 'F17: the largest values of FLOAT(M,D), of which a server warns, are taken',
    table: 'clipped',
    statements: [
      'CREATE TABLE clipped (id INT PRIMARY KEY, f FLOAT(9,2), g FLOAT(7,2), h FLOAT(10,4), e FLOAT(5,2) UNSIGNED ZEROFILL, d DOUBLE(20,2)) ENGINE=InnoDB',
      'INSERT INTO clipped VALUES (1, 9999999.99, 99999.99, 999999.9999, 999.99, 999999999999999999.99), (2, 12345.67, -99999.99, -999999.9999, 0.01, -0.01)',
    ],
    question: 'SELECT id, f * 1e0, g * 1e0, h * 1e0, e * 1e0, d * 1e0 FROM clipped ORDER BY 1',
  },
  {
    title: "F17: ENUM's error value is taken from a server of any language, beside an empty member and NULL",
    table: 'enum_error',
    statements: [
      "CREATE TABLE enum_error (id INT PRIMARY KEY, e ENUM('', 'a', 'b'), f ENUM('x') NOT NULL) ENGINE=MyISAM",
      "INSERT INTO enum_error VALUES (1, 'wrong', 'wrong'), (2, '', 'x'), (3, NULL, 'wrong'), (4, 'b', 'x')",
    ],
    question: 'SELECT id, e + 0, f + 0 FROM enum_error ORDER BY 1',
    answer: [
      ['1', '0', '0'],
      ['2', '1', '1'],
      ['3', null, '0'],
      ['4', '3', '1'],
    ],
  },
  {
    title: 'F17: what a generated column makes of rows that do not suit it is no failure of theirs',
    table: 'dirty',
    statements: [
      'CREATE TABLE dirty (id INT PRIMARY KEY, code VARCHAR(20), nr INT AS (CAST(LEFT(code, 4) AS UNSIGNED)) STORED, KEY (nr)) ENGINE=InnoDB',
      "INSERT INTO dirty (id, code) VALUES (1, '2024-17'), (2, 'n/a')",
    ],
    question: 'SELECT id, code, nr FROM dirty ORDER BY 1',
    answer: [
      ['1', '2024-17', '2024'],
      ['2', 'n/a', '0'],
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
    await server().query("SET GLOBAL lc_messages = 'de_DE'");
  });
  after(() => server().query("SET GLOBAL lc_messages = 'en_US'"));

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

describeOnEachServer(
  'rows that a server changes or loses',
  (server) => {
    const address = (database: string) => ({ ...server().address, database });
    const changed = 'changed_source';
    let sealed: Sealed;

    before(async () => {
      await server().query([
        `CREATE DATABASE ${changed}`,
        `CREATE TABLE ${changed}.t (id INT PRIMARY KEY, f FLOAT(9,2), v VARCHAR(200), KEY (v)) ENGINE=MyISAM`,
        `INSERT INTO ${changed}.t VALUES (1, 123456.78, REPEAT('Sample', 20))`,
        ...Array.from(
          { length: 12 },
          (_, i) => `INSERT INTO ${changed}.t SELECT id + ${2 ** i}, f + 1, CONCAT(id, v) FROM ${changed}.t`,
        ),
      ]);
      sealed = await seal(address(changed));
    });

    const otherwise = (table: TableDescription): TableDescription => ({
      ...table,
      createStatement: table.createStatement.replace('float(9,2)', 'float(7,2)'),
    });

    for (const method of ['load-data', 'insert'] as const) {
      it(`F17: are compared with the archive after a warning, by ${method}`, async () => {
        const archive = await sealed.open();
        const other = { ...archive, table: async (name: string) => otherwise(await archive.table(name)) };
        const target = `changed_${method.slice(0, 4)}`;
        const { tables, missing } = await restoreDatabase(other, address(target), { method });
        assert.deepEqual(tables, []);
        assert.equal(missing[0]?.code, 'restore-changed-data');
        assert.match(
          missing[0].message,
          /^The server changed values of table "t" while taking them: warning 1264 \(/,
        );
        assert.doesNotMatch(JSON.stringify(missing), /Sample|123456/);
      });
    }

    it('F17: are compared after a warning when they came as a stream, once', async () => {
      const parts = async function* (): AsyncGenerator<Part> {
        for await (const part of dumpDatabase(address(changed))) {
          yield part.kind === 'table' ? { ...part, table: otherwise(part.table) } : part;
        }
      };
      const { tables, missing } = await restoreDatabase(parts(), address('changed_stream'));
      assert.deepEqual(tables, []);
      assert.equal(missing[0]?.code, 'restore-changed-data');
      assert.match(missing[0].message, /^The server changed values of table "t"/);
    });

    for (const [what, file, damage] of [
      ['half of the rows', 'MYD', (path: string, size: number) => truncateSync(path, Math.floor(size / 2))],
      ['a page of the rows', 'MYD', blank],
      ['a page of the keys', 'MYI', blank],
    ] as const) {
      it(`R3: are loaded again when power was lost with ${what}, though the table was done`, async () => {
        const target = `power_${what.replaceAll(' ', '_')}`;
        await assert.rejects(
          restoreDatabase(await sealed.open(), address(target), {
            onProgress: ({ phase }) => {
              if (phase === 'objects') throw new Error('power cut');
            },
          }),
          /power cut/,
        );
        await server().query('FLUSH TABLES');
        const path = join(server().directory!, 'data', target, `t.${file}`);
        damage(path, statSync(path).size);
        const report = await restoreDatabase(await sealed.open(), address(target));
        assert.match(report.notes.find(({ code }) => code === 'resumed')!.message, /: 0 tables were there/);
        const { differences } = await compareDatabases(address(changed), address(target));
        assert.deepEqual(differences, []);
        const checked = await server().query(`CHECK TABLE ${target}.t EXTENDED`);
        assert.deepEqual(
          checked.map((row) => row['Msg_text']),
          ['OK'],
        );
      });
    }

    it('R3: are not loaded again when the table is as it was', async () => {
      const target = 'power_kept';
      await assert.rejects(
        restoreDatabase(await sealed.open(), address(target), {
          onProgress: ({ phase }) => {
            if (phase === 'objects') throw new Error('power cut');
          },
        }),
        /power cut/,
      );
      const report = await restoreDatabase(await sealed.open(), address(target));
      assert.match(report.notes.find(({ code }) => code === 'resumed')!.message, /: 1 table was there/);
    });
  },
  { kinds: ['mysql-5.6', 'mariadb'] },
);

/** As a page that was on its way to the disk when the power went. */
function blank(path: string, size: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4096), 0, 4096, Math.floor(size / 2 / 4096) * 4096);
  closeSync(file);
}
