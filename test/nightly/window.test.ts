import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Destination } from '../../src/eligibility/is-eligible.js';
import { isBackupError } from '../../src/errors.js';
import { type NightHistory, planNextRun } from '../../src/nightly/next-run.js';
import { nightAfter, nightOf, nightsBetween } from '../../src/nightly/nights.js';
import { checkSchedule, jitterOf, type NightSchedule, startOf, windowOf } from '../../src/nightly/window.js';
import { fc } from '../support/properties.js';

const chicago: NightSchedule = { timeZone: 'America/Chicago' };
const both: readonly Destination[] = ['hq', 'local'];
const none: NightHistory = { verified: {} };
const hour = 3_600_000;

function hoursOpen(night: string, schedule: NightSchedule): number {
  const { opensAt, closesAt } = windowOf(night, schedule);
  return (closesAt.getTime() - opensAt.getTime()) / hour;
}

const zones = [
  'America/New_York',
  'America/Los_Angeles',
  'Europe/London',
  'Australia/Lord_Howe',
  'Asia/Beirut',
];
const aSchedule: fc.Arbitrary<NightSchedule> = fc.constantFrom(...zones).map((timeZone) => ({ timeZone }));
const aNight = fc.integer({ min: 0, max: 1500 }).map((days) => nightAfter('2024-01-01', days));

