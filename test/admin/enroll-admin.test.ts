import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  changeAdminPassword,
  changeAdminPasswordWith,
  type EnrollOptions,
  enrollAdmin,
  enrollAdminWith,
} from '../../src/admin/enroll-admin.js';
import type { Enrollment, EnrollmentStore } from '../../src/admin/enrollment.js';
import type { KeyWarning } from '../../src/admin/key-warning.js';
import { resolveLastAdmin } from '../../src/admin/resolve-last-admin.js';
import { type SealForOptions, sealFor, sealForWith } from '../../src/admin/seal-for.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { verifyAdminPassword } from '../../src/admin/verify-admin-password.js';
import { decryptAge } from '../../src/archive/age/decrypt.js';
import { hashPassword } from '../../src/archive/password/stored-password.js';
import { unlockChain } from '../../src/archive/unlock.js';
import { collectBytes, utf8 } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { Unlock } from '../../src/model/parts.js';
import { adminOf, lightWork, storedOf } from './admins.js';

const asOf = new Date('2026-03-03T04:00:00Z');
const password = 'correct horse';

const enroll = (
  admin = adminOf(),
  typed: string | Uint8Array = password,
  options: Partial<EnrollOptions> = {},
) => enrollAdminWith(lightWork, admin, typed, { store: createMemoryEnrollments(), ...options });

const seal = (store: EnrollmentStore, admin = adminOf(), options: Partial<SealForOptions> = {}) =>
  sealForWith(lightWork, resolveLastAdmin([admin], { asOf }), { store, ...options });

/** What a password leads to through what is kept, newest first. */
async function epochsOf({ unlock }: Enrollment, typed: string): Promise<(number | null)[]> {
  return (await unlockChain({ unlock: [unlock] }, typed)).map(({ epoch }) => epoch);
}

function codes(warnings: readonly KeyWarning[]): string[] {
  return warnings.map(({ code }) => code);
}

describe('checking an administrator’s password', () => {
  it('takes the right one, as text or bytes', () => {
    assert.equal(verifyAdminPassword(adminOf(), password), true);
    assert.equal(verifyAdminPassword(adminOf(), utf8(password)), true);
    assert.equal(verifyAdminPassword(adminOf(), 'Correct horse'), false);
  });

  it('never takes the empty one, even where the database would', () => {
    for (const stored of ['', 'None$$', 'None$a$b', 'MD5_ECW$$d41d8cd98f00b204e9800998ecf8427e']) {
      assert.equal(verifyAdminPassword(adminOf({ stored }), ''), false);
    }
  });
});

