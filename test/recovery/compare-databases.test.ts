import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { BackupError } from '../../src/errors.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { takeFingerprint } from '../../src/recovery/compare/side.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';

const original = 'compare_left';
const copy = 'compare_right';

const practice = (database: string, engine: string): readonly string[] => [
  `DROP DATABASE IF EXISTS ${database}`,
  `CREATE DATABASE ${database} CHARACTER SET utf8`,
  `CREATE TABLE ${database}.zoo (
     id BIGINT UNSIGNED NOT NULL PRIMARY KEY, f FLOAT, d DOUBLE(12,2), e ENUM('', 'a') NOT NULL, s SET('x','y'),
     bits BIT(64), note TEXT, latin VARCHAR(20) CHARACTER SET latin1, shape GEOMETRY, seen DATETIME, KEY (latin)
   ) ENGINE=${engine} COMMENT 'animals'`,
  `INSERT INTO ${database}.zoo VALUES
     (18446744073709551615, 16777217, 1.5, 'nothing of it', 'x,y', b'101', '', x'E9', ST_GeomFromText('POINT(1 2)'), '0000-00-00'),
     (1, NULL, NULL, 'a', '', NULL, NULL, NULL, NULL, NULL)`,
  `CREATE TABLE ${database}.twice (word VARCHAR(10)) ENGINE=${engine}`,
  `INSERT INTO ${database}.twice VALUES ('one'), ('one'), ('two')`,
  `CREATE VIEW ${database}.words AS SELECT word FROM ${database}.twice`,
];

const addresses = (server: TestServer) =>
  [
    { ...server.address, database: original },
    { ...server.address, database: copy },
  ] as const;

