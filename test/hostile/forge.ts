import type { Part, SchemaObject, TableDescription } from '../../src/model/parts.js';

/**
 * What a forger does to the parts of an archive before they are sealed for a recipient whom everybody knows.
 */
export interface Forgery {
  readonly what: string;
  /**
   * `refused`: the definition is named by all, and nothing is run. `contained`: whatever happens stays in the
   * target.
   */
  readonly end: 'contained' | 'refused';
  forge(parts: readonly Part[]): readonly Part[];
}

/** A table `zz (a INT)` with this definition. */
export function table(
  statement: string,
  end: Forgery['end'] = 'refused',
  change: Partial<TableDescription> = {},
): Forgery {
  return {
    what: `table: ${statement.slice(0, 100)}`,
    end,
    forge: (parts) =>
      parts.map((part) =>
        part.kind === 'table'
          ? { ...part, table: { ...part.table, createStatement: statement, ...change } }
          : part,
      ),
  };
}

function object(
  kind: SchemaObject['kind'],
  statement: string,
  end: Forgery['end'] = 'refused',
  change: Partial<SchemaObject> = {},
): Forgery {
  const forged: SchemaObject = { kind, name: 'zz', createStatement: statement, ...change };
  return {
    what: `${kind}: ${statement.slice(0, 100)} ${JSON.stringify(change).slice(0, 60)}`,
    end,
    forge: (parts) => parts.map((part) => (part.kind === 'objects' ? { ...part, objects: [forged] } : part)),
  };
}

export function database(change: Record<string, unknown>, end: Forgery['end'] = 'contained'): Forgery {
  return {
    what: `database: ${JSON.stringify(change).slice(0, 100)}`,
    end,
    forge: (parts) =>
      parts.map((part) =>
        part.kind === 'database' ? ({ ...part, database: { ...part.database, ...change } } as Part) : part,
      ),
  };
}

/** Several at once: the end is that of the last. */
export function both(...forgeries: readonly [Forgery, ...Forgery[]]): Forgery {
  return {
    what: forgeries.map(({ what }) => what).join(' and '),
    end: forgeries.at(-1)!.end,
    forge: (parts) => forgeries.reduce((so, { forge }) => forge(so), parts),
  };
}

function column(change: Record<string, unknown>): Forgery {
  return {
    what: `column: ${JSON.stringify(change).slice(0, 100)}`,
    end: 'contained',
    forge: (parts) =>
      parts.map((part) => {
        if (part.kind !== 'table') return part;
        const [first, ...more] = part.table.columns;
        return { ...part, table: { ...part.table, columns: [{ ...first!, ...change }, ...more] } } as Part;
      }),
  };
}

function summary(change: Record<string, unknown>): Forgery {
  return {
    what: `summary: ${JSON.stringify(change).slice(0, 100)}`,
    end: 'contained',
    forge: (parts) =>
      parts.map((part) =>
        part.kind === 'summary' ? ({ ...part, summary: { ...part.summary, ...change } } as Part) : part,
      ),
  };
}

const ok = '`zz` (\n  `a` int(11) DEFAULT NULL\n) ENGINE=InnoDB';
const event = 'EVENT zz ON SCHEDULE EVERY 1 SECOND';