describe('enrolling an administrator', () => {
  it('gives a recipient, and an identity that stock age opens with the password', async () => {
    const { enrollment, warnings } = await enroll(adminOf(), password, { now: asOf });
    assert.deepEqual(warnings, []);
    assert.equal(enrollment.since, '2026-03-03T04:00:00.000Z');
    const { unlock } = enrollment;
    assert.ok(unlock.kind === 'enrolled');
    assert.match(unlock.recipient, /^age1[a-z0-9]{58}$/);
    assert.match(unlock.sealedIdentity, /^-----BEGIN AGE ENCRYPTED FILE-----\n/);
    const opened = await collectBytes(decryptAge(utf8(unlock.sealedIdentity), { passphrase: password }));
    assert.match(Buffer.from(opened).toString(), /^AGE-SECRET-KEY-1[A-Z0-9]{58}\n$/);
  });

  it('does all the work by default, and so do a change of password and a night', async () => {
    const assertFullWork = ({ sealedIdentity }: Unlock): void => {
      const age = Buffer.from(sealedIdentity.split('\n').slice(1, -2).join(''), 'base64');
      assert.match(age.toString('latin1'), /^age-encryption\.org\/v1\n-> scrypt \S{22} 17\n/);
    };
    const store = createMemoryEnrollments();
    const unsalted = adminOf({ stored: `MD5$$${hashPassword('MD5', '', password)}` });
    assertFullWork((await sealFor(resolveLastAdmin([unsalted], { asOf }), { store })).unlock[0]);
    assert.match((await store.load('1'))!.mark, /^scrypt:17:/);
    const { enrollment } = await enrollAdmin(adminOf(), password, { store });
    assertFullWork(enrollment.unlock);
    const passwords = { oldPassword: password, newPassword: 'battery staple' };
    const changed = adminOf({ stored: storedOf('battery staple', 'new') });
    assertFullWork((await changeAdminPassword(changed, passwords, { store })).enrollment.unlock);
  });

  it('leaves a pair that fits as it is, login after login', async () => {
    const store = createMemoryEnrollments();
    const first = await enroll(adminOf(), password, { store });
    assert.deepEqual((await enroll(adminOf(), password, { store })).enrollment, first.enrollment);
  });

  it('keeps the pair when the same password is merely stored in another form', async () => {
    const store = createMemoryEnrollments();
    const old = adminOf({ stored: `MD5$$${hashPassword('MD5', '', password)}` });
    const first = await enroll(old, password, { store });
    const second = await enroll(adminOf(), password, { store });
    assert.deepEqual(second.enrollment.unlock, first.enrollment.unlock);
    assert.equal(second.enrollment.revision, 2);
    assert.deepEqual(codes((await seal(store)).warnings), []);
  });

  it('makes a post-quantum pair when asked, linked to the one before', async () => {
    const store = createMemoryEnrollments();
    await enroll(adminOf(), password, { store });
    const { enrollment, warnings } = await enroll(adminOf(), password, { store, postQuantum: true });
    assert.match(enrollment.unlock.recipient, /^age1pq1/);
    assert.deepEqual(warnings, []);
    const chain = await unlockChain({ unlock: [enrollment.unlock] }, password);
    assert.deepEqual(
      chain.map(({ epoch }) => epoch),
      [2, 1],
    );
    assert.match(chain[0]!.identity, /^AGE-SECRET-KEY-PQ-1/);
    for (const postQuantum of [true, false]) {
      assert.deepEqual((await enroll(adminOf(), password, { store, postQuantum })).enrollment, enrollment);
    }
  });

  it('says that the chain is broken when the old password is not at hand', async () => {
    const store = createMemoryEnrollments();
    await enroll(adminOf(), password, { store });
    const { enrollment, warnings } = await enroll(
      adminOf({ stored: storedOf('another one', 'new') }),
      'another one',
      {
        store,
      },
    );
    assert.deepEqual(codes(warnings), ['chain-broken']);
    assert.deepEqual(enrollment.unlock.kind === 'enrolled' && enrollment.unlock.chain, []);
  });

  it('says so as well when a night with the stored hash came between', async () => {
    const store = createMemoryEnrollments();
    const now = new Date('2026-02-01T00:00:00Z');
    await enroll(adminOf(), password, { store, now });
    const reset = adminOf({ stored: storedOf('battery staple', 'new') });
    await seal(store, reset);
    const { enrollment, warnings } = await enroll(reset, 'battery staple', { store });
    assert.deepEqual(await epochsOf(enrollment, 'battery staple'), [3, 2]);
    assert.deepEqual(codes(warnings), ['chain-broken']);
    assert.match(warnings[0]!.message, /"Admin".* the key of 2026-02-01 or an earlier one/);
  });

  it('keeps the chain over nights with the stored hash, whatever they came from', async () => {
    const store = createMemoryEnrollments();
    await enroll(adminOf(), password, { store });
    // The same password under another salt, twice, and then a night of the policy that uses no enrolment.
    for (const salt of ['second', 'third']) await seal(store, adminOf({ stored: storedOf(password, salt) }));
    const admin = adminOf({ stored: storedOf(password, 'third') });
    const back = await enroll(admin, password, { store });
    assert.deepEqual(await epochsOf(back.enrollment, password), [4, 3, 1]);
    assert.deepEqual(back.warnings, []);
    await seal(store, admin, { policy: 'stored-hash' });
    const again = await enroll(admin, password, { store });
    assert.deepEqual(await epochsOf(again.enrollment, password), [6, 5, 4, 3, 1]);
  });

  it('does not take a pair that was spoiled for one of another password: says so, and begins anew', async () => {
    const store = createMemoryEnrollments();
    const { enrollment } = await enroll(adminOf(), password, { store });
    const spoiled = { ...enrollment.unlock, sealedIdentity: 'no age file' };
    await store.save({ ...enrollment, revision: 2, unlock: spoiled });
    const reset = adminOf({ stored: storedOf('battery staple', 'new') });
    const begun = await enroll(reset, 'battery staple', { store });
    assert.deepEqual(codes(begun.warnings), ['key-exchanged']);
    assert.deepEqual(await epochsOf((await store.load('1'))!, 'battery staple'), [2]);
  });

  it('goes on from a pair that says nothing of earlier ones', async () => {
    const store = createMemoryEnrollments();
    const { enrollment } = await enroll(adminOf(), password, { store });
    assert.ok(enrollment.unlock.kind === 'enrolled');
    const { chain: _, ...unlock } = enrollment.unlock;
    await store.save({ ...enrollment, revision: 2, unlock });
    assert.deepEqual((await seal(store)).unlock, [unlock]);
    const resalted = adminOf({ stored: storedOf(password, 'new') });
    const next = await enroll(resalted, password, { store, postQuantum: true });
    assert.deepEqual(await epochsOf(next.enrollment, password), [2, 1]);
  });

  it('links what rests even where the pair of the night between cannot be opened', async () => {
    const store = createMemoryEnrollments();
    await enroll(adminOf(), password, { store });
    await seal(store, adminOf({ stored: storedOf('for a day', 'new') }));
    const back = adminOf({ stored: storedOf(password, 'newer') });
    const { enrollment, warnings } = await enroll(back, password, { store });
    assert.deepEqual(await epochsOf(enrollment, password), [3, 1]);
    assert.deepEqual(codes(warnings), ['chain-broken']);
  });

  it('refuses the empty password and a wrong one, keeping nothing', async () => {
    const store = createMemoryEnrollments();
    const empty = 'The password is empty.';
    const wrong = 'The password is not the one stored for the user "Admin".';
    const cases: [string, string, string][] = [
      [storedOf(password), '', empty],
      [storedOf(password), 'wrong', wrong],
      ['', '', empty],
      ['None$$', 'anything', wrong],
      ['ARGON2$a$b', '', empty],
    ];
    for (const [stored, typed, message] of cases) {
      await assert.rejects(enroll(adminOf({ stored }), typed, { store }), (error) => {
        assert.ok(isBackupError(error, 'password-refused'));
        assert.ok(error.message.startsWith(`${message} No key was made`), error.message);
        assert.deepEqual(error.details, { userNum: '1', userName: 'Admin' });
        return true;
      });
    }
    assert.equal(await store.load('1'), null);
  });

  it('warns of passwords that can be guessed, and of one that could not be checked', async () => {
    const of = async (typed: string, userName = 'Admin') => {
      const { warnings } = await enroll(adminOf({ stored: storedOf(typed), userName }), typed);
      for (const { message } of warnings) assert.ok(message.includes(`"${userName}"`), message);
      return codes(warnings);
    };
    assert.deepEqual(await of('short'), ['password-short']);
    assert.deepEqual(await of('seven77'), ['password-short']);
    assert.deepEqual(await of('eight888'), []);
    // Four letters beyond the first plane are four characters, not eight.
    assert.deepEqual(await of('😀😀😀😀'), ['password-short']);
    assert.deepEqual(await of('RECEPTION', 'Reception'), ['password-equals-user-name']);
    const unknown = await enroll(adminOf({ stored: 'ARGON2$a$b' }), password);
    assert.deepEqual(codes(unknown.warnings), ['password-unverified']);
    assert.match(unknown.warnings[0]!.message, /"Admin"/);
  });

  it('when two logins race, one pair is kept and both get it', async () => {
    const store = createMemoryEnrollments();
    const both = await Promise.all([
      enroll(adminOf(), password, { store }),
      enroll(adminOf(), password, { store }),
    ]);
    assert.deepEqual(both[0].enrollment, both[1].enrollment);
    assert.deepEqual(await store.load('1'), both[0].enrollment);
  });

  it('gives up on a store that never keeps anything', async () => {
    let attempts = 0;
    const store: EnrollmentStore = {
      load: async () => null,
      save: async () => {
        attempts++;
        return false;
      },
    };
    await assert.rejects(enroll(adminOf(), password, { store }), (error) =>
      isBackupError(error, 'storage-transient'),
    );
    assert.equal(attempts, 5);
  });

  it('stops when asked, and so do the store and a night', async () => {
    const { signal } = new AbortController();
    const given: unknown[] = [];
    const memory = createMemoryEnrollments();
    const store: EnrollmentStore = {
      load: (userNum, options) => {
        given.push(options?.signal);
        return memory.load(userNum);
      },
      save: (enrollment, options) => {
        given.push(options?.signal);
        return memory.save(enrollment);
      },
    };
    await seal(store, adminOf(), { signal });
    await enroll(adminOf(), password, { store, signal });
    assert.deepEqual(given, [signal, signal, signal, signal]);
    given.length = 0;
    await seal(store);
    await enroll(adminOf(), password, { store });
    assert.deepEqual(given, [undefined, undefined]);
    const stopped = { store, signal: AbortSignal.abort(new Error('enough')) };
    await assert.rejects(enroll(adminOf(), password, stopped), /enough/);
    const reset = adminOf({ stored: storedOf('battery staple', 'new') });
    await assert.rejects(seal(store, reset, stopped), /enough/);
  });
});

