import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Enrollment, EnrollmentStore } from '../../src/admin/enrollment.js';

/** An enrolment with everything that a character set might spoil. */
export function enrollmentOf(userNum: string, revision: number): Enrollment {
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

/** What every store of enrolments does. */
export function declareStoreContract(create: () => EnrollmentStore): void {
  it('has nothing of somebody it never heard of', async () => {
    assert.equal(await create().load('5'), null);
    assert.equal(await create().load('5', {}), null);
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
    // A later one is there, whether or not that very one still is.
    for (const revision of [6, 5, 1]) {
      assert.equal(await store.save({ ...enrollmentOf('3', revision), mark: 'late' }), false);
    }
    assert.deepEqual(await store.load('3'), enrollmentOf('3', 6));
  });

  it('keeps what rests with the rest', async () => {
    const store = create();
    const { epoch, since, unlock } = enrollmentOf('6', 1);
    const enrollment = { ...enrollmentOf('6', 2), resting: { epoch, since, unlock } };
    assert.equal(await store.save(enrollment, {}), true);
    assert.deepEqual(await store.load('6'), enrollment);
  });

  it('keeps all of many users that are enrolled at once', async () => {
    const users = Array.from({ length: 12 }, (_, i) => String(100 + i));
    // Each with a store of its own, as two places of a service may have.
    const kept = await Promise.all(users.map((user) => create().save(enrollmentOf(user, 1))));
    assert.deepEqual(new Set(kept), new Set([true]));
    for (const user of users) assert.deepEqual(await create().load(user), enrollmentOf(user, 1));
  });

  it('stops when asked', async () => {
    const io = { signal: AbortSignal.abort(new Error('enough')) };
    await assert.rejects(create().load('1', io), /enough/);
    await assert.rejects(create().save(enrollmentOf('4', 1), io), /enough/);
  });
}
