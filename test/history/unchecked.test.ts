import assert from 'node:assert/strict';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BackupError } from '../../src/errors.js';
import { NumberedPractice } from './practice.js';

const broken = (): never => {
  throw new BackupError('storage-permanent', 'The store refuses it.');
};

describe('older copies that cannot be checked', () => {
  let practice: NumberedPractice;
  beforeEach(async () => {
    practice = await NumberedPractice.open();
    await practice.nights(3);
  });
  afterEach(() => practice.close());

  const message = (): string => practice.alerts.standing.get('copies-unchecked')?.message ?? '';

  it('are told on the third night in a row, once, and until a night checks them', async () => {
    const { list } = practice.hq;
    Object.assign(practice.hq, { list: broken });
    await practice.nights(2);
    assert.deepEqual(practice.standing, []);
    await practice.nights(3);
    assert.deepEqual(practice.standing, ['copies-unchecked']);
    assert.match(message(), /older copies .*for 3 nights in a row.*storage-permanent/);
    assert.equal(practice.alerts.raised.length, 1);
    Object.assign(practice.hq, { list });
    await practice.night();
    assert.deepEqual(practice.standing, []);
  });

  it('are told where the key that signs their notes cannot be read', async () => {
    const path = join(practice.spool, 'signing-key');
    await rename(path, `${path}.away`);
    await mkdir(path);
    await practice.nights(3);
    assert.deepEqual(practice.standing, ['copies-unchecked']);
    await rm(path, { recursive: true });
    await rename(`${path}.away`, path);
    await practice.night();
    assert.deepEqual(practice.standing, []);
  });

  it('are told where the notes of new ones cannot be stored', async () => {
    const put = practice.hq.put.bind(practice.hq);
    Object.assign(practice.hq, {
      put: async (...given: Parameters<typeof put>) =>
        given[0].endsWith('.note') ? broken() : put(...given),
    });
    await practice.nights(3);
    assert.deepEqual(practice.standing, ['copies-unchecked']);
    Object.assign(practice.hq, { put });
    await practice.night();
    assert.deepEqual(practice.standing, []);
  });

  it('are told where a place whose copies fail as well has an alert already', async () => {
    Object.assign(practice.hq, { list: broken, put: broken });
    await practice.nights(5);
    assert.deepEqual(practice.standing, ['hq-copy-failed']);
  });
});