describe('changing a password', () => {
  const changed = adminOf({ stored: storedOf('battery staple', 'new') });
  const change = (store: EnrollmentStore, oldPassword: string, newPassword = 'battery staple') =>
    changeAdminPasswordWith(lightWork, changed, { oldPassword, newPassword }, { store });

  it('lets the new one open what the old one opened', async () => {
    const store = createMemoryEnrollments();
    const first = await enroll(adminOf(), password, { store });
    const { enrollment } = await change(store, password);
    const chain = await unlockChain({ unlock: [enrollment.unlock] }, 'battery staple');
    assert.deepEqual(
      chain.map(({ recipient }) => recipient),
      [enrollment.unlock.recipient, first.enrollment.unlock.recipient],
    );
    await assert.rejects(unlockChain({ unlock: [enrollment.unlock] }, password), (error) =>
      isBackupError(error, 'wrong-key'),
    );
  });

  it('works from the pair of a stored hash as well', async () => {
    const store = createMemoryEnrollments();
    await seal(store);
    const { enrollment } = await change(store, password);
    assert.equal((await unlockChain({ unlock: [enrollment.unlock] }, 'battery staple')).length, 2);
  });

  it('that a night came before opens the archives of that night and all before it', async () => {
    const store = createMemoryEnrollments();
    await enroll(adminOf(), 'correct horse', { store });
    await seal(store, changed);
    const { enrollment, warnings } = await change(store, password);
    assert.deepEqual(await epochsOf(enrollment, 'battery staple'), [3, 2, 1]);
    assert.deepEqual(warnings, []);
    assert.equal(enrollment.resting, undefined);
  });

  it('says that the chain is broken when a night came before and the old one is not the right one', async () => {
    const store = createMemoryEnrollments();
    await enroll(adminOf(), password, { store });
    await seal(store, changed);
    const { enrollment, warnings } = await change(store, 'wrong');
    assert.deepEqual(await epochsOf(enrollment, 'battery staple'), [3, 2]);
    assert.deepEqual(codes(warnings), ['chain-broken']);
  });

  it('refuses a wrong old one and a wrong new one, and keeps what was there', async () => {
    const store = createMemoryEnrollments();
    const { enrollment } = await enroll(adminOf(), password, { store });
    await assert.rejects(change(store, 'wrong'), (error) => {
      assert.ok(isBackupError(error, 'password-refused'));
      assert.match(error.message, /^The old password is not the one [a-z ]+ "Admin"\. /);
      return true;
    });
    await assert.rejects(change(store, password, 'wrong'), (error) =>
      isBackupError(error, 'password-refused'),
    );
    await assert.rejects(change(store, password, ''), (error) => isBackupError(error, 'password-refused'));
    assert.deepEqual(await store.load('1'), enrollment);
  });

  it('of somebody who was never enrolled enrols', async () => {
    assert.equal((await change(createMemoryEnrollments(), 'whatever')).enrollment.epoch, 1);
  });
});

