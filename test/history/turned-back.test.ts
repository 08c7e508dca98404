import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { formatKeptHeads, parseKeptHeads } from '../../src/history/kept-heads.js';
import { createMemorySettings } from '../../src/nightly/settings/memory-settings.js';
import type { SettingsStore } from '../../src/nightly/settings/settings.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
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

  it('is told of by no notes of a database that no copy has', async () => {
    open(true);
    practice.heads = undefined;
    await nights(5);
    isAttacked = true;
    assert.equal((await practice.night(['hq'])).looksLikeLoss, undefined);
  });
});