describe('the window of a night', () => {
  it('opens at 22:00 and closes at 04:00 of the practice’s own clock', () => {
    const { opensAt, closesAt } = windowOf('2026-07-14', chicago);
    assert.equal(opensAt.toISOString(), '2026-07-15T03:00:00.000Z');
    assert.equal(closesAt.toISOString(), '2026-07-15T09:00:00.000Z');
  });

  it('is an hour shorter when clocks go forward and an hour longer when they go back', () => {
    assert.equal(hoursOpen('2026-03-07', chicago), 5);
    assert.equal(hoursOpen('2026-03-08', chicago), 6);
    assert.equal(hoursOpen('2026-10-31', chicago), 7);
    assert.equal(hoursOpen('2026-03-07', { timeZone: 'America/Phoenix' }), 6);
  });

  it('takes a wall time that does not exist as the same distance after the gap, and one that comes twice as the first', () => {
    const springNight = startOf('2026-03-07', { timeZone: 'America/New_York', hqTime: '02:30' }, 'p');
    assert.equal(springNight.toISOString(), '2026-03-08T07:30:00.000Z');
    const autumnNight = startOf('2026-10-31', { timeZone: 'America/New_York', hqTime: '01:30' }, 'p');
    assert.equal(autumnNight.toISOString(), '2026-11-01T05:30:00.000Z');
  });

  it('comes right after the gap, as long as ever, when a change of clocks would swallow it', () => {
    const chicagoNight = windowOf('2027-03-13', { ...chicago, opens: '02:00', closes: '03:00' });
    assert.equal(chicagoNight.opensAt.toISOString(), '2027-03-14T08:00:00.000Z');
    assert.equal(chicagoNight.closesAt.toISOString(), '2027-03-14T09:00:00.000Z');
    const berlin: NightSchedule = { timeZone: 'Europe/Berlin', opens: '02:30', closes: '03:00' };
    const { opensAt, closesAt } = windowOf('2027-03-27', berlin);
    assert.equal(closesAt.getTime() - opensAt.getTime(), hour / 2);
  });

  it('is one in any zone on any night, and holds the practice’s start', () => {
    const anyZone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
    const minutes = fc.integer({ min: 0, max: 24 * 60 - 2 });
    const length = fc.integer({ min: 1, max: 24 * 60 });
    fc.assert(
      fc.property(anyZone, aNight, minutes, length, (timeZone, night, opens, span) => {
        const wall = (afterNoon: number): string => {
          const minute = (afterNoon + 12 * 60) % (24 * 60);
          return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
        };
        const closes = Math.min(opens + span, 24 * 60);
        const schedule: NightSchedule = { timeZone, opens: wall(opens), closes: wall(closes) };
        const { opensAt, closesAt } = windowOf(night, schedule);
        assert.ok(closesAt > opensAt);
        const start = startOf(night, schedule, '4711');
        assert.ok(start >= opensAt && start < closesAt);
      }),
      { numRuns: 300 },
    );
  });

  it('begins at noon by the clock on the wall also on the day on which clocks change', () => {
    assert.equal(nightOf(new Date('2026-03-08T17:30:00Z'), 'America/Chicago'), '2026-03-08');
    assert.equal(nightOf(new Date('2026-11-01T17:30:00Z'), 'America/Chicago'), '2026-10-31');
  });

  it('refuses a schedule by which no night could be planned', () => {
    for (const changes of [
      { attemptsPerNight: 0 },
      { localEveryNights: Number.NaN },
      // Every plan would look through so many nights.
      { localEveryNights: 4_000_000 },
      { attemptsPerNight: Number.POSITIVE_INFINITY },
      { lastStartBeforeCloseMinutes: 1e9 },
      { retryAfterMinutes: 1e300 },
      { retryAfterMinutes: -1 },
      { hqTime: new Date(Number.NaN) },
      { catchUp: 'never' as 'at-once' },
    ]) {
      assert.throws(
        () => checkSchedule({ ...chicago, ...changes }),
        (error) => isBackupError(error, 'settings-invalid'),
      );
    }
  });

  it('belongs to one date from noon to noon', () => {
    assert.equal(nightOf(new Date('2026-07-15T04:50:00Z'), 'America/Chicago'), '2026-07-14');
    assert.equal(nightOf(new Date('2026-07-15T05:10:00Z'), 'America/Chicago'), '2026-07-14');
    assert.equal(nightOf(new Date('2026-07-15T17:10:00Z'), 'America/Chicago'), '2026-07-15');
  });

  it('belongs to the date of its evening in any zone, at any moment', () => {
    const anyZone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
    const anyMoment = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) });
    fc.assert(
      fc.property(anyZone, anyMoment, (timeZone, at) => {
        const wall = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
        const [date = '', time = ''] = wall.format(at).split(' ');
        assert.equal(nightOf(new Date(at), timeZone), time < '12:00' ? nightAfter(date, -1) : date);
      }),
      { numRuns: 300 },
    );
  });

  it('is counted by the calendar, and only where it is a date', () => {
    assert.equal(nightAfter('2024-02-28'), '2024-02-29');
    assert.equal(nightAfter('2027-01-01', -1), '2026-12-31');
    assert.equal(nightsBetween('2024-02-28', '2024-03-01'), 2);
    assert.equal(nightsBetween('2026-11-02', '2026-10-31'), -2);
    for (const text of ['', '2026-02-30', '2026-2-3', 'tonight']) {
      assert.throws(() => nightAfter(text), RangeError);
      assert.throws(() => nightsBetween('2026-02-01', text), RangeError);
    }
  });

  it('names an unknown zone and a time that cannot be read', () => {
    for (const schedule of [
      { timeZone: 'Middle/Earth' },
      { timeZone: 'America/Chicago', opens: '25:00' },
      { timeZone: 'America/Chicago', opens: '03:00', closes: '02:00' },
    ]) {
      assert.throws(
        () => windowOf('2026-07-14', schedule),
        (error) => isBackupError(error, 'settings-invalid'),
      );
    }
  });
});

