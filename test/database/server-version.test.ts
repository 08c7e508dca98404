import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAtLeast, vendorOf } from '../../src/database/server-version.js';

test('a server is MariaDB when its version or its comment says so', () => {
  assert.equal(vendorOf('10.11.19-MariaDB-0+deb12u1', 'Debian 12'), 'mariadb');
  assert.equal(vendorOf('10.6.1', 'mariadb.org binary distribution'), 'mariadb');
  assert.equal(vendorOf('5.6.51', 'MySQL Community Server (GPL)'), 'mysql');
  assert.equal(vendorOf(undefined, null), 'mysql');
});

test('versions are compared by their numbers, not by their text', () => {
  assert.equal(isAtLeast('10.11.19-MariaDB', 10, 2), true);
  assert.equal(isAtLeast('10.2.0-MariaDB', 10, 2), true);
  assert.equal(isAtLeast('10.1.48-MariaDB', 10, 2), false);
  assert.equal(isAtLeast('9.7.0', 10, 2), false);
  assert.equal(isAtLeast('11.0.1', 10, 11), true);
  assert.equal(isAtLeast('', 5, 7), false);
});
