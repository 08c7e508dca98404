import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isWeakPassword } from '../../src/admin/password-strength.js';

it('finds a password weak that a guesser tries early, however long it is', () => {
  for (const weak of [
    'Password2024',
    'dental2026!',
    'qwerty123456',
    'aaaaaaaaaaaaaaaa',
    '123456789012',
    'Summer2025',
    'letmein1',
  ]) {
    assert.equal(isWeakPassword(weak), true, weak);
  }
});

it('finds no fault with words that do not belong together, or letters by chance', () => {
  for (const good of [
    'correct horse',
    'battery staple',
    'k7!vXq2p',
    'Blaukraut bleibt',
    '我的狗叫大黄和小白',
  ]) {
    assert.equal(isWeakPassword(good), false, good);
  }
});
