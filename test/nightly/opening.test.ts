import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { it } from 'node:test';
import { enrollAdminWith } from '../../src/admin/enroll-admin.js';
import type { EnrollmentStore } from '../../src/admin/enrollment.js';
import { proveOpening } from '../../src/admin/prove-opening.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { BackupError } from '../../src/errors.js';
import { silentLogger } from '../../src/nightly/log/logger.js';
import { readOpening } from '../../src/nightly/run/read-opening.js';
import { makeCopies } from '../../src/nightly/run/run-supplemental-backup.js';
import { adminOf, lightWork, storedOf } from '../admin/admins.js';
import { NumberedPractice } from '../history/practice.js';
import { createFakeClock } from './support/fake-clock.js';
import { eligiblePractice } from './support/night.js';

const nobody = new AbortController().signal;

const night = (store: EnrollmentStore, ...admins: Parameters<typeof readOpening>[1]) =>
  readOpening(
    {
      plan: {
        practiceId: '4711',
        practice: eligiblePractice,
        database: { host: '127.0.0.1', user: 'root', database: 'office' },
        timeZone: 'America/Chicago',
        spool: tmpdir(),
      },
      keys: store,
      signal: nobody,
      logger: silentLogger,
    },
    admins,
  );

it('the night knows which administrator of today opened the copies last, and what each met', async () => {
  const store = createMemoryEnrollments();
  const ada = adminOf({ userName: 'Ada' });
  const ben = adminOf({ userNum: '2', userName: 'Ben', stored: storedOf('spring meadow') });
  assert.deepEqual(await night(store, ada, ben), { standing: { foreign: [], others: [] }, facts: {} });
  for (const [admin, password, now] of [
    [ada, 'correct horse', '2026-03-05T03:00:00Z'],
    [ben, 'spring meadow', '2026-03-09T15:00:00Z'],
  ] as const) {
    await enrollAdminWith(lightWork, admin, password, { store });
    const proof = await proveOpening(admin, password, {
      store,
      stores: [],
      practiceId: '4711',
      now: new Date(now),
    });
    await proof.finished;
  }
  // Nothing was opened, as there was nothing.
  assert.deepEqual((await night(store, ada, ben))?.facts, {});
  const record = (await store.load('2'))!;
  const findings = [{ code: 'recipient-not-ours', place: 'hq' }] as const;
  await store.save({
    ...record,
    revision: record.revision + 1,
    opening: { ...record.opening!, findings },
  });
  const met = await night(store, ada, ben);
  assert.match(met?.standing.foreign[0] ?? '', /The newest backup at hq .* "Ben"/);
  assert.deepEqual(met?.facts.openingFindings, met?.standing.foreign);
  // Who is no administrator any more has no say.
  assert.deepEqual((await night(store, ada))?.standing.foreign, []);
});

it('a store of keys that fails costs the night no more than this knowledge', async () => {
  const store: EnrollmentStore = {
    load: async () => {
      throw new BackupError('storage-transient', 'Not now.');
    },
    save: async () => false,
  };
  assert.equal(await night(store, adminOf()), undefined);
});

it('a store of keys that never answers holds up no night', { timeout: 20_000 }, async () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const practice = await NumberedPractice.open();
  try {
    practice.more = { keys: { store: { load: never, save: never } } };
    // Whatever does not answer at once takes too long.
    const deadline = () => {
      const over = new AbortController();
      const soon = setImmediate(() => over.abort());
      return { signal: over.signal, clear: () => clearImmediate(soon) };
    };
    const tools = practice.tools({ ...createFakeClock('2026-01-02T05:00:00Z'), deadline });
    const { outcome } = await makeCopies(practice.plan, { scheduled: true }, tools);
    assert.equal(outcome, 'complete');
  } finally {
    await practice.close();
  }
});
