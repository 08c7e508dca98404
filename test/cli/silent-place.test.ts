import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { promises as files } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { type Gathered, gatherArchives } from '../../src/cli/archives/gather.js';
import { newerBeside } from '../../src/cli/archives/newer-beside.js';
import type { CommandLine } from '../../src/cli/command.js';
import { badLines } from '../../src/cli/commands/list.js';
import { isBackupError } from '../../src/errors.js';
import type { Label } from '../../src/model/parts.js';
import { fakeArchive } from '../simulate/sealed.js';

// Places that list what they have, and stay silent when it is read.

const timeout = 30_000;
/** How long a label is waited for after three failures, in milliseconds; twelve times as long before. */
const patience = 100;
/** Eight before the last answer, and while five more are waited for, seven beside each. */
const mostAsked = 8 + 5 + 7;
const never = (): Promise<never> => new Promise(() => undefined);

function keyOf(number: number): string {
  const night = new Date(Date.UTC(2026, 0, number)).toISOString().slice(0, 10);
  return `4711/${night}/${createHash('md5').update(`${number}`).digest('hex')}.tar.age`;
}

function archiveOf(key: string): Uint8Array {
  const [practiceId = '', night, name = ''] = key.split('/');
  const holder = { userNum: '1', userName: 'Admin', recipient: 'age1office' };
  const facts = { archiveId: name.slice(0, 32), createdAt: `${night}T23:30:00.000Z`, practiceId, holder };
  return fakeArchive({ ...facts, scope: 'full', size: 512 }).bytes;
}

function newLine(): CommandLine {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const { signal } = new AbortController();
  return { stderr: nowhere, signal, env: {}, json: false, quiet: true, words: [] } as unknown as CommandLine;
}

/** A folder with one archive of each night, and a note beside each if wanted. */
async function folderWith(t: TestContext, count: number, hasNotes = false): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'silent-'));
  t.after(() => rm(folder, { recursive: true }));
  for (let number = 1; number <= count; number += 1) {
    const path = join(folder, keyOf(number));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, archiveOf(keyOf(number)));
    if (hasNotes) await writeFile(path.replace('.tar.age', '.note'), 'a note\n');
  }
  return folder;
}

/** Files are opened, or read, as on a share whose server is gone; returns which were asked for. */
function silence(t: TestContext, isSilent: (path: string) => boolean, opens = false): string[] {
  const { open } = files;
  const asked: string[] = [];
  const instead: typeof open = async (path, ...others) => {
    if (!isSilent(String(path))) return open(path, ...others);
    asked.push(String(path));
    if (!opens) return never();
    const file = await open(path, ...others);
    const close = file.close.bind(file);
    t.after(close);
    // Closing waits for what is being read.
    return Object.assign(file, { read: never, close: never });
  };
  Object.assign(files, { open: instead });
  syncBuiltinESMExports();
  t.after(() => {
    Object.assign(files, { open });
    syncBuiltinESMExports();
  });
  return asked;
}

function pathsIn({ practices }: Gathered): readonly string[] {
  return practices.flatMap(({ archives }) => archives.map(({ paths }) => paths[0]));
}

for (const opens of [false, true]) {
  const which = opens ? 'opens files and reads none' : 'opens no file';
  test(`a share that ${which} any more is asked for a few archives only, the newest first`, {
    timeout,
  }, async (t) => {
    const folder = await folderWith(t, 300);
    const newest = [300, 299, 298].map((number) => join(folder, keyOf(number)));
    const asked = silence(t, (path) => path.startsWith(folder) && !newest.includes(path), opens);
    const gathered = await gatherArchives([folder], newLine(), patience);
    assert.deepEqual(pathsIn(gathered), newest);
    assert.ok(asked.length <= mostAsked, `${asked.length} were asked for`);
    const told = badLines(gathered);
    assert.equal(told.filter((each) => each.includes('.tar.age') && each.startsWith('  ')).length, 2 * 297);
    assert.deepEqual(told.slice(-1), [
      'The disk or share stopped answering, so what it had not returned by then could not be read: check it ' +
        'and the line to it, then run the command again.',
    ]);
  });
}

test('a share that returns nothing is at fault itself', { timeout }, async (t) => {
  const folder = await folderWith(t, 300);
  const asked = silence(t, (path) => path.startsWith(folder));
  await assert.rejects(
    gatherArchives([folder], newLine(), patience),
    (error) =>
      isBackupError(error, 'storage-transient') && /disk or share stopped answering/.test(error.message),
  );
  assert.ok(asked.length <= mostAsked, `${asked.length} were asked for`);
});

