import assert from 'node:assert/strict';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { projectRoot } from '../support/project.js';
import { describeOnEachServer } from '../support/servers.js';
import { type PackedLibrary, packLibrary, run } from './packed.js';

// A host has a driver of its own, older than ours: both live in one process, and none is handed to the other.
const hostsDriver = join(projectRoot, 'node_modules', 'mysql2-of-a-host');
const ourDriver = join(projectRoot, 'node_modules', 'mysql2');

const program = `
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import mysql from 'mysql2/promise';
import { dumpDatabase, restoreDatabase } from 'supplemental-backup';

const address = JSON.parse(process.argv[2]);
const versionSeenFrom = (place) =>
  JSON.parse(readFileSync(createRequire(place).resolve('mysql2').replace(/index\\.js$/, 'package.json'))).version;

const own = await mysql.createConnection({ ...address, database: 'office' });
await own.query("INSERT INTO note VALUES (3, 'by the host')");
const report = await restoreDatabase(dumpDatabase({ ...address, database: 'office' }), {
  ...address,
  database: 'copied',
});
// Its own connection has seen nothing of it.
const [rows] = await own.query('SELECT text FROM copied.note ORDER BY id');
await own.end();
console.log(
  JSON.stringify({
    host: versionSeenFrom(import.meta.url),
    library: versionSeenFrom(import.meta.resolve('supplemental-backup')),
    tables: report.tables.map(({ name, rows }) => [name, rows]),
    texts: rows.map(({ text }) => text),
  }),
);
`;

describeOnEachServer('a host with a driver of another version', (server) => {
  let packed: PackedLibrary;
  before(async () => {
    packed = await packLibrary();
  });
  after(() => packed.remove());

  test('dumps and restores a real database beside its own connection', async () => {
    await server().query([
      'CREATE DATABASE office',
      'CREATE TABLE office.note (id INT PRIMARY KEY, text VARCHAR(50)) ENGINE=MyISAM',
      "INSERT INTO office.note VALUES (1, 'one'), (2, NULL)",
    ]);
    const project = await packed.createProject('host', { 'main.js': program }, 'own');
    const modules = join(project, 'node_modules');
    await rm(join(modules, 'mysql2'));
    await symlink(hostsDriver, join(modules, 'mysql2'), 'junction');
    await mkdir(join(modules, 'supplemental-backup', 'node_modules'));
    await symlink(ourDriver, join(modules, 'supplemental-backup', 'node_modules', 'mysql2'), 'junction');

    const { stdout } = await run(process.execPath, ['main.js', JSON.stringify(server().address)], {
      cwd: project,
    });
    const { host, library, tables, texts } = JSON.parse(stdout);
    assert.notEqual(host, library);
    assert.deepEqual(tables, [['note', 3]]);
    assert.deepEqual(texts, ['one', null, 'by the host']);
  });
});
