import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { formatKeptHeads, parseKeptHeads } from '../../src/history/kept-heads.js';
import { acknowledgeFindings } from '../../src/nightly/origin/acknowledge.js';
import { readJournal } from '../../src/nightly/run/night-journal.js';
import { createMemorySettings } from '../../src/nightly/settings/memory-settings.js';
import type { SettingsStore } from '../../src/nightly/settings/settings.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { NumberedPractice } from './practice.js';

/** What the practice's database holds of its copies. */
interface Rows {
  readonly heads: string;
  readonly date: Date | null;
}

describe('a database that is turned back while a run is at work', () => {
  let practice: NumberedPractice;
  let rows: Rows;
  /** The same on earlier evenings, the newest last. */
  let evenings: Rows[];
  let isAttacked: boolean;

  beforeEach(async () => {
    practice = await NumberedPractice.open();
    rows = { heads: '[]', date: null };
    evenings = [];
    isAttacked = false;
  });
  afterEach(() => practice.close());

  function settingsOf(keepsHeads: boolean): SettingsStore {
    const {
      keptHeads: _,
      keepHeads: __,
      ...inner
    } = createMemorySettings({ networkPath: '/share' }, { checkPath: async () => undefined });
    return {
      ...inner,
      read: async () => ({ ...(await inner.read()), lastLocalCopy: rows.date }),
      recordLocalCopy: async (date) => {
        rows = { ...rows, date };
      },
      ...(keepsHeads
        ? {
            keptHeads: async () => parseKeptHeads(rows.heads),
            keepHeads: async (newest) => {
              rows = { ...rows, heads: formatKeptHeads(parseKeptHeads(rows.heads), newest) };
            },
          }
        : {}),
    };
  }

  /** What was read is on its way when it happens. */
  function open(keepsHeads: boolean): void {
    const { hq } = practice;
    const storage: StorageAdapter = {
      ...hq,
      put: (...given) => {
        if (isAttacked) rows = evenings.at(-3)!;
        isAttacked = false;
        return hq.put(...given);
      },
    };
    practice.more = {
      settings: settingsOf(keepsHeads),
      hq: { storage, retry: 'none', retention: { daily: 'P6D' } },
    };
    if (keepsHeads) practice.heads = async () => parseKeptHeads(rows.heads);
  }

  async function nights(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      evenings.push(rows);
      await practice.night();
    }
  }

  for (const [by, keepsHeads, destinations] of [
    ['its notes', true, ['hq']],
    ['its date', false, ['hq', 'local']],
    ['both', true, ['hq', 'local']],
  ] as const) {
    it(`is known by ${by}, before the run writes new ones over them`, async () => {
      open(keepsHeads);
      await nights(5);
      isAttacked = true;
      const report = await practice.night(destinations);
      assert.equal(isAttacked, false);
      assert.equal(report.looksLikeLoss?.length, 1);
      assert.match(report.looksLikeLoss[0]!, /The database lacks the date of the copy of 2026-01-06/);
      assert.deepEqual(practice.standing, ['looks-like-loss']);
      await nights(2);
      assert.equal(practice.alerts.raised.length, 1);
    });
  }

  it('is known by day as well where a person has just acknowledged what is no loss', async () => {
    open(true);
    await nights(5);
    for await (const { key } of practice.hq.list('4711/2026-01-05/')) await practice.hq.delete(key);
    await nights(1);
    assert.deepEqual(practice.standing, ['history-broken']);
    await acknowledgeFindings(practice.plan, { user: 'Ada' });
    // The newest local copy is from before.
    rows = { ...evenings.at(-3)!, date: rows.date };
    const report = await practice.night(['hq']);
    assert.match(report.looksLikeLoss?.join() ?? '', /The database lacks the date of the copy of 2026-01-07/);
  });

  it('is not told again by the date of the local copy once its notes were acknowledged', async () => {
    open(true);
    await nights(5);
    isAttacked = true;
    // What is read by this run still has the date.
    await practice.night(['hq']);
    assert.deepEqual(practice.standing, ['looks-like-loss']);
    await acknowledgeFindings(practice.plan, { user: 'Ada' });
    const report = await practice.night(['hq']);
    assert.equal(report.looksLikeLoss, undefined);
    assert.deepEqual(practice.standing, []);
    // The date that was there then counts from now on.
    rows = evenings.at(-4)!;
    const later = await practice.night(['hq']);
    assert.match(later.looksLikeLoss?.join() ?? '', /The database lacks the date of the copy of 2026-01-0/);
  });

  it('is not told of where another computer, whose clock was ahead, writes the true date meanwhile', async () => {
    open(false);
    await nights(5);
    rows = { ...rows, date: new Date('2027-08-01T17:36:46Z') };
    evenings.push({ ...rows, date: practice.now }, rows, rows);
    isAttacked = true;
    const report = await practice.night();
    assert.equal(isAttacked, false);
    assert.equal(report.looksLikeLoss, undefined);
    assert.deepEqual(practice.standing, []);
  });

  for (const [when, isMeanwhile] of [
    ['before', false],
    ['while', true],
  ] as const) {
    it(`is not told of where another computer, whose clock was behind, wrote its date ${when} the run`, async () => {
      open(true);
      await nights(5);
      const behind = new Date('2025-09-19T15:43:21Z');
      evenings.push({ ...rows, date: behind }, rows, rows);
      if (isMeanwhile) isAttacked = true;
      else rows = { ...rows, date: behind };
      const report = await practice.night();
      assert.equal(isAttacked, false);
      assert.equal(report.looksLikeLoss, undefined);
      assert.deepEqual(practice.standing, []);
    });
  }

  it('is told of by no notes of a database that no copy has', async () => {
    open(true);
    practice.heads = undefined;
    await nights(5);
    isAttacked = true;
    assert.equal((await practice.night(['hq'])).looksLikeLoss, undefined);
  });
});

