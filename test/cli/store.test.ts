import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import { zoneInTheEvening } from '../nightly/support/evening.js';
import { buildSmallPractice } from '../nightly/support/small-practice.js';
import { openDesk } from '../storage/hand-over-desk.js';
import { startObjectStore, whyNoObjectStore } from '../support/s3.js';
import { anyKind, startServer, whyMissing } from '../support/servers.js';
import { runCli, runHere } from './support.js';

const kind = anyKind('mysql-5.6');

test('a URL of a store that cannot be understood is a mistake of usage', async () => {
  for (const url of [
    's3://bucket',
    's3:///key',
    's3://bucket/100%',
    'ftp://host/a.tar.age',
    'https://host/a.tar.age',
  ]) {
    assert.equal((await runCli(['inspect', url])).code, 2, url);
  }
});

test('a store without a region is told of at once, and not tried again', async () => {
  const env = {
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: undefined,
    AWS_CONFIG_FILE: '/dev/null',
  };
  const { stdout } = await runCli(['inspect', 's3://copies/a.tar.age', '--json'], { env });
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
  assert.equal(error.code, 'storage-permanent');
  assert.match(error.message, /^The bucket copies needs a region, for example in AWS_REGION /);
});

test('a store that does not answer is asked again, and whoever waits is told so', async () => {
  const env = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_CONFIG_FILE: '/dev/null' };
  const nobody = `s3://copies/a.tar.age?endpoint=${encodeURIComponent('http://127.0.0.1:1')}&region=r`;
  const asked = /^The bucket copies does not answer\. Trying again, 5 retries left\.$/m;
  const { stderr } = await runCli(['inspect', nobody], { env, until: asked });
  assert.match(stderr, asked);
});

