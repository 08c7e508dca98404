import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join, scan, tokenise } from '../../src/database/tokens.js';
import { isBackupError } from '../../src/errors.js';
import type { SchemaObjectKind } from '../../src/model/parts.js';
import { acceptDefinition } from '../../src/recovery/ddl/accept-definition.js';
import { processorTime } from '../support/processor.js';

type Kind = SchemaObjectKind | 'table';

function accepted(kind: Kind, statement: string, sqlMode = ''): string {
  return acceptDefinition(kind, 'zz', statement, { sqlMode, database: 'shop' }).statement;
}

function isRefused(kind: Kind, statement: string, sqlMode = ''): void {
  assert.throws(
    () => accepted(kind, statement, sqlMode),
    (error) => isBackupError(error, 'archive-damaged'),
    `${kind}: ${statement} (${sqlMode})`,
  );
}

describe('a definition of an archive', () => {
  it('stays as a server shows it', () => {
    const good: readonly (readonly [Kind, string])[] = [
      [
        'table',
        'CREATE TABLE `zz` (\n  `a` int(11) NOT NULL,\n  PRIMARY KEY (`a`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8',
      ],
      [
        'table',
        "CREATE TABLE `zz` (\n  `as` int DEFAULT '0',\n  `select` text COMMENT 'AS SELECT ; */ /*!'\n) ENGINE=MyISAM COMMENT='x; DROP'",
      ],
      [
        'table',
        'CREATE TABLE `zz` (\n  `a` int\n) ENGINE=InnoDB\n/*!50100 PARTITION BY RANGE (`a`)\n(PARTITION p0 VALUES LESS THAN (1) ENGINE = InnoDB,\n PARTITION p1 VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */',
      ],
      [
        'table',
        "CREATE TABLE `zz` (\n  `a` int\n) ENGINE=InnoDB\n PARTITION BY LIST (`a`)\n(PARTITION `p0` VALUES IN (1,2) COMMENT = '*/' ENGINE = InnoDB)",
      ],
      [
        'table',
        'CREATE TABLE `zz` (\n  `a` int /*!50606 STORAGE DISK */ /*!50606 COLUMN_FORMAT FIXED */ DEFAULT NULL,\n  `b` point NOT NULL /*!80003 SRID 4326 */,\n  `c` int /*!80023 INVISIBLE */,\n  KEY `k` (`a`) /*!80000 INVISIBLE */,\n  CONSTRAINT `x` CHECK ((`a` > 1)) /*!80016 NOT ENFORCED */,\n  FULLTEXT KEY `f` (`d`) /*!50100 WITH PARSER `ngram` */ \n) /*!50100 TABLESPACE `ts` */ ENGINE=InnoDB',
      ],
      [
        'table',
        'CREATE TABLE `zz` (\n  `a` text /*M!100301 COMPRESSED*/ DEFAULT NULL\n) ENGINE=InnoDB WITH SYSTEM VERSIONING'.replace(
          'COMPRESSED*/',
          'COMPRESSED*/',
        ),
      ],
      [
        'table',
        'CREATE TABLE `zz` (\n  `a` int\n) ENGINE=MRG_MyISAM INSERT_METHOD=LAST UNION=(`t1`,`shop`.`t2`)',
      ],
      [
        'view',
        'CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `zz` AS select `t`.`a` AS `a` from `t`',
      ],
      [
        'trigger',
        'CREATE DEFINER=`root`@`localhost` TRIGGER zz BEFORE INSERT ON t FOR EACH ROW /* why */ SET NEW.a = 1 -- so',
      ],
      [
        'function',
        'CREATE DEFINER=`root`@`%` FUNCTION `zz`(a INT) RETURNS int(11)\n    DETERMINISTIC\nBEGIN\n  # it\n  RETURN a;\nEND',
      ],
      ['procedure', 'CREATE DEFINER=`a b`@`h` PROCEDURE `zz`()\nSELECT 1'],
      [
        'event',
        "CREATE DEFINER=`root`@`localhost` EVENT `zz` ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 00:00:00' ON COMPLETION NOT PRESERVE DISABLE COMMENT 'DO ENABLE' DO SELECT 1",
      ],
      [
        'sequence',
        'CREATE SEQUENCE `zz` start with 1 minvalue -5 maxvalue 9223372036854775806 increment by 1 cache 1000 nocycle ENGINE=InnoDB',
      ],
      ['package', 'CREATE DEFINER=`r`@`h` PACKAGE "zz" AS\n  FUNCTION f RETURN INT;\nEND'],
      ['package-body', 'CREATE DEFINER=`r`@`h` PACKAGE BODY "zz" AS\n  a INT;\nEND'],
    ];
    for (const [kind, statement] of good) {
      assert.equal(
        accepted(kind, statement, kind.startsWith('package') ? 'ANSI_QUOTES,ORACLE' : ''),
        statement,
      );
    }
  });

  it('is refused when it makes a thing of another kind or name', () => {
    for (const statement of [
      'DROP DATABASE shop',
      "CREATE USER zz IDENTIFIED BY 'x'",
      'CREATE DEFINER=`root`@`localhost` EVENT e ON SCHEDULE EVERY 1 DAY DO GRANT ALL ON *.* TO x /*!999999 TABLE `zz` (a INT) */',
      'CREATE /*!999999 TABLE `zz` (a INT) */ USER evil',
      'CREATE OR REPLACE USER evil /*!999999 TABLE `zz` (`a` int) */',
      'CREATE ROLE `zz`',
      'CREATE DATABASE `zz`',
      'CREATE OR REPLACE TABLE `zz` (`a` int)',
      'CREATE TEMPORARY TABLE `zz` (`a` int)',
      'CREATE TABLE IF NOT EXISTS `zz` (`a` int)',
      'CREATE TABLE `mysql`.`zz` (`a` int)',
      'CREATE TABLE `yy` (`a` int)',
      'CREATE TABLE `zz`',
      'CREATE TABLE `zz` LIKE `mysql`.`user`',
      'CREATE TABLE `zz` (LIKE `mysql`.`user`)',
      'CREATE TABLE `zz` (TABLE `mysql`.`user`)',
      'CREATE TABLE `zz` (SELECT * FROM mysql.user)',
      'CREATE TABLE `zz` (`a` int) ENGINE=InnoDB AS SELECT 1',
      "CREATE TABLE `zz` (`a` text) SELECT LOAD_FILE('/etc/passwd') AS a",
      'CREATE TABLE `zz` (`a` text) ENGINE=InnoDB TABLE mysql.user',
      'CREATE TABLE `zz` (`a` text) ENGINE=InnoDB VALUES ROW(1)',
      'CREATE TABLE `zz` (`a` text) ENGINE=InnoDB (SELECT 1)',
      'CREATE TABLE `zz` (`a` text) ENGINE=InnoDB WITH x AS (SELECT 1) SELECT * FROM x',
      'CREATE TABLE `zz` (`a` text) ENGINE=InnoDB /*!50100 AS SELECT 1 */',
      'CREATE TABLE `zz` (`a` text /*!80000 ) SELECT 1 -- */',
      'CREATE TABLE `zz` (`a` int) ENGINE=InnoDB; DROP DATABASE shop',
      "CREATE TABLE `zz` (`a` text DEFAULT (load_file('/etc/passwd')))",
      "CREATE TABLE `zz` (`a` text DEFAULT (`load_file` ('/etc/passwd')))",
      'CREATE TABLE `zz` (`a` int DEFAULT (SELECT 1))',
      'CREATE TABLE `zz` (`a` int',
      "CREATE TABLE `zz` (`a` int COMMENT 'x)",
      'CREATE TABLE `zz` (`a` int) /* open',
      'CREATE TABLE `zz` (`a` int) /*!50100 PARTITION BY HASH (`a`)',
      'CREATE TABLE `zz` (`a` int)\0',
      'CREATE TABLE `zz` (`a` int) \\! id',
    ]) {
      isRefused('table', statement);
    }
  });

  it('is refused when it is a library, a view that writes, or a second statement', () => {
    isRefused('function', "CREATE FUNCTION `zz` RETURNS STRING SONAME 'udf.so'");
    isRefused('function', "CREATE AGGREGATE FUNCTION zz RETURNS INT SONAME 'udf.so'");
    isRefused('procedure', 'CREATE PROCEDURE `mysql`.`zz`() SELECT 1');
    isRefused('view', "CREATE VIEW `zz` AS SELECT 1 INTO OUTFILE '/tmp/x'");
    isRefused('view', 'CREATE VIEW `zz` AS SELECT 1; DROP DATABASE shop');
    isRefused('view', 'CREATE VIEW `zz` AS SELECT 1 /*!50000 UNION SELECT 2 */');
    isRefused('view', 'CREATE OR REPLACE VIEW `zz` AS SELECT 1');
    isRefused('view', 'CREATE TABLE `zz` (`a` int)');
    isRefused('trigger', 'CREATE EVENT zz ON SCHEDULE EVERY 1 DAY DO SELECT 1');
    isRefused('event', 'CREATE EVENT zz ON SCHEDULE AT (SELECT 1) DO SELECT 1');
    isRefused('event', 'CREATE EVENT zz ON SCHEDULE EVERY 1 DAY COMMENT x DO SELECT 1');
    isRefused('sequence', 'CREATE SEQUENCE `zz` AS SELECT 1');
    isRefused('sequence', 'CREATE SEQUENCE `zz`; DROP DATABASE shop');
    isRefused('package', 'CREATE PACKAGE BODY zz AS END');
  });

  it('is read by the quotes of its sql_mode, whatever those hide', () => {
    const hidden = "CREATE PROCEDURE zz() SELECT '\\' /*!99999 '";
    assert.equal(accepted('procedure', hidden), hidden);
    isRefused('procedure', hidden, 'NO_BACKSLASH_ESCAPES');
    isRefused('view', `CREATE VIEW zz AS SELECT "a\\" ; DROP DATABASE shop -- "`, 'ANSI_QUOTES');
    isRefused('view', `CREATE VIEW zz AS SELECT "a\\" ; DROP DATABASE shop -- "`, 'ORACLE');
    isRefused('view', `CREATE VIEW zz AS SELECT 'a\\' ; DROP DATABASE shop -- '`, 'NO_BACKSLASH_ESCAPES');
    isRefused('view', 'CREATE VIEW zz AS SELECT 1', "', GLOBAL general_log = '1");
  });

  it('is made at rest when it is an event, whatever its clauses', () => {
    const at = 'CREATE EVENT `zz` ON SCHEDULE EVERY 1 SECOND';
    const rest = `${at} ON COMPLETION NOT PRESERVE DISABLE DO SELECT 1`;
    for (const clauses of [
      '',
      ' ENABLE',
      ' DISABLE',
      ' DISABLE ON SLAVE',
      ' DISABLE/**/ON REPLICA',
      ' /* ON COMPLETION PRESERVE DISABLE */ ENABLE',
    ]) {
      const { statement } = acceptDefinition('event', 'zz', `${at}${clauses} DO SELECT 1`);
      assert.equal(statement.replaceAll(/\s+/g, ' '), rest, clauses);
    }
  });

  it('says for whom it acts in every spelling, and acts for nobody of old where that is wanted', () => {
    for (const [definer, told, kept] of [
      ['DEFINER=`root`@`localhost`', 'root@localhost', 'DEFINER=`root`@`localhost`'],
      ['DEFINER = root @ localhost', 'root@localhost', 'DEFINER=`root`@`localhost`'],
      ['DEFINER/**/=/* x */root@127.0.0.1', 'root@127.0.0.1', 'DEFINER=`root`@`127.0.0.1`'],
      [`definer='ro''ot'@"%"`, "ro'ot@%", "DEFINER=`ro'ot`@`%`"],
      ['DEFINER=CURRENT_USER()', 'CURRENT_USER', 'DEFINER=CURRENT_USER'],
      ['DEFINER=`a role`', 'a role', 'DEFINER=`a role`'],
      ['/*!50017 DEFINER=`root`@`localhost`*/', 'root@localhost', 'DEFINER=`root`@`localhost`'],
    ] as const) {
      const given = `CREATE ${definer} PROCEDURE zz() SELECT 1`;
      const keeps = acceptDefinition('procedure', 'zz', given);
      assert.equal(keeps.definer, told);
      assert.equal(keeps.statement.replaceAll(/\s+/g, ' '), `CREATE ${kept} PROCEDURE zz() SELECT 1`, given);
      const strips = acceptDefinition('procedure', 'zz', given, { definers: 'strip' });
      assert.equal(strips.statement.replaceAll(/\s+/g, ' '), 'CREATE PROCEDURE zz() SELECT 1', given);
      assert.equal(strips.definer, told);
    }
  });

  it('tells by which engines a table reaches out', () => {
    const outside = (tail: string): readonly string[] =>
      acceptDefinition('table', 'zz', `CREATE TABLE \`zz\` (\`a\` int) ${tail}`, { database: 'shop' })
        .outside;
    assert.deepEqual(outside('ENGINE=InnoDB'), []);
    assert.deepEqual(outside("ENGINE=FEDERATED CONNECTION='mysql://x'"), ['FEDERATED', 'CONNECTION']);
    assert.deepEqual(outside("ENGINE='connect' TABLE_TYPE=CSV"), ['connect']);
    assert.deepEqual(outside('ENGINE=InnoDB ENGINE `spider`'), ['spider']);
    assert.deepEqual(outside('ENGINE=MRG_MyISAM UNION=(`mysql`.`user`)'), ['MRG_MyISAM']);
  });
});

