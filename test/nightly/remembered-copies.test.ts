import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nightAfter } from '../../src/nightly/nights.js';
import type { VerifiedCopy } from '../../src/nightly/run/journal-state.js';
import { remembered } from '../../src/nightly/run/remembered-copies.js';

describe('what a journal remembers of copies', () => {
  const copyOf = (night: string, state?: 'gone'): VerifiedCopy => ({
    key: `4711/${night}/${'0'.repeat(32)}.tar.age`,
    night,
    verifiedAt: `${night}T23:00:00.000Z`,
    ...(state === undefined ? {} : { state }),
  });
  const nights = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, i) => nightAfter('2026-07-14', -i));

  it('holds a copy that is kept for years, though hundreds have come and gone since', () => {
    const yearly = copyOf('2024-12-31');
    const gone = nights(500).map((night) => copyOf(night, 'gone'));
    let copies: readonly VerifiedCopy[] = [yearly];
    for (const each of [...gone].reverse()) copies = remembered([each, ...copies]);
    assert.ok(copies.includes(yearly));
    assert.equal(copies[0], gone[0]);
    assert.ok(copies.length < 100, `${copies.length}`);
  });

  it('holds the newest of those that are there, newest first, and of one night the last', () => {
    const copies = nights(500).map((night) => copyOf(night));
    const last = { ...copies[0]!, key: `4711/2026-07-14/${'1'.repeat(32)}.tar.age` };
    const kept = remembered([last, ...[...copies].reverse()]);
    assert.equal(kept.length, 400);
    assert.deepEqual(kept.slice(0, 3), [last, ...copies.slice(0, 2)]);
  });
});
