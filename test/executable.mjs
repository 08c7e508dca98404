// What the single executable can do, on a real server: `npm run test:exe`, and under Wine
// `npm run test:windows`. EXECUTABLE is its path; EXECUTABLE_BY is the program that runs it (`wine`), if it
// does not run by itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { zoneInTheEvening } from '../dist/test/nightly/support/evening.js';
import { storePassword } from '../dist/test/practice/users.js';
import { startServer } from '../dist/test/support/servers.js';

const program = process.env.EXECUTABLE;
const wine = process.env.EXECUTABLE_BY;
const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-'));
/** A path as the program sees it: Wine shows the files of this machine as drive Z. */
const seen = (name) => (wine ? `Z:${join(folder, name).replaceAll('/', '\\')}` : join(folder, name));
let server;
let url;
let env;

// Under Wine a program has no terminal and no pipes, so what it says goes into files.
function run(argv, password = '') {
  const files = ['in', 'out', 'err'].map((name) => join(folder, name));
  writeFileSync(files[0], password);
  const stdio = [openSync(files[0], 'r'), openSync(files[1], 'w'), openSync(files[2], 'w')];
  const words = [...(wine ? [wine] : []), program, ...argv];
  const { status } = spawnSync(words[0], words.slice(1), {
    stdio,
    env: { ...process.env, SUPPLEMENTAL_BACKUP_AUDIT: '', WINEDEBUG: '-all', ...env },
  });
  for (const one of stdio) closeSync(one);
  return { status, out: readFileSync(files[1], 'utf8'), err: readFileSync(files[2], 'utf8') };
}

before(async () => {
  server = await startServer('mariadb');
  await server.query([
    'CREATE DATABASE office CHARACTER SET utf8',
    `CREATE TABLE office.userod (UserNum BIGINT NOT NULL PRIMARY KEY, UserName VARCHAR(255), Password VARCHAR(255),
       IsHidden TINYINT NOT NULL, DateTLastLogin DATETIME NOT NULL)`,
    'CREATE TABLE office.usergroupattach (UserNum BIGINT NOT NULL, UserGroupNum BIGINT NOT NULL)',
    'CREATE TABLE office.grouppermission (UserGroupNum BIGINT NOT NULL, PermType INT NOT NULL, FKey BIGINT NOT NULL)',
    'CREATE TABLE office.program (ProgName VARCHAR(100), Enabled TINYINT NOT NULL)',
    `INSERT INTO office.userod VALUES
       (1, 'Ada', '${storePassword('correct horse', 'SHA3_512', 'c2FsdA==')}', 0, '2026-01-02 03:04:05')`,
    'INSERT INTO office.usergroupattach VALUES (1, 1)',
    'INSERT INTO office.grouppermission VALUES (1, 24, 0)',
    'CREATE TABLE office.patient (PatNum BIGINT NOT NULL PRIMARY KEY, LName VARCHAR(100) NOT NULL)',
    "INSERT INTO office.patient VALUES (9007199254740993, 'O''Brien'), (2, 'Zeile\\nzwei')",
  ]);
  const { user, password, host, port } = server.address;
  url = (database) => `mysql://${encodeURIComponent(user)}@${host ?? '127.0.0.1'}:${port}/${database}`;
  env = { MYSQL_PWD: password ?? '' };
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('it tells its version, and a mistake', () => {
  assert.match(run(['--version']).out, /^\d+\.\d+\.\d+\s*$/);
  assert.equal(run(['bakcup']).status, 2);
});

test('it makes a copy for the last administrator', () => {
  const { status, err } = run([
    'backup',
    '--source',
    url('office'),
    '--out',
    seen('a.tar.age'),
    '--last-admin',
  ]);
  assert.equal(status, 0, err);
  assert.ok(existsSync(join(folder, 'a.tar.age')));
});

test('it tells who can open the copy', () => {
  const { status, out, err } = run(['who-can-open', seen('a.tar.age')]);
  assert.equal(status, 0, err);
  assert.match(out, /Ada/);
});

test('it verifies the copy with the password, and knows a wrong one', () => {
  const verify = ['verify', seen('a.tar.age'), '--password-fd', '0'];
  assert.equal(run(verify, 'wrong').status, 3);
  const { status, err } = run(verify, 'correct horse');
  assert.equal(status, 0, err);
});

test('it restores the copy, letter by letter', async () => {
  const words = ['restore', seen('a.tar.age'), '--target', url('restored'), '--password-fd', '0'];
  const { status, err } = run(words, 'correct horse');
  assert.equal(status, 0, err);
  const sum = async (name) => server.query([`CHECKSUM TABLE ${name}.patient, ${name}.userod`]);
  const strip = (answer) => JSON.stringify(answer).replaceAll('restored.', '').replaceAll('office.', '');
  assert.equal(strip(await sum('restored')), strip(await sum('office')));
});

test('it extracts the copy', () => {
  const words = ['extract', seen('a.tar.age'), '--format', 'sql', '--out', seen('sql'), '--password-fd', '0'];
  const { status, err } = run(words, 'correct horse');
  assert.equal(status, 0, err);
  const texts = readdirSync(join(folder, 'sql'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  assert.match(texts.join(''), /9007199254740993/);
});

test('it writes the page that opens a copy in a browser', () => {
  assert.equal(run(['opener', '--out', seen('opener.html')]).status, 0);
  assert.deepEqual(
    readFileSync(join(folder, 'opener.html')),
    readFileSync(new URL('../dist/opener.html', import.meta.url)),
  );
});

test('it makes the copies of a night from a file, and a second time makes no second copy', () => {
  mkdirSync(join(folder, 'share'));
  const file = {
    practiceId: '4711',
    timeZone: zoneInTheEvening(),
    practice: { onSupport: true, country: 'US' },
    database: { url: url('office'), ...(env.MYSQL_PWD ? { password: { env: 'MYSQL_PWD' } } : {}) },
    folder: seen('state'),
    spoolReserveBytes: 0,
    local: { path: seen('share') },
  };
  writeFileSync(join(folder, 'night.json'), JSON.stringify(file));
  const night = ['night', '--config', seen('night.json'), '--once', '--json'];
  const { status, out, err } = run(night);
  assert.equal(status, 0, err + out);
  assert.equal(JSON.parse(out).outcome, 'complete');
  assert.equal(JSON.parse(run(night).out).outcome, 'nothing-due');
});

test('the licences of what is inside lie beside it', () => {
  const text = readFileSync(`${program}.licenses.txt`, 'utf8');
  for (const name of ['Node.js 22', 'mysql2 ', 'preact ', '@aws-sdk/client-s3 '])
    assert.ok(text.includes(name), name);
});
