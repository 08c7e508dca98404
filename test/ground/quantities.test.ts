import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatCount, formatSeconds, plural } from '../../src/quantities.js';

test('sizes, times and counts are told in units people use', () => {
  assert.deepEqual([0, 987, 12_345, 999_960, 5e9, 2.5e15].map(formatBytes), [
    '0 bytes',
    '987 bytes',
    '12.3 kB',
    '1.0 MB',
    '5.0 GB',
    '2500 TB',
  ]);
  assert.deepEqual([0.42, 9.97, 61, 3599.6, 7260].map(formatSeconds), [
    '0.4 s',
    '10 s',
    '1 min 01 s',
    '1 h 00 min',
    '2 h 01 min',
  ]);
  assert.equal(formatCount(1_234_567), '1,234,567');
  assert.deepEqual(
    [0, 1, 2000].map((count) => plural(count, 'table')),
    ['0 tables', '1 table', '2,000 tables'],
  );
});