describe('sealing for the last administrator', () => {
  it('gives what encryptArchive takes', async () => {
    const store = createMemoryEnrollments();
    const { enrollment } = await enroll(adminOf(), password, { store });
    assert.deepEqual(await seal(store), {
      recipients: [enrollment.unlock.recipient],
      keyHolder: { userNum: '1', userName: 'Admin' },
      unlock: [enrollment.unlock],
      warnings: [],
    });
  });

  it('uses the stored hash until somebody is enrolled, and says what that means', async () => {
    const store = createMemoryEnrollments();
    const first = await seal(store);
    assert.deepEqual(codes(first.warnings), ['stored-hash']);
    assert.match(first.warnings[0]!.message, /"Admin".* can read the table of users/);
    assert.equal(first.unlock[0].kind, 'stored-hash');
    assert.deepEqual(await seal(store), first);
    await enroll(adminOf(), password, { store });
    const enrolled = await seal(store);
    assert.equal(enrolled.unlock[0].kind, 'enrolled');
    assert.notDeepEqual(enrolled.recipients, first.recipients);
  });

  it('does so for old unsalted hashes as well, and notices their change', async () => {
    const store = createMemoryEnrollments();
    const old = (text: string) => adminOf({ stored: `MD5$$${hashPassword('MD5', '', text)}` });
    const first = await seal(store, old(password));
    assert.deepEqual(await seal(store, old(password)), first);
    assert.notDeepEqual((await seal(store, old('another'))).recipients, first.recipients);
  });

  it('makes a pair of the kind that is asked for, and the password opens it', async () => {
    const plain = await seal(createMemoryEnrollments());
    assert.match(plain.recipients[0], /^age1[a-z0-9]{58}$/);
    const hybrid = await seal(createMemoryEnrollments(), adminOf(), { postQuantum: true });
    assert.match(hybrid.recipients[0], /^age1pq1/);
    const [opened] = await unlockChain({ unlock: hybrid.unlock }, password);
    assert.match(opened!.identity, /^AGE-SECRET-KEY-PQ-1/);
  });

  it('does not use an enrolment of an earlier password', async () => {
    const store = createMemoryEnrollments();
    await enroll(adminOf(), password, { store });
    const changed = adminOf({ stored: storedOf('another one', 'new') });
    const { unlock, warnings } = await seal(store, changed);
    assert.equal(unlock[0].kind, 'stored-hash');
    assert.deepEqual(codes(warnings), ['stored-hash', 'enrollment-stale']);
    assert.match(warnings[1]!.message, /"Admin" changed/);
  });

  it('with the policy enrolled-only makes no archive without an enrolment that fits', async () => {
    const store = createMemoryEnrollments();
    const reason = async (admin = adminOf()) => {
      const error = await seal(store, admin, { policy: 'enrolled-only' }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!isBackupError(error, 'no-usable-admin')) return undefined;
      assert.match(error.message, /"Admin"/);
      return error.details['reason'];
    };
    assert.equal(await reason(), 'not-enrolled');
    await enroll(adminOf(), password, { store });
    assert.equal(await reason(), undefined);
    assert.equal(await reason(adminOf({ stored: storedOf('x', 'new') })), 'enrollment-stale');
  });

  it('with the policy stored-hash never uses an enrolment', async () => {
    const store = createMemoryEnrollments();
    await enroll(adminOf(), password, { store });
    assert.equal((await seal(store, adminOf(), { policy: 'stored-hash' })).unlock[0].kind, 'stored-hash');
  });

  it('takes an enrolment even where the stored form is unknown, and nothing else then', async () => {
    const store = createMemoryEnrollments();
    const admin = adminOf({ stored: 'ARGON2$a$b' });
    await assert.rejects(seal(store, admin), (error) => isBackupError(error, 'no-usable-admin'));
    await enroll(admin, password, { store });
    assert.equal((await seal(store, admin)).unlock[0].kind, 'enrolled');
    await assert.rejects(seal(store, admin, { policy: 'stored-hash' }), (error) =>
      isBackupError(error, 'no-usable-admin'),
    );
  });

  it('makes no archive when there is no one to make it for, and says who lacks what', async () => {
    const cases = [
      { admins: [], reason: 'no-admin' },
      { admins: [adminOf({ lastLogin: null })], reason: 'never-logged-in' },
      { admins: [adminOf({ stored: 'None$$' })], reason: 'no-password' },
    ];
    for (const { admins, reason } of cases) {
      const last = resolveLastAdmin(admins, { asOf });
      await assert.rejects(sealForWith(lightWork, last, { store: createMemoryEnrollments() }), (error) => {
        assert.ok(isBackupError(error, 'no-usable-admin'));
        assert.equal(error.details['reason'], reason);
        assert.equal(error.details['userName'], reason === 'no-password' ? 'Admin' : undefined);
        return true;
      });
    }
  });

  it('passes on that a clock is wrong', async () => {
    const admin = adminOf({ lastLogin: '2099-01-01 00:00:00' });
    assert.deepEqual(codes((await seal(createMemoryEnrollments(), admin)).warnings), [
      'clock-ahead',
      'stored-hash',
    ]);
  });

  it('leaves the oldest keys out of a label that would grow too long, and says so', async () => {
    const store = createMemoryEnrollments();
    const { enrollment } = await enroll(adminOf(), password, { store });
    const { unlock } = enrollment;
    assert.ok(unlock.kind === 'enrolled');
    const link = { epoch: 1, recipient: unlock.recipient, sealedIdentity: 'x'.repeat(1000) };
    const long: Enrollment = {
      ...enrollment,
      revision: 2,
      epoch: 401,
      unlock: {
        ...unlock,
        epoch: 401,
        chain: Array.from({ length: 400 }, (_, i) => ({ ...link, epoch: 400 - i })),
      },
    };
    assert.equal(await store.save(long), true);
    const sealed = await seal(store);
    assert.deepEqual(codes(sealed.warnings), ['chain-shortened']);
    const [way] = sealed.unlock;
    assert.ok(way.kind === 'enrolled' && way.chain !== undefined);
    assert.equal(way.chain[0]?.epoch, 400);
    assert.ok(way.chain.length > 150 && JSON.stringify(way).length < 200 * 1024);
    assert.match(
      sealed.warnings[0]!.message,
      new RegExp(`keys of ${way.chain.length} earlier passwords of "Admin", not for all 400`),
    );
  });
});