describe('a practice’s start', () => {
  it('is inside the window on every night, and never in its last hour', () => {
    fc.assert(
      fc.property(aSchedule, aNight, fc.string(), (schedule, night, practiceId) => {
        const { opensAt, closesAt } = windowOf(night, schedule);
        const start = startOf(night, schedule, practiceId);
        assert.ok(start >= opensAt && start.getTime() <= closesAt.getTime() - hour);
      }),
      { numRuns: 300 },
    );
  });

  it('is the same on every night, and known for ever', () => {
    assert.equal(startOf('2026-07-14', chicago, '4711').toISOString().slice(11), '07:58:09.400Z');
    assert.equal(startOf('2027-06-01', chicago, '4711').toISOString().slice(11), '07:58:09.400Z');
  });

  it('spreads a fleet evenly', () => {
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 5000; i++) buckets[Math.floor(jitterOf(String(i)) * 10)]!++;
    for (const count of buckets) assert.ok(count > 420 && count < 580, String(buckets));
  });
});

describe('the next run', () => {
  const plan = (now: string, history: NightHistory = none, schedule: NightSchedule = chicago) =>
    planNextRun({ schedule, practiceId: '4711', history, destinations: both, now: new Date(now) });

  it('comes at the practice’s own time and serves both destinations at first', () => {
    const next = plan('2026-07-14T18:00:00Z');
    assert.equal(next?.kind, 'scheduled');
    assert.equal(next?.night, '2026-07-14');
    assert.equal(next?.at.toISOString(), '2026-07-15T07:58:09.400Z');
    assert.equal(next?.deadline.toISOString(), '2026-07-15T09:00:00.000Z');
    assert.deepEqual(next?.destinations, both);
  });

  it('makes HQ’s copy every night and the local one every seventh', () => {
    let history: NightHistory = none;
    const localNights: string[] = [];
    let night = '2026-07-01';
    for (let i = 0; i < 22; i++, night = nightAfter(night)) {
      const next = plan(`${night}T18:00:00Z`, history);
      assert.equal(next?.night, night);
      assert.ok(next?.destinations.includes('hq'));
      if (next?.destinations.includes('local')) localNights.push(night);
      history = {
        verified: {
          ...history.verified,
          ...Object.fromEntries((next?.destinations ?? []).map((each) => [each, night])),
        },
      };
    }
    assert.deepEqual(localNights, ['2026-07-01', '2026-07-08', '2026-07-15', '2026-07-22']);
  });

  it('does not come twice in a night that is done', () => {
    const done: NightHistory = { verified: { hq: '2026-07-14', local: '2026-07-14' } };
    const next = plan('2026-07-15T08:00:00Z', done);
    assert.equal(next?.night, '2026-07-15');
    assert.deepEqual(next?.destinations, ['hq']);
  });

  it('comes at once when the service starts late in an open window', () => {
    const next = plan('2026-07-15T07:59:00Z');
    assert.equal(next?.kind, 'late');
    assert.equal(next?.at.toISOString(), '2026-07-15T07:59:00.000Z');
  });

  it('makes up for a missed night on the next one, with the local copy that is overdue', () => {
    const history: NightHistory = { verified: { hq: '2026-07-12', local: '2026-07-05' } };
    const next = plan('2026-07-14T12:00:00Z', history);
    assert.equal(next?.night, '2026-07-14');
    assert.deepEqual(next?.destinations, both);
  });

  it('makes up for it at once where the host says so, but never on the first day', () => {
    const schedule: NightSchedule = { ...chicago, catchUp: 'at-once' };
    const history: NightHistory = { verified: { hq: '2026-07-12' } };
    const next = plan('2026-07-14T14:00:00Z', history, schedule);
    assert.equal(next?.kind, 'catch-up');
    assert.equal(next?.night, '2026-07-13');
    assert.equal(next?.at.toISOString(), '2026-07-14T14:00:00.000Z');
    assert.equal(plan('2026-07-14T14:00:00Z', none, schedule)?.kind, 'scheduled');
  });

  it('makes up for no missed night once tonight has its copy, though HQ moves tonight’s time to a later one', () => {
    const schedule: NightSchedule = { ...chicago, catchUp: 'at-once', hqTime: '23:30' };
    const done: NightHistory = { verified: { hq: '2026-07-14', local: '2026-07-14' } };
    const next = plan('2026-07-15T04:00:00Z', done, schedule);
    assert.equal(next?.night, '2026-07-15');
    assert.equal(next?.kind, 'hq-time');
  });

  it('makes up for no missed night once tonight’s run has tried to, though HQ moves tonight’s time', () => {
    const schedule: NightSchedule = { ...chicago, catchUp: 'at-once', hqTime: '23:30' };
    const endedAt = new Date('2026-07-15T03:10:00Z');
    const history: NightHistory = {
      verified: { hq: '2026-07-14' },
      lastAttempt: { night: '2026-07-14', count: 1, endedAt },
    };
    const next = plan('2026-07-15T04:00:00Z', history, schedule);
    assert.equal(next?.night, '2026-07-14');
    assert.deepEqual(next?.destinations, ['local']);
    assert.notEqual(next?.kind, 'catch-up');
  });

  it('begins no run in the last hour, whatever the zone and the hour', () => {
    for (const now of ['2026-07-15T08:05:00Z', '2026-07-15T08:30:00Z', '2026-07-15T08:58:00Z']) {
      assert.equal(plan(now)?.night, '2026-07-15');
    }
    assert.equal(
      plan('2026-07-15T08:05:00Z', none, { ...chicago, lastStartBeforeCloseMinutes: 30 })?.night,
      '2026-07-14',
    );
    // Where HQ asks for a time in it, it is HQ’s word that counts.
    assert.equal(plan('2026-07-15T08:40:00Z', none, { ...chicago, hqTime: '03:30' })?.kind, 'late');
  });

  it('tries again before the last quarter of the last hour, with a shorter pause if need be', () => {
    const endedAt = new Date('2026-07-15T08:20:00Z');
    const history: NightHistory = { verified: {}, lastAttempt: { night: '2026-07-14', count: 2, endedAt } };
    assert.equal(plan('2026-07-15T08:21:00Z', history)?.at.toISOString(), '2026-07-15T08:43:00.000Z');
    assert.equal(plan('2026-07-15T08:50:00Z', history)?.night, '2026-07-15');
  });

  it('is not moved by a run by hand in the afternoon', () => {
    const endedAt = new Date('2026-07-15T18:05:00Z');
    const history: NightHistory = { verified: {}, lastAttempt: { night: '2026-07-15', count: 1, endedAt } };
    assert.equal(plan('2026-07-15T18:10:00Z', history)?.at.toISOString(), '2026-07-16T07:58:09.400Z');
  });

  it('leaves alone for the night what is settled for it', () => {
    const endedAt = new Date('2026-07-15T08:10:00Z');
    const lastAttempt = { night: '2026-07-14', count: 1, endedAt, settled: ['local'] as const };
    const history: NightHistory = { verified: { hq: '2026-07-14' }, lastAttempt };
    assert.equal(plan('2026-07-15T08:11:00Z', history)?.night, '2026-07-15');
    assert.deepEqual(plan('2026-07-15T08:11:00Z', history)?.destinations, both);
  });

  it('makes up for a missed night again and again while the day lasts, and for a first copy', () => {
    const schedule: NightSchedule = { ...chicago, catchUp: 'at-once' };
    const tried = (endedAt: string, startedAt = endedAt): NightHistory => ({
      verified: { hq: '2026-07-10' },
      lastAttempt: {
        night: '2026-07-13',
        count: 7,
        startedAt: new Date(startedAt),
        endedAt: new Date(endedAt),
      },
    });
    const again = plan('2026-07-14T13:05:00Z', tried('2026-07-14T13:00:10Z'), schedule);
    assert.equal(again?.night, '2026-07-13');
    assert.equal(again?.at.toISOString(), '2026-07-14T13:30:10.000Z');
    // One that was tried in its window had its chance.
    const inWindow = tried('2026-07-14T09:00:05Z', '2026-07-14T08:00:00Z');
    assert.equal(plan('2026-07-14T13:05:00Z', inWindow, schedule)?.night, '2026-07-14');
    const first = (firstNight: string) =>
      plan('2026-07-14T13:05:00Z', { verified: {}, firstNight }, schedule);
    assert.equal(first('2026-07-12')?.kind, 'catch-up');
    assert.equal(first('2026-07-13')?.kind, 'scheduled');
  });

  it('tries again after a pause, three times a night at most', () => {
    const endedAt = new Date('2026-07-15T08:10:00Z');
    const attempt = (count: number): NightHistory => ({
      verified: {},
      lastAttempt: { night: '2026-07-14', count, endedAt },
    });
    const retry = plan('2026-07-15T08:11:00Z', attempt(1));
    assert.equal(retry?.kind, 'retry');
    assert.equal(retry?.at.toISOString(), '2026-07-15T08:40:00.000Z');
    assert.equal(plan('2026-07-15T08:11:00Z', attempt(3))?.night, '2026-07-15');
  });

  it('follows HQ’s time: a wall time for every night, an instant for its own night', () => {
    assert.equal(
      plan('2026-07-14T18:00:00Z', none, { ...chicago, hqTime: '23:15' })?.at.toISOString(),
      '2026-07-15T04:15:00.000Z',
    );
    const once: NightSchedule = { ...chicago, hqTime: new Date('2026-07-15T05:00:00Z') };
    assert.equal(plan('2026-07-14T18:00:00Z', none, once)?.kind, 'hq-time');
    assert.equal(plan('2026-07-15T18:00:00Z', none, once)?.kind, 'scheduled');
    const early: NightSchedule = { ...chicago, hqTime: '19:00' };
    const next = plan('2026-07-14T18:00:00Z', none, early);
    assert.equal(next?.at.toISOString(), '2026-07-15T00:00:00.000Z');
    assert.equal(next?.deadline.toISOString(), '2026-07-15T06:00:00.000Z');
  });

  it('is not held up by a clock that was in the future', () => {
    const history: NightHistory = {
      verified: { hq: '2031-01-01', local: '2031-01-01' },
      lastAttempt: { night: '2026-07-14', count: 3, endedAt: new Date('2031-01-01T00:00:00Z') },
    };
    const next = plan('2026-07-14T18:00:00Z', history);
    assert.equal(next?.night, '2026-07-14');
    assert.deepEqual(next?.destinations, both);
  });

  it('is null where the practice may back up nowhere', () => {
    const now = new Date('2026-07-14T18:00:00Z');
    assert.equal(
      planNextRun({ schedule: chicago, practiceId: 'p', history: none, destinations: [], now }),
      null,
    );
  });

  it('is never in the past, always before its deadline, and due, whatever the history and the clock', () => {
    const aMoment = fc.date({
      min: new Date('2024-01-01'),
      max: new Date('2028-01-01'),
      noInvalidDate: true,
    });
    const aHistory = fc.record({
      verified: fc.record({ hq: aNight, local: aNight }, { requiredKeys: [] }),
      lastAttempt: fc.record({ night: aNight, count: fc.integer({ min: 1, max: 4 }), endedAt: aMoment }),
    });
    const destinations = fc.constantFrom<readonly Destination[]>(['hq'], ['local'], both);
    const anyCatchUp = fc.constantFrom<'at-once' | 'next-night'>('at-once', 'next-night');
    fc.assert(
      fc.property(
        aSchedule,
        anyCatchUp,
        aHistory,
        aMoment,
        destinations,
        (zone, catchUp, history, now, where) => {
          const schedule: NightSchedule = { ...zone, catchUp };
          const next = planNextRun({ schedule, practiceId: 'p', history, destinations: where, now });
          assert.ok(next !== null);
          assert.ok(next.at >= now && next.at < next.deadline && next.destinations.length > 0);
          const wait = nightsBetween(nightOf(now, schedule.timeZone), next.night);
          assert.ok(wait >= -1 && wait <= (where.includes('hq') ? 2 : 8), `${wait} nights`);
        },
      ),
      { numRuns: 300 },
    );
  });
});
