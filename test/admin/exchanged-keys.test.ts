import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EnrollOptions, enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { type Enrollment, largestRevision, leavesRoom } from '../../src/admin/enrollment.js';
import { fingerprintOf } from '../../src/admin/fingerprint.js';
import { makeKeyPair, sealWithPassphrase } from '../../src/admin/key-pair.js';
import type { KeyWarningCode } from '../../src/admin/key-warning.js';
import { signed } from '../../src/admin/record-signature.js';
import { type AdminCandidate, resolveLastAdmin } from '../../src/admin/resolve-last-admin.js';
import { type Seal, type SealForOptions, sealForWith } from '../../src/admin/seal-for.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { unlockLabel } from '../../src/archive/unlock.js';
import { adminOf, lightWork, storedOf } from './admins.js';

const asOf = new Date('2026-03-03T04:00:00Z');
const password = 'correct horse';

/**
 * A practice with its store, in the hands of somebody who may write to it, and what the nightly job
 * remembers.
 */
class Office {
  admin: AdminCandidate = adminOf();
  typed: string = password;
  record: Enrollment | null = null;
  pinned: Seal['pin'] | null = null;
  readonly store: SealForOptions['store'] = {
    load: async () => this.record,
    save: async (enrollment) => {
      if ((this.record?.revision ?? 0) >= enrollment.revision) return false;
      this.record = structuredClone(enrollment);
      return true;
    },
    discardUnreadable: async () => {
      if (this.record !== null && !leavesRoom(this.record)) this.record = null;
    },
  };

  async login(options: Partial<EnrollOptions> = {}): Promise<readonly KeyWarningCode[]> {
    const { warnings } = await enrollAdminWith(lightWork, this.admin, this.typed, {
      store: this.store,
      ...options,
    });
    return warnings.map(({ code }) => code);
  }

  async night(): Promise<Seal> {
    const last = resolveLastAdmin([this.admin], { asOf });
    const seal = await sealForWith(lightWork, last, { store: this.store, pinned: this.pinned });
    this.pinned = seal.pin!;
    return seal;
  }

  async isOpenedBy(seal: Seal): Promise<boolean> {
    const { recipient } = await unlockLabel(seal, this.typed);
    return seal.recipients.includes(recipient);
  }

  /** Somebody writes to the table. */
  write(change: (record: Enrollment) => Enrollment | null): void {
    this.record = change(this.record!);
  }
}

async function officeAtWork(): Promise<Office> {
  const office = new Office();
  await office.night();
  assert.deepEqual(await office.login(), []);
  assert.deepEqual((await office.night()).warnings, []);
  return office;
}

const stranger = await makeKeyPair(false);
const strangersUnlock = {
  kind: 'enrolled',
  epoch: 7,
  recipient: stranger.recipient,
  sealedIdentity: await sealWithPassphrase(stranger.identity, 'a stranger’s word', lightWork),
} as const;

const attacks: readonly {
  readonly what: string;
  readonly write: (record: Enrollment) => Enrollment | null;
  /** Codes of the login that follows. */
  readonly atLogin: readonly KeyWarningCode[];
}[] = [
  {
    what: 'the recipient alone',
    write: (record) => ({ ...record, unlock: { ...record.unlock, recipient: stranger.recipient } }),
    atLogin: ['record-changed'],
  },
  {
    what: 'the whole pair',
    write: (record) => ({ ...record, unlock: strangersUnlock }),
    atLogin: ['key-exchanged'],
  },
  {
    what: 'the whole pair, signed by its new owner',
    write: ({ signer: _, signature: __, endorsements: ___, ...record }) =>
      signed({ ...record, unlock: strangersUnlock }, stranger.identity, [stranger.identity]),
    atLogin: ['key-exchanged'],
  },
  {
    what: 'the pair, with the signature taken away',
    write: ({ signer: _, signature: __, endorsements: ___, ...record }) => ({
      ...record,
      unlock: strangersUnlock,
    }),
    atLogin: ['key-exchanged'],
  },
  {
    what: 'the sealed half',
    write: (record) => ({ ...record, unlock: { ...record.unlock, sealedIdentity: 'nothing' } }),
    atLogin: ['key-exchanged'],
  },
  {
    what: 'the mark of the password',
    write: (record) => ({ ...record, mark: 'salt:SHA3_512$b3RoZXI=' }),
    atLogin: ['record-changed'],
  },
  {
    what: 'the row, which is gone',
    write: () => null,
    atLogin: [],
  },
];

