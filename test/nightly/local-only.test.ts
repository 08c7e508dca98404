import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { runTonight } from '../../src/nightly/file/run-tonight.js';
import { silentLogger } from '../../src/nightly/log/logger.js';
import { serveNights } from '../../src/nightly/service/start-nightly.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { NumberedPractice } from '../history/practice.js';
import { createFakeClock } from './support/fake-clock.js';

const { signal } = new AbortController();
/** No server answers there. */
const database = { host: '127.0.0.1', port: 1, user: 'backup', database: 'opendental' };

describe('an office whose copies stay there, one a week,', () => {
  let practice: NumberedPractice;
  beforeEach(async () => {
    practice = await NumberedPractice.open();
    practice.more = { hq: undefined, loss: 'off', database };
  });
  afterEach(() => practice.close());

  const tonight = () => runTonight({ plan: practice.plan, schedule: {}, logger: silentLogger }, signal);
  const told = (): readonly string[] => practice.alerts.nights.map(({ night, ok }) => `${night} ${ok}`);
  const places = (storage: StorageAdapter): void => {
    practice.more = { ...practice.more, local: { storage, retry: 'none' } };
  };

  it('signals every night of a scheduler once, also those on which nothing is due', async () => {
    await practice.night();
    for (let i = 0; i < 2; i += 1) {
      assert.deepEqual(await tonight(), {
        night: '2026-01-02',
      });
    }
    assert.deepEqual(told(), ['2026-01-01 true', '2026-01-02 true']);
  });

  it('has a new path served on the next night of a scheduler', async () => {
    await practice.night();
    places(createFileSystemStorage({ path: join(practice.spool, '..') }));
    const { report } = await tonight();
    // There is no server here, but a copy was due.
    assert.equal(report?.destinations[0]?.outcome, 'failed');
    assert.deepEqual(told(), ['2026-01-01 true', '2026-01-02 false']);
  });

  it('has a new path served on the next night of the service', async () => {
    await practice.night();
    places({ ...practice.hq, description: 'the new place' });
    const stop = new AbortController();
    const made: string[] = [];
    const clock = createFakeClock(
      '2026-01-02T20:00:00Z',
      ({ now }) => {
        if (now() >= new Date('2026-01-04T20:00:00Z')) stop.abort();
      },
      3_600_000,
    );
    practice.more = { ...practice.more, now: clock.now };
    await serveNights(
      practice.plan,
      {
        signal: stop.signal,
        onEvent: (event) => {
          if (event.kind === 'verified') made.push(event.copy.night);
        },
      },
      practice.tools(clock),
    );
    assert.deepEqual(made, ['2026-01-02']);
  });

  it('hears that a night without a run was bad for a new path', async () => {
    await practice.night();
    places({ ...practice.hq, description: 'the new place' });
    const stop = new AbortController();
    const clock = createFakeClock('2026-01-03T20:00:00Z', () => stop.abort());
    practice.more = { ...practice.more, now: clock.now };
    await serveNights(practice.plan, { signal: stop.signal }, practice.tools(clock));
    assert.deepEqual(told(), ['2026-01-01 true', '2026-01-02 false']);
  });
});
