import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type AdminCandidate,
  isSameAdmin,
  type LastAdmin,
  resolveLastAdmin,
} from '../../src/admin/resolve-last-admin.js';
import { fc } from '../support/properties.js';
import { adminOf, storedOf } from './admins.js';

const asOf = new Date('2026-03-03T04:00:00Z');

function resolve(...candidates: readonly AdminCandidate[]): LastAdmin {
  return resolveLastAdmin(candidates, { asOf });
}

function foundUser(last: LastAdmin): string {
  assert.equal(last.kind, 'found', JSON.stringify(last));
  return last.kind === 'found' ? last.admin.userNum : '';
}

describe('the last administrator', () => {
  it('is the one who logged in last', () => {
    const last = resolve(
      adminOf({ userNum: '1', lastLogin: '2026-03-01 23:59:59' }),
      adminOf({ userNum: '2', lastLogin: '2026-03-02 00:00:01' }),
      adminOf({ userNum: '3', lastLogin: '2020-01-01 00:00:00' }),
    );
    assert.equal(foundUser(last), '2');
    assert.deepEqual(last.warnings, []);
  });

  it('at the same second is the one with the smaller number, counted beyond what a double holds', () => {
    const last = resolve(adminOf({ userNum: '9007199254740993' }), adminOf({ userNum: '9007199254740992' }));
    assert.equal(foundUser(last), '9007199254740992');
    assert.equal(foundUser(resolve(adminOf({ userNum: '10' }), adminOf({ userNum: '9' }))), '9');
  });

  it('is never a hidden user', () => {
    const hidden = adminOf({ userNum: '1', isHidden: true, lastLogin: '2026-03-02 09:00:00' });
    assert.equal(
      foundUser(resolve(hidden, adminOf({ userNum: '2', lastLogin: '2019-01-01 00:00:00' }))),
      '2',
    );
    const nobody = resolve(hidden);
    assert.equal(nobody.kind, 'no-admin');
    assert.match(nobody.kind === 'no-admin' ? nobody.sentence : '', /hidden: "Admin"/);
  });

  it('may have a workstation ahead of the server by a time zone or most of a day', () => {
    const last = resolve(
      adminOf({ userNum: '1' }),
      adminOf({ userNum: '2', lastLogin: '2026-03-04 16:00:00' }),
    );
    assert.equal(foundUser(last), '2');
    assert.deepEqual(last.warnings, []);
    const beyond = adminOf({ userNum: '2', lastLogin: '2026-03-04 16:00:01' });
    assert.equal(foundUser(resolve(adminOf({ userNum: '1' }), beyond)), '1');
  });

  it('is not the one whose workstation lives in the future, while another login can be believed', () => {
    const ahead = adminOf({ userNum: '1', userName: 'Flash', lastLogin: '2062-05-05 12:00:00' });
    const last = resolve(ahead, adminOf({ userNum: '2', lastLogin: '2024-01-01 00:00:00' }));
    assert.equal(foundUser(last), '2');
    assert.deepEqual(
      last.warnings.map(({ code }) => code),
      ['clock-ahead'],
    );
    assert.match(last.warnings[0]?.message ?? '', /"Flash" is dated 2062-05-05, in the future/);
    assert.equal(foundUser(resolve(ahead)), '1');
  });

  it('is none when nobody has the permission', () => {
    assert.deepEqual(resolve(), {
      kind: 'no-admin',
      users: [],
      sentence: 'No user has the permission Security Admin.',
      warnings: [],
    });
  });

  for (const never of [null, '', '0001-01-01 00:00:00', '0000-00-00 00:00:00', '1879-12-31 23:59:59']) {
    it(`has not logged in when the column says ${never}`, () => {
      const last = resolve(
        adminOf({ lastLogin: never, userName: 'Anna' }),
        adminOf({ lastLogin: never, userNum: '2', userName: 'Bo' }),
      );
      assert.equal(last.kind, 'never-logged-in');
      if (last.kind !== 'never-logged-in') return;
      assert.deepEqual(last.users, [
        { userNum: '1', userName: 'Anna' },
        { userNum: '2', userName: 'Bo' },
      ]);
      assert.match(last.sentence, /"Anna", "Bo"/);
      assert.equal(foundUser(resolve(adminOf({ lastLogin: never }), adminOf({ userNum: '2' }))), '2');
    });
  }

  for (const stored of ['', 'None$$', 'SHA3_512$abc$', 'MD5_ECW$$d41d8cd98f00b204e9800998ecf8427e']) {
    it(`without a password ("${stored}") is named, and no other takes the place`, () => {
      const last = resolve(
        adminOf({ stored, userName: 'Open' }),
        adminOf({ userNum: '2', lastLogin: '2025-01-01 00:00:00' }),
      );
      assert.equal(last.kind, 'no-password');
      if (last.kind !== 'no-password') return;
      assert.deepEqual(last.user, { userNum: '1', userName: 'Open' });
      assert.match(last.sentence, /"Open", has no password/);
    });
  }

  it('whose password is stored in an unknown form is named, with what to do', () => {
    for (const stored of ['None$a$b', 'ARGON2$a$b', '4$a$b', 'plain']) {
      const last = resolve(adminOf({ stored }));
      assert.equal(last.kind, 'unsupported-hash');
      assert.match(last.kind === 'unsupported-hash' ? last.sentence : '', /set the password again/);
    }
  });

  it('does not depend on the order of the candidates', () => {
    const candidates = fc.uniqueArray(
      fc.record({
        userNum: fc.bigInt({ min: 1n, max: 40n }).map(String),
        userName: fc.constant('x'),
        isHidden: fc.boolean(),
        lastLogin: fc.constantFrom(
          null,
          '0001-01-01 00:00:00',
          '2026-01-01 00:00:00',
          '2026-02-01 00:00:00',
          '2099-01-01 00:00:00',
        ),
        storedPassword: fc.constant(adminOf().storedPassword),
      }),
      { selector: ({ userNum }) => userNum },
    );
    const pair = candidates.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(pair, ([list, shuffled]) => {
        const a = resolve(...list);
        const b = resolve(...shuffled);
        assert.equal(a.kind, b.kind);
        if (a.kind === 'found' && b.kind === 'found') {
          assert.equal(a.admin.userNum, b.admin.userNum);
          assert.equal(a.admin.isHidden, false);
        }
      }),
    );
  });

  it('leaves its candidates as they were', () => {
    const candidates = Object.freeze([adminOf({ userNum: '2' }), adminOf({ userNum: '1' })]);
    resolveLastAdmin(candidates, { asOf });
    assert.deepEqual(
      candidates.map(({ userNum }) => userNum),
      ['2', '1'],
    );
  });
});

describe('a second look inside the snapshot', () => {
  it('is the same while user and stored password are', () => {
    const first = resolve(adminOf());
    assert.equal(isSameAdmin(first, resolve(adminOf({ lastLogin: '2026-03-02 20:00:00' }))), true);
    assert.equal(isSameAdmin(first, resolve(adminOf({ userNum: '2' }))), false);
    assert.equal(isSameAdmin(first, resolve(adminOf({ stored: storedOf('other') }))), false);
    assert.equal(isSameAdmin(first, resolve()), false);
    assert.equal(isSameAdmin(resolve(), first), false);
    assert.equal(isSameAdmin(resolve(), resolve()), false);
  });
});