describeOnEachServer('compareDatabases', (server, kind) => {
  before(async () => {
    await server().query([...practice(original, 'MyISAM'), ...practice(copy, 'MyISAM')]);
  });

  const differencesAfter = async (change: string, back: string): Promise<readonly string[]> => {
    await server().query(change, copy);
    try {
      const { equal, differences } = await compareDatabases(...addresses(server()));
      assert.equal(equal, differences.length === 0);
      return differences.map(({ name, aspect }) => `${name}: ${aspect}`);
    } finally {
      await server().query(back, copy);
    }
  };

  it('sees the bytes of definitions that a server shows as question marks', async () => {
    const [left, right] = ['compare_bytes', 'compare_other_bytes'];
    const made = (database: string, last: string) => [
      `CREATE DATABASE ${database} CHARACTER SET utf8mb4`,
      `USE ${database}`,
      `CREATE TABLE d (id INT PRIMARY KEY, v VARBINARY(20) DEFAULT X'FFFE${last}')`,
      `CREATE TABLE e (id INT PRIMARY KEY, e ENUM(X'C3A9F09F98${last}'))`,
      'INSERT INTO e VALUES (1, 1)',
      `CREATE TABLE m (id INT PRIMARY KEY, c VARCHAR(9) DEFAULT X'F09F98${last}')`,
      `CREATE VIEW v AS SELECT _latin1 X'${last}' AS x`,
    ];
    await server().query([...made(left, '80'), ...made(right, '81')]);
    const { differences, equal } = await compareDatabases(
      { ...server().address, database: left },
      { ...server().address, database: right },
    );
    assert.equal(equal, false);
    assert.deepEqual(
      differences.map(({ name, aspect }) => `${name}: ${aspect}`),
      ['d: definition', 'e: definition', 'm: definition', 'v: definition'],
    );
    const itself = { ...server().address, database: left };
    assert.deepEqual((await compareDatabases(itself, itself)).differences, []);
  });

  if (kind === 'mysql') {
    it('takes a default for the same whose literals the server says another character set of', async () => {
      const left = 'compare_default';
      const right = 'compare_default_again';
      const table = 'CREATE TABLE t (id INT PRIMARY KEY, b LONGBLOB DEFAULT';
      await server().query([
        `CREATE DATABASE ${left}`,
        `CREATE DATABASE ${right}`,
        `USE ${left}`,
        `${table} (concat('a', x'00')))`,
        `USE ${right}`,
        `${table} (concat(_binary'a', 0x00)))`,
      ]);
      const addresses = [left, right].map((database) => ({ ...server().address, database }));
      assert.deepEqual((await compareDatabases(addresses[0]!, addresses[1]!)).differences, []);
      await server().query("ALTER TABLE t ALTER COLUMN b SET DEFAULT (concat('b', x'00'))", right);
      assert.equal((await compareDatabases(addresses[0]!, addresses[1]!)).equal, false);
    });
  }

  // Others make four digits of it.
  if (kind === 'mariadb') {
    it('tells the year 2000 from none, also where both are shown as 00', async () => {
      const made = (database: string, year: string) => [
        `CREATE DATABASE ${database} COMMENT ${year}`,
        `CREATE TABLE ${database}.y (id INT PRIMARY KEY, y YEAR(2))`,
        `INSERT INTO ${database}.y VALUES (1, ${year}), (2, NULL), (3, 1970)`,
      ];
      await server().query([...made('compare_2000', "'2000'"), ...made('compare_none', "'0000'")]);
      const { differences } = await compareDatabases(
        { ...server().address, database: 'compare_2000' },
        { ...server().address, database: 'compare_none' },
      );
      assert.deepEqual(
        differences.map(({ kind, aspect }) => `${kind}: ${aspect}`),
        ['database: definition', 'table: content'],
      );
    });
  }

  it('refuses to compare what it sees only in part', async () => {
    await server().query([
      'CREATE DATABASE compare_part',
      'CREATE TABLE compare_part.t (a INT, b INT)',
      "CREATE USER compare_part@localhost IDENTIFIED BY 'x'",
      'GRANT SELECT (a) ON compare_part.t TO compare_part@localhost',
    ]);
    const part = {
      ...server().address,
      user: 'compare_part',
      password: 'x',
      getServerPublicKey: true,
      database: 'compare_part',
    };
    await assert.rejects(compareDatabases(part, part), (error) => {
      assert.ok(error instanceof BackupError);
      assert.match(error.code, /^(?:database-query-failed|privilege-missing)$/);
      return true;
    });
  });

  it('C15: passes over the names of the databases also in a view that is shown in two character sets at once', async () => {
    for (const name of ['compare_Ω1.', 'compare_Ω2.']) {
      await server().query([
        `CREATE DATABASE \`${name}\``,
        `USE \`${name}\``,
        'CREATE TABLE t (c VARCHAR(9))',
        "CREATE VIEW v AS SELECT c, _latin1 X'E9' AS e FROM t",
      ]);
    }
    const [left, right] = ['compare_Ω1.', 'compare_Ω2.'].map((database) => ({
      ...server().address,
      database,
    }));
    assert.deepEqual((await compareDatabases(left!, right!)).differences, []);
  });

  it('finds equal what is equal, under another name', async () => {
    const { equal, tables, objects, differences } = await compareDatabases(...addresses(server()));
    assert.deepEqual(differences, []);
    assert.equal(equal, true);
    assert.deepEqual(
      tables.map(({ name, left }) => [name, left?.rows]),
      [
        ['twice', 3],
        ['zoo', 2],
      ],
    );
    assert.equal(objects, 1);
  });

  it('holds a copy against what the original was, when the original is gone', async () => {
    const [left, right] = addresses(server());
    const witness = await takeFingerprint(left);
    await server().query(`DROP DATABASE ${original}`);
    try {
      assert.deepEqual((await compareDatabases(witness, right)).differences, []);
      await server().query("UPDATE twice SET word = 'six' WHERE word = 'two'", copy);
      assert.deepEqual(
        (await compareDatabases(witness, right)).differences.map(({ name, aspect }) => `${name}: ${aspect}`),
        ['twice: content'],
      );
    } finally {
      await server().query([...practice(original, 'MyISAM'), ...practice(copy, 'MyISAM')]);
    }
  });

  const changes: readonly (readonly [title: string, change: string, back: string, expected: string])[] = [
    [
      'V9: NULL from empty',
      "UPDATE zoo SET note = '' WHERE id = 1",
      'UPDATE zoo SET note = NULL WHERE id = 1',
      'zoo: content',
    ],
    [
      'V3: two FLOATs that are printed alike',
      'UPDATE zoo SET f = 16777218 WHERE f IS NOT NULL',
      'UPDATE zoo SET f = 16777217 WHERE f IS NOT NULL',
      'zoo: content',
    ],
    [
      'V13: the ENUM error value from an empty member',
      "UPDATE zoo SET e = '' WHERE id > 1",
      "UPDATE zoo SET e = 'nothing of it' WHERE id > 1",
      'zoo: content',
    ],
    [
      'S2: other bytes in a text',
      "UPDATE zoo SET latin = x'E8' WHERE id > 1",
      "UPDATE zoo SET latin = x'E9' WHERE id > 1",
      'zoo: content',
    ],
    [
      'C7: another multiplicity at the same number of rows',
      "UPDATE twice SET word = 'two' WHERE word = 'one' LIMIT 1",
      "UPDATE twice SET word = 'one' WHERE word = 'two' LIMIT 1",
      'twice: content',
    ],
    [
      'a row too many',
      "INSERT INTO twice VALUES ('three')",
      "DELETE FROM twice WHERE word = 'three'",
      'twice: rows',
    ],
    ['an index', 'ALTER TABLE zoo DROP KEY latin', 'ALTER TABLE zoo ADD KEY (latin)', 'zoo: definition'],
    [
      'another default',
      'ALTER TABLE twice ALTER word SET DEFAULT 1',
      'ALTER TABLE twice ALTER word SET DEFAULT NULL',
      'twice: definition',
    ],
    ['a table too few', 'RENAME TABLE twice TO once', 'RENAME TABLE once TO twice', 'twice: missing-right'],
    [
      'another view',
      'ALTER VIEW words AS SELECT DISTINCT word FROM twice',
      'ALTER VIEW words AS SELECT word FROM twice',
      'words: definition',
    ],
  ];
  for (const [title, change, back, expected] of changes) {
    it(`tells ${title}`, async () => {
      const found = await differencesAfter(change, back);
      assert.ok(found.includes(expected), found.join('; '));
    });
  }

  it('C17: takes a definition for equal that names a character set where the other leaves it out, and no other spelling', async () => {
    const [left, right] = addresses(server());
    const witness = await takeFingerprint(left);
    const spelled = async (from: RegExp, to: string): Promise<readonly string[]> => {
      const { definitions } = witness;
      const zoo = definitions.tables.get('zoo')!;
      const statement = zoo.statement.replace(from, to);
      assert.notEqual(statement, zoo.statement);
      const tables = new Map([...definitions.tables, ['zoo', { ...zoo, statement }] as const]);
      const { differences } = await compareDatabases(
        { ...witness, definitions: { ...definitions, tables } },
        right,
      );
      return differences.map(({ name, aspect }) => `${name}: ${aspect}`);
    };
    assert.deepEqual(
      await spelled(/`note` (\w+(?:\(\d+\))?)/, '`note` $1 CHARACTER SET utf8 COLLATE utf8_bin'),
      [],
    );
    assert.deepEqual(await spelled(/`note`/, '`note` /* odd */'), ['zoo: definition']);
  });

  it('names the columns that differ and no value', async () => {
    await server().query("UPDATE zoo SET note = 'secret' WHERE id = 1", copy);
    const { differences } = await compareDatabases(...addresses(server()), { tables: ['zoo'] });
    await server().query('UPDATE zoo SET note = NULL WHERE id = 1', copy);
    assert.equal(differences.length, 1);
    assert.match(differences[0]!.message, /column note\./);
    assert.doesNotMatch(JSON.stringify(differences), /secret/);
  });
});