describe('a key that was exchanged in the store of enrolments', () => {
  for (const { what, write, atLogin } of attacks) {
    it(`is noticed by the next night, which seals for the key of before as well: ${what}`, async () => {
      const office = await officeAtWork();
      const before = office.pinned!;
      office.write(write);
      const seal = await office.night();
      assert.deepEqual(
        seal.warnings.map(({ code }) => code),
        ['key-unproven'],
      );
      assert.equal(seal.recipients[0], before.unlock.recipient);
      assert.ok(await office.isOpenedBy(seal));
      assert.deepEqual(office.pinned, before, 'what is remembered stays');
    });

    it(`is noticed by the next login: ${what}`, async () => {
      const office = await officeAtWork();
      office.write(write);
      assert.deepEqual(await office.login(), atLogin);
      assert.deepEqual(await office.login(), [], 'told once');
      assert.ok(await office.isOpenedBy(await office.night()));
    });

    it(`is over after a login that is shown the labels: ${what}`, async () => {
      const office = await officeAtWork();
      office.write(write);
      const { keyHolder, unlock } = await office.night();
      await office.login({ labels: [{ createdAt: '2026-03-03T04:00:00.000Z', keyHolder, unlock }] });
      const seal = await office.night();
      assert.deepEqual(seal.warnings, []);
      assert.ok(await office.isOpenedBy(seal));
    });
  }

  it('is noticed where no login came yet, and never weakens the way in', async () => {
    const office = new Office();
    const first = await office.night();
    office.write((record) => ({ ...record, unlock: strangersUnlock }));
    const seal = await office.night();
    assert.deepEqual(
      seal.warnings.map(({ code }) => code),
      ['key-unproven'],
    );
    assert.deepEqual(seal.recipients, first.recipients);
  });

  it('names both by what people can compare', async () => {
    const office = await officeAtWork();
    const { recipient } = office.pinned!.unlock;
    office.write((record) => ({ ...record, unlock: strangersUnlock }));
    const [warning] = (await office.night()).warnings;
    assert.match(fingerprintOf(recipient), /^([0-9a-f]{4} ){3}[0-9a-f]{4}$/);
    for (const each of [recipient, stranger.recipient])
      assert.ok(warning!.message.includes(fingerprintOf(each)));
  });

  it('an older record of the same holder is noticed', async () => {
    const office = await officeAtWork();
    const old = office.record!;
    await office.login({ postQuantum: true });
    assert.deepEqual((await office.night()).warnings, []);
    office.write((record) => ({ ...old, revision: record.revision + 1 }));
    assert.deepEqual(
      (await office.night()).warnings.map(({ code }) => code),
      ['key-unproven'],
    );
  });
});

describe('a change by the holder', () => {
  it('is no alarm: another form of the hash, a new password, a post-quantum pair, a long absence', async () => {
    const office = await officeAtWork();
    office.admin = adminOf({ stored: storedOf(password, 'bmV3') });
    await office.login();
    assert.deepEqual((await office.night()).warnings, []);
    await office.login({ postQuantum: true });
    assert.deepEqual((await office.night()).warnings, []);
    office.typed = 'battery staple';
    office.admin = adminOf({ stored: storedOf(office.typed, 'bmV3ZXI=') });
    await office.login();
    assert.deepEqual((await office.night()).warnings, []);
    assert.ok(await office.isOpenedBy(await office.night()));
  });

  it('is no alarm when the first login follows a night with the stored hash', async () => {
    const office = new Office();
    assert.deepEqual(
      (await office.night()).warnings.map(({ code }) => code),
      ['stored-hash'],
    );
    await office.login();
    const seal = await office.night();
    assert.deepEqual(seal.warnings, []);
    assert.equal(seal.unlock[0].kind, 'enrolled');
  });

  it('of the password under the salt of the old one is noticed by the night and mended by the login', async () => {
    const office = await officeAtWork();
    office.typed = 'battery staple';
    office.admin = adminOf({ stored: storedOf(office.typed) });
    const seal = await office.night();
    assert.deepEqual(
      seal.warnings.map(({ code }) => code),
      ['stored-hash', 'enrollment-stale'],
    );
    assert.ok(await office.isOpenedBy(seal));
    await office.login();
    assert.ok(await office.isOpenedBy(await office.night()));
  });

  it('of somebody else begins a memory of that person', async () => {
    const office = await officeAtWork();
    office.record = null;
    office.admin = adminOf({ userNum: '2', userName: 'Owner' });
    const seal = await office.night();
    assert.deepEqual(
      seal.warnings.map(({ code }) => code),
      ['stored-hash'],
    );
    assert.equal(office.pinned!.userNum, '2');
  });
});

