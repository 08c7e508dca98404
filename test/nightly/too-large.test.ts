import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BackupError } from '../../src/errors.js';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import { readJournal } from '../../src/nightly/run/night-journal.js';
import { makeCopies } from '../../src/nightly/run/run-supplemental-backup.js';
import { type Clock, systemClock } from '../../src/nightly/service/clock.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { NumberedPractice } from '../history/practice.js';

/** How much of a copy a night can send. */
const perNight = 40;

/** The same store, at the end of a line that sends so much before the night is over. */
function slowly(store: StorageAdapter): StorageAdapter {
  return {
    ...store,
    capabilities: { ...store.capabilities, resumablePut: false },
    put: async (key, source, options) => {
      if (key.endsWith('.note')) return store.put(key, source, options);
      options?.onProgress?.({ transferredBytes: perNight, totalBytes: source.size });
      return new Promise((_, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason), { once: true });
      });
    },
  };
}

describe('a copy that is too large for one night, at a store that begins anew each night', () => {
  let practice: NumberedPractice;
  beforeEach(async () => {
    practice = await NumberedPractice.open();
  });
  afterEach(() => practice.close());

  /** A night that is over soon. */
  async function night(): Promise<BackupReport> {
    const isOver = (): BackupError => new BackupError('window-closed', 'The time is over.');
    const clock: Clock = {
      now: () => practice.now,
      sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / 100, signal),
      deadline: () => {
        const over = new AbortController();
        const timer = setTimeout(() => over.abort(isOver()), 300);
        return { signal: over.signal, clear: () => clearTimeout(timer) };
      },
    };
    const deadline = new Date(practice.now.getTime() + 3_600_000);
    const report = await makeCopies(practice.plan, { scheduled: true, deadline }, practice.tools(clock));
    practice.now = new Date(practice.now.getTime() + 86_400_000);
    return report;
  }

  it('is told as what it is, with what is needed, and raises an alert after three nights', async () => {
    practice.more = { hq: { ...practice.plan.hq!, storage: slowly(practice.hq) } };
    for (const nights of [1, 2, 3]) {
      const { destinations } = await night();
      const [hq, local] = destinations;
      assert.equal(local?.outcome, 'verified');
      assert.equal(hq?.outcome, 'waiting');
      assert.equal(hq.error?.code, 'window-closed');
      assert.match(
        hq.error.message,
        /^Only 40 bytes of \d+ bytes had been sent to .* when the time for backups of this night was over\. This store cannot continue a transfer, so the next night begins anew\. .* a longer window, a faster line or a store that continues transfers is needed\./,
      );
      assert.doesNotMatch(hq.error.message, /sent is used again/);
      assert.deepEqual(practice.standing, nights === 3 ? ['hq-copy-failed'] : []);
    }
    const [alert] = practice.alerts.raised;
    assert.match(alert!.message, /Only 40 bytes of .* begins anew.*It has failed 3 nights in a row/);
    practice.more = {};
    assert.equal((await night()).destinations[0]?.outcome, 'verified');
    assert.deepEqual(practice.standing, []);
  });

  it('is replaced by the one of the next night, so that no more than one waits', async () => {
    practice.more = { hq: { ...practice.plan.hq!, storage: slowly(practice.hq) } };
    for (const nights of [1, 2, 3]) {
      const { night: tonight, warnings } = await night();
      const pending = (await readJournal(practice.spool, '4711'))?.pending ?? [];
      assert.deepEqual(
        pending.map(({ copy }) => copy.night),
        [tonight],
      );
      const replaced = warnings.filter(({ code }) => code === 'late-copy-replaced');
      assert.equal(replaced.length, nights === 1 ? 0 : 1);
    }
  });
});
