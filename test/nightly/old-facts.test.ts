import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BackupError } from '../../src/errors.js';
import { serveNights } from '../../src/nightly/service/start-nightly.js';
import { createMemorySettings } from '../../src/nightly/settings/memory-settings.js';
import { NumberedPractice } from '../history/practice.js';
import { createFakeClock, type FakeClock } from './support/fake-clock.js';

const anHour = 3_600_000;

describe('a night that is judged by what was known before', () => {
  let practice: NumberedPractice;
  beforeEach(async () => {
    practice = await NumberedPractice.open();
  });
  afterEach(() => practice.close());

  /** The service, from one moment to another. */
  async function serve(
    from: string,
    until: string,
    leastNap: number,
    onSleep: (clock: FakeClock) => 'jumped' | undefined = () => undefined,
  ): Promise<void> {
    const stop = new AbortController();
    const clock = createFakeClock(
      from,
      (each) => {
        if (onSleep(each) !== 'jumped' && each.now() >= new Date(until)) stop.abort();
      },
      leastNap,
    );
    practice.more = { ...practice.more, now: () => clock.now() };
    await serveNights(practice.plan, { signal: stop.signal }, practice.tools(clock));
  }

  const told = (): readonly string[] => practice.alerts.nights.map(({ night, ok }) => `${night} ${ok}`);

  it('is bad where the settings cannot be read and the only place had no path when they last could', async () => {
    const settings = createMemorySettings({ status: 'enabled', networkPath: '' });
    practice.more = { hq: undefined, local: {}, settings, loss: 'off' };
    await assert.rejects(practice.night());
    practice.now = new Date('2026-01-03T05:00:00Z');
    const lost = new BackupError('database-unreachable', 'The login is refused.');
    const unread = { ...settings, read: () => Promise.reject(lost) };
    practice.more = { ...practice.more, settings: unread };
    await assert.rejects(practice.night(), lost);
    assert.deepEqual(told(), ['2026-01-01 true', '2026-01-02 false']);
    // And where the computer was off.
    await serve('2026-01-04T15:00:00Z', '2026-01-04T16:00:00Z', 0);
    assert.deepEqual(told().slice(2), ['2026-01-03 false']);
  });

  it('is told though a clock was a year ahead for some minutes', async () => {
    await practice.night();
    await serve('2027-01-02T15:00:00Z', '2027-01-02T15:10:00Z', 0);
    assert.deepEqual(told(), ['2026-01-01 true', '2027-01-01 false']);
    // From then on the computer is off at night.
    for (const day of ['03', '04']) {
      await serve(`2026-01-${day}T15:00:00Z`, `2026-01-${day}T20:00:00Z`, anHour);
    }
    assert.deepEqual(told().slice(2), ['2026-01-02 false', '2026-01-03 false']);
  });

  it('is told though the clock was a year ahead for some minutes while the service ran', async () => {
    const jumps = ['2027-01-02T16:00:00Z', '2026-01-02T17:00:00Z'];
    await serve('2026-01-02T15:00:00Z', '2026-01-05T20:00:00Z', anHour, (clock) => {
      const jump = jumps.shift();
      if (jump !== undefined) {
        clock.set(jump);
        return 'jumped';
      }
      // From then on the computer is suspended at night.
      if (clock.now().getUTCHours() >= 20) clock.set(`2026-01-0${clock.now().getUTCDate() + 1}T15:00:00Z`);
      return undefined;
    });
    assert.deepEqual(told().slice(-3), ['2026-01-02 false', '2026-01-03 false', '2026-01-04 false']);
  });
});
