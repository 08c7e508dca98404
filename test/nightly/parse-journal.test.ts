import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJournal } from '../../src/nightly/run/parse-journal.js';
import { fc } from '../support/properties.js';

const id = '0123456789abcdef0123456789abcdef';
const copy = {
  archiveId: id,
  key: `4711/2026-07-14/${id}.tar.age`,
  night: '2026-07-14',
  scope: 'full',
  bytes: 10,
  sha256: 'a'.repeat(64),
  tables: 1,
  rows: 2,
  plainBytes: 3,
  leftOut: [],
};
const pending = { destination: 'hq', file: `${id}.tar.age`, copy };
const whole = {
  version: 1,
  practiceId: '4711',
  machine: 'm',
  firstNight: '2026-07-14',
  pending: [pending],
  verified: {
    hq: [{ key: copy.key, night: '2026-07-14', verifiedAt: '2026-07-15T05:00:00.000Z' }],
    local: [],
  },
  failed: { local: { count: 1, night: '2026-07-14', code: 'storage-full' } },
  alerts: { 'hq-copy-failed': 'storage-full' },
  lastAttempt: { night: '2026-07-14', count: 1, endedAt: '2026-07-15T05:00:00.000Z' },
};
const parse = (changes: object) => parseJournal(JSON.stringify({ ...whole, ...changes }));

describe('a journal', () => {
  it('is read as it was written', () => {
    const parsed = parse({});
    assert.equal(parsed?.isWhole, true);
    assert.deepEqual(JSON.parse(JSON.stringify(parsed?.state)), whole);
  });

  it('gives what can be believed of it, and says that something was passed over', () => {
    for (const changes of [
      { pending: [null] },
      { pending: [pending, { ...pending, file: '../../etc/passwd' }] },
      { pending: [{ ...pending, copy: { ...copy, key: `4712/2026-07-14/${id}.tar.age` } }] },
      { pending: [{ ...pending, copy: { ...copy, leftOut: [null] } }] },
      { verified: { hq: [{ key: 1 }], local: 'none' } },
      { failed: { hq: null } },
      { alerts: { 'hq-copy-failed': 7, 'no-such-code': 'x' } },
      { lastAttempt: { night: '2026-02-31', count: -1, endedAt: 'soon' } },
      { settings: { status: 'perhaps', networkPath: 7 } },
      { rehearsal: 'yesterday' },
      { pins: [{}] },
    ]) {
      const parsed = parse(changes);
      assert.equal(parsed?.isWhole, false, JSON.stringify(changes));
      for (const each of parsed.state.pending) assert.equal(each.file, `${id}.tar.age`);
      assert.equal(parsed.state.lastAttempt === undefined, 'lastAttempt' in changes);
    }
  });

  it('is none when it is too large, no JSON, or of another kind', () => {
    for (const text of ['', '{', 'null', '[]', '{"version":2}', ' '.repeat(5_000_000)]) {
      assert.equal(parseJournal(text), null);
    }
  });

  it('never throws, whatever it holds', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(whole)), fc.jsonValue(), (name, value) => {
        parse({ [name]: value });
      }),
      { numRuns: 500 },
    );
  });
});
