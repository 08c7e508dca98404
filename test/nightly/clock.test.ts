import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { systemClock } from '../../src/nightly/service/clock.js';

const anHour = 3_600_000;

describe('the clock of the machine', () => {
  it('sleeps as long as it is asked to, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController();
    const before = performance.now();
    await systemClock.sleep(20, signal);
    // Timers may be a millisecond early.
    assert.ok(performance.now() - before >= 19);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  it('wakes up when it is told to stop, without an error, and keeps no process alive', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const others = timers();
    const stop = new AbortController();
    const asleep = systemClock.sleep(anHour, stop.signal);
    stop.abort(new Error('the service ends'));
    await asleep;
    assert.deepEqual(getEventListeners(stop.signal, 'abort'), []);
    await systemClock.sleep(anHour, stop.signal);
    assert.equal(timers(), others);
  });
});
