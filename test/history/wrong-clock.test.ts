import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { findLatestBackup, listBackups } from '../../src/history/list-backups.js';
import { readHistory } from '../../src/nightly/run/night-journal.js';
import { makeCopies } from '../../src/nightly/run/run-supplemental-backup.js';
import { systemClock } from '../../src/nightly/service/clock.js';
import { NumberedPractice } from './practice.js';

const practiceId = '4711';
const day = 24 * 60 * 60_000;

/** The night of the newest copy at HQ, as planning has it on a night. */
async function nightAtHq({ spool, now }: NumberedPractice, night: string): Promise<string | undefined> {
  return (await readHistory(spool, practiceId, { night, now })).verified.hq;
}

/** How far the clock of its computer is ahead of that of the stores from now on. */
function setAhead(practice: NumberedPractice, ahead: number): void {
  practice.now = new Date(practice.now.getTime() + ahead - practice.ahead);
  practice.ahead = ahead;
}

describe('copies of a computer whose clock was three days ahead for a night', () => {
  let practice: NumberedPractice;

  beforeEach(async () => {
    practice = await NumberedPractice.open();
    await practice.nights(2);
    // Its copies are later in the evening than those of the night of their date.
    setAhead(practice, 3 * day + 10 * 60_000);
    await practice.night();
    setAhead(practice, 0);
  });
  afterEach(() => practice.close());

  const newest = async (): Promise<string | undefined> => {
    const found = await findLatestBackup(practice.hq, { practiceId, now: practice.now });
    return found?.storedAt.toISOString();
  };

  it('are not the newest ones when the time comes that they are dated, since their numbers are lower', async () => {
    await practice.nights(2);
    // An hour after the date of the copy that was made first of the last three.
    practice.now = new Date('2026-01-07T06:00:00Z');
    assert.equal(await newest(), '2026-01-06T05:00:00.000Z');
    const listed = await listBackups(practice.hq, { practiceId, now: practice.now });
    assert.deepEqual(
      listed.slice(0, 4).map(({ storedAt }) => storedAt.toISOString().slice(0, 10)),
      ['2026-01-06', '2026-01-05', '2026-01-04', '2026-01-03'],
    );
  });

  it('take nobody’s place when old copies are removed', async () => {
    await practice.nights(4);
    const stored = (await listBackups(practice.hq, { practiceId })).map(({ storedAt }) =>
      storedAt.getUTCDate(),
    );
    // The one with the same date as a later one counts as of its night.
    assert.deepEqual(stored.sort(), [2, 3, 5, 6, 7, 8]);
  });

  it('do not stand for the night of their date', async () => {
    await practice.nights(2);
    assert.equal(await nightAtHq(practice, '2026-01-06'), '2026-01-05');
    await practice.night();
    assert.equal(await newest(), '2026-01-07T05:00:00.000Z');
    assert.equal(await nightAtHq(practice, '2026-01-06'), '2026-01-06');
  });
});

it('copies of three nights on which a clock was three days ahead stand for none of the next three', async () => {
  const practice = await NumberedPractice.open();
  try {
    await practice.nights(2);
    setAhead(practice, 3 * day);
    await practice.nights(3);
    setAhead(practice, 0);
    for (const night of ['2026-01-06', '2026-01-07', '2026-01-08']) {
      // A minute before the last copy of that date was verified.
      practice.now = new Date(practice.now.getTime() - 60_000);
      const before = await nightAtHq(practice, night);
      assert.ok(before !== undefined && before < night, `${before} on ${night}`);
      practice.now = new Date(practice.now.getTime() + 60_000);
      await practice.night();
      assert.equal(await nightAtHq(practice, night), night);
    }
  } finally {
    await practice.close();
  }
});

it('a copy of tonight stands for its night also after the night before was caught up on', async () => {
  const practice = await NumberedPractice.open();
  try {
    await practice.nights(2);
    const night = '2026-01-02';
    assert.equal(await nightAtHq(practice, night), night);
    // HQ moved the hours: what the network path lacks of the night before is tried again, later than tonight's run.
    const clock = { ...systemClock, now: () => practice.now };
    const caughtUp = { night: '2026-01-01', destinations: ['local'], scheduled: true } as const;
    await makeCopies(practice.plan, caughtUp, practice.tools(clock));
    assert.equal(await nightAtHq(practice, night), night);
  } finally {
    await practice.close();
  }
});

it('copies in a store whose clock fell back by years are as new as their labels say', async () => {
  const practice = await NumberedPractice.open();
  try {
    await practice.nights(2);
    practice.ahead = 2000 * day;
    await practice.nights(2);
    const found = await findLatestBackup(practice.hq, { practiceId, now: practice.now });
    assert.equal(found?.label?.createdAt, '2026-01-05T05:00:00.000Z');
    const listed = await listBackups(practice.hq, { practiceId, now: practice.now });
    assert.deepEqual(
      listed.map(({ label }) => label?.createdAt.slice(0, 10)),
      ['2026-01-05', '2026-01-04', '2026-01-03', '2026-01-02'],
    );
  } finally {
    await practice.close();
  }
});