const skip = whyNoObjectStore() ?? whyMissing(kind) ?? false;
test('every word works on a bucket as it does on a path', { skip }, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'supplemental-backup-cli-s3-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const store = await startObjectStore();
  context.after(() => store.stop());
  const server = await startServer(kind);
  context.after(() => server.stop());
  await server.query([
    'CREATE DATABASE office',
    'CREATE TABLE office.t (a INT)',
    'INSERT INTO office.t VALUES (7)',
  ]);
  const { user, password, port, host, socketPath } = server.address;
  const socket = socketPath === undefined ? '' : `?socketPath=${encodeURIComponent(socketPath)}`;
  const database = (name: string): string =>
    `mysql://${user}@${host ?? '127.0.0.1'}:${port ?? 3306}/${name}${socket}`;
  const { endpoint, region, accessKeyId, secretAccessKey } = store;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: 'copies' }));
  client.destroy();
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    MYSQL_PWD: password ?? '',
  };
  // The SDK looks there by itself.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  const url = `s3://copies/1/office.tar.age?endpoint=${encodeURIComponent(endpoint)}&region=${region}`;
  const identity = await generateIdentity();
  const keyFile = join(folder, 'key.txt');
  await writeFile(keyFile, identity);

  const backup = [
    'backup',
    '--source',
    database('office'),
    '--out',
    url,
    '--recipient',
    await identityToRecipient(identity),
  ];
  const made = await runHere(backup, { env });
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /read back and found equal/);
  assert.match((await runHere(backup, { env })).stderr, /already/);
  assert.match((await runHere(['inspect', url], { env })).stdout, /office/);
  // A folder of it as well, with what is no archive beside it; a copy is named by itself, and older ones go.
  const bucket = url.replace('/1/office.tar.age', '/');
  const named = [...backup.map((word) => (word === url ? bucket : word)), '--keep', 'default'];
  const copy = await runHere([...named, '--practice-id', '4711', '--json'], { env });
  assert.equal(copy.code, 0, copy.stdout);
  const listed = JSON.parse((await runHere(['list', bucket, '--json'], { env })).stdout) as {
    practices: { practiceId: string; archives: { archive: string }[] }[];
  };
  assert.deepEqual(
    listed.practices.map(({ practiceId, archives }) => [practiceId, archives.map(({ archive }) => archive)]),
    [
      ['4711', [(JSON.parse(copy.stdout) as { out: string }).out]],
      ['office', [url]],
    ],
  );
  // Under the beginning of a key nothing else is seen, and so nothing else goes: not the practice's own copy
  // at the top, and not what lies beside.
  const under = url.replace('/1/office.tar.age', '/own/office%201/');
  const month = [...backup.map((word) => (word === url ? under : word)), '--keep', '1d,1d,1d,1d'];
  const removed: (readonly string[])[] = [];
  for (const day of [2, 4]) {
    const now = (): Date => new Date(2026, 2, day, 23);
    const made = await runHere([...month, '--practice-id', '4711', '--json'], { env, now });
    assert.equal(made.code, 0, made.stdout);
    const { out, removed: gone } = JSON.parse(made.stdout) as { out: string; removed: readonly string[] };
    assert.match(
      out,
      new RegExp(`^s3://copies/own/office%201/4711/2026-03-0${day}/[0-9a-f]{32}\\.tar\\.age`),
    );
    assert.equal((await runHere(['inspect', out])).code, 0);
    removed.push(gone);
  }
  assert.deepEqual(
    removed.map((keys) => keys.map((key) => key.split('/').slice(0, 2).join('/'))),
    [[], ['4711/2026-03-02']],
  );
  const all = (await runHere(['list', bucket, '--json'], { env })).stdout;
  assert.equal(all.match(/"archive": /g)?.length, 3);
  for (const place of [url.replace('office', 'off*'), url.replace('/office.tar.age', '')]) {
    assert.match(
      (await runHere(['list', place], { env })).stdout,
      /Practice office, database office: 1 archive,/,
    );
  }
  const extract = ['extract', url, '--format', 'csv', '--out', '-', '--identity', keyFile];
  assert.equal((await runHere(extract, { env })).stdout, 'a\r\n7\r\n');
  const restored = await runHere(['restore', url, '--target', database('back'), '--identity', keyFile], {
    env,
  });
  assert.equal(restored.code, 0, restored.stderr);
  const [row] = await server.query('SELECT a FROM back.t');
  assert.equal(row?.['a'], '7');
  const missing = await runHere(['inspect', url.replace('office.tar', 'other.tar'), '--json'], { env });
  assert.equal((JSON.parse(missing.stdout) as { error: { code: string } }).error.code, 'storage-not-found');

  // The file of a night: to a bucket of one's own, and by a desk of HQ that signs.
  await buildSmallPractice(server, 'nights');
  const desk = await openDesk({
    bucket: 'copies',
    prefix: 'desk/',
    keysUnder: '4711/',
    connection: { endpoint, region, forcePathStyle: true, credentials },
  });
  context.after(() => desk.close());
  await writeFile(join(folder, 'secret'), secretAccessKey, { mode: 0o600 });
  await writeFile(join(folder, 'token'), `${desk.token}\n`, { mode: 0o600 });
  const places = {
    bucket: {
      kind: 's3',
      bucket: 'copies',
      prefix: 'own/',
      region,
      endpoint,
      credentials: { accessKeyId, secretAccessKey: { file: 'secret' } },
    },
    desk: {
      kind: 'hand-over',
      url: `http://127.0.0.1:${desk.port}/`,
      token: { file: 'token' },
      allowLoopbackHttp: true,
    },
  };
  for (const [name, hq] of Object.entries(places)) {
    const config = join(folder, `${name}.json`);
    const file = {
      practiceId: '4711',
      timeZone: zoneInTheEvening(),
      practice: { onSupport: true, country: 'US' },
      database: { url: database('nights'), ...(password ? { password: { env: 'MYSQL_PWD' } } : {}) },
      folder: `state-${name}`,
      spoolReserveBytes: 0,
      hq,
    };
    await writeFile(config, JSON.stringify(file));
    const night = await runCli(['night', '--config', config, '--once', '--json'], { env });
    assert.equal(night.code, 0, night.stderr);
    const report = JSON.parse(night.stdout) as BackupReport;
    assert.deepEqual(
      report.destinations.map(({ destination, outcome }) => [destination, outcome]),
      [['hq', 'verified']],
    );
  }
});
