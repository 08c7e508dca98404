import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { formatEnrollment, parseEnrollment } from '../../src/admin/enrollment.js';
import { createFileEnrollments } from '../../src/admin/stores/file-enrollments.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { isBackupError } from '../../src/errors.js';
import { noModes } from '../support/needs.js';
import { declareStoreContract, enrollmentOf } from './enrollment-contract.js';

describe('an enrolment as text', () => {
  it('is ASCII, which passes through every character set, and is read again', () => {
    const enrollment = enrollmentOf('1', 3);
    const text = formatEnrollment(enrollment);
    assert.match(text, /^[\x20-\x7e]+$/);
    assert.match(text, /Zo\\u00eb \\ud83d\\ude00/);
    assert.deepEqual(parseEnrollment(text, '1'), enrollment);
  });

  it('that is none, or of somebody else, is refused with what to do', () => {
    const text = formatEnrollment(enrollmentOf('1', 3));
    for (const [given, userNum] of [
      [text, '2'],
      [text.slice(1), '1'],
      ['', '1'],
    ] as const) {
      assert.throws(
        () => parseEnrollment(given, userNum),
        (error) => {
          assert.ok(isBackupError(error, 'settings-invalid'));
          assert.match(error.message, new RegExp(`user number ${userNum} cannot be read\\. Remove it`));
          assert.deepEqual(error.details, { userNum });
          return true;
        },
      );
    }
  });
});

describe('enrolments in memory', () => {
  const store = createMemoryEnrollments();
  declareStoreContract(() => store);
});

describe('enrolments in a file', () => {
  let folder = '';
  let path = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'enrollments-'));
    path = join(folder, 'keys.json');
  });
  after(() => rm(folder, { recursive: true }));
  declareStoreContract(() => createFileEnrollments({ path }));

  it('leave one file, which only its owner can read', async () => {
    assert.deepEqual(await readdir(folder), ['keys.json']);
    if (!noModes) assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('that could not be written leave nothing behind and hold up nobody', async () => {
    const place = join(folder, 'in-the-way');
    await mkdir(join(place, 'keys.json'), { recursive: true });
    const store = createFileEnrollments({ path: join(place, 'keys.json') });
    const refused = Promise.allSettled([store.save(enrollmentOf('1', 1)), store.save(enrollmentOf('2', 1))]);
    for (const outcome of await refused) {
      assert.ok(outcome.status === 'rejected' && isBackupError(outcome.reason, 'settings-invalid'));
      assert.deepEqual(outcome.reason.details, { path: join(place, 'keys.json') });
      assert.ok(outcome.reason.message.includes(join(place, 'keys.json')));
      assert.ok(outcome.reason.cause instanceof Error);
    }
    await rm(join(place, 'keys.json'), { recursive: true });
    assert.equal(await store.save(enrollmentOf('1', 1)), true);
    assert.deepEqual(await readdir(place), ['keys.json']);
  });

  it('that cannot be read stop the work instead of being replaced', async () => {
    const broken = join(folder, 'broken.json');
    const good = enrollmentOf('1', 1);
    const spoiled = [
      { ...good, userNum: '2' },
      { ...good, userName: 5 },
      { ...good, mark: undefined },
      { ...good, since: null },
      { ...good, revision: 0 },
      { ...good, revision: 1.5 },
      { ...good, epoch: '1' },
      { ...good, unlock: { ...good.unlock, kind: 'other' } },
      { ...good, resting: {} },
      { ...good, resting: null },
    ].map((entry) => JSON.stringify({ 1: entry }));
    for (const content of [
      '',
      '5',
      'null',
      '[]',
      '{ "1": { "userNum": "1" } }',
      '{ "1": null }',
      ...spoiled,
    ]) {
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