it('the date of a local copy is owed until it is written, which a power cut may prevent', async () => {
  const practice = await NumberedPractice.open();
  try {
    const settings = createMemorySettings({ networkPath: '/share' }, { checkPath: async () => undefined });
    const owed: unknown[] = [];
    practice.more = {
      settings: {
        ...settings,
        recordLocalCopy: async (date) => {
          owed.push((await readJournal(practice.spool, '4711'))?.dateOwed);
          await settings.recordLocalCopy(date);
        },
      },
    };
    await practice.night();
    const recorded = (await settings.read()).lastLocalCopy?.toISOString();
    assert.deepEqual(owed, [recorded]);
    assert.equal((await readJournal(practice.spool, '4711'))?.dateOwed, undefined);
  } finally {
    await practice.close();
  }
});

describe('a copy that is touched while a run is at work', () => {
  for (const [how, harm] of [
    [
      'written again',
      (store: StorageAdapter, key: string) => store.put(key, replayableBytes(Buffer.alloc(9))),
    ],
    ['removed', (store: StorageAdapter, key: string) => store.delete(key)],
  ] as const) {
    it(`keeps older ones from being removed before anybody knows what it is: ${how}`, async () => {
      const practice = await NumberedPractice.open();
      try {
        await practice.nights(8);
        const keys: string[] = [];
        for await (const { key } of practice.hq.list('4711/')) if (key.endsWith('.tar.age')) keys.push(key);
        const newest = keys.at(-1)!;
        let [isListed, isHarmed] = [false, false];
        const storage: StorageAdapter = {
          ...practice.hq,
          list: async function* (...given) {
            yield* practice.hq.list(...given);
            isListed = true;
          },
          // It is read back once the place was looked at.
          get: async function* (key, options) {
            if (!keys.includes(key) && key.endsWith('.tar.age') && !isHarmed) {
              while (!isListed) await new Promise((resolve) => setImmediate(resolve));
              isHarmed = true;
              await harm(practice.hq, newest);
            }
            yield* practice.hq.get(key, options);
          },
        };
        practice.more = { hq: { storage, retry: 'none', retention: { daily: 'P6D' } } };
        const { destinations } = await practice.night();
        assert.equal(isHarmed, true);
        assert.deepEqual(destinations[0]?.removed, []);
        assert.deepEqual(practice.standing, []);
        await practice.night();
        assert.deepEqual(practice.standing, ['history-broken']);
      } finally {
        await practice.close();
      }
    });
  }
});
