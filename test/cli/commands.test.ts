import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { createRecoveryKit } from '../../src/admin/kits/recovery-kit.js';
import {
  createDatabaseEnrollments,
  dumpDatabase,
  encryptArchive,
  openConnection,
  readAdmins,
  resolveLastAdmin,
  sealFor,
} from '../../src/index.js';
import { compareDatabases } from '../../src/recovery/index.js';
import { lightWork } from '../admin/admins.js';
import { storePassword } from '../practice/users.js';
import { anyKind, describeOnEachServer } from '../support/servers.js';
import { playMonth } from './cron-nights.js';
import { runCli, runHere } from './support.js';

const schema = [
  'DROP DATABASE IF EXISTS cli_office',
  'CREATE DATABASE cli_office CHARACTER SET utf8',
  `CREATE TABLE cli_office.patient (
     PatNum BIGINT NOT NULL PRIMARY KEY, LName VARCHAR(100) NOT NULL, Birthdate DATE NOT NULL, Note TEXT
   ) ENGINE=MyISAM`,
  `INSERT INTO cli_office.patient VALUES
     (9007199254740993, 'O''Brien, "Bee"', '0001-01-01', NULL), (2, '', '0000-00-00', 'Zeile\\nzwei')`,
  'CREATE TABLE cli_office.signalod (SignalNum BIGINT NOT NULL PRIMARY KEY) ENGINE=MyISAM',
  'INSERT INTO cli_office.signalod VALUES (1), (2), (3)',
  'CREATE VIEW cli_office.names AS SELECT LName FROM cli_office.patient',
];

const users = [
  'DROP DATABASE IF EXISTS cli_users',
  'CREATE DATABASE cli_users CHARACTER SET utf8',
  `CREATE TABLE cli_users.userod (UserNum BIGINT NOT NULL PRIMARY KEY, UserName VARCHAR(255), Password VARCHAR(255),
     IsHidden TINYINT NOT NULL, DateTLastLogin DATETIME NOT NULL) ENGINE=MyISAM`,
  'CREATE TABLE cli_users.usergroupattach (UserNum BIGINT NOT NULL, UserGroupNum BIGINT NOT NULL) ENGINE=MyISAM',
  `CREATE TABLE cli_users.grouppermission (UserGroupNum BIGINT NOT NULL, PermType INT NOT NULL, FKey BIGINT NOT NULL)
     ENGINE=MyISAM`,
  'CREATE TABLE cli_users.program (ProgName VARCHAR(100), Enabled TINYINT NOT NULL) ENGINE=MyISAM',
  `INSERT INTO cli_users.userod VALUES
     (1, 'Ada', '${storePassword('correct horse', 'SHA3_512', 'c2FsdA==')}', 0, '2026-01-02 03:04:05'),
     (2, 'Bea', '', 0, '2026-01-01 00:00:00')`,
  'INSERT INTO cli_users.usergroupattach VALUES (1, 1), (2, 1)',
  'INSERT INTO cli_users.grouppermission VALUES (1, 24, 0)',
];

// What the words do on every kind of server is shown by the rooms below; one kind is enough to show the
// words.
const kind = anyKind('mysql-5.6');