/** @param canary - a directory whose files are counted */
export function forgeries(canary: string): readonly Forgery[] {
  const evil = 'GRANT ALL ON *.* TO evil';
  return [
    // Another kind of thing in the place of a table.
    table("CREATE USER evil IDENTIFIED BY 'x'"),
    table("CREATE OR REPLACE USER evil IDENTIFIED BY 'x'"),
    table(`CREATE OR REPLACE USER evil /*!999999 TABLE ${ok} */`),
    table('CREATE ROLE evil'),
    table('CREATE DATABASE evil'),
    table('CREATE SCHEMA evil /* TABLE `zz` (a int) */'),
    table(`CREATE DEFINER=root@localhost ${event} DO ${evil} /*!999999 TABLE \`zz\` (a int) */`),
    table(`CREATE ${event} DO ${evil} # TABLE \`zz\` (\`a\` int)`),
    table(`CREATE /*M!999999 TABLE ${ok} */ USER evil`),
    table(`CREATE /*!00000 USER evil -- */ TABLE ${ok}`),
    table(evil),
    table('DROP DATABASE bystander'),
    table("SET GLOBAL general_log_file = '/tmp/x'"),
    table("INSTALL PLUGIN zz SONAME 'zz.so'"),
    table(`SELECT 1 INTO OUTFILE '${canary}/t1'`),
    table(`CREATE TABLE ${ok}; DROP DATABASE bystander`),
    table(`CREATE TABLE ${ok};\nDELIMITER //\nDROP DATABASE bystander//`),
    table(`CREATE TABLE ${ok} \\! touch ${canary}/t2`),
    table(`CREATE TABLE ${ok} \\. ${canary}/t3`),
    table(`CREATE TABLE ${ok} AS SELECT * FROM mysql.user`),
    table(`CREATE TABLE ${ok} SELECT LOAD_FILE('/etc/passwd') AS a`),
    table(`CREATE TABLE ${ok} IGNORE SELECT 1 AS a`),
    table(`CREATE TABLE ${ok} /*!50000 SELECT 1 AS a */`),
    table(`CREATE TABLE ${ok} /*!50100 PARTITION BY HASH (a) */ (SELECT 1 AS a)`),
    table(`CREATE TABLE ${ok} UNION SELECT 1`),
    table('CREATE TABLE `zz` LIKE mysql.user'),
    table('CREATE TABLE `zz` (LIKE mysql.user)'),
    table('CREATE TABLE `bystander`.`zz` (`a` int)'),
    table('CREATE TABLE IF NOT EXISTS `zz` (`a` int)'),
    table('CREATE OR REPLACE TABLE `zz` (`a` int)'),
    table('CREATE TEMPORARY TABLE `zz` (`a` int)'),
    table('CREATE TABLE `other` (`a` int)'),
    table("CREATE TABLE `zz` (`a` text DEFAULT (LOAD_FILE('/etc/passwd')))"),
    table("CREATE TABLE `zz` (`a` text AS (`LOAD_FILE`('/etc/passwd')) VIRTUAL)"),
    table('CREATE TABLE `zz` (`a` int DEFAULT (SELECT 1))'),
    table("CREATE TABLE `zz` (`a` int COMMENT 'open)"),
    table('CREATE TABLE `zz` (`a` int) /* open'),
    table('CREATE TABLE `zz` (`a` int) COMMENT "\\"; DROP DATABASE bystander; -- '),
    table('CREATE TABLE `zz\0` (`a` int)'),
    table(`CREATE TABLE ${ok} DATA DIRECTORY='${canary}' INDEX DIRECTORY='${canary}'`, 'contained'),
    table(`CREATE TABLE ${ok.replace('InnoDB', 'MyISAM')} DATA/**/DIRECTORY = "${canary}"`, 'contained', {
      engine: 'MyISAM',
    }),
    table('CREATE TABLE `zz` (`a` int) ENGINE=MRG_MyISAM UNION=(`mysql`.`user`)', 'contained', {
      engine: 'MRG_MyISAM',
    }),
    table(
      'CREATE TABLE `zz` (`a` int) ENGINE=MRG_MyISAM UNION=(`bystander`.`precious`) INSERT_METHOD=LAST',
      'contained',
    ),
    table(
      "CREATE TABLE `zz` (`a` int) ENGINE=FEDERATED CONNECTION='mysql://root@localhost/mysql/user'",
      'contained',
    ),
    table(
      `CREATE TABLE \`zz\` (\`a\` int) ENGINE=CONNECT TABLE_TYPE=DOS FILE_NAME='${canary}/t4'`,
      'contained',
    ),
    table(
      `CREATE TABLE ${ok.replace('NULL\n', 'NULL,\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `bystander`.`precious` (`a`)\n')}`,
      'contained',
    ),
    table(`CREATE TABLE ${ok}`, 'contained', { name: 'a`b\n; DROP DATABASE bystander; -- ' }),
    table(`CREATE TABLE ${ok}`, 'contained', { primaryKey: ['`); DROP DATABASE bystander; --'] }),
    table(`CREATE TABLE ${ok}`, 'contained', { engine: 'InnoDB; DROP DATABASE bystander' }),
    table(`CREATE TABLE ${ok}`, 'contained', {
      rowFilter: { where: `1) UNION SELECT 1 INTO OUTFILE '${canary}/t5' -- `, reason: 'x' },
    }),
    table(`CREATE TABLE ${ok}`, 'contained', {
      computed: { columns: ["a`) FROM t INTO OUTFILE '/tmp/x' -- "], hash: '1', timeZone: "'; DROP" },
    }),
    // Objects.
    object('view', `CREATE USER evil /*!999999 VIEW \`zz\` AS SELECT 1 */`),
    object('view', `CREATE VIEW \`zz\` AS SELECT 1 INTO OUTFILE '${canary}/v1'`),
    object('view', 'CREATE VIEW `zz` AS SELECT 1; DROP DATABASE bystander'),
    object('view', 'CREATE VIEW `zz` AS SELECT "a\\" ; DROP DATABASE bystander -- "', 'refused', {
      sqlMode: 'ANSI_QUOTES',
    }),
    object('view', "CREATE VIEW `zz` AS SELECT 'a\\'; DROP DATABASE bystander -- '", 'refused', {
      sqlMode: 'NO_BACKSLASH_ESCAPES',
    }),
    object('view', 'CREATE VIEW `zz` AS SELECT 1', 'refused', { sqlMode: "', GLOBAL event_scheduler = 'ON" }),
    object('view', 'CREATE OR REPLACE VIEW `zz` AS SELECT 1'),
    object('view', 'CREATE VIEW `bystander`.`zz` AS SELECT 1'),
    object('function', "CREATE FUNCTION `zz` RETURNS STRING SONAME 'zz.so'"),
    object('function', "CREATE AGGREGATE FUNCTION `zz` RETURNS INTEGER SONAME 'zz.so'"),
    object('procedure', 'CREATE PROCEDURE `bystander`.`zz`() SELECT 1'),
    object('procedure', `CREATE ${event} DO ${evil} /*!999999 PROCEDURE \`zz\`() SELECT 1 */`),
    object('procedure', 'CREATE PROCEDURE `zz`() SELECT 1; DROP DATABASE bystander', 'contained'),
    object(
      'trigger',
      'CREATE TRIGGER `bystander`.`zz` BEFORE INSERT ON `bystander`.`precious` FOR EACH ROW SET @a = 1',
      'contained',
    ),
    object('trigger', `CREATE ${event} DO ${evil}`),
    object('event', `CREATE DEFINER = root @ localhost ${event} DO ${evil}`, 'contained', {
      status: 'DISABLED',
    }),
    object('event', `CREATE DEFINER/**/=root@localhost ${event} ENABLE DO ${evil}`, 'contained', {
      status: 'DISABLED',
    }),
    object('event', `CREATE ${event} /* ON COMPLETION PRESERVE DISABLE */ ENABLE DO ${evil}`, 'contained'),
    object('event', 'CREATE EVENT `bystander`.`zz` ON SCHEDULE EVERY 1 SECOND DO SELECT 1'),
    object('event', `CREATE EVENT zz ON SCHEDULE AT (SELECT LOAD_FILE('/etc/passwd')) DO SELECT 1`),
    object('sequence', 'CREATE SEQUENCE `zz`; DROP DATABASE bystander'),
    object('sequence', 'CREATE SEQUENCE `bystander`.`zz`'),
    object('view', 'CREATE VIEW `zz` AS SELECT 1', 'contained', {
      characterSetClient: 'utf8; DROP DATABASE bystander',
    }),
    object('view', 'CREATE VIEW `zz` AS SELECT 1', 'contained', { collationConnection: "x' OR 1" }),
    object('procedure', "CREATE PROCEDURE `zz`() SELECT '\u00d6' -- '", 'contained', {
      characterSetClient: 'swe7',
    }),
    object('procedure', "CREATE PROCEDURE `zz`() SELECT '\u8868' -- '", 'contained', {
      characterSetClient: 'sjis',
    }),
    object('event', 'CREATE EVENT `zz` ON SCHEDULE EVERY 1 DAY DO SELECT 1', 'contained', {
      timeZone: "', GLOBAL x = '1",
    }),
    object('procedure', 'CREATE PROCEDURE `zz`() SELECT 1', 'refused', {
      createStatementBytes: Buffer.from('CREATE USER evil -- \xe4', 'latin1').toString('base64'),
      characterSetClient: 'latin1',
    }),
    // Other statements that servers take.
    table("CREATE SERVER zz FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')"),
    table(`CREATE SERVER zz FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x') /*!999999 TABLE ${ok} */`),
    table(`LOAD DATA INFILE '/etc/passwd' INTO TABLE zz`),
    table('HANDLER mysql.user OPEN'),
    table('FLUSH PRIVILEGES'),
    table('RENAME TABLE bystander.precious TO bystander.gone'),
    table(`CREATE UNDO TABLESPACE zz ADD DATAFILE '${canary}/t6.ibu'`),
    table(`CREATE TABLESPACE zz ADD DATAFILE '${canary}/t7.ibd' /* TABLE \`zz\` (a int) */`),
    table('CREATE PACKAGE zz AS FUNCTION f RETURN INT; END; GRANT ALL ON *.* TO evil'),
    table("PREPARE s FROM 'DROP DATABASE bystander'"),
    table("SET PASSWORD FOR root@localhost = PASSWORD('x')"),
    table('EXECUTE IMMEDIATE "DROP DATABASE bystander"'),
    // Executable comments of every kind.
    table(`/*!50000 DROP DATABASE bystander */`),
    table(`CREATE /*!50000 TABLE ${ok} */`),
    table(`CREATE TABLE ${ok} /*M! AS SELECT * FROM mysql.user */`),
    table(`CREATE TABLE ${ok} /*! AS SELECT * FROM mysql.user */`),
    table(`CREATE TABLE ${ok} /*M!100000 AS SELECT 1 AS a */`),
    table(`CREATE TABLE ${ok} /*!50100 PARTITION BY HASH (a) /*!50000 */ AS SELECT 1 AS a */`),
    table(`CREATE TABLE ${ok} /*!99999 /* */ AS SELECT 1 AS a -- */`),
    table(`CREATE TABLE ${ok} /*!99999 COMMENT='*/ AS SELECT 1 AS a -- ' */`),
    table(`CREATE TABLE ${ok} /*!50100 TABLESPACE x */ /*!99999 ; DROP DATABASE bystander */`),
    table(`CREATE TABLE ${ok} /*\nDELIMITER //\nDROP DATABASE bystander//\n*/`, 'contained'),
    table(`CREATE TABLE ${ok} -- \nDELIMITER //\nDROP DATABASE bystander//\n`),
    table(`CREATE TABLE ${ok} COMMENT='\nDELIMITER //\nDROP DATABASE bystander//\n'`, 'contained'),
    table(
      `CREATE TABLE ${ok} COMMENT="\\\`hostile_source\`." COMMENT "; DROP DATABASE bystander -- "`,
      'contained',
    ),
    // Windows into other places.
    table(
      `CREATE TABLE \`zz\` (\`a\` int) ENGINE='FEDE\\RATED' CONNECTION='mysql://root@localhost/mysql/user'`,
    ),
    table(
      `CREATE TABLE \`zz\` (\`a\` int) ENGINE=\`CONNECT\` TABLE_TYPE=DOS FILE_NAME='${canary}/t8'`,
      'contained',
    ),
    table(
      `CREATE TABLE \`zz\` (\`a\` int) ENGINE="SPIDER" COMMENT='wrapper "mysql", host "127.0.0.1"'`,
      'contained',
    ),
    table("CREATE TABLE `zz` (`a` int) ENGINE=S3 S3_BUCKET='x'", 'contained'),
    table(
      `CREATE TABLE \`zz\` (\`a\` int) PARTITION BY HASH (a) (PARTITION p0 ENGINE = CONNECT DATA DIRECTORY='${canary}')`,
      'contained',
    ),
    table(`CREATE TABLE ${ok} TABLESPACE mysql`, 'contained'),
    table(`CREATE TABLE ${ok} ENCRYPTED=YES ENCRYPTION_KEY_ID=1`, 'contained'),
    both(
      database({ name: 'bystander' }),
      table(
        'CREATE TABLE `zz` (`a` int) ENGINE=MRG_MyISAM UNION=(bystander.precious) INSERT_METHOD=LAST',
        'contained',
      ),
    ),
    both(
      database({ name: 'bystander' }),
      table('CREATE TABLE `zz` (`a` int) ENGINE=MRG_MyISAM UNION=(`bystander`.`precious`)', 'contained'),
    ),
    ...['bystander', 'Bystander', 'BYSTANDER'].flatMap((name) => [
      both(
        database({ name }),
        object(
          'trigger',
          'CREATE TRIGGER bystander.zz BEFORE INSERT ON bystander.precious FOR EACH ROW SET @a = 1',
          'contained',
        ),
      ),
      both(
        database({ name }),
        object(
          'trigger',
          'CREATE TRIGGER `bystander` . `zz` BEFORE INSERT ON `bystander`.`precious` FOR EACH ROW SET @a = 1',
          'contained',
        ),
      ),
    ]),
    both(
      database({ name: 'bystander' }),
      object('trigger', 'CREATE TRIGGER zz BEFORE INSERT ON zz FOR EACH ROW SET @a = 1', 'contained', {
        createStatementBytes: Buffer.from(
          'CREATE TRIGGER bystander.zz BEFORE INSERT ON bystander.precious FOR EACH ROW SET @a = 1',
        ).toString('base64'),
      }),
    ),
    // Programs that act, if anybody lets them.
    object('view', 'CREATE SQL SECURITY DEFINER VIEW `zz` AS SELECT * FROM mysql.user', 'contained'),
    object('view', 'CREATE VIEW `zz` AS SELECT 1 PROCEDURE ANALYSE()', 'contained'),
    object('view', "CREATE VIEW `zz` AS SELECT LOAD_FILE('/etc/passwd') AS a", 'contained'),
    object('view', 'CREATE VIEW `zz` AS SELECT 1 /*!50000 INTO OUTFILE "x" */'),
    object('view', 'CREATE VIEW `zz` AS SELECT 1 /*M!100000 ; DROP DATABASE bystander */'),
    object('view', `CREATE VIEW \`zz\` (\`a\`) /*! ; */ AS SELECT 1`),
    object(
      'trigger',
      "CREATE TRIGGER zz BEFORE INSERT ON zz FOR EACH ROW LOAD DATA INFILE '/etc/passwd' INTO TABLE zz",
      'contained',
    ),
    object(
      'trigger',
      `CREATE TRIGGER zz AFTER INSERT ON zz FOR EACH ROW SELECT 1 INTO OUTFILE '${canary}/g1'`,
      'contained',
    ),
    object(
      'procedure',
      'CREATE PROCEDURE `zz`() BEGIN END /*!50000 ; DROP DATABASE bystander */',
      'contained',
    ),
    object('procedure', 'CREATE PROCEDURE `zz`() BEGIN END\n//\nDROP DATABASE bystander//\n', 'contained'),
    object('procedure', `CREATE PROCEDURE \`zz\`() BEGIN END\n\\! touch ${canary}/p1\n`, 'contained'),
    object(
      'procedure',
      'CREATE PROCEDURE `zz`()\n/*\nDELIMITER ;\nDROP DATABASE bystander;\n*/\nSELECT 1',
      'contained',
    ),
    object(
      'function',
      "CREATE FUNCTION `zz`() RETURNS int RETURN 1; INSTALL PLUGIN x SONAME 'x.so'",
      'contained',
    ),
    object('package', 'CREATE PACKAGE `zz` AS a INT; END; DROP DATABASE bystander', 'contained', {
      sqlMode: 'ORACLE',
    }),
    object('event', `CREATE EVENT zz ON SCHEDULE EVERY 1 SECOND ENABLE DO ${evil}`, 'contained', {
      status: 'ENABLED',
    }),
    object(
      'event',
      `CREATE EVENT zz ON SCHEDULE EVERY 1 SECOND ON COMPLETION PRESERVE DISABLE ENABLE DO ${evil}`,
    ),
    object('event', `CREATE EVENT zz ON SCHEDULE EVERY 1 SECOND COMMENT 'x' ENABLE DO ${evil}`),
    // Words that stand in no definition.
    object('sequence', 'CREATE SEQUENCE `zz`', 'contained', { nextValue: '1; DROP DATABASE bystander' }),
    object('sequence', 'CREATE SEQUENCE `zz`', 'contained', {
      nextValue: '1, 0); DROP DATABASE bystander; -- ',
    }),
    object('sequence', 'CREATE SEQUENCE `zz`', 'contained', { nextValue: '9'.repeat(30) }),
    object('sequence', 'CREATE SEQUENCE `zz` START WITH (SELECT 1)'),
    object('procedure', 'CREATE PROCEDURE `zz`() SELECT 1', 'contained', {
      databaseCollation: "x'; DROP DATABASE bystander; -- ",
    }),
    object('view', 'CREATE VIEW `zz` AS SELECT 1', 'contained', {
      brokenAtSource: '\nDROP DATABASE bystander;\n',
    }),
    object('view', 'CREATE VIEW `zz` AS SELECT 1', 'contained', { characterSetClient: 'utf16' }),
    column({ characterSet: "latin1 x''); DROP DATABASE bystander; -- " }),
    column({ type: "varchar(9)'; DROP DATABASE bystander; -- ", characterSet: 'latin1', form: 'bytes' }),
    column({ name: '`) VALUES (1); DROP DATABASE bystander; -- ' }),
    column({ name: `a\\! touch ${canary}/c1\n\\! touch ${canary}/c2\n` }),
    column({ form: 'datetime' }),
    summary({ snapshotAt: '2026-02-03T22:00:01.000Z\n; DROP DATABASE bystander; -- ' }),
    summary({ snapshotAt: '9'.repeat(100) }),
    table(`CREATE TABLE ${ok}`, 'contained', {
      rowFilter: {
        where: 'all of it',
        reason: 'x',
        dates: {
          column: "a`) UNION SELECT 1 INTO OUTFILE '/tmp/x' -- ",
          since: "'; DROP DATABASE bystander",
          unsetBefore: '1',
        },
      },
    }),
    table(`CREATE TABLE ${ok}`, 'contained', { name: '../../../zz' }),
    // The database.
    database({ name: 'mysql' }),
    database({
      server: { vendor: 'mariadb\nDROP DATABASE bystander;', version: `\n\\! touch ${canary}/d1\n` },
    }),
    database({ name: 'x`; DROP DATABASE bystander; -- ' }),
    database({ characterSet: 'utf8; DROP DATABASE bystander' }),
    database({ collation: "utf8_general_ci' COMMENT '" }),
    database({ createStatement: "CREATE DATABASE `x` COMMENT 'a\\'; DROP DATABASE bystander" }),
    database({ createStatement: `CREATE DATABASE \`x\` COMMENT ${"'".repeat(50_001)}` }),
  ];
}