describe('a statement is taken apart', () => {
  it('byte for byte, by the rules of a server', () => {
    for (const sql of [
      'a--b',
      'a -- b\nc',
      '--\tx',
      'a#b\nc',
      "'a''b\\'c'",
      '`a``b`',
      '2*/*c*/3',
      'x\u00a0y',
      '/*!50100 a */ b',
    ]) {
      assert.equal(join(tokenise(sql)), sql);
    }
    assert.deepEqual(
      tokenise('a--b').map(({ text }) => text),
      ['a', '-', '-', 'b'],
    );
    assert.deepEqual(
      tokenise('2*/*c*/3').map(({ kind }) => kind),
      ['word', 'symbol', 'comment', 'word'],
    );
    assert.deepEqual(
      tokenise('x\u00a0y').map(({ kind }) => kind),
      ['word'],
    );
  });

  it('in a time that grows with its length, also when something has no end', async () => {
    for (const piece of [
      "'",
      '"\\',
      '`',
      '/*',
      '/*!',
      "/*! '",
      '#',
      '(',
      "''",
      '*/',
      '-- ',
      '\\',
      '/*!50100 `*/',
    ]) {
      const used = await processorTime(() => scan(piece.repeat(1_000_000 / piece.length)));
      assert.ok(used < 2000, piece);
    }
  });
});