describe('a record that cannot be read', () => {
  it('does not end the night, and the next login replaces it', async () => {
    const memory = createMemoryEnrollments();
    let isBroken = true;
    const store: SealForOptions['store'] = {
      async load(userNum) {
        if (isBroken) throw (await import('../../src/admin/enrollment.js')).unreadable(userNum);
        return memory.load(userNum);
      },
      save: (enrollment) => memory.save(enrollment),
      async discardUnreadable() {
        isBroken = false;
      },
    };
    const seal = await sealForWith(lightWork, resolveLastAdmin([adminOf()], { asOf }), { store });
    assert.deepEqual(
      seal.warnings.map(({ code }) => code),
      ['stored-hash', 'record-unreadable'],
    );
    const { warnings } = await enrollAdminWith(lightWork, adminOf(), password, { store });
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['record-unreadable'],
    );
  });

  it('is one whose revision leaves no room for the next', async () => {
    const { formatEnrollment, parseEnrollment } = await import('../../src/admin/enrollment.js');
    const { enrollment } = await enrollAdminWith(lightWork, adminOf(), password, {
      store: createMemoryEnrollments(),
    });
    const text = (revision: number) => formatEnrollment({ ...enrollment, revision });
    assert.equal(parseEnrollment(text(largestRevision), '1').revision, largestRevision);
    for (const revision of [largestRevision + 1, Number.MAX_SAFE_INTEGER]) {
      assert.throws(() => parseEnrollment(text(revision), '1'), /cannot be read/);
    }
  });
});

describe('the table of swaps: whatever is changed, one of the next night and the next login tells it, and the login heals it', () => {
  /**
   * What the night has to say: its warnings, and who else than before opens the copy, which its report names.
   */
  const toldBy = async (office: Office): Promise<readonly string[]> => {
    const before = office.pinned!;
    const { warnings, keyHolder } = await office.night();
    const isOther = keyHolder.userNum !== before.userNum || keyHolder.userName !== before.userName;
    return [...warnings.map(({ code }) => code), ...(isOther ? ['key-holder'] : [])];
  };
  const swaps: readonly {
    readonly what: string;
    readonly swap: (office: Office) => void | Promise<void>;
    readonly night: readonly string[];
    readonly login: readonly KeyWarningCode[];
  }[] = [
    {
      what: 'the recipient',
      swap: (office) =>
        office.write((record) => ({
          ...record,
          unlock: { ...record.unlock, recipient: stranger.recipient },
        })),
      night: ['key-unproven'],
      login: ['record-changed'],
    },
    {
      what: 'the pair',
      swap: (office) => office.write((record) => ({ ...record, unlock: strangersUnlock })),
      night: ['key-unproven'],
      login: ['key-exchanged'],
    },
    {
      what: 'the salt of the record',
      swap: (office) => office.write((record) => ({ ...record, mark: 'salt:SHA3_512$b3RoZXI=' })),
      night: ['key-unproven'],
      login: ['record-changed'],
    },
    {
      what: 'the salt of the stored password, by a stranger’s',
      swap: (office) => {
        office.typed = 'a stranger’s word';
        office.admin = adminOf({ stored: storedOf(office.typed, 'b3RoZXI=') });
      },
      night: ['stored-hash', 'enrollment-stale'],
      login: ['chain-broken'],
    },
    {
      what: 'the revision, to its end',
      swap: (office) => office.write((record) => ({ ...record, revision: largestRevision })),
      // The key is as it was, and opens what is sealed.
      night: [],
      login: ['record-unreadable'],
    },
    {
      what: 'a new administrator, who logged in last',
      swap: (office) => {
        office.typed = 'a stranger’s word';
        office.admin = adminOf({
          userNum: '2',
          userName: 'Owner',
          stored: storedOf(office.typed, 'b3RoZXI='),
        });
        office.record = null;
      },
      night: ['stored-hash', 'key-holder'],
      login: [],
    },
    {
      what: 'the name of the administrator',
      swap: (office) => {
        office.admin = adminOf({ userName: 'Renamed' });
      },
      night: ['key-holder'],
      login: [],
    },
    {
      what: 'the row, by an older one',
      swap: async (office) => {
        const old = office.record!;
        await office.login({ postQuantum: true });
        await office.night();
        office.write((record) => ({ ...old, revision: record.revision + 1 }));
      },
      night: ['key-unproven'],
      login: [],
    },
  ];

  for (const { what, swap, night, login } of swaps) {
    it(what, async () => {
      const asleep = await officeAtWork();
      await swap(asleep);
      const atNight = await toldBy(asleep);
      const awake = await officeAtWork();
      await swap(awake);
      const atLogin = await awake.login();
      assert.deepEqual({ night: atNight, login: atLogin }, { night, login });
      assert.ok(atNight.length + atLogin.length > 0);
      assert.ok(await asleep.isOpenedBy(await asleep.night()));
      assert.ok(await awake.isOpenedBy(await awake.night()));
    });
  }
});
