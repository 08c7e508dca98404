import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  planRetention,
  type RetainedArchive,
  type RetentionPolicy,
  sixYears,
} from '../../src/nightly/retention.js';
import { fc } from '../support/properties.js';

const day = 86_400_000;
const timeZone = 'America/Denver';

function archive(createdAt: string | Date, facts: Partial<RetainedArchive> = {}): RetainedArchive {
  const at = new Date(createdAt);
  return {
    key: `p/${at.toISOString()}.tar.age`,
    createdAt: at,
    scope: 'critical',
    verified: true,
    opensForLivingAdmin: true,
    ...facts,
  };
}

function keysOf(archives: readonly RetainedArchive[]): string[] {
  return archives.map(({ key }) => key).sort();
}

function kept(archives: readonly RetainedArchive[], now: Date, policy?: RetentionPolicy): RetainedArchive[] {
  const plan = planRetention(archives, { now, timeZone, ...(policy === undefined ? {} : { policy }) });
  return plan.keep.map((each) => each.archive);
}

describe('retention', () => {
  it('keeps days for three days, weeks for six months, months for a year, years for three', () => {
    const start = new Date('2022-01-01T06:00:00Z').getTime();
    const nights = Array.from({ length: 1800 }, (_, i) => archive(new Date(start + i * day)));
    const now = new Date(start + 1799 * day + day / 2);
    const { keep, remove } = planRetention(nights, { now, timeZone });
    const count = (reason: string) => keep.filter(({ reasons }) => reasons.some((r) => r === reason)).length;
    assert.equal(count('daily'), 3);
    assert.equal(count('weekly'), 27);
    assert.equal(count('monthly'), 13);
    assert.equal(count('yearly'), 4);
    assert.equal(keep.length + remove.length, nights.length);
    assert.ok(keep.length < 45, `${keep.length} kept`);
  });

  it('keeps years for six, as a preset', () => {
    const start = new Date('2015-01-01T06:00:00Z').getTime();
    const nights = Array.from({ length: 4000 }, (_, i) => archive(new Date(start + i * day)));
    const now = new Date(start + 3999 * day + day / 2);
    const oldest = kept(nights, now, sixYears).at(-1)!.createdAt.getTime();
    assert.ok(now.getTime() - oldest >= 5 * 366 * day && now.getTime() - oldest <= 7 * 366 * day);
    assert.equal(sixYears.yearly, 'P6Y');
  });

  it('comes to the same night by night as all at once', () => {
    const start = new Date('2023-06-01T07:30:00Z').getTime();
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 200, maxLength: 500 }), (nights) => {
        const all: RetainedArchive[] = [];
        let pruned: RetainedArchive[] = [];
        let now = new Date(start);
        nights.forEach((made, i) => {
          now = new Date(start + i * day);
          if (!made) return;
          const next = archive(now);
          all.push(next);
          pruned = kept([...pruned, next], now);
        });
        assert.deepEqual(keysOf(kept(pruned, now)), keysOf(kept(all, now)));
      }),
      { numRuns: 5 },
    );
  });

  it('never removes the newest verified archive, however old it is', () => {
    const old = archive('2010-01-01T00:00:00Z');
    const broken = archive('2026-01-01T00:00:00Z', { verified: false });
    const now = new Date('2026-01-02T00:00:00Z');
    const plan = planRetention([old, broken], { now, timeZone, policy: { daily: 'P3D' } });
    assert.deepEqual(plan.remove, []);
    assert.deepEqual(plan.keep.at(-1)?.reasons, ['newest-verified', 'last-for-living-admin']);
  });

  it('never removes the last archive that a living administrator can open', () => {
    const old = archive('2015-01-01T00:00:00Z');
    const fresh = archive('2026-01-01T00:00:00Z', { opensForLivingAdmin: false });
    const plan = planRetention([fresh, old], { now: new Date('2026-01-02T00:00:00Z'), timeZone });
    assert.deepEqual(plan.remove, []);
  });

  it('lets an unverified archive stand for a day only when there is no verified one', () => {
    const good = archive('2026-01-01T04:00:00Z');
    const bad = archive('2026-01-01T05:00:00Z', { verified: false });
    const plan = planRetention([good, bad], { now: new Date('2026-01-01T06:00:00Z'), timeZone });
    assert.deepEqual(plan.remove, [bad]);
  });

  it('counts a full copy and a critical one apart', () => {
    const full = archive('2026-01-01T04:00:00Z', { scope: 'full', key: 'p/full' });
    const critical = archive('2026-01-01T04:00:00Z', { key: 'p/critical' });
    const plan = planRetention([full, critical], { now: new Date('2026-02-01T06:00:00Z'), timeZone });
    assert.deepEqual(plan.remove, []);
  });

  it('keeps what is dated in the future, and lets it replace nothing', () => {
    const today = archive('2026-01-01T04:00:00Z');
    const later = archive('2031-01-01T04:00:00Z');
    const plan = planRetention([today, later], { now: new Date('2026-01-02T00:00:00Z'), timeZone });
    assert.deepEqual(plan.keep[0]?.reasons, ['from-the-future']);
    assert.ok(plan.keep[1]?.reasons.includes('newest-verified'));
  });

  it('has no copy of a clock that was ahead stand for the night of its date, nor for that of its week', () => {
    const now = new Date('2026-07-13T05:00:00Z');
    const stored = (createdAt: string, storedAt = createdAt) =>
      archive(createdAt, { storedAt: new Date(storedAt) });
    const ahead = stored('2026-07-13T04:30:00Z', '2026-07-10T04:30:00Z');
    const last = stored('2026-07-13T04:20:00Z');
    const before = stored('2026-07-12T04:20:00Z');
    const standing = (archives: readonly RetainedArchive[], policy: RetentionPolicy) =>
      planRetention(archives, { now, timeZone, policy })
        .keep.filter(({ reasons }) => reasons.some((reason) => reason in policy))
        .map(({ archive: { key } }) => key);
    const all = [ahead, last, before];
    assert.deepEqual(standing(all, { daily: 'P3D' }), [last.key, before.key]);
    assert.deepEqual(standing(all, { weekly: 'P1M' }), [last.key]);
    // It is better than none, and where the clock of the store fell back, the date is right.
    assert.deepEqual(standing([ahead, before], { daily: 'P3D' }), [ahead.key, before.key]);
    const fallen = all.map((each) => ({ ...each, storedAt: new Date('2020-01-01T00:00:00Z') }));
    assert.deepEqual(standing(fallen, { weekly: 'P1M' }), [ahead.key]);
  });

  it('loses nothing to any policy: one verified archive per scope always stays', () => {
    const anArchive = fc
      .record({
        createdAt: fc.date({ min: new Date('2015-01-01'), max: new Date('2027-01-01'), noInvalidDate: true }),
        scope: fc.constantFrom<'critical' | 'full'>('critical', 'full'),
        verified: fc.boolean(),
        opensForLivingAdmin: fc.boolean(),
      })
      .map((facts) => archive(facts.createdAt, facts));
    const aPolicy = fc.constantFrom<RetentionPolicy>({}, { daily: 'P1D' }, { weekly: 'P1M', yearly: 'P9Y' });
    fc.assert(
      fc.property(
        fc.uniqueArray(anArchive, { selector: (each) => each.key }),
        aPolicy,
        (archives, policy) => {
          const now = new Date('2026-01-01T00:00:00Z');
          const staying = kept(archives, now, policy);
          for (const scope of ['critical', 'full'] as const) {
            for (const wanted of [
              (each: RetainedArchive) => each.verified,
              (each: RetainedArchive) => each.opensForLivingAdmin,
            ]) {
              const there = (list: readonly RetainedArchive[]) =>
                list.some((each) => each.scope === scope && wanted(each) && each.createdAt <= now);
              assert.equal(there(staying), there(archives));
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('lets no jump of the clock make good copies old', () => {
    const start = new Date('2025-06-01T07:30:00Z').getTime();
    let shelf: RetainedArchive[] = [];
    const night = (at: number): void => {
      const next = archive(new Date(at));
      shelf = kept([...shelf, next], next.createdAt);
    };
    for (let i = 0; i < 400; i++) night(start + i * day);
    const before = shelf;
    const months = (list: readonly RetainedArchive[]) =>
      new Set(list.map(({ createdAt }) => createdAt.toISOString().slice(0, 7)));
    // Ten years ahead for a week, back where it was for a month, and then in the year the computer was made.
    for (let i = 0; i < 7; i++) night(start + 3650 * day + i * day);
    for (let i = 0; i < 30; i++) night(start + (407 + i) * day);
    for (let i = 0; i < 7; i++) night(start - 3650 * day + i * day);
    night(start + 440 * day);
    // A month has passed in truth; of the year before it no other copy is gone than a month takes away.
    const lost = [...months(before)].filter((month) => !months(shelf).has(month));
    assert.ok(lost.length <= 2, `${lost.join()} are gone`);
    assert.ok(before.filter((each) => shelf.includes(each)).length >= before.length - 12);
    assert.equal(shelf.at(0)?.createdAt.getTime(), start + 3656 * day, 'dated in the future, and kept');
    assert.ok(shelf.some(({ createdAt }) => createdAt.getTime() === start + 440 * day));
  });

  it('never removes the copy just made, nor all that a living administrator can open, whatever the clock says', () => {
    const aNight = fc.record({
      at: fc.date({ min: new Date('2010-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }),
      verified: fc.boolean(),
      opensForLivingAdmin: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(aNight, { maxLength: 40 }), (nights) => {
        let shelf: RetainedArchive[] = [];
        nights.forEach(({ at, ...facts }, i) => {
          const next = archive(at, { ...facts, key: `p/${i}` });
          const before = [...shelf, next];
          shelf = kept(before, at);
          if (next.verified) assert.ok(shelf.includes(next));
          for (const wanted of ['verified', 'opensForLivingAdmin'] as const) {
            const there = (list: readonly RetainedArchive[]) => list.some((each) => each[wanted]);
            assert.equal(there(shelf), there(before), wanted);
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  it('refuses a duration it cannot read', () => {
    assert.throws(
      () => kept([archive('2026-01-01T00:00:00Z')], new Date(), { daily: 'three days' }),
      RangeError,
    );
  });
});
