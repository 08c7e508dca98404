import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isBackupError } from '../../src/errors.js';
import type { PlannedRun } from '../../src/nightly/next-run.js';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import { renderReport } from '../../src/nightly/run/render-report.js';
import { watchNight } from '../../src/nightly/run/watch-night.js';
import { systemClock } from '../../src/nightly/service/clock.js';
import type { NightlyOptions } from '../../src/nightly/service/nightly-options.js';
import { serveNights, startNightly } from '../../src/nightly/service/start-nightly.js';
import { createMemorySettings } from '../../src/nightly/settings/memory-settings.js';
import type { SettingsStore } from '../../src/nightly/settings/settings.js';
import { NumberedPractice } from '../history/practice.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { startAnyServer } from '../support/servers.js';
import { createFakeClock, type FakeClock } from './support/fake-clock.js';
import { type NightBench, setUpNight } from './support/night.js';
import { buildSmallPractice } from './support/small-practice.js';

const tenMinutes = 600_000;

/** No server answers at this address, so every run fails at once; when it runs is all that matters here. */
const nowhere = { user: 'backup', host: '127.0.0.1', port: 1, database: 'opendental' };

describe('the nightly service', () => {
  let bench: NightBench;
  beforeEach(async () => {
    bench = await setUpNight(nowhere);
  });
  afterEach(() => bench.remove());

  /** Runs the service until the clock passes `until`, and gives the time and night of each run. */
  async function serve(
    options: Partial<NightlyOptions> & { readonly from: string; readonly until: string },
    onSleep: (clock: FakeClock) => void = () => undefined,
  ): Promise<{ runs: string[]; planned: (PlannedRun | null)[]; reports: BackupReport[] }> {
    const { from, until, ...rest } = options;
    const stop = new AbortController();
    const runs: string[] = [];
    const planned: (PlannedRun | null)[] = [];
    const reports: BackupReport[] = [];
    const clock = createFakeClock(
      from,
      (each) => {
        onSleep(each);
        if (each.now() >= new Date(until)) stop.abort();
      },
      tenMinutes,
    );
    await startNightly(bench.plan, {
      signal: stop.signal,
      clock,
      onPlanned: (run) => planned.push(run),
      onEvent: (event) => {
        if (event.kind !== 'finished') return;
        runs.push(`${event.report.night} at ${event.report.startedAt.slice(0, 16)}`);
        reports.push(event.report);
      },
      ...rest,
    });
    return { runs, planned, reports };
  }

  it('runs at the practice’s time of every night, and three times at most when it fails', async () => {
    const { runs, reports } = await serve({ from: '2026-07-14T18:00:00Z', until: '2026-07-16T18:00:00Z' });
    assert.deepEqual(
      runs.map((run) => run.slice(0, 10)),
      ['2026-07-14', '2026-07-14', '2026-07-15', '2026-07-15'],
    );
    assert.ok(reports.every(({ outcome }) => outcome === 'failed'));
    // 4711 starts at 02:58:09 by its own clock; half an hour lies between two tries, and the window closes at
    // 04:00.
    assert.match(runs[0]!, /at 2026-07-15T0[78]:/);
  });

  it('starts at once when it comes back from a suspend in the middle of the window', async () => {
    const evening = {
      from: '2026-07-14T18:00:00Z',
      until: '2026-07-15T10:00:00Z',
      schedule: { hqTime: '22:10' },
    };
    const { runs } = await serve(evening, (clock) => {
      if (clock.now() < new Date('2026-07-15T01:00:00Z')) clock.set('2026-07-15T07:20:00Z');
    });
    const night = '2026-07-14 at 2026-07-15';
    assert.deepEqual(runs, [`${night}T07:20`, `${night}T07:50`, `${night}T08:20`]);
  });

  it('starts with the hours that HQ gave last while HQ is silent, not with those of nobody', async () => {
    const evening = { from: '2026-07-14T18:00:00Z', until: '2026-07-15T14:00:00Z' };
    await serve({
      ...evening,
      until: '2026-07-14T19:00:00Z',
      schedule: () => ({ opens: '23:00', closes: '00:30' }),
    });
    const silent = (): never => {
      throw new Error('HQ is away');
    };
    const told: string[] = [];
    const logger = {
      info: () => undefined,
      error: () => undefined,
      warning: (line: string) => told.push(line),
    };
    bench = { ...bench, plan: { ...bench.plan, logger } };
    const { runs } = await serve({ ...evening, schedule: silent });
    assert.match(told.join(), /could not be read. Until it can, nights are from 23:00 to 00:30/);
    assert.notEqual(runs.length, 0);
    // 23:00 to 00:30 in Chicago.
    for (const run of runs) assert.match(run, /at 2026-07-15T0(4:|5:[0-2])/);
  });

  it('notes the hours that HQ gave again in a journal that begins anew', async () => {
    const first = { from: '2026-07-15T02:00:00Z', until: '2026-07-15T06:00:00Z' };
    const schedule = () => ({ opens: '23:00', closes: '00:30' });
    await serve({ ...first, schedule }, (clock) => {
      // By day the journal is lost; the first run of the night begins another.
      if (clock.now() < new Date('2026-07-15T03:00:00Z'))
        rmSync(join(bench.spool, 'journal.json'), { force: true });
    });
    const silent = (): never => {
      throw new Error('HQ is away');
    };
    // By the hours of nobody 4711 starts at 02:58.
    const second = { from: '2026-07-16T03:30:00Z', until: '2026-07-16T09:00:00Z' };
    const { runs } = await serve({ ...second, schedule: silent });
    assert.notEqual(runs.length, 0);
    for (const run of runs) assert.match(run, /at 2026-07-16T0(4:|5:[0-2])/);
  });

  it('notes them within minutes where the journal is lost by day, long before the next run', async () => {
    const schedule = () => ({ opens: '23:00', closes: '00:30' });
    const path = join(bench.spool, 'journal.json');
    let isLost = false;
    await serve({ from: '2026-07-14T18:00:00Z', until: '2026-07-14T20:00:00Z', schedule }, (clock) => {
      if (isLost || clock.now() < new Date('2026-07-14T19:00:00Z')) return;
      isLost = true;
      rmSync(path);
    });
    assert.ok(isLost);
    const silent = (): never => {
      throw new Error('HQ is away');
    };
    const { runs } = await serve({
      from: '2026-07-15T02:00:00Z',
      until: '2026-07-15T14:00:00Z',
      schedule: silent,
    });
    assert.notEqual(runs.length, 0);
    for (const run of runs) assert.match(run, /at 2026-07-15T0(4:|5:[0-2])/);
  });

  it('leaves out a night that was slept through, and takes the next', async () => {
    const { runs } = await serve({ from: '2026-07-14T18:00:00Z', until: '2026-07-16T12:00:00Z' }, (clock) => {
      if (clock.now() < new Date('2026-07-15T01:00:00Z')) clock.set('2026-07-15T14:00:00Z');
    });
    assert.deepEqual([...new Set(runs.map((run) => run.slice(0, 10)))], ['2026-07-15']);
  });

  it('is not thrown off by a clock that jumps years ahead and back', async () => {
    let jumps = 0;
    const { runs } = await serve({ from: '2026-07-14T18:00:00Z', until: '2031-01-01T00:00:00Z' }, (clock) => {
      if (jumps === 0) clock.set('2029-01-10T07:59:00Z');
      if (jumps === 12) clock.set('2026-07-15T05:00:00Z');
      if (jumps === 70) clock.set('2031-01-02T00:00:00Z');
      jumps++;
    });
    assert.ok(runs.some((run) => run.startsWith('2029-01-09')));
    assert.ok(runs.some((run) => run.startsWith('2026-07-14')));
  });

  /** Nights of a practice whose network path is another one from shortly before each of these nights on. */
  const nightsOfPaths = async (changes: readonly string[]): Promise<{ runs: string[]; copies: number[] }> => {
    const practice = await NumberedPractice.open();
    try {
      const pathOf = (name: string): string => join(bench.folder, name);
      for (const name of ['a', ...changes]) mkdirSync(pathOf(name), { recursive: true });
      const settings = createMemorySettings(
        { networkPath: pathOf('a') },
        { checkPath: async () => undefined },
      );
      practice.more = { settings, local: { retry: 'none' } };
      const stop = new AbortController();
      // 22:10 in Chicago, from the second night on.
      const starts = changes.map((_, i) => Date.parse('2026-07-16T03:10:00Z') + i * 24 * 60 * 60_000);
      // The settings are read for it every hour, at 20 minutes past.
      const clock = createFakeClock(
        '2026-07-14T18:20:00Z',
        ({ now }) => {
          for (const [i, start] of starts.entries()) {
            const left = start - now().getTime();
            if (left <= 0 || left >= 2 * tenMinutes) continue;
            const networkPath = pathOf(changes[i]!);
            settings.save({ networkPath }, { userNum: '1', computer: 'FRONT' }).catch(assert.fail);
          }
          if (now().getTime() >= starts.at(-1)! + 5 * 60 * 60_000) stop.abort();
        },
        tenMinutes,
      );
      const runs: string[] = [];
      await serveNights(
        practice.plan,
        {
          signal: stop.signal,
          schedule: { hqTime: '22:10', retryAfterMinutes: 0 },
          onEvent: (event) => {
            if (event.kind === 'finished')
              runs.push(`${event.report.night} ${event.report.destinations.map(({ outcome }) => outcome)}`);
          },
        },
        practice.tools(clock),
      );
      const copies = changes.map((name) => readdirSync(pathOf(name)).length);
      return { runs, copies };
    } finally {
      await practice.close();
    }
  };

  it('makes one copy of a night for a network path that was changed shortly before', async () => {
    const { runs, copies } = await nightsOfPaths(['b']);
    assert.deepEqual(runs, ['2026-07-14 verified,verified', '2026-07-15 verified,verified']);
    assert.notEqual(copies[0], 0);
  });

  it('makes none for a network path that has its copy, and was another for a night', async () => {
    const { runs } = await nightsOfPaths(['b', 'a']);
    assert.deepEqual(runs, [
      '2026-07-14 verified,verified',
      '2026-07-15 verified,verified',
      '2026-07-16 verified,not-due',
    ]);
  });

  it('looks once a night where the practice may not back up', async () => {
    bench = { ...bench, plan: { ...bench.plan, practice: { ...bench.plan.practice, onSupport: false } } };
    const { runs } = await serve({ from: '2026-07-14T18:00:00Z', until: '2026-07-17T18:00:00Z' });
    assert.deepEqual(
      runs.map((run) => run.slice(0, 10)),
      ['2026-07-14', '2026-07-15', '2026-07-16'],
    );
  });

  it('F10: sends a server that goes away over the same table twice there no third time in a night', async () => {
    const schedule = { hqTime: '22:10' };
    const evening = { from: '2026-07-15T02:00:00Z', until: '2026-07-15T18:00:00Z', schedule };
    assert.equal((await serve(evening)).runs.length, 3);
    const server = await startAnyServer();
    try {
      await buildSmallPractice(server, 'opendental');
      const { host = '127.0.0.1', port = 3306, socketPath: _, ...login } = server.address;
      const proxy = await FaultyProxy.start(host, port, 'SHOW CREATE TABLE');
      try {
        const database = { ...login, host: '127.0.0.1', port: proxy.port, database: 'opendental' };
        bench = { ...bench, plan: { ...bench.plan, database } };
        const { runs, reports } = await serve({
          ...evening,
          from: '2026-07-16T02:00:00Z',
          until: '2026-07-16T18:00:00Z',
        });
        assert.equal(runs.length, 2);
        assert.ok(reports.every((report) => renderReport(report).includes('reading table "')));
      } finally {
        proxy.stop();
      }
    } finally {
      await server.stop();
    }
  });

  it('tells in the morning of a night on which the computer was off, and of copies that are too old', async () => {
    let isOff = false;
    await serve({ from: '2026-07-01T18:00:00Z', until: '2026-07-12T18:00:00Z' }, (clock) => {
      const hour = clock.now().getUTCHours();
      isOff = hour >= 23 || hour < 12;
      if (!isOff) return;
      const morning = new Date(clock.now().getTime() + (hour >= 23 ? 86_400_000 : 0));
      clock.set(`${morning.toISOString().slice(0, 10)}T12:30:00Z`);
    });
    const nights = bench.alerts.nights.map(({ night, ok }) => `${night} ${ok}`);
    assert.deepEqual(nights.slice(0, 3), ['2026-07-01 false', '2026-07-02 false', '2026-07-03 false']);
    assert.equal(nights.length, 11);
    assert.ok(bench.alerts.standing.has('hq-copy-stale'));
    assert.equal(bench.alerts.raised.filter(({ code }) => code === 'hq-copy-stale').length, 1);
  });

  it('tells of a night without a run by the settings as they are then, and as bad where they cannot be read', async () => {
    const practice = await NumberedPractice.open();
    try {
      const { hq } = practice.plan;
      const settings = createMemorySettings({ status: 'disabled-by-hq' });
      const clock = createFakeClock('2026-07-14T12:00:00Z');
      const signal = new AbortController().signal;
      const watch = async (night: string, store: SettingsStore): Promise<void> => {
        const plan = { ...practice.plan, settings: store };
        const tools = practice.tools(clock);
        await watchNight({ plan, night, tonight: night, schedule, tools, signal, emit: () => undefined });
      };
      const schedule = { timeZone: practice.plan.timeZone };
      practice.now = new Date('2026-07-10T05:00:00Z');
      practice.more = { hq, local: undefined, settings };
      await assert.rejects(practice.night());
      await watch('2026-07-10', { ...settings, read: () => Promise.reject(new Error('away')) });
      await watch('2026-07-11', createMemorySettings({ status: 'enabled' }));
      await watch('2026-07-12', settings);
      const told = practice.alerts.nights.map(({ night, ok }) => `${night} ${ok}`);
      assert.deepEqual(told, ['2026-07-09 true', '2026-07-10 false', '2026-07-11 false', '2026-07-12 true']);
    } finally {
      await practice.close();
    }
  });

  it('outlives a schedule of HQ’s that could never be planned, and goes by the last one', async () => {
    const { runs } = await serve({
      from: '2026-07-14T18:00:00Z',
      until: '2026-07-15T18:00:00Z',
      schedule: () => ({ opens: '04:00', closes: '03:00', attemptsPerNight: 0 }),
    });
    assert.equal(runs.length, 2);
  });

  it('follows the time HQ gives, and keeps the last one when HQ cannot be asked or talks nonsense', async () => {
    let asked = 0;
    const answers = ['23:10', 'soon', undefined];
    const { runs } = await serve({
      from: '2026-07-14T18:00:00Z',
      until: '2026-07-15T06:00:00Z',
      schedule: () => {
        const hqTime = answers[Math.min(asked++, 2)];
        if (hqTime === undefined) throw new Error('offline');
        return { hqTime };
      },
    });
    assert.match(runs[0]!, /^2026-07-14 at 2026-07-15T04:1\d/);
  });

  it('refuses a schedule that never can work, before it begins', async () => {
    await assert.rejects(
      serve({ from: '2026-07-14T18:00:00Z', until: '2026-07-15T06:00:00Z', schedule: { opens: '9 pm' } }),
      (error) => isBackupError(error, 'settings-invalid'),
    );
  });

  it('says what it plans, once per change', async () => {
    const { planned } = await serve({ from: '2026-07-14T18:00:00Z', until: '2026-07-14T23:00:00Z' });
    assert.equal(planned.length, 1);
    assert.equal(planned[0]?.night, '2026-07-14');
  });

  it('stops at once when it is told to, awake or asleep', async () => {
    const stop = new AbortController();
    const running = startNightly(bench.plan, { signal: stop.signal, clock: systemClock });
    setImmediate(() => stop.abort());
    await running;
    await startNightly(bench.plan, { signal: AbortSignal.abort() });
  });
});
