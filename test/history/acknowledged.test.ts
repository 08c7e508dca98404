import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BackupError } from '../../src/errors.js';
import type { NightFacts, TableFacts } from '../../src/history/loss/facts.js';
import { nightAfter } from '../../src/nightly/nights.js';
import { acknowledgeFindings, announcePurge } from '../../src/nightly/origin/acknowledge.js';
import { keepFacts, readFacts } from '../../src/nightly/origin/facts-file.js';
import type { NightJournalState } from '../../src/nightly/run/journal-state.js';
import { NightJournal, readJournal } from '../../src/nightly/run/night-journal.js';
import { rememberedCopies } from '../../src/nightly/run/remembered-copies.js';
import { makeCopies } from '../../src/nightly/run/run-supplemental-backup.js';
import { SpareRoom } from '../../src/nightly/run/spare-room.js';
import { systemClock } from '../../src/nightly/service/clock.js';
import { createMemorySettings } from '../../src/nightly/settings/memory-settings.js';
import { NumberedPractice } from './practice.js';

const day = 86_400_000;
const tableOf = (rows: number): TableFacts => ({
  rows,
  plainBytes: rows * 200,
  storedBytes: rows * 50,
  definition: 'a',
});

describe('a loss that a person has acknowledged', () => {
  let practice: NumberedPractice;
  /** Rows that stay, beside a table that grows every night. */
  let rows: Record<string, number>;
  let nights: number;
  /** HQ every night, and every third night the office as well. */
  const night = async (): Promise<void> => {
    const isFull = nights % 3 === 0;
    nights += 1;
    const critical = { patient: rows['patient']!, claim: rows['claim']!, procedurelog: 20_000 + nights };
    // Only the copies of the office have them, or have all of them.
    const full = { ...critical, setup: 20, document: rows['document']!, commlog: rows['commlog']! };
    const part = { ...critical, commlog: Math.round(rows['commlog']! / 10) };
    practice.tables = Object.fromEntries(
      Object.entries(isFull ? full : part).map(([name, count]) => [name, tableOf(count)]),
    );
    await practice.night(isFull ? ['hq', 'local'] : ['hq']);
  };
  const go = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) await night();
  };
  /** Acknowledges what stands, after so many nights of standing; returns what was acknowledged. */
  const acknowledging = async (count: number, after = 1): Promise<(readonly string[])[]> => {
    const seen: (readonly string[])[] = [];
    let stood = 0;
    for (let i = 0; i < count; i += 1) {
      await night();
      stood = practice.standing.includes('looks-like-loss') ? stood + 1 : 0;
      if (stood >= after) seen.push((await acknowledgeFindings(practice.plan, { user: 'Ada' }))!.findings);
    }
    return seen;
  };
  beforeEach(async () => {
    practice = await NumberedPractice.open();
    rows = { patient: 1000, claim: 3000, document: 2000, commlog: 4000 };
    nights = 0;
  });
  afterEach(() => practice.close());

  for (const [when, before] of [
    ['of HQ alone', 4],
    ['of both places', 6],
  ] as const) {
    it(`on a night ${when} is not told again by copies of the other extent`, async () => {
      await go(before);
      rows['patient'] = 500;
      assert.equal((await acknowledging(5)).length, 1);
    });
  }

  it('stays acknowledged in copies of either extent, also where that took three nights', async () => {
    await go(5);
    rows['patient'] = 500;
    assert.equal((await acknowledging(7, 3)).length, 1);
  });

  it('stays acknowledged in copies of either extent while the practice fills the table again', async () => {
    await go(5);
    rows['patient'] = 3;
    await go(1);
    rows['patient'] = 30;
    await go(1);
    assert.ok((await acknowledgeFindings(practice.plan, { user: 'Ada' })) !== null);
    rows['patient'] = 40;
    assert.deepEqual(await acknowledging(4), []);
  });

  it('hides no loss in tables that only the other copies have, or have all of', async () => {
    await go(4);
    rows['patient'] = 500;
    await go(1);
    assert.ok((await acknowledgeFindings(practice.plan, { user: 'Ada' })) !== null);
    Object.assign(rows, { document: 1000, commlog: 1000 });
    const [seen, ...more] = await acknowledging(4);
    assert.match(seen!.join(), /commlog/);
    const later = more.flat().join() + seen!.join();
    assert.match(later, /document/);
    assert.doesNotMatch(later, /patient/);
  });

  it('hides no later loss in the same table, whichever copies show it', async () => {
    await go(4);
    rows['patient'] = 500;
    await go(2);
    assert.ok((await acknowledgeFindings(practice.plan, { user: 'Ada' })) !== null);
    // The next night is one of both places.
    assert.equal(nights % 3, 0);
    rows['patient'] = 250;
    await go(1);
    assert.deepEqual(practice.standing, ['looks-like-loss']);
    assert.match(practice.alerts.raised.at(-1)!.message, /patient had 500 rows and has 250/);
  });

  it('stays acknowledged in a later run of the same night, which hides no later loss', async () => {
    await go(4);
    rows['patient'] = 500;
    await go(1);
    assert.ok((await acknowledgeFindings(practice.plan, { user: 'Ada' })) !== null);
    practice.now = new Date(practice.now.getTime() - day + 3_600_000);
    const byHand = () =>
      makeCopies(
        practice.plan,
        { destinations: ['hq'] },
        practice.tools({ ...systemClock, now: () => practice.now }),
      );
    assert.equal((await byHand()).looksLikeLoss, undefined);
    practice.tables = { ...practice.tables, patient: tableOf(250) };
    assert.deepEqual((await byHand()).looksLikeLoss, ['The table patient had 500 rows and has 250.']);
    assert.deepEqual(practice.standing, ['looks-like-loss']);
  });

  it('is not announced for what is no name of a table, which no journal could keep', async () => {
    for (const name of ['', 'x'.repeat(65), 7, null]) {
      const tables = [name] as readonly string[];
      await assert.rejects(
        announcePurge(practice.plan, { tables, until: '2026-12-31', user: 'Ada' }),
        RangeError,
      );
    }
  });

  it('was announced: it is told by copies of neither extent', async () => {
    await go(4);
    const until = new Date(practice.now.getTime() + day).toISOString().slice(0, 10);
    await announcePurge(practice.plan, { tables: ['patient'], until, user: 'Ada' });
    rows['patient'] = 500;
    await go(5);
    assert.deepEqual(practice.standing, []);
    rows['claim'] = 2000;
    await go(1);
    assert.deepEqual(practice.standing, ['looks-like-loss']);
  });

  it('such as a replica that has stopped is not told again by copies of the other extent', async () => {
    practice.replica = 'follows';
    await go(4);
    practice.replica = 'stopped';
    assert.equal((await acknowledging(4)).length, 1);
    practice.replica = 'follows';
    await go(2);
    practice.replica = 'stopped';
    assert.equal((await acknowledging(2)).length, 1);
  });

  it('stays acknowledged where a clock was a year ahead for a night', async () => {
    await go(2);
    const right = practice.now;
    practice.now = new Date(right.getTime() + 365 * day);
    await go(1);
    practice.now = right;
    await go(2);
    rows['patient'] = 500;
    assert.equal((await acknowledging(5)).length, 1);
    rows['claim'] = 2000;
    await go(1);
    assert.deepEqual(practice.standing, ['looks-like-loss']);
  });

  it('is found also where a clock was ahead for longer than nights are remembered', async () => {
    await go(1);
    const ahead = Array.from({ length: 40 }, (_, i): NightFacts => {
      return { night: nightAfter('2027-01-01', i), scope: 'critical', tables: { patient: tableOf(1000) } };
    });
    await keepFacts(practice.spool, '2027-02-09', ahead);
    await go(4);
    rows['patient'] = 500;
    await go(1);
    assert.deepEqual(practice.standing, ['looks-like-loss']);
    // And one that is behind costs hardly any of those that are remembered.
    const before = await readFacts(practice.spool);
    practice.now = new Date('2020-01-02T05:00:00Z');
    await go(1);
    const [now, ...others] = (await readFacts(practice.spool)).map((each) => each.night);
    assert.equal(now, '2020-01-01');
    assert.deepEqual(
      new Set(others),
      new Set(
        before
          .map((each) => each.night)
          .sort()
          .slice(1),
      ),
    );
  });

  describe('by the date of a local copy that a restored database lacks', () => {
    const settings = createMemorySettings({ networkPath: '/share' }, { checkPath: async () => undefined });
    const isLocalAway = { now: false };
    beforeEach(async () => {
      isLocalAway.now = false;
      practice.more = { settings };
      const put: typeof practice.local.put = (...given) =>
        isLocalAway.now ? Promise.reject(new Error('away')) : practice.local.put(...given);
      practice.more = { settings, local: { ...practice.plan.local, storage: { ...practice.local, put } } };
      await settings.recordLocalCopy(practice.now);
      await go(4);
      await settings.recordLocalCopy(new Date(practice.now.getTime() - 8 * day));
    });

    it('is told once, until there is another local copy and after it', async () => {
      assert.equal((await acknowledging(5)).length, 1);
    });

    it('is told once, though the office’s place is away', async () => {
      isLocalAway.now = true;
      assert.equal((await acknowledging(5)).length, 1);
      assert.ok(!practice.standing.includes('looks-like-loss'));
    });

    it('hides no database that is of an even earlier day', async () => {
      assert.equal((await acknowledging(1)).length, 1);
      await settings.recordLocalCopy(new Date(practice.now.getTime() - 20 * day));
      assert.equal((await acknowledging(2)).length, 1);
      assert.ok(!practice.standing.includes('looks-like-loss'));
    });

    it('is told anew when a later copy is lacking as well', async () => {
      assert.equal((await acknowledging(3)).length, 1);
      await settings.recordLocalCopy(new Date(practice.now.getTime() - 30 * day));
      assert.equal((await acknowledging(3)).length, 1);
    });
  });
});

