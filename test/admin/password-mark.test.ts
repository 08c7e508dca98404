// In a process of its own: tests of nights have all passwords of their process marked with one salt.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitsMark, markOf } from '../../src/admin/password-mark.js';
import type { StoredPassword } from '../../src/archive/password/stored-password.js';
import { lightWork } from './admins.js';

const salted: StoredPassword = { scheme: 'SHA3_512', salt: 'abc', hash: 'of a password' };
const unsalted: StoredPassword = { scheme: 'MD5', salt: '', hash: 'of a password' };

describe('the mark of a stored password', () => {
  it('fits that one and no other', async () => {
    for (const stored of [salted, unsalted]) {
      const mark = await markOf(stored, lightWork);
      assert.equal(await fitsMark(mark, stored), true);
      for (const other of [
        { ...stored, scheme: 'None' },
        { ...stored, salt: 'abcd' },
        { ...stored, salt: stored === salted ? '' : 'abc' },
        ...(stored === unsalted ? [{ ...stored, hash: 'of another' }] : []),
      ]) {
        assert.equal(await fitsMark(mark, other), false, JSON.stringify(other));
      }
    }
  });

  it('fits whatever the work it took', async () => {
    for (const scryptLogN of [1, 9, 10]) {
      const mark = await markOf(unsalted, { scryptLogN });
      assert.equal(await fitsMark(mark, unsalted), true, mark);
      assert.equal(await fitsMark(mark, { ...unsalted, hash: 'of another' }), false, mark);
    }
  });

  it('does not help to guess the password', async () => {
    assert.equal(await markOf(salted, lightWork), 'salt:SHA3_512$abc');
    const marks = [await markOf(unsalted, lightWork), await markOf(unsalted, lightWork)];
    assert.match(marks[0]!, /^scrypt:3:/);
    assert.notEqual(marks[0], marks[1]);
  });

  it('that was spoiled fits nothing, and costs nothing', async () => {
    const good = await markOf(unsalted, lightWork);
    const [, , salt, hash] = good.split(':');
    for (const mark of [
      '',
      'scrypt',
      `scrypt:3:${salt}`,
      `scrypt:3:${salt}:`,
      `scrypt:0:${salt}:${hash}`,
      `scrypt:21:${salt}:${hash}`,
      `scrypt:30:${salt}:${hash}`,
      `scrypt:x:${salt}:${hash}`,
      `scrypt:3:!!!!:${hash}`,
      `scrypt:3:${salt}:not base64`,
      `scrypt:4:${salt}:${hash}`,
      `${good}:more`,
      `x${good}`,
      'salt:MD5$',
    ]) {
      assert.equal(await fitsMark(mark, unsalted), false, mark);
      assert.equal(await fitsMark(mark, salted), false, mark);
    }
  });
});
