import assert from 'node:assert/strict';
import { it } from 'node:test';
import { inspect } from 'node:util';
import { changeAdminPasswordWith, enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { resolveLastAdmin } from '../../src/admin/resolve-last-admin.js';
import { sealForWith } from '../../src/admin/seal-for.js';
import { Secret } from '../../src/admin/secret.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { verifyAdminPassword } from '../../src/admin/verify-admin-password.js';
import { whoCanOpen } from '../../src/admin/who-can-open.js';
import { makeLabel } from '../../src/archive/label.js';
import { hashPassword } from '../../src/archive/password/stored-password.js';
import { unlockLabel } from '../../src/archive/unlock.js';
import { sampleLabel } from '../archive/support/parts.js';
import { adminOf, lightWork } from './admins.js';

const salt = 'c2FsdCBvZiB0aGUgdGVzdA==';
const typed = 'needle-in-the-haystack';
const other = 'needle-number-two';
const hashes = [typed, other].map((text) => hashPassword('SHA3_512', salt, text));
const stored = `SHA3_512$${salt}$${hashes[0]}`;

// Everything a careless host might write to its log.
function shown(value: unknown): string {
  const error = value instanceof Error ? `${value.stack}${value.message}${inspect(value.cause)}` : '';
  return [
    inspect(value, {
      depth: Number.POSITIVE_INFINITY,
      showHidden: true,
      maxArrayLength: null,
      maxStringLength: null,
    }),
    JSON.stringify(value, (_, inner: unknown) => (inner instanceof Map ? [...inner] : inner)),
    `${value}`,
    error,
  ].join('\n');
}

async function outcome(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => error);
}

it('no password, no stored hash and no private key reaches a result, an error, a warning or a log', async () => {
  const asOf = new Date('2026-03-03T04:00:00Z');
  const store = createMemoryEnrollments();
  const admin = adminOf({ stored, userName: 'Owner' });
  const renamed = adminOf({ stored: `SHA3_512$new${salt}$${hashPassword('SHA3_512', `new${salt}`, other)}` });
  const last = resolveLastAdmin([admin], { asOf });
  const seen: unknown[] = [admin, last, new Secret(typed)];
  const see = async (work: Promise<unknown>) => seen.push(await outcome(work));

  await see(sealForWith(lightWork, last, { store }));
  const bootstrap = (await store.load('1'))!;
  await see(enrollAdminWith(lightWork, admin, `${typed}x`, { store }));
  await see(enrollAdminWith(lightWork, admin, typed, { store }));
  await see(sealForWith(lightWork, last, { store }));
  await see(
    changeAdminPasswordWith(lightWork, renamed, { oldPassword: `${typed}x`, newPassword: other }, { store }),
  );
  await see(
    changeAdminPasswordWith(lightWork, renamed, { oldPassword: typed, newPassword: `${other}x` }, { store }),
  );
  await see(
    changeAdminPasswordWith(lightWork, renamed, { oldPassword: typed, newPassword: other }, { store }),
  );
  await see(enrollAdminWith(lightWork, admin, Uint8Array.of(...Buffer.from(typed), 0xff), { store }));
  await see(enrollAdminWith(lightWork, admin, typed, { store, signal: AbortSignal.abort() }));
  for (const broken of ['', `None$a$${typed}`, typed]) {
    const weak = resolveLastAdmin([adminOf({ stored: broken })], { asOf });
    seen.push(weak);
    await see(sealForWith(lightWork, weak, { store, policy: 'stored-hash' }));
  }
  seen.push(await store.load('1'), verifyAdminPassword(admin, typed));
  const label = makeLabel({ ...sampleLabel, keyHolder: admin, unlock: [bootstrap.unlock] });
  seen.push(whoCanOpen([label], { admins: [admin] }));
  await see(unlockLabel(label, `${typed}x`));

  const text = seen.map(shown).join('\n');
  // A check of the check: it saw names and sealed keys.
  assert.match(text, /Owner/);
  assert.match(text, /BEGIN AGE ENCRYPTED FILE/);
  assert.match(text, /password-refused/);
  const secrets = [typed, other, ...hashes, 'AGE-SECRET-KEY', stored];
  for (const secret of secrets) {
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ]) {
      assert.ok(!text.includes(form), `the ${secrets.indexOf(secret)}. secret leaked`);
    }
  }
});