describeOnEachServer(
  'the command line',
  (server) => {
    let folder: string;
    let source: string;
    let env: Record<string, string>;
    let recipient: string;
    let keyFile: string;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'supplemental-backup-cli-'));
      await server().query(schema);
      const { user, password, port, host, socketPath } = server().address;
      const socket = socketPath === undefined ? '' : `?socketPath=${encodeURIComponent(socketPath)}`;
      source = `mysql://${encodeURIComponent(user)}@${host ?? '127.0.0.1'}:${port ?? 3306}/cli_office${socket}`;
      env = { MYSQL_PWD: password ?? '' };
      const identity = await generateIdentity();
      recipient = await identityToRecipient(identity);
      keyFile = join(folder, 'key.txt');
      await writeFile(keyFile, `# a comment, as age-keygen writes it\n${identity}\n`);
    });
    after(() => rm(folder, { recursive: true, force: true }));

    const backup = (out: string, ...more: string[]) =>
      runHere(['backup', '--source', source, '--out', out, '--recipient', recipient, ...more], { env });

    it('plan tells what a backup would hold and why not the rest', async () => {
      const { code, stdout } = await runHere(['plan', '--source', source, '--tables', 'critical', '--json'], {
        env,
      });
      assert.equal(code, 0);
      const { plan } = JSON.parse(stdout) as { plan: { tables: { name: string; keeps: string }[] } };
      assert.deepEqual(
        plan.tables.map(({ name, keeps }) => `${name} ${keeps}`),
        ['patient all-rows', 'signalod definition'],
      );
    });

    it('backup writes an archive whose label anybody can read', async () => {
      const out = join(folder, 'office.tar.age');
      const made = await backup(out);
      assert.equal(made.code, 0, made.stderr);
      assert.match(made.stdout, /2 tables, 5 rows/);
      assert.match(made.stdout, /read back and found equal/);
      const { stdout } = await runHere(['inspect', out, '--json']);
      const { label, verified } = JSON.parse(stdout) as { label: Record<string, unknown>; verified: boolean };
      assert.deepEqual(
        [label['database'], label['practiceId'], label['scope']],
        ['cli_office', 'cli_office', 'full'],
      );
      assert.equal(verified, false);
      assert.match((await runHere(['inspect', out])).stdout, /Not verified/);
    });

    it('--verbose tells on stderr what is done, and no value, key or password', async () => {
      const out = join(folder, 'verbose.tar.age');
      const made = await backup(out, '--verbose', '--json');
      assert.equal(made.code, 0, made.stderr);
      assert.equal((JSON.parse(made.stdout) as { ok: boolean }).ok, true);
      assert.match(
        made.stderr,
        /^supplemental-backup:sql: SELECT .* session=\d+ milliseconds=\d+ rows=\d+$/m,
      );
      assert.match(made.stderr, /^supplemental-backup:archive: sealed .*tables=2 milliseconds=\d+$/m);
      const target = source.replace('cli_office', 'cli_verbose');
      const words = ['restore', out, '--target', target, '--identity', keyFile, '--replace', '--verbose'];
      const back = await runHere(words, { env });
      assert.equal(back.code, 0, back.stderr);
      assert.match(back.stderr, /^supplemental-backup:restore: rows table="patient" .*milliseconds=\d+$/m);
      const told = made.stderr + back.stderr;
      const secrets = ['Brien', 'Zeile', '9007199254740993', 'AGE-SECRET-KEY', ...Object.values(env)];
      for (const secret of secrets) assert.ok(secret === '' || !told.includes(secret), secret);
    });

    it('backup never overwrites, and leaves nothing beside the archive', async () => {
      const out = join(folder, 'twice.tar.age');
      assert.equal((await backup(out)).code, 0);
      const again = await backup(out);
      assert.equal(again.code, 1);
      assert.match(again.stderr, /There is already/);
      const hidden = (await readdir(folder)).filter((name) => name.startsWith('.'));
      assert.deepEqual(hidden, []);
    });

    it('backup to a folder that is missing, or from a server that is down, ends with 1 and says so', async () => {
      const nowhere = await backup(join(folder, 'missing', 'a.tar.age'));
      assert.equal(nowhere.code, 1);
      assert.match(nowhere.stderr, /There is no folder/);
      const down = await runHere(
        [
          'backup',
          '--source',
          'mysql://root@127.0.0.1:1/x',
          '--out',
          join(folder, 'x'),
          '--recipient',
          recipient,
          '--json',
        ],
        { env },
      );
      assert.equal(down.code, 1);
      assert.equal(
        (JSON.parse(down.stdout) as { error: { code: string } }).error.code,
        'database-unreachable',
      );
    });

    it('backup takes chosen tables only, and refuses names that fit none', async () => {
      const out = join(folder, 'chosen.tar.age');
      const made = await backup(out, '--tables', 'pat*', '--json');
      assert.equal(made.code, 0, made.stdout);
      const { summary } = JSON.parse(made.stdout) as {
        summary: { tables: { name: string }[]; leftOut: { name: string }[] };
      };
      assert.deepEqual(
        summary.tables.map(({ name }) => name),
        ['patient'],
      );
      assert.ok(summary.leftOut.some(({ name }) => name === 'signalod'));
      assert.equal((await backup(join(folder, 'none'), '--tables', 'nothing')).code, 2);
    });

    it('backup wants to know for whom', async () => {
      const nobody = await runHere(['backup', '--source', source, '--out', join(folder, 'x')], { env });
      assert.equal(nobody.code, 2);
    });

    it('extract gives tables as CSV, one file each, or one on stdout', async () => {
      const archive = join(folder, 'for-csv.tar.age');
      await backup(archive);
      const out = join(folder, 'csv');
      const made = await runHere([
        'extract',
        archive,
        '--format',
        'csv',
        '--out',
        out,
        '--identity',
        keyFile,
      ]);
      assert.equal(made.code, 0, made.stderr);
      assert.deepEqual((await readdir(out)).sort(), ['0001-patient.csv', '0002-signalod.csv']);
      const patients =
        'PatNum,LName,Birthdate,Note\r\n' +
        '9007199254740993,"O\'Brien, ""Bee""",0001-01-01,\r\n' +
        '2,"",0000-00-00,"Zeile\nzwei"\r\n';
      assert.equal(await readFile(join(out, '0001-patient.csv'), 'utf8'), patients);
      const one = ['extract', archive, '--format', 'csv', '--out', '-', '--identity', keyFile];
      assert.equal((await runHere([...one, '--tables', 'patient'])).stdout, patients);
      assert.equal((await runHere(one)).code, 2);
    });

    it('extract gives the tar inside', async () => {
      const archive = join(folder, 'for-tar.tar.age');
      await backup(archive);
      const tar = await runHere(['extract', archive, '--format', 'tar', '--out', '-', '--identity', keyFile]);
      assert.equal(tar.code, 0, tar.stderr);
      assert.ok(tar.stdout.startsWith('README.txt'));
      const out = join(folder, 'tar');
      await runHere(['extract', archive, '--format', 'tar', '--out', out, '--identity', keyFile]);
      assert.deepEqual(await readdir(out), ['for-tar.tar']);
    });

    it('a wrong key ends with 3, a cut archive with 4, and what was begun is removed', async () => {
      const archive = join(folder, 'for-trouble.tar.age');
      await backup(archive);
      const other = join(folder, 'other.txt');
      await writeFile(other, await generateIdentity());
      const out = join(folder, 'trouble');
      const extract = (from: string, key: string) =>
        runHere(['extract', from, '--format', 'tar', '--out', out, '--identity', key]);
      assert.equal((await extract(archive, other)).code, 3);
      const cut = join(folder, 'cut.tar.age');
      await writeFile(cut, (await readFile(archive)).subarray(0, -20));
      assert.equal((await extract(cut, keyFile)).code, 4);
      await writeFile(cut, 'no archive at all');
      assert.equal((await extract(cut, keyFile)).code, 4);
      assert.deepEqual(await readdir(out), []);
      assert.equal((await extract(join(folder, 'nothing'), keyFile)).code, 1);
    });

    it('restore brings everything back, and refuses a target that holds something', async () => {
      const archive = join(folder, 'for-restore.tar.age');
      await backup(archive);
      const target = source.replace('/cli_office', '/cli_restored');
      const restore = (...more: string[]) =>
        runHere(['restore', archive, '--target', target, '--identity', keyFile, ...more], { env });
      const done = await restore('--replace');
      assert.equal(done.code, 0, done.stderr);
      assert.match(done.stdout, /2 tables, 5 rows, 1 object/);
      await assertEqual('cli_restored');
      assert.equal((await restore()).code, 6);
      assert.equal((await restore('--replace', '--tables', 'patient')).code, 0);
      const left = await server().query("SHOW TABLES FROM cli_restored LIKE 'signalod'");
      assert.equal(left.length, 0);
    });

    it('restore and extract take the words of a recovery kit, and say what is wrong with them', async () => {
      const store = { load: async () => null, save: async () => true };
      const made = await createRecoveryKit({ store, practice: 'Example', owner: 'Ada' });
      const archive = join(folder, 'for-kit.tar.age');
      assert.equal((await backup(archive, '--recipient', made.kit.recipient)).code, 0);
      const target = source.replace('/cli_office', '/cli_by_kit');
      const words = made.words[0]!.reveal();
      const byKit = (password: string, ...argv: string[]) =>
        runHere([...argv, '--kit', '--password-fd', '3'], { env, password });
      const swapped = words.replace(/^(\S+) (\S+)/, (_, one: string, two: string) => `${two} xyzzyq${one}`);
      const mistyped = await byKit(swapped, 'restore', archive, '--target', target);
      assert.equal(mistyped.code, 3, mistyped.stderr);
      assert.match(mistyped.stderr, /Word 2 of the recovery kit/);
      const restored = await byKit(words, 'restore', archive, '--target', target);
      assert.equal(restored.code, 0, restored.stderr);
      await assertEqual('cli_by_kit');
      const csv = ['extract', archive, '--format', 'csv', '--out', '-', '--tables', 'patient'];
      assert.match((await byKit(words.toUpperCase(), ...csv)).stdout, /^PatNum,LName/);
      await server().query('DROP DATABASE cli_by_kit');
    });

    const client = ['mariadb', 'mysql'].find((program) => spawnSync(program, ['--version']).status === 0);
    const skip = client === undefined ? 'the mariadb client is missing' : false;
    it('extract gives SQL that the stock client loads to an equal database', { skip }, async () => {
      const archive = join(folder, 'for-sql.tar.age');
      await backup(archive);
      const out = join(folder, 'sql');
      const made = await runHere([
        'extract',
        archive,
        '--format',
        'sql',
        '--out',
        out,
        '--identity',
        keyFile,
      ]);
      assert.equal(made.code, 0, made.stderr);
      await server().query([
        'DROP DATABASE IF EXISTS cli_loaded',
        'CREATE DATABASE cli_loaded CHARACTER SET utf8',
      ]);
      const { user, port, host, socketPath } = server().address;
      const where =
        socketPath === undefined ? [`-h${host ?? '127.0.0.1'}`, `-P${port ?? 3306}`] : [`-S${socketPath}`];
      const loaded = spawnSync(
        client!,
        [...where, `-u${user}`, '--comments', '--binary-mode', 'cli_loaded'],
        {
          input: await readFile(join(out, 'cli_office.sql')),
          env: { ...process.env, ...env },
        },
      );
      assert.equal(loaded.status, 0, loaded.stderr.toString());
      await assertEqual('cli_loaded');
    });

    it('verify proves a whole archive, names the tables of a damaged one, and salvage brings back what is left', async () => {
      const archive = join(folder, 'for-verify.tar.age');
      await backup(archive);
      const whole = await runHere(['verify', archive, '--identity', keyFile]);
      assert.equal(whole.code, 0, whole.stderr);
      assert.match(whole.stdout, /2 tables, 5 rows/);
      assert.equal((await runHere(['verify', archive, '--without-key'])).code, 0);

      const bytes = await readFile(archive);
      const damaged = join(folder, 'damaged.tar.age');
      // The last chunk, which holds the end of the tar.
      bytes[bytes.length - 100]! ^= 1;
      await writeFile(damaged, bytes);
      const told = await runHere(['verify', damaged, '--identity', keyFile, '--json']);
      assert.equal(told.code, 4, told.stdout);
      assert.equal((JSON.parse(told.stdout) as { error: { code: string } }).error.code, 'archive-damaged');
      const target = source.replace('/cli_office', '/cli_salvaged');
      const restore = ['restore', damaged, '--target', target, '--identity', keyFile, '--replace'];
      assert.equal((await runHere(restore, { env })).code, 4);
      assert.equal((await runHere([...restore, '--salvage'], { env })).code, 4);
      await writeFile(damaged, bytes.subarray(0, -20));
      assert.equal((await runHere(['verify', damaged, '--without-key'])).code, 4);
    });

    it('restore lists what the target refuses, ends with 7, and tries just that when it is given again', async () => {
      const archive = join(folder, 'with-view.tar.age');
      await backup(archive);
      const hosts = ['localhost', '127.0.0.1'];
      for (const host of hosts) {
        await server().query([
          `CREATE USER 'few'@'${host}' IDENTIFIED BY 'x'`,
          `GRANT SELECT, INSERT, CREATE, DROP, ALTER, INDEX ON cli_few.* TO 'few'@'${host}'`,
        ]);
      }
      const target = source.replace(/\/\/[^@]*@/, '//few@').replace('/cli_office', '/cli_few');
      const words = ['restore', archive, '--target', target, '--identity', keyFile, '--programs'];
      const restore = (...more: string[]) =>
        runHere([...words, ...more], { env: { ...env, MYSQL_PWD: 'x' } });
      const first = await restore();
      assert.equal(first.code, 7, first.stderr);
      assert.match(first.stdout, /2 tables, 5 rows, 0 objects/);
      assert.match(first.stdout, /Missing: view "names": CREATE VIEW command denied .* \(1142\)\./);
      for (const host of hosts) {
        await server().query([
          `GRANT CREATE VIEW ON cli_few.* TO 'few'@'${host}'`,
          `GRANT SUPER ON *.* TO 'few'@'${host}'`,
        ]);
      }
      const again = await restore('--json');
      assert.equal(again.code, 0, again.stderr);
      const { report } = JSON.parse(again.stdout) as { report: { objects: unknown[]; missing: unknown[] } };
      assert.deepEqual(report.objects, [{ kind: 'view', name: 'names' }]);
      assert.deepEqual(report.missing, []);
      await assertEqual('cli_few');
      await server().query(["DROP USER 'few'@'localhost', 'few'@'127.0.0.1'", 'DROP DATABASE cli_few']);
    });

    it('restore --dry-run changes nothing, and rehearse certifies and cleans up', async () => {
      const archive = join(folder, 'for-rehearsal.tar.age');
      await backup(archive);
      const target = source.replace('/cli_office', '/cli_planned');
      const plan = ['restore', archive, '--target', target, '--identity', keyFile, '--dry-run'];
      const planned = await runHere(plan, { env });
      assert.equal(planned.code, 0, planned.stderr);
      assert.match(planned.stdout, /Nothing was changed/);
      const intoOffice = await runHere(
        ['restore', archive, '--target', source, '--identity', keyFile, '--dry-run'],
        { env },
      );
      assert.equal(intoOffice.code, 6, intoOffice.stdout);

      const onServer = source.replace('/cli_office', '');
      const rehearse = [
        'rehearse',
        archive,
        '--target',
        onServer,
        '--identity',
        keyFile,
        '--against',
        source,
      ];
      const rehearsed = await runHere(rehearse, { env });
      assert.equal(rehearsed.code, 0, rehearsed.stdout + rehearsed.stderr);
      assert.match(rehearsed.stdout, /PASSED/);
      const left = await server().query("SHOW DATABASES LIKE '%rehears%'");
      assert.deepEqual(left, []);
      assert.deepEqual(await server().query("SHOW DATABASES LIKE 'cli_planned'"), []);
    });

    it('an archive for the last administrator opens with that password and no other', async () => {
      await server().query(users);
      const ofUsers = source.replace('/cli_office', '/cli_users');
      const archive = join(folder, 'for-ada.tar.age');
      const sealed = await runHere(['backup', '--source', ofUsers, '--out', archive, '--last-admin'], {
        env,
      });
      assert.equal(sealed.code, 0, sealed.stderr);
      assert.match(sealed.stdout, /whoever can read the table of users can open it/);
      assert.match((await runHere(['inspect', archive])).stdout, /the password of Ada/);
      const map = JSON.parse(
        (await runHere(['who-can-open', archive, '--source', ofUsers, '--json'], { env })).stdout,
      ) as {
        archives: { keyHolder: { userName: string }; isHeldByAdmin: boolean }[];
        warnings: { code: string }[];
      };
      assert.deepEqual([map.archives[0]?.keyHolder.userName, map.archives[0]?.isHeldByAdmin], ['Ada', true]);
      assert.deepEqual(
        map.warnings.map(({ code }) => code),
        ['one-person'],
      );

      const extract = [
        'extract',
        archive,
        '--format',
        'csv',
        '--tables',
        'program',
        '--out',
        '-',
        '--password-fd',
        '3',
      ];
      const opened = await runCli(extract, { password: 'correct horse\n' });
      assert.equal(opened.stdout, 'ProgName,Enabled\r\n', opened.stderr);
      const refused = await runCli(extract, { password: 'correct horse battery' });
      assert.equal(refused.code, 3);
      assert.match(refused.stderr, /Ada/);
      assert.doesNotMatch(refused.stderr, /battery/);
      // Without a terminal nobody can be asked.
      assert.equal((await runHere(extract.slice(0, -2))).code, 2);
    });

    it('a person proves the opening of the newest copy, and who-can-open tells it', async () => {
      await server().query(users);
      const ofUsers = source.replace('/cli_office', '/cli_users');
      const share = join(folder, 'proven');
      const practiceId = '4711';
      const night = join(share, practiceId, '2026-02-01');
      await mkdir(night, { recursive: true });
      const address = { ...server().address, database: 'cli_users' };
      const connection = await openConnection(address);
      const last = resolveLastAdmin(await readAdmins(connection), { asOf: new Date() });
      await connection.close();
      assert.ok(last.kind === 'found');
      const store = createDatabaseEnrollments(address);
      await enrollAdminWith(lightWork, last.admin, 'correct horse', { store });
      const { recipients, keyHolder, unlock } = await sealFor(last, { store });
      const label = { practiceId, database: 'cli_users', scope: 'full', keyHolder, unlock } as const;
      await writeFile(
        join(night, 'copy.tar.age'),
        encryptArchive(dumpDatabase(address), { recipients, label }),
      );
      const prove = ['prove', share, '--source', ofUsers, '--practice-id', practiceId, '--password-fd', '3'];
      const proven = await runHere(prove, { env, password: 'correct horse' });
      assert.equal(proven.code, 0, proven.stdout + proven.stderr);
      assert.match(proven.stdout, /proven: opened the copy of .* are equal\.$/m);
      const shown = await runHere(['who-can-open', join(night, 'copy.tar.age'), '--source', ofUsers], {
        env,
      });
      assert.match(shown.stdout, /Last opened by Ada on \d{4}-\d\d-\d\d, at .*proven/);
      const refused = await runHere(prove, { env, password: 'correct horse battery' });
      assert.equal(refused.code, 1);
      assert.doesNotMatch(refused.stderr, /battery/);
      await rm(night, { recursive: true });
      const gone = await runHere([...prove, '--json'], { env, password: 'correct horse' });
      assert.equal(gone.code, 4);
      const { good, opening } = JSON.parse(gone.stdout);
      assert.deepEqual([good, opening.findings[0].code], [false, 'archive-older']);
    });

    it('thirty nights of cron say nothing, keep what the policy says, and tell a bad one by its exit code', async () => {
      await server().query(users);
      const { host, port, socketPath, user, password = '' } = server().address;
      await playMonth({
        source: source.replace('/cli_office', '/cli_users'),
        address: { host, port, socketPath, user, password, database: 'cli_users' },
        env,
        recipient,
        keyFile,
        password: 'correct horse',
      });
    });

    it('no usable administrator ends with 5, and nothing is written', async () => {
      await server().query([...users, "UPDATE cli_users.userod SET Password = '' WHERE UserNum = 1"]);
      const out = join(folder, 'for-nobody.tar.age');
      for (const database of ['cli_users', 'cli_office']) {
        const url = source.replace('/cli_office', `/${database}`);
        const made = await runHere(['backup', '--source', url, '--out', out, '--last-admin'], { env });
        assert.equal(made.code, 5, made.stderr);
      }
      await assert.rejects(readFile(out), { code: 'ENOENT' });
    });

    async function assertEqual(database: string): Promise<void> {
      const comparison = await compareDatabases(
        { ...server().address, database: 'cli_office' },
        { ...server().address, database },
      );
      assert.deepEqual(comparison.differences, []);
    }
  },
  { kinds: [kind] },
);