test('files that hang or cannot be read hide no other', { timeout }, async (t) => {
  const folder = await folderWith(t, 100);
  const hung = new Set([5, 17, 29, 41, 53, 65, 77, 89].map((number) => join(folder, keyOf(number))));
  const asked = silence(t, (path) => hung.has(path));
  const { open } = files;
  const broken = join(folder, keyOf(60));
  const fail = async (): Promise<never> => {
    throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
  };
  const instead: typeof open = async (path, ...others) => {
    const file = await open(path, ...others);
    return path === broken ? Object.assign(file, { read: fail }) : file;
  };
  Object.assign(files, { open: instead });
  syncBuiltinESMExports();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const gathering = gatherArchives([folder], newLine(), patience);
  // Each of the eight that are read at once hangs.
  while (asked.length < 8) await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(12 * patience);
  const gathered = await gathering;
  assert.equal(pathsIn(gathered).length, 100 - 9);
  assert.deepEqual(new Set(gathered.unreadable.map(({ archive }) => archive)), new Set([...hung, broken]));
  assert.deepEqual(gathered.stopped, []);
});

test('notes that hang hide no archive, and few of them are asked for', { timeout }, async (t) => {
  const folder = await folderWith(t, 100, true);
  const asked = silence(t, (path) => path.startsWith(folder) && path.endsWith('.note'));
  const gathered = await gatherArchives([folder], newLine(), patience);
  assert.equal(pathsIn(gathered).length, 100);
  assert.ok(asked.length <= mostAsked, `${asked.length} were asked for`);
});

test('a bucket that lists its archives and returns none is given up, and hides no other place', {
  timeout,
}, async (t) => {
  const contents = Array.from({ length: 300 }, (_, index) => {
    const date = '2026-12-31T12:00:00.000Z';
    return `<Contents><Key>${keyOf(index + 1)}</Key><LastModified>${date}</LastModified><Size>900</Size></Contents>`;
  });
  let asked = 0;
  const server = createServer((request, response) => {
    if (!request.url!.includes('list-type=2')) asked += 1;
    else {
      response.setHeader('content-type', 'application/xml');
      response.end(
        `<ListBucketResult><Name>copies</Name><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
      );
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `s3://copies/4711/?endpoint=${encodeURIComponent(endpoint)}&region=r`;
  const folder = await folderWith(t, 20);
  const gathered = await gatherArchives([url, folder], newLine(), patience);
  assert.equal(pathsIn(gathered).length, 20);
  assert.equal(gathered.unreadable.length, 300);
  assert.ok(asked <= mostAsked, `${asked} were asked for`);
  assert.deepEqual(
    gathered.stopped.map((each) => each.slice(0, 36)),
    ['The bucket copies stopped answering,'],
  );
});

for (const call of ['stat', 'readdir'] as const) {
  test(`a share that hangs already when it is listed is given up after a minute (${call})`, {
    timeout,
  }, async (t) => {
    const [folder, other] = [await folderWith(t, 1), await folderWith(t, 2)];
    const original = files[call] as (path: string, ...others: unknown[]) => Promise<unknown>;
    t.after(() => {
      Object.assign(files, { [call]: original });
      syncBuiltinESMExports();
    });
    let asked = (): void => undefined;
    const isAsked = new Promise<void>((done) => {
      asked = done;
    });
    const instead: typeof original = (path, ...others) => {
      if (path !== folder) return original(path, ...others);
      asked();
      return never();
    };
    Object.assign(files, { [call]: instead });
    syncBuiltinESMExports();
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const gathering = gatherArchives([folder, other], newLine());
    await isAsked;
    t.mock.timers.tick(60_000);
    const { unreadable, practices } = await gathering;
    assert.deepEqual(
      unreadable.map(({ archive, error }) => [archive, error.code]),
      [[folder, 'storage-transient']],
    );
    assert.equal(practices.length, 1);
  });
}

test('a newer archive is not searched for where the share has stopped', { timeout }, async (t) => {
  const folder = await folderWith(t, 300);
  const location = join(folder, keyOf(1));
  const asked = silence(t, (path) => path.startsWith(folder));
  const label = { practiceId: '4711', createdAt: '2026-01-01T23:30:00.000Z', unlock: [] };
  assert.deepEqual(await newerBeside(label as unknown as Label, location, newLine(), 5), []);
  assert.ok(asked.length <= mostAsked, `${asked.length} were asked for`);
});
