import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { changeAdminPasswordWith, enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { resolveLastAdmin } from '../../src/admin/resolve-last-admin.js';
import { sealForWith } from '../../src/admin/seal-for.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { verifyAdminPassword } from '../../src/admin/verify-admin-password.js';
import { hashPassword } from '../../src/archive/password/stored-password.js';
import { adminOf, lightWork, storedOf } from './admins.js';

const typed = 'needle-in-the-haystack';
const other = 'needle-number-two';
const hash = storedOf(typed).split('$')[2]!;

/** Arrays of bytes that held a secret when they were made, and what they held. */
type Watched = [text: string, bytes: Uint8Array][];

/** Watches every way in which text becomes bytes here, and bytes become text. */
function watchBytes(t: TestContext, secrets: readonly string[]): Watched {
  const watched: Watched = [];
  const look = (bytes: Uint8Array): void => {
    for (const encoding of ['latin1', 'utf16le'] as const) {
      const text = Buffer.from(bytes).toString(encoding);
      if (secrets.some((secret) => text.includes(secret))) watched.push([text, bytes]);
    }
  };
  const { encode } = TextEncoder.prototype;
  t.mock.method(TextEncoder.prototype, 'encode', function (this: TextEncoder, text?: string) {
    const bytes = encode.call(this, text);
    look(bytes);
    return bytes;
  });
  const { decode } = TextDecoder.prototype;
  t.mock.method(TextDecoder.prototype, 'decode', function (this: TextDecoder, bytes: Uint8Array) {
    look(bytes);
    return decode.call(this, bytes);
  });
  const { from } = Uint8Array;
  t.mock.method(Uint8Array, 'from', (...given: unknown[]) => {
    const bytes: Uint8Array = Reflect.apply(from, Uint8Array, given);
    look(bytes);
    return bytes;
  });
  const { setUint16 } = DataView.prototype;
  t.mock.method(DataView.prototype, 'setUint16', function (this: DataView, ...given: [number, number]) {
    setUint16.apply(this, given);
    // The last letter makes the text whole.
    if (given[0] === this.byteLength - 2) look(new Uint8Array(this.buffer));
  });
  return watched;
}

/** @param atLeast - a check of the check: so many were seen */
function assertWiped(watched: Watched, atLeast: number): void {
  assert.ok(watched.length >= atLeast, `${watched.length} arrays were seen`);
  for (const [text, bytes] of watched) {
    assert.ok(
      bytes.every((byte) => byte === 0),
      `${JSON.stringify(text)} was left in memory`,
    );
  }
}

describe('bytes of a secret are wiped', () => {
  it('after a password was checked, right or wrong, whatever the scheme', (t) => {
    const watched = watchBytes(t, [typed, hash]);
    const stored = [
      storedOf(typed),
      `MD5$salt$${hashPassword('MD5', 'salt', typed)}`,
      `MD5_ECW$$${hashPassword('MD5_ECW', '', typed)}`,
    ];
    for (const each of stored) {
      assert.equal(verifyAdminPassword(adminOf({ stored: each }), typed), true);
      assert.equal(verifyAdminPassword(adminOf({ stored: each }), `${typed}x`), false);
    }
    assertWiped(watched, 8);
  });

  it('after keys were made, opened and linked', async (t) => {
    const watched = watchBytes(t, [typed, other, hash, 'AGE-SECRET-KEY-']);
    const store = createMemoryEnrollments();
    const last = resolveLastAdmin([adminOf({ stored: storedOf(typed) })], { asOf: new Date() });
    await sealForWith(lightWork, last, { store });
    await enrollAdminWith(lightWork, adminOf({ stored: storedOf(typed) }), typed, { store });
    const passwords = { oldPassword: typed, newPassword: other };
    const changed = adminOf({ stored: storedOf(other, 'new') });
    const { enrollment } = await changeAdminPasswordWith(lightWork, changed, passwords, { store });
    assert.equal(enrollment.epoch, 3);
    assertWiped(watched, 10);
  });

  it('after a stored hash without a salt was marked', async (t) => {
    const unsalted = hashPassword('MD5', '', typed);
    const watched = watchBytes(t, [typed, unsalted]);
    const admin = adminOf({ stored: `MD5$$${unsalted}` });
    const store = createMemoryEnrollments();
    await enrollAdminWith(lightWork, admin, typed, { store });
    await enrollAdminWith(lightWork, admin, typed, { store });
    assertWiped(watched, 4);
  });
});