describe('alerts that a good night would end', () => {
  let practice: NumberedPractice;
  beforeEach(async () => {
    practice = await NumberedPractice.open();
  });
  afterEach(() => practice.close());

  it('are over where backups were switched off instead, and not before the settings say so', async () => {
    const settings = createMemorySettings();
    await settings.save({ enabled: false }, { userNum: '1', computer: 'FRONT' });
    const read = (): never => {
      throw new BackupError('database-unreachable', 'It is away.');
    };
    const journal = await NightJournal.open(
      { folder: practice.spool, spareRoom: new SpareRoom(practice.spool) },
      { practiceId: '4711', night: '2026-01-01' },
    );
    await mkdir(practice.spool);
    const alert = { code: 'set-up-wrong', cause: 'settings-invalid', severity: 'medium' } as const;
    await practice.alerts.raise({ ...alert, practiceId: '4711', message: 'It will fail.' });
    await journal.update(() => ({ alerts: { [alert.code]: alert.cause } }));
    practice.more = { settings: { ...settings, read } };
    await assert.rejects(practice.night(), { code: 'database-unreachable' });
    assert.ok(practice.standing.includes('set-up-wrong'));
    practice.more = { settings };
    await assert.rejects(practice.night(), { code: 'not-eligible' });
    assert.deepEqual(practice.standing, ['switched-off']);
  });

  it('are over where rehearsals left the plan', async () => {
    const run = async () => ({ ok: false, summary: 'The rehearsal server is gone.' });
    practice.more = { rehearsal: { everyNights: 7, run } };
    await practice.night();
    assert.deepEqual(practice.standing, ['rehearsal-failed']);
    practice.more = {};
    await practice.night();
    assert.deepEqual(practice.standing, []);
  });
});

it('more findings than copies are remembered are acknowledged at once', async () => {
  const practice = await NumberedPractice.open();
  try {
    await practice.night();
    const path = join(practice.spool, 'journal.json');
    const journal = JSON.parse(await readFile(path, 'utf8')) as NightJournalState;
    const about = Array.from({ length: rememberedCopies + 60 }, (_, i) => {
      return `4711/2025-01-01/${i.toString(16).padStart(32, '0')}.tar.age`;
    });
    const local = { ...journal.sequences!.local!, about, isBroken: true };
    await writeFile(path, JSON.stringify({ ...journal, sequences: { local } }));
    await acknowledgeFindings(practice.plan, { user: 'Ada' });
    const { sequences } = (await readJournal(practice.spool, '4711'))!;
    assert.deepEqual(sequences?.local?.accepted, about);
  } finally {
    await practice.close();
  }
});
