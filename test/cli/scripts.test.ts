import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { makeLabel } from '../../src/archive/label.js';
import { openArchive } from '../../src/archive/open-archive.js';
import { writeTar } from '../../src/archive/write-tar.js';
import { collectBytes, rangesOfBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { Part, SchemaObject } from '../../src/model/parts.js';
import { exportSql } from '../../src/recovery/export/sql.js';
import { sampleLabel, sampleParts } from '../archive/support/parts.js';
import { unpackTar } from '../archive/support/unpack-tar.js';
import { describeOnEachServer } from '../support/servers.js';
import { runHere } from './support.js';

const client = ['mariadb', 'mysql'].find((program) => spawnSync(program, ['--version']).status === 0);
const hasPython = spawnSync('python3', ['--version']).status === 0;
const skip = client === undefined || !hasPython ? 'the stock client or python3 is missing' : false;

// Views that mention names of others, one that is broken, one whose definer has left; bodies of clients with
// other sets.
const office: readonly string[] = [
  'DROP DATABASE IF EXISTS scripted',
  'CREATE DATABASE scripted CHARACTER SET utf8',
  'USE scripted',
  'CREATE TABLE l (id INT PRIMARY KEY, total INT, balance INT) ENGINE=InnoDB',
  'INSERT INTO l VALUES (1, 2, 3)',
  'CREATE VIEW z AS SELECT id, balance AS a FROM l',
  'CREATE VIEW a AS SELECT SUM(z.a) AS z FROM z',
  "CREATE VIEW m AS SELECT 'from `a`' AS x, (SELECT z FROM a) AS z",
  'CREATE TABLE gone (id INT)',
  'CREATE VIEW b AS SELECT id FROM gone',
  'DROP TABLE gone',
  'CREATE DEFINER=`left`@`10.1.%` VIEW c AS SELECT id FROM l',
  "SET character_set_client = koi8r, collation_connection = 'koi8r_general_ci'",
  "CREATE VIEW k AS SELECT X'D0' AS x",
  'SET character_set_client = utf8mb4',
  "CREATE TRIGGER t BEFORE INSERT ON l FOR EACH ROW SET NEW.total = LENGTH('it''s \\\\ ; /* x */')",
  "CREATE PROCEDURE p() BEGIN SELECT 'a;b'; -- it's\n SELECT 2; END",
  // A name that ends with what begins a command for a client.
  'CREATE TRIGGER `trailing\\\\` BEFORE DELETE ON l FOR EACH ROW SET @a = 1',
  "CREATE EVENT once ON SCHEDULE AT '2037-01-01 00:00:00' DO SELECT 1",
  "CREATE EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' DO SELECT 1",
];

describeOnEachServer(
  'a script of an archive',
  (server) => {
    let folder: string;
    let keyFile: string;
    let recipients: readonly string[];
    const load = (database: string, script: string | Buffer, ...more: readonly string[]) => {
      const { user, port, host, socketPath, password = '' } = server().address;
      const where =
        socketPath === undefined ? [`-h${host ?? '127.0.0.1'}`, `-P${port ?? 3306}`] : [`-S${socketPath}`];
      return spawnSync(client!, [...where, `-u${user}`, ...more, database], {
        input: script,
        encoding: 'utf8',
        env: { ...process.env, MYSQL_PWD: password },
      });
    };
    const scriptsOf = async (archive: string): Promise<Record<'extract' | 'reader.py', Buffer>> => {
      const place = await mkdtemp(join(folder, 'scripts-'));
      const from = [archive, '--out', place, '--identity', keyFile];
      const made = await runHere(['extract', ...from, '--format', 'sql', '--events', 'as-found']);
      assert.equal(made.code, 0, made.stderr);
      const { files } = JSON.parse(
        (await runHere(['extract', ...from, '--format', 'tar', '--json'])).stdout,
      ) as { files: string[] };
      await mkdir(join(place, 'files'));
      spawnSync('tar', ['xf', join(place, files[0]!), '-C', join(place, 'files')]);
      const reader = spawnSync('python3', ['reader.py', '--events-as-found'], {
        cwd: join(place, 'files'),
        maxBuffer: 1e8,
      });
      assert.equal(reader.status, 0, reader.stderr.toString());
      const name = /Extracted (\S+)/.exec(made.stdout)![1]!;
      return { extract: await readFile(join(place, name)), 'reader.py': reader.stdout };
    };
    const described = async (database: string): Promise<string> => {
      const schema = `'${database}'`;
      const all = await Promise.all(
        [
          `SELECT TABLE_NAME, REPLACE(VIEW_DEFINITION, '\`${database}\`.', '') AS d, DEFINER, CHARACTER_SET_CLIENT FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ${schema} AND TABLE_NAME <> 'b' ORDER BY 1`,
          `SELECT TRIGGER_NAME, ACTION_STATEMENT, SQL_MODE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${schema}`,
          `SELECT ROUTINE_NAME, ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${schema}`,
          `SELECT EVENT_NAME, EVENT_DEFINITION, STATUS, STARTS, EXECUTE_AT FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${schema} ORDER BY 1`,
        ].map((sql) => server().query(sql)),
      );
      return JSON.stringify(all, null, 1);
    };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'supplemental-backup-scripts-'));
      const identity = await generateIdentity();
      keyFile = join(folder, 'key.txt');
      await writeFile(keyFile, `${identity}\n`);
      recipients = [await identityToRecipient(identity)];
    });
    after(() => rm(folder, { recursive: true, force: true }));

    it('O1, O2, O7, O12: makes what was there, by any stock client, and says at its end that it is complete', {
      skip,
    }, async () => {
      await server().query(office);
      const { user, port, host, socketPath, password = '' } = server().address;
      const socket = socketPath === undefined ? '' : `?socketPath=${encodeURIComponent(socketPath)}`;
      const source = `mysql://${user}@${host ?? '127.0.0.1'}:${port ?? 3306}/scripted${socket}`;
      const archive = join(folder, 'scripted.tar.age');
      const backup = ['backup', '--source', source, '--out', archive, '--recipient', recipients[0]!];
      const made = await runHere(backup, { env: { MYSQL_PWD: password } });
      assert.equal(made.code, 0, made.stderr);
      const expected = await described('scripted');
      for (const [name, script] of Object.entries(await scriptsOf(archive))) {
        for (const options of [['--comments', '--binary-mode'], ['--comments']]) {
          await server().query(['DROP DATABASE IF EXISTS again', 'CREATE DATABASE again CHARACTER SET utf8']);
          const loaded = load('again', script, ...options);
          assert.equal(loaded.status, 0, `${name}: ${loaded.stderr}`);
          assert.match(loaded.stdout, /complete\n$/);
          assert.equal(await described('again'), expected, `${name} ${options.join(' ')}`);
          const [row] = await server().query('SELECT * FROM again.l');
          assert.deepEqual(row, { id: '1', total: '2', balance: '3' });
        }
      }
    });

    it('O1, O2: what this client or server cannot make holds up nothing, and is told with whatever needs it', {
      skip,
    }, async () => {
      await server().query([
        'DROP DATABASE IF EXISTS quoted',
        'CREATE DATABASE quoted CHARACTER SET utf8',
        'USE quoted',
        'CREATE TABLE a (id INT) ENGINE=InnoDB',
        'INSERT INTO a VALUES (7)',
        'CREATE TABLE z (id INT) ENGINE=InnoDB',
        "SET sql_mode = 'ANSI'",
        // A client takes the mark behind a backslash for a part of the name.
        'CREATE FUNCTION "f\\"() RETURNS INT DETERMINISTIC RETURN 1',
        'CREATE FUNCTION g() RETURNS INT DETERMINISTIC BEGIN DECLARE "v\\" INT DEFAULT 2; RETURN "v\\"; END',
        "SET sql_mode = ''",
        'CREATE VIEW first AS SELECT `f\\`() AS x',
        'CREATE VIEW second AS SELECT g() AS x',
        'CREATE VIEW third AS SELECT x FROM second',
        'CREATE VIEW fourth AS SELECT id FROM z',
        'CREATE TRIGGER r BEFORE INSERT ON z FOR EACH ROW SET @a = 1',
      ]);
      const { user, port, host, socketPath, password = '' } = server().address;
      const socket = socketPath === undefined ? '' : `?socketPath=${encodeURIComponent(socketPath)}`;
      const source = `mysql://${user}@${host ?? '127.0.0.1'}:${port ?? 3306}/quoted${socket}`;
      const archive = join(folder, 'quoted.tar.age');
      const backup = ['backup', '--source', source, '--out', archive, '--recipient', recipients[0]!];
      assert.equal((await runHere(backup, { env: { MYSQL_PWD: password } })).code, 0);
      const views = async (): Promise<unknown> =>
        (
          await server().query(
            "SELECT TABLE_NAME AS v FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'again' ORDER BY 1",
          )
        ).map((row) => row['v']);
      const prepares = server().vendor === 'mariadb';
      for (const [name, script] of Object.entries(await scriptsOf(archive))) {
        await server().query(['DROP DATABASE IF EXISTS again', 'CREATE DATABASE again CHARACTER SET utf8']);
        const loaded = load('again', script, '--comments', '--binary-mode');
        assert.equal(loaded.status, 0, `${name}: ${loaded.stderr}`);
        assert.match(loaded.stdout, /complete\n$/);
        const left = prepares ? [] : ['second', 'third'];
        assert.deepEqual(
          await views(),
          ['first', 'fourth', 'second', 'third'].filter((view) => !left.includes(view)),
          name,
        );
        assert.equal((await server().query('SELECT x FROM again.first'))[0]?.['x'], '1');
        if (prepares) assert.equal((await server().query('SELECT x FROM again.third'))[0]?.['x'], '2');
        for (const what of prepares ? [] : ['function g', 'view second', 'view third']) {
          assert.match(loaded.stdout, new RegExp(`^not made, .*: ${what}$`, 'm'), name);
        }
      }
      const keys = { identities: [(await readFile(keyFile, 'utf8')).trim()] };
      const opened = await openArchive(rangesOfBytes(await readFile(archive)), keys);
      const some: Buffer[] = [];
      for await (const piece of exportSql(opened, { tables: ['a'] })) some.push(Buffer.from(piece as string));
      opened.close();
      await server().query(['DROP DATABASE IF EXISTS again', 'CREATE DATABASE again CHARACTER SET utf8']);
      // Whoever commits by hand elsewhere keeps the rows of a script all the same.
      await server().query('SET GLOBAL autocommit = 0');
      const loaded = load('again', Buffer.concat(some), '--comments', '--binary-mode');
      await server().query('SET GLOBAL autocommit = 1');
      assert.equal(loaded.status, 0, loaded.stderr);
      assert.deepEqual(
        (await server().query('SELECT id FROM again.a')).map((row) => row['id']),
        ['7'],
      );
      for (const what of ['view fourth', 'trigger r']) {
        assert.match(loaded.stdout, new RegExp(`^not made, .*: ${what}$`, 'm'));
      }
    });

    it('O12: is written of what a restore leaves out, and events rest until somebody asks', {
      skip,
    }, async () => {
      await server().query([...office, 'DROP DATABASE IF EXISTS restored']);
      const { user, port, host, socketPath, password = '' } = server().address;
      const socket = socketPath === undefined ? '' : `?socketPath=${encodeURIComponent(socketPath)}`;
      const urlOf = (database: string): string =>
        `mysql://${user}@${host ?? '127.0.0.1'}:${port ?? 3306}/${database}${socket}`;
      const env = { MYSQL_PWD: password };
      const archive = join(folder, 'left-out.tar.age');
      const backup = [
        'backup',
        '--source',
        urlOf('scripted'),
        '--out',
        archive,
        '--recipient',
        recipients[0]!,
      ];
      assert.equal((await runHere(backup, { env })).code, 0);
      const restore = ['restore', archive, '--target', urlOf('restored'), '--identity', keyFile];
      const script = join(folder, 'left-out.sql');
      const made = await runHere([...restore, '--programs-to', script], { env });
      assert.ok(made.code === 0 || made.code === 7, made.stderr);
      const triggers =
        "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'restored'";
      const events = "SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'restored'";
      assert.deepEqual(await server().query(triggers), []);
      const loaded = load('restored', await readFile(script), '--comments', '--binary-mode');
      assert.equal(loaded.status, 0, loaded.stderr);
      assert.equal((await server().query(triggers)).length, 2);
      const states = async (): Promise<unknown> => (await server().query(events)).map((row) => row['STATUS']);
      assert.deepEqual(await states(), ['DISABLED', 'DISABLED']);
      // What is said first is that the rows are there: only the script was not written.
      const again = await runHere([...restore, '--programs', '--replace', '--programs-to', script], { env });
      assert.match(
        again.stderr,
        /^The database is restored; its script could not be written\. There is already a /m,
      );
      assert.deepEqual(await states(), ['DISABLED', 'DISABLED']);
      await runHere([...restore, '--programs', '--replace', '--events', 'as-found'], { env });
      assert.deepEqual(await states(), ['ENABLED', 'ENABLED']);
    });

    it('holds no word that a client or a server would obey', { skip }, async () => {
      const marker = join(folder, 'obeyed');
      const evil = `x; DROP DATABASE victim; -- \n\\! touch ${marker}\n`;
      const objects: readonly (readonly [string, Partial<SchemaObject>])[] = [
        ['collation', { collationConnection: evil }],
        ['character set', { characterSetClient: evil }],
        ['collation of the database', { databaseCollation: evil }],
        ['body', { createStatement: `CREATE PROCEDURE p() BEGIN END ${evil}` }],
        [
          'body with a delimiter',
          { createStatement: 'CREATE PROCEDURE p() BEGIN END delimiter ;\nDROP DATABASE victim;' },
        ],
        ['mode', { sqlMode: evil }],
        ['name', { name: evil, createStatement: `CREATE PROCEDURE \`${evil}\`() BEGIN END` }],
      ];
      async function* forged(change: Partial<SchemaObject>): AsyncGenerator<Part> {
        for await (const part of sampleParts({ tables: 1 })) {
          if (part.kind === 'table') {
            const createStatement =
              'CREATE TABLE `table``1` (Id bigint, Name varchar(20), Day date, Twice bigint AS (Id * 2))';
            yield { ...part, table: { ...part.table, createStatement } };
          } else if (part.kind === 'objects') {
            const plain = {
              kind: 'procedure',
              name: 'p',
              createStatement: 'CREATE PROCEDURE p() BEGIN END',
            } as const;
            yield { kind: 'objects', objects: [{ ...plain, ...change }] };
          } else if (part.kind === 'summary') {
            yield { ...part, summary: { ...part.summary, snapshotAt: `2026-02-03T22:00:01.000Z\n${evil}` } };
          } else yield part;
        }
      }
      await server().query(['DROP DATABASE IF EXISTS victim', 'CREATE DATABASE victim']);
      for (const [what, change] of objects) {
        const sealed = encryptArchive(forged(change), { recipients, label: sampleLabel });
        const keys = { identities: [(await readFile(keyFile, 'utf8')).trim()] };
        const opened = await openArchive(rangesOfBytes(await collectBytes(sealed)), keys);
        const signal = new AbortController().signal;
        const extracted: (string | Uint8Array)[] = [];
        try {
          const options = { tables: ['table`1'], objects: true, signal, onRows: () => undefined };
          for await (const piece of exportSql(opened, options)) extracted.push(piece);
        } catch (error) {
          assert.ok(isBackupError(error, 'archive-damaged'), String(error));
        }
        opened.close();
        const place = await mkdtemp(join(folder, 'forged-'));
        await unpackTar(
          writeTar(forged(change), makeLabel(sampleLabel), () => undefined),
          place,
        );
        const reader = spawnSync('python3', ['reader.py'], { cwd: place, encoding: 'utf8' });
        const script = Buffer.concat(extracted.map((piece) => Buffer.from(piece as string)));
        for (const text of [script, reader.stdout]) {
          await server().query(['DROP DATABASE IF EXISTS again', 'CREATE DATABASE again CHARACTER SET utf8']);
          load('again', text, '--force', '--comments');
          const [left] = await server().query("SHOW DATABASES LIKE 'victim'");
          assert.ok(left !== undefined, `${what}: another database is gone`);
          await assert.rejects(readFile(marker), { code: 'ENOENT' }, `${what}: a shell was run`);
        }
      }
    });
  },
  { kinds: ['mysql-5.6', 'mariadb'] },
);
