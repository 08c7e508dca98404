// Not a quick test: waits until a limit is over.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import type { Enrollment } from '../../src/admin/enrollment.js';
import { isBackupError } from '../../src/errors.js';
import type { Alert } from '../../src/nightly/alerts/alert.js';
import { abortableStore } from '../../src/nightly/run/abortable-store.js';
import { acquireGuard } from '../../src/nightly/run/guard.js';
import { keysWithTimeout } from '../../src/nightly/run/keys-with-timeout.js';
import { runSupplementalBackup } from '../../src/nightly/run/run-supplemental-backup.js';
import { systemClock } from '../../src/nightly/service/clock.js';
import { startNightly } from '../../src/nightly/service/start-nightly.js';
import { withTimeout } from '../../src/nightly/service/timeout.js';
import { createMemorySettings } from '../../src/nightly/settings/memory-settings.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { createFakeClock } from './support/fake-clock.js';
import { type NightBench, setUpNight } from './support/night.js';

const nowhere = { user: 'backup', host: '127.0.0.1', port: 1, database: 'opendental' };
const never = (): Promise<never> => new Promise(() => undefined);
const within = (work: Promise<unknown>, milliseconds: number): Promise<string> =>
  Promise.race([
    work.then(
      () => 'ended',
      () => 'ended',
    ),
    systemClock.sleep(milliseconds, new AbortController().signal).then(() => 'still running'),
  ]);

describe('what hangs', () => {
  let bench: NightBench;
  // As a connection would that does not answer: the timers of a night keep no process alive.
  const alive = setInterval(() => undefined, 1000);
  after(() => clearInterval(alive));
  beforeEach(async () => {
    bench = await setUpNight(nowhere);
  });
  afterEach(() => bench.remove());

  const stores = {
    put: never,
    stat: never,
    delete: never,
    list: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
  };
  for (const [what, changes] of [
    ['HQ’s store', { hq: { storage: { ...createMemoryStorage(), ...stores } } }],
    ['the settings', { settings: { ...createMemorySettings(), read: never } }],
    ['the alerts', { alerts: { raise: never, clear: never, nightEnded: never } }],
  ] as const) {
    it(`keeps no service from ending within five seconds of its signal: ${what}`, async () => {
      const stop = new AbortController();
      const serving = startNightly({ ...bench.plan, ...changes }, { signal: stop.signal });
      await systemClock.sleep(300, new AbortController().signal);
      stop.abort();
      assert.equal(await within(serving, 5000), 'ended');
    });
  }

  it('keeps no service from ending, nor from its nights: HQ that never says its time', async () => {
    const stop = new AbortController();
    const serving = startNightly(bench.plan, { signal: stop.signal, schedule: never });
    await systemClock.sleep(200, new AbortController().signal);
    stop.abort();
    assert.equal(await within(serving, 3000), 'ended');
  });

  it('is told where it is another run, which holds the spool for more than a moment', async () => {
    const stop = new AbortController();
    const raised: string[] = [];
    const clock = createFakeClock('2026-07-15T04:00:00Z', ({ now }) => {
      if (now() > new Date('2026-07-15T12:00:00Z')) stop.abort();
    });
    const alerts = {
      raise: async ({ code, cause, message }: Alert) => {
        raised.push(`${code} ${cause} ${/process \d+ on/.test(message)}`);
      },
      clear: async () => undefined,
      nightEnded: () => assert.fail('how its night ends, the other tells'),
    };
    await mkdir(bench.spool);
    const guard = await acquireGuard(bench.spool);
    await startNightly({ ...bench.plan, alerts }, { signal: stop.signal, clock });
    await guard.release();
    // At the second try, and at each of the night.
    assert.deepEqual(raised, Array(2).fill('backup-failed already-running true'));
  });

  it('is left behind when its time is over, and the next thing is done', async () => {
    const told: string[] = [];
    const timeout = { clock: systemClock, milliseconds: 20, tooLong: () => new Error('too long') };
    await assert.rejects(withTimeout(never, timeout), /too long/);
    await withTimeout(async () => told.push('next'), timeout);
    assert.deepEqual(told, ['next']);
  });

  it('where the keys of administrators are kept is given up, and told as what may pass', async () => {
    const clock = createFakeClock('2026-07-14T18:00:00Z');
    const store = { load: never, save: never, discardUnreadable: never };
    const keys = keysWithTimeout({ keys: { store } }, { pathOf: (file) => file }, clock);
    const calls = [
      () => keys.load('1'),
      () => keys.save({} as Enrollment),
      async () => keys.discardUnreadable?.('1'),
    ];
    // Each waits for its whole limit.
    await Promise.all(
      calls.map((call) => assert.rejects(call, (error) => isBackupError(error, 'database-unreachable'))),
    );
  });

  it('in a store is left behind with the reason of the signal', async () => {
    const stop = new AbortController();
    const clock = createFakeClock('2026-07-14T18:00:00Z');
    const store = abortableStore({ ...createMemoryStorage(), ...stores }, clock);
    const reason = new Error('the night is over');
    const calls = [
      store.stat('a/b', { signal: stop.signal }),
      store.delete('a/b', { signal: stop.signal }),
      store.list('a/', { signal: stop.signal })[Symbol.asyncIterator]().next(),
    ];
    stop.abort(reason);
    for (const call of calls) await assert.rejects(call, (error) => error === reason);
  });

  it('in a suspended computer is over at the end of the window by the clock on the wall', async () => {
    let aborted: boolean | undefined;
    const settings = {
      ...createMemorySettings(),
      read: async (call?: { readonly signal?: AbortSignal | undefined }) => {
        bench.setClock('2026-07-15T14:30:00Z');
        await new Promise((resolve) => call?.signal?.addEventListener('abort', resolve));
        aborted = call?.signal?.aborted;
        throw call?.signal?.reason;
      },
    };
    const options = { deadline: new Date('2026-07-15T09:00:00Z') };
    await runSupplementalBackup({ ...bench.plan, settings }, options).catch(() => undefined);
    assert.equal(aborted, true);
  });
});
