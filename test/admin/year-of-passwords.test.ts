// Not a quick test: a year.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { changeAdminPasswordWith, enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { type AdminCandidate, resolveLastAdmin } from '../../src/admin/resolve-last-admin.js';
import { sealForWith } from '../../src/admin/seal-for.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { unlockArchives, whoCanOpen } from '../../src/admin/who-can-open.js';
import { type DecryptArchiveOptions, decryptArchive } from '../../src/archive/decrypt-archive.js';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { collectBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { Label } from '../../src/model/parts.js';
import { sampleLabel, sampleParts } from '../archive/support/parts.js';
import { adminOf, lightWork, storedOf } from './admins.js';

const store = createMemoryEnrollments();
const people = new Map<string, AdminCandidate>();

/** The user as the database has it from this day on; a new salt with every password. */
function is(name: 'Anna' | 'Bo', day: string, password: string): AdminCandidate {
  const admin = adminOf({
    userNum: name === 'Anna' ? '1' : '2',
    userName: name,
    lastLogin: `${day} 08:00:00`,
    stored: storedOf(password, `salt of ${day}`),
  });
  people.set(name, admin);
  return admin;
}

function logsIn(name: 'Anna' | 'Bo', day: string): AdminCandidate {
  const admin = { ...people.get(name)!, lastLogin: `${day} 08:00:00` };
  people.set(name, admin);
  return admin;
}

const enroll = (admin: AdminCandidate, password: string) =>
  enrollAdminWith(lightWork, admin, password, { store });
const change = (admin: AdminCandidate, oldPassword: string, newPassword: string) =>
  changeAdminPasswordWith(lightWork, admin, { oldPassword, newPassword }, { store });

/** One night of the year: what happened that day, and what is to be seen of the archive. */
interface Night {
  readonly day: string;
  readonly what: string;
  readonly happens: () => unknown;
  readonly holder: string;
  readonly key: string;
  /** Opens this archive by itself. */
  readonly password: string;
}

const year: readonly Night[] = [
  {
    day: '2026-01-05',
    what: 'Anna works here; nobody is enrolled',
    happens: () => is('Anna', '2026-01-05', 'anna-winter-1'),
    holder: 'Anna',
    key: 'stored-hash',
    password: 'anna-winter-1',
  },
  {
    day: '2026-01-20',
    what: 'nothing happens',
    happens: () => undefined,
    holder: 'Anna',
    key: 'stored-hash',
    password: 'anna-winter-1',
  },
  {
    day: '2026-02-01',
    what: 'Anna logs in and is enrolled',
    happens: () => enroll(logsIn('Anna', '2026-02-01'), 'anna-winter-1'),
    holder: 'Anna',
    key: 'enrolled 2',
    password: 'anna-winter-1',
  },
  {
    day: '2026-03-01',
    what: 'Anna changes her password',
    happens: () => change(is('Anna', '2026-03-01', 'anna-spring-2'), 'anna-winter-1', 'anna-spring-2'),
    holder: 'Anna',
    key: 'enrolled 3',
    password: 'anna-spring-2',
  },
  {
    day: '2026-04-01',
    what: 'Bo is made an administrator and logs in last',
    happens: () => is('Bo', '2026-04-01', 'bo-begins-1'),
    holder: 'Bo',
    key: 'stored-hash',
    password: 'bo-begins-1',
  },
  {
    day: '2026-05-01',
    what: 'Bo is enrolled',
    happens: () => enroll(logsIn('Bo', '2026-05-01'), 'bo-begins-1'),
    holder: 'Bo',
    key: 'enrolled 2',
    password: 'bo-begins-1',
  },
  {
    day: '2026-06-01',
    what: 'Anna logs in last again',
    happens: () => enroll(logsIn('Anna', '2026-06-01'), 'anna-spring-2'),
    holder: 'Anna',
    key: 'enrolled 3',
    password: 'anna-spring-2',
  },
  {
    day: '2026-07-01',
    what: 'Anna’s password is reset by somebody else',
    happens: () => is('Anna', '2026-07-01', 'anna-reset-3'),
    holder: 'Anna',
    key: 'stored-hash',
    password: 'anna-reset-3',
  },
  {
    day: '2026-07-10',
    what: 'Anna logs in with what she was given',
    happens: () => enroll(logsIn('Anna', '2026-07-10'), 'anna-reset-3'),
    holder: 'Anna',
    key: 'enrolled 5',
    password: 'anna-reset-3',
  },
  {
    day: '2026-08-01',
    what: 'Anna is demoted',
    happens: () => people.delete('Anna'),
    holder: 'Bo',
    key: 'enrolled 2',
    password: 'bo-begins-1',
  },
  {
    day: '2026-09-01',
    what: 'Bo changes his password',
    happens: () => change(is('Bo', '2026-09-01', 'bo-goes-on-2'), 'bo-begins-1', 'bo-goes-on-2'),
    holder: 'Bo',
    key: 'enrolled 3',
    password: 'bo-goes-on-2',
  },
  {
    day: '2026-10-01',
    what: 'Bo is deleted, and Anna promoted again with the password she had',
    happens: () => {
      people.delete('Bo');
      people.set('Anna', { ...is('Anna', '2026-07-01', 'anna-reset-3'), lastLogin: '2026-10-01 08:00:00' });
    },
    holder: 'Anna',
    key: 'enrolled 5',
    password: 'anna-reset-3',
  },
  {
    day: '2026-11-01',
    what: 'Anna changes her password',
    happens: () => change(is('Anna', '2026-11-01', 'anna-autumn-4'), 'anna-reset-3', 'anna-autumn-4'),
    holder: 'Anna',
    key: 'enrolled 6',
    password: 'anna-autumn-4',
  },
  {
    day: '2026-12-01',
    what: 'Anna’s hash is stored anew for the same password',
    happens: () => enroll(is('Anna', '2026-12-01', 'anna-autumn-4'), 'anna-autumn-4'),
    holder: 'Anna',
    key: 'enrolled 6',
    password: 'anna-autumn-4',
  },
];

/**
 * What each password opens when all archives of the year are at hand: its own and all older ones it can be
 * led to.
 */
const opens: Readonly<Record<string, readonly string[]>> = {
  'anna-winter-1': ['2026-01-05', '2026-01-20', '2026-02-01'],
  'anna-spring-2': ['2026-01-05', '2026-01-20', '2026-02-01', '2026-03-01', '2026-06-01'],
  // The reset broke the chain: nothing from before it.
  'anna-reset-3': ['2026-07-01', '2026-07-10', '2026-10-01'],
  'anna-autumn-4': ['2026-07-01', '2026-07-10', '2026-10-01', '2026-11-01', '2026-12-01'],
  'bo-begins-1': ['2026-04-01', '2026-05-01', '2026-08-01'],
  'bo-goes-on-2': ['2026-04-01', '2026-05-01', '2026-08-01', '2026-09-01'],
  'ANNA-AUTUMN-4': [],
  '': [],
};

interface Archive {
  readonly night: Night;
  readonly bytes: Uint8Array;
  readonly label: Label;
}

async function isOpenedBy(archive: Archive, keys: DecryptArchiveOptions): Promise<boolean> {
  try {
    let tables = 0;
    for await (const part of decryptArchive(archive.bytes, keys)) if (part.kind === 'table') tables++;
    assert.equal(tables, 1);
    return true;
  } catch (error) {
    assert.ok(isBackupError(error, 'wrong-key'), String(error));
    return false;
  }
}

describe('a year of password changes', () => {
  const archives: Archive[] = [];

  before(async () => {
    for (const night of year) {
      await night.happens();
      const last = resolveLastAdmin([...people.values()], { asOf: new Date(`${night.day}T22:00:00Z`) });
      const { recipients, keyHolder, unlock } = await sealForWith(lightWork, last, { store });
      const archive = encryptArchive(sampleParts({ tables: 1, partsPerTable: 1, rowsPerPart: 2 }), {
        recipients,
        label: { ...sampleLabel, createdAt: `${night.day}T22:00:00.000Z`, keyHolder, unlock },
      });
      archives.push({ night, bytes: await collectBytes(archive), label: archive.label });
    }
  });

  it('each night’s archive is for the last administrator, by the key of the day', () => {
    assert.deepEqual(
      archives.map(({ night, label: { keyHolder, unlock } }) => {
        const [way] = unlock;
        return [
          night.day,
          keyHolder?.userName,
          way?.kind === 'enrolled' ? `enrolled ${way.epoch}` : way?.kind,
        ];
      }),
      year.map(({ day, holder, key }) => [day, holder, key]),
    );
  });

  it('the pair made from a stored hash is used again until the hash changes', () => {
    assert.deepEqual(archives[0]?.label.unlock, archives[1]?.label.unlock);
    assert.notDeepEqual(archives[0]?.label.unlock, archives[7]?.label.unlock);
  });

  it('the password of the time opens the archive of the time, and no other does', async () => {
    for (const archive of archives) {
      for (const password of Object.keys(opens)) {
        const { day } = archive.night;
        assert.equal(
          await isOpenedBy(archive, { password }),
          password === archive.night.password,
          `${password} on the archive of ${day}`,
        );
      }
    }
  });

  it('today’s opens all older ones through the chain; an old one opens no newer one', async () => {
    const labels = archives.map(({ label }) => label);
    for (const [password, days] of Object.entries(opens)) {
      const identities = (await unlockArchives(labels, password)).map(({ identity }) => identity);
      const opened: string[] = [];
      for (const archive of archives) {
        if (identities.length > 0 && (await isOpenedBy(archive, { identities })))
          opened.push(archive.night.day);
      }
      assert.deepEqual(opened, days, password);
    }
  });

  it('the chain needs only the newest archive: the database may be lost', async () => {
    const newest = archives.at(-1)!.label;
    const identities = (await unlockArchives([newest], 'anna-autumn-4')).map(({ identity }) => identity);
    assert.equal(identities.length, 3);
    for (const day of opens['anna-autumn-4']!) {
      const archive = archives.find(({ night }) => night.day === day)!;
      assert.equal(await isOpenedBy(archive, { identities }), true, day);
    }
  });

  it('the map of who can open what agrees with what was tried', () => {
    const { archives: map, warnings } = whoCanOpen(
      archives.map(({ label }) => label),
      { admins: [...people.values()] },
    );
    assert.deepEqual(
      map.map(({ keyHolder, password, isHeldByAdmin }) => [keyHolder?.userName, password, isHeldByAdmin]),
      year.map(({ day, holder }) => {
        const newest = opens[holder === 'Anna' ? 'anna-autumn-4' : 'bo-goes-on-2']!;
        return [holder, newest.includes(day) ? 'newest' : 'of-its-time', holder === 'Anna'];
      }),
    );
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['holder-gone', 'one-person'],
    );
  });
});
