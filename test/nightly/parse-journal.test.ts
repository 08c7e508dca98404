import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { largestNote } from '../../src/history/note.js';
import {
  mostAcknowledgements,
  mostAnnouncements,
  mostFindings,
} from '../../src/nightly/origin/loss-state.js';
import {
  mostAccepted,
  mostBehind,
  mostTroubles,
  type SequenceState,
} from '../../src/nightly/origin/sequence.js';
import type { NightJournalState } from '../../src/nightly/run/journal-state.js';
import { journalText } from '../../src/nightly/run/journal-text.js';
import { parseJournal } from '../../src/nightly/run/parse-journal.js';
import { rememberedCopies } from '../../src/nightly/run/remembered-copies.js';
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

  it('is read again whole when all its lists are full, of keys as long as a store takes', () => {
    const times = <Item>(count: number, item: (i: number) => Item): Item[] =>
      Array.from({ length: count }, (_, i) => item(i));
    // JSON has two characters for each of these.
    const long = (i: number): string => `4711/${i}${'"'.repeat(1024)}`.slice(0, 1024);
    const keys = times(mostAccepted, long);
    const sentence = 'x'.repeat(4000);
    const sentences = times(mostTroubles, () => sentence);
    const note = { key: long(0), note: 'x'.repeat(largestNote) };
    const sequence: Required<SequenceState> = {
      number: 9,
      hash: copy.sha256,
      since: copy.night,
      onItsWay: note,
      behind: times(mostBehind, (number) => ({ ...note, number })),
      credit: 1,
      creditedOn: copy.night,
      countedFrom: copy.night,
      troubles: sentences,
      about: keys,
      found: 3000,
      untold: keys.map((key) => `lost ${key}`),
      told: keys.map((key) => `lost ${key}`),
      lasting: sentences,
      begun: 1,
      elsewhere: { number: 1, hash: copy.sha256 },
      isBroken: true,
      strange: times(mostTroubles, (i) => ({ store: sentence, name: long(i), subject: long(i), sentence })),
      lost: keys,
      passed: keys,
      accepted: keys,
    };
    const verified = times(rememberedCopies, () => ({
      key: copy.key,
      night: copy.night,
      verifiedAt: '2026-07-15T05:00:00.000Z',
      store: sentence,
      bytes: 10,
      sha256: copy.sha256,
      scope: 'full' as const,
      recipient: sentence,
      number: 1,
      note: copy.sha256,
      seen: 'x'.repeat(300),
    }));
    const leftOut = times(1000, (i) => ({
      kind: 'table' as const,
      name: `t${i}`.padEnd(64),
      reason: 'x'.repeat(200),
    }));
    const findings = times(mostFindings, () => '"'.repeat(2000));
    const by = { at: '2026-07-15T05:00:00.000Z', user: 'Admin' };
    const full: NightJournalState = {
      ...(whole as unknown as NightJournalState),
      pending: times(16, () => ({
        destination: 'hq',
        file: pending.file,
        copy: { ...copy, scope: 'full', leftOut },
      })),
      verified: { hq: verified, local: verified },
      sequences: { hq: sequence, local: sequence },
      loss: { night: copy.night, findings, told: 1, about: findings, lastClean: {} },
      acknowledged: times(mostAcknowledgements, () => ({ ...by, findings })),
      announced: times(mostAnnouncements, () => ({
        ...by,
        until: copy.night,
        tables: times(1000, (i) => `t${i}`.padEnd(64)),
      })),
    };
    const parsed = parseJournal(journalText(full));
    assert.notEqual(parsed, null);
    assert.equal(parsed?.isWhole, true);
    assert.deepEqual(parsed.state, full);
  });

  it('is none when it is too large, no JSON, or of another kind', () => {
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"version":2}',
      `${JSON.stringify(whole)}${' '.repeat(70_000_000)}`,
    ]) {
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
