import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeAdminPasswordWith, enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { makeKeyPair, sealWithPassphrase } from '../../src/admin/key-pair.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { unlockArchives, whoCanOpen } from '../../src/admin/who-can-open.js';
import { makeLabel } from '../../src/archive/label.js';
import { isBackupError } from '../../src/errors.js';
import type { Label, Unlock } from '../../src/model/parts.js';
import { sampleLabel } from '../archive/support/parts.js';
import { adminOf, lightWork, storedOf } from './admins.js';

function labelOf(createdAt: string, user: string | null, unlock: readonly Unlock[]): Label {
  const keyHolder = user === null ? {} : { keyHolder: { userNum: user, userName: `User ${user}` } };
  return makeLabel({ ...sampleLabel, createdAt, ...keyHolder, unlock });
}

function enrolled(epoch: number, recipient: string, chain: readonly string[] = []): Unlock {
  const links = chain.map((older, i) => ({ epoch: epoch - 1 - i, recipient: older, sealedIdentity: '' }));
  return { kind: 'enrolled', epoch, recipient, sealedIdentity: '', chain: links };
}

describe('who can open what', () => {
  const labels = [
    labelOf('2026-03-01T22:00:00Z', '1', [enrolled(2, 'b', ['a'])]),
    labelOf('2026-01-01T22:00:00Z', '1', [
      { kind: 'stored-hash', hashType: 'MD5', salt: '', recipient: 'a', sealedIdentity: '' },
    ]),
    labelOf('2025-01-01T22:00:00Z', '1', [enrolled(1, 'before the reset')]),
    labelOf('2026-02-01T22:00:00Z', null, []),
  ];

  it('names user, epoch and key source, and which password it takes', () => {
    const { archives } = whoCanOpen(labels);
    assert.deepEqual(
      archives.map(({ keyHolder, keySource, epoch, password, isHeldByAdmin }) => [
        keyHolder?.userName,
        keySource,
        epoch,
        password,
        isHeldByAdmin,
      ]),
      [
        ['User 1', 'enrolled', 2, 'newest', null],
        ['User 1', 'stored-hash', null, 'newest', null],
        ['User 1', 'enrolled', 1, 'of-its-time', null],
        [undefined, 'key-file', null, 'none', null],
      ],
    );
  });

  it('counts an archive of two keys as reached when one of them is', () => {
    const two = labelOf('2025-06-01T22:00:00Z', '1', [enrolled(1, 'lost'), enrolled(1, 'a')]);
    assert.equal(whoCanOpen([...labels, two]).archives.at(-1)?.password, 'newest');
  });

  it('warns when only one living person can', () => {
    const warned = (given: readonly Label[], ...users: readonly string[]) =>
      whoCanOpen(given, { admins: users.map((userNum) => adminOf({ userNum })) }).warnings.map(
        ({ code }) => code,
      );
    const two = [labels[0]!, labelOf('2026-04-01T22:00:00Z', '2', [enrolled(1, 'c')])];
    assert.deepEqual(warned(two, '1', '2'), []);
    assert.deepEqual(warned(two, '1'), ['holder-gone', 'one-person']);
    assert.deepEqual(warned(two), ['holder-gone', 'holder-gone']);
    assert.deepEqual(warned(labels.slice(0, 3), '1'), ['one-person']);
    // Somebody has a key file.
    assert.deepEqual(warned(labels, '1'), []);
    assert.deepEqual(whoCanOpen([]).warnings, []);
    const { warnings } = whoCanOpen(two, { admins: [adminOf({ userNum: '1' })] });
    assert.match(warnings[0]!.message, /^"User 2" holds/);
    assert.match(warnings[1]!.message, /^Only "User 1" can/);
  });

  it('a hidden administrator is none', () => {
    const { archives } = whoCanOpen(labels, { admins: [adminOf({ isHidden: true })] });
    assert.equal(archives[0]?.isHeldByAdmin, false);
  });

  it('one password leads to each key once, newest first, past labels that were spoiled', async () => {
    const pair = async (name: string, password: string) => {
      const { identity, recipient } = await makeKeyPair(false);
      const sealedIdentity = await sealWithPassphrase(identity, password, lightWork);
      return { name, unlock: { kind: 'enrolled', epoch: 1, recipient, sealedIdentity } as const };
    };
    const [old, today, stranger] = [
      await pair('old', 'x'),
      await pair('today', 'x'),
      await pair('other', 'y'),
    ];
    const spoiled = { ...today.unlock, recipient: 'age1z', sealedIdentity: 'no age file' };
    const day = (date: string, ...unlock: readonly Unlock[]) =>
      labelOf(`2026-01-${date}T22:00:00Z`, '1', unlock);
    const labels = [
      day('01', old.unlock),
      day('04', today.unlock),
      day('02', old.unlock, spoiled),
      day('03', stranger.unlock),
    ];
    const unlocked = await unlockArchives(labels, 'x');
    assert.deepEqual(
      unlocked.map(({ recipient }) => recipient),
      [today.unlock.recipient, old.unlock.recipient],
    );
    assert.deepEqual(await unlockArchives([day('03', stranger.unlock)], 'x'), []);
    await assert.rejects(unlockArchives([day('03', stranger.unlock), day('01', spoiled)], 'x'), (error) =>
      isBackupError(error, 'archive-unsupported'),
    );
  });

  it('the work of a password is done once for each key, however many archives have it', async (t) => {
    const store = createMemoryEnrollments();
    const before = await enrollAdminWith(lightWork, adminOf({ stored: storedOf('old') }), 'old', { store });
    const changed = adminOf({ stored: storedOf('right', 'new') });
    const passwords = { oldPassword: 'old', newPassword: 'right' };
    const after = await changeAdminPasswordWith(lightWork, changed, passwords, { store });
    const year = Array.from({ length: 12 }, (_, i) =>
      labelOf(`2026-${String(i + 1).padStart(2, '0')}-01T22:00:00Z`, '1', [
        (i < 6 ? before : after).enrollment.unlock,
      ]),
    );
    const { encode } = TextEncoder.prototype;
    let worked = 0;
    t.mock.method(TextEncoder.prototype, 'encode', function (this: TextEncoder, text?: string) {
      if (text === 'right' || text === 'wrong') worked++;
      return encode.call(this, text);
    });
    // The key of the first half of the year is there through that of the second.
    assert.equal((await unlockArchives(year, 'right')).length, 2);
    assert.equal(worked, 1);
    worked = 0;
    assert.deepEqual(await unlockArchives(year, 'wrong'), []);
    assert.equal(worked, 2);
  });

  it('no labels and no passwords unlock nothing', async () => {
    assert.deepEqual(await unlockArchives([], 'x'), []);
    assert.deepEqual(await unlockArchives([labels[3]!], 'x'), []);
  });
});
