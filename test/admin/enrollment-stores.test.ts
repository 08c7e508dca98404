import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Enrollment, EnrollmentStore } from '../../src/admin/enrollment.js';
import { createDatabaseEnrollments } from '../../src/admin/stores/database-enrollments.js';
import { createFileEnrollments } from '../../src/admin/stores/file-enrollments.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import type { DatabaseAddress } from '../../src/database/address.js';
import { isBackupError } from '../../src/errors.js';
import { describeOnEachServer } from '../support/servers.js';

function enrollmentOf(userNum: string, revision: number): Enrollment {
  return {
    userNum,
    userName: 'Zoë 😀 "quoted" \\ back',
    revision,
    epoch: revision,
    since: '2026-01-01T00:00:00.000Z',
    mark: 'salt:SHA3_512$abc',
    unlock: {
      kind: 'enrolled',
      epoch: revision,
      recipient: 'age1x',
      sealedIdentity: 'line\nline\n',
      chain: [],
    },
  };
}

function declareContract(create: () => EnrollmentStore): void {
  it('has nothing of somebody it never heard of', async () => {
    assert.equal(await create().load('5'), null);
  });

  it('gives back the latest of each user, to a fresh look as well', async () => {
    const store = create();
    for (const enrollment of [
      enrollmentOf('1', 1),
      enrollmentOf('9223372036854775807', 1),
      enrollmentOf('1', 2),
    ]) {
      assert.equal(await store.save(enrollment), true);
      assert.deepEqual(await store.load(enrollment.userNum), enrollment);
    }
    assert.deepEqual(await store.load('9223372036854775807'), enrollmentOf('9223372036854775807', 1));
  });

  it('keeps one of two that race', async () => {
    const store = create();
    const kept = await Promise.all([
      store.save({ ...enrollmentOf('2', 1), mark: 'a' }),
      store.save({ ...enrollmentOf('2', 1), mark: 'b' }),
    ]);
    assert.deepEqual(kept.toSorted(), [false, true]);
    assert.equal((await store.load('2'))?.mark, kept[0] ? 'a' : 'b');
  });

  it('goes on over many revisions', async () => {
    const store = create();
    for (let revision = 1; revision <= 6; revision++)
      assert.equal(await store.save(enrollmentOf('3', revision)), true);
    assert.equal((await store.load('3'))?.revision, 6);
    assert.equal(await store.save(enrollmentOf('3', 6)), false);
  });

  it('stops when asked', async () => {
    const io = { signal: AbortSignal.abort(new Error('enough')) };
    await assert.rejects(create().load('1', io), /enough/);
    await assert.rejects(create().save(enrollmentOf('4', 1), io), /enough/);
  });
}

describe('enrolments in memory', () => {
  const store = createMemoryEnrollments();
  declareContract(() => store);
});

describe('enrolments in a file', () => {
  let folder = '';
  let path = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'enrollments-'));
    path = join(folder, 'keys.json');
  });
  after(() => rm(folder, { recursive: true }));
  let store: EnrollmentStore;
  beforeEach(() => {
    store = createFileEnrollments({ path });
  });
  declareContract(() => store);

  it('leave one file, which only its owner can read', async () => {
    assert.deepEqual(await readdir(folder), ['keys.json']);
    if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('that cannot be read stop the work instead of being replaced', async () => {
    const broken = join(folder, 'broken.json');
    for (const content of ['', '[]', '{ "1": { "userNum": "1" } }', '{ "1": null }']) {
      await writeFile(broken, content);
      const other = createFileEnrollments({ path: broken });
      await assert.rejects(other.load('1'), (error) => isBackupError(error, 'settings-invalid'), content);
      await assert.rejects(other.save(enrollmentOf('1', 1)), (error) =>
        isBackupError(error, 'settings-invalid'),
      );
      assert.equal(await readFile(broken, 'utf8'), content);
    }
    const nowhere = createFileEnrollments({ path: join(folder, 'no', 'such', 'folder.json') });
    await assert.rejects(nowhere.save(enrollmentOf('1', 1)), (error) =>
      isBackupError(error, 'settings-invalid'),
    );
  });
});

describeOnEachServer('enrolments in the practice’s database', (server) => {
  let address: DatabaseAddress;
  before(async () => {
    await server().query([
      'CREATE DATABASE enrollments CHARACTER SET utf8',
      'CREATE TABLE enrollments.userod (UserNum bigint PRIMARY KEY) ENGINE=MyISAM',
    ]);
    address = { ...server().address, database: 'enrollments' };
  });
  declareContract(() => createDatabaseEnrollments(address));

  it('make their table of the same engine as the users, and keep only the last few revisions', async () => {
    const [table] = await server().query(
      "SELECT ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'enrollments' AND TABLE_NAME = 'supplementalbackupkey'",
    );
    assert.equal(table?.['engine'], 'MyISAM');
    const rows = await server().query(
      'SELECT Revision FROM supplementalbackupkey WHERE UserNum = 3 ORDER BY Revision',
      'enrollments',
    );
    assert.deepEqual(
      rows.map((row) => row['Revision']),
      ['4', '5', '6'],
    );
  });

  it('that cannot be read stop the work', async () => {
    await server().query("INSERT INTO supplementalbackupkey VALUES (77, 1, '{}')", 'enrollments');
    await assert.rejects(createDatabaseEnrollments(address).load('77'), (error) =>
      isBackupError(error, 'settings-invalid'),
    );
  });

  it('take no other user number than a number', async () => {
    await assert.rejects(createDatabaseEnrollments(address).load('1 OR 1=1'), RangeError);
  });
});
