import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { utf8 } from '../../src/bytes.js';
import { formatNoteKey } from '../../src/history/note.js';
import { noteKeyOf } from '../../src/history/note-body.js';
import { noteKeyOfSigner } from '../../src/history/signer.js';
import type { Alert, AlertSink } from '../../src/nightly/alerts/alert.js';
import { acknowledgeFindings } from '../../src/nightly/origin/acknowledge.js';
import { readJournal } from '../../src/nightly/run/night-journal.js';
import type { NightPlan } from '../../src/nightly/run/night-plan.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { NotedPlace, otherSigner } from './noted-store.js';
import { NumberedPractice } from './practice.js';

const practiceId = '4711';

describe('an alert that stands while more is found', () => {
  let afterTwelveNights: NumberedPractice;
  let practice: NumberedPractice;
  const keepAll = ({ plan }: NumberedPractice): Partial<NightPlan> => ({
    // Nothing changes in its database.
    loss: 'off',
    hq: { ...plan.hq!, retention: 'keep-all' },
    local: { ...plan.local, retention: 'keep-all' },
  });
  before(async () => {
    afterTwelveNights = await NumberedPractice.open();
    afterTwelveNights.more = keepAll(afterTwelveNights);
    await afterTwelveNights.nights(12);
    assert.deepEqual(afterTwelveNights.standing, []);
  });
  beforeEach(async () => {
    practice = await afterTwelveNights.copy();
    practice.more = keepAll(practice);
  });
  afterEach(() => practice.close());
  after(() => afterTwelveNights.close());

  const raised = (): readonly Alert[] => practice.alerts.raised;
  const newest = (): string => raised().at(-1)!.message;
  const firstNamed = (): string => /4711\/\S+?\.(?:tar\.age|note)/.exec(newest())![0];

  async function keysOf(store: StorageAdapter): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of store.list(`${practiceId}/`)) if (key.endsWith('.tar.age')) keys.push(key);
    return keys;
  }

  const put = (store: StorageAdapter, key: string, content: Uint8Array | string): Promise<unknown> =>
    store.put(key, replayableBytes(typeof content === 'string' ? utf8(content) : content));

  async function vanish(store: StorageAdapter, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      await store.delete(key);
      await store.delete(noteKeyOf(key)!);
    }
  }

  it('is raised again, once, when other copies are deleted, and names these first', async () => {
    const [hq, local] = [await keysOf(practice.hq), await keysOf(practice.local)];
    // More than are kept in sentences.
    await vanish(practice.hq, hq.slice(3));
    await practice.nights(3);
    assert.equal(raised().length, 1);
    await vanish(practice.hq, hq.slice(0, 1));
    await practice.nights(3);
    assert.equal(raised().length, 2);
    assert.equal(firstNamed(), hq[0]);
    assert.match(newest(), /^Older supplemental backups at headquarters were changed/);
    await vanish(practice.local, local.slice(4, 5));
    await practice.nights(3);
    assert.equal(raised().length, 3);
    assert.equal(firstNamed(), local[4]);
    assert.match(
      newest(),
      /^Older \S+ backups at headquarters and on the network path of the practice were changed/,
    );
    assert.deepEqual(practice.standing, ['history-broken']);
    await acknowledgeFindings(practice.plan, { user: 'Ada' });
    await practice.nights(2);
    assert.equal(raised().length, 3);
    assert.deepEqual(practice.standing, []);
    await vanish(practice.hq, hq.slice(1, 2));
    await practice.nights(2);
    assert.equal(raised().length, 4);
    assert.equal(firstNamed(), hq[1]);
  });

  it('is not raised again for fewer of the same findings, nor for the same in other words', async () => {
    const keys = await keysOf(practice.hq);
    const note = noteKeyOf(keys[1]!)!;
    const kept: Uint8Array[] = [];
    for await (const chunk of practice.hq.get(note)) kept.push(chunk);
    await practice.hq.delete(note);
    const changed = keys[4]!;
    const bytes: Uint8Array[] = [];
    for await (const chunk of practice.hq.get(changed)) bytes.push(chunk);
    await put(
      practice.hq,
      changed,
      Buffer.concat(bytes).map((byte) => byte ^ 1),
    );
    await practice.nights(2);
    assert.match(newest(), /The note of \S+ is missing.*bytes have changed|bytes have changed.*The note of/);
    // What was changed is gone now, and the note is back for some nights.
    await put(practice.hq, note, Buffer.concat(kept));
    await practice.hq.delete(changed);
    await practice.nights(2);
    await practice.hq.delete(note);
    await practice.nights(2);
    assert.equal(raised().length, 1);
    assert.deepEqual(practice.standing, ['history-broken']);
  });

  it('is raised again when a copy is deleted of which only the note was missing', async () => {
    const keys = await keysOf(practice.hq);
    for (const key of keys) await practice.hq.delete(noteKeyOf(key)!);
    await practice.nights(2);
    assert.equal(raised().length, 1);
    await practice.hq.delete(keys[5]!);
    await practice.nights(2);
    assert.equal(raised().length, 2);
    assert.equal(firstNamed(), keys[5]);
    assert.match(newest(), /was verified but is missing now/);
  });

  /** Puts archives of another computer there, with their notes. */
  function stranger(): { readonly name: string; forge(night: string): Promise<string> } {
    const forged = new NotedPlace(practiceId);
    forged.signer = otherSigner;
    return {
      name: formatNoteKey(noteKeyOfSigner(otherSigner, practiceId)),
      async forge(night) {
        forged.nightOf = () => night;
        const { key, bytes, note } = await forged.makeNight();
        await put(practice.hq, key, bytes);
        await put(practice.hq, noteKeyOf(key)!, note);
        return key;
      },
    };
  }
  const dayOf2025 = (day: number): string => new Date(Date.UTC(2025, 0, day)).toISOString().slice(0, 10);

  it('is raised once for a key that is not known any more, with all that it has signed', async () => {
    const { forge, name } = stranger();
    for (let day = 1; day <= 100; day += 1) await forge(dayOf2025(day));
    await practice.nights(8);
    assert.equal(raised().length, 1);
    assert.ok(newest().includes(name));
    assert.match(newest(), /And 95 more/);
  });

  it('is raised again for every further forgery by the same stranger, however many there are', async () => {
    const { forge, name } = stranger();
    for (let day = 1; day <= 220; day += 1) await forge(dayOf2025(day));
    await practice.nights(4);
    const before = raised().length;
    assert.ok(before <= 2, 'once for as many as a night reads');
    const key = await forge('2026-02-01');
    await practice.nights(3);
    assert.equal(raised().length, before + 1);
    assert.equal(firstNamed(), key);
    assert.ok(newest().includes(name));
    await acknowledgeFindings(practice.plan, { user: 'Ada' });
    await practice.nights(2);
    assert.deepEqual(practice.standing, []);
  });

  it('is raised again at once when a copy that is read again has changed', async () => {
    const keys = await keysOf(practice.local);
    await vanish(practice.hq, (await keysOf(practice.hq)).slice(0, 2));
    await practice.nights(2);
    const { local } = practice;
    const damaged: StorageAdapter = {
      ...local,
      get: async function* (key, options) {
        for await (const chunk of local.get(key, options))
          yield key === keys[2] ? chunk.map((byte) => byte ^ 1) : chunk;
      },
    };
    practice.more = { ...practice.more, local: { ...practice.plan.local, storage: damaged } };
    practice.scrubbing = {};
    for (let i = 0; i < 31 && raised().length === 1; i += 1) await practice.night();
    assert.equal(raised().length, 2);
    assert.equal(firstNamed(), keys[2]);
    assert.match(newest(), /was verified, but its bytes have changed/);
    await practice.nights(3);
    assert.equal(raised().length, 2);
  });

  it('is raised again by the next run where nobody could be told', async () => {
    const keys = await keysOf(practice.hq);
    await vanish(practice.hq, keys.slice(3));
    await practice.night();
    const away: AlertSink = {
      ...practice.alerts,
      raise: () => Promise.reject(new Error('the sink is away')),
    };
    const { more } = practice;
    practice.more = { ...more, alerts: away };
    await vanish(practice.hq, keys.slice(0, 1));
    await practice.nights(2);
    practice.more = more;
    await practice.nights(3);
    assert.equal(raised().length, 2);
    assert.equal(firstNamed(), keys[0]);
  });

  it('tells of the same findings anew once it was over', async () => {
    const [key] = await keysOf(practice.hq);
    const forged = `${practiceId}/2026-01-05/${'f'.repeat(32)}.tar.age`;
    await put(practice.hq, forged, 'forged');
    await practice.night();
    await practice.hq.delete(forged);
    await practice.night();
    assert.deepEqual(practice.standing, []);
    await vanish(practice.hq, [key!]);
    await practice.night();
    await put(practice.hq, forged, 'forged');
    await practice.nights(2);
    assert.equal(raised().length, 3);
    assert.equal(firstNamed(), forged);
    const { sequences } = (await readJournal(practice.spool, practiceId))!;
    assert.deepEqual(sequences?.hq?.untold, []);
    assert.equal(sequences?.hq?.told?.length, 2);
  });
});

describe('an alert of a loss that stands while more is lost', () => {
  it('is raised again, once, for the tables that were not told of, and names these first', async () => {
    const practice = await NumberedPractice.open();
    try {
      const tableOf = (rows: number) => ({
        rows,
        plainBytes: rows * 200,
        storedBytes: rows * 50,
        definition: 'a',
      });
      const names = ['claim', 'patient', 'payment', 'procedurelog', 'sheet', 'statement', 'treatplan'];
      practice.tables = Object.fromEntries(names.map((name) => [name, tableOf(4000)]));
      const lose = (...lost: string[]): void => {
        for (const name of lost) practice.tables[name] = tableOf(1000);
      };
      await practice.nights(6);
      lose('claim', 'patient', 'payment', 'procedurelog', 'sheet', 'statement');
      await practice.nights(3);
      assert.deepEqual(practice.standing, ['looks-like-loss']);
      assert.equal(practice.alerts.raised.length, 1);
      lose('treatplan');
      await practice.nights(3);
      assert.equal(practice.alerts.raised.length, 2);
      assert.match(practice.alerts.raised[1]!.message, /lost data\. The table treatplan had 4000 rows/);
      await acknowledgeFindings(practice.plan, { user: 'Ada' });
      await practice.nights(2);
      assert.deepEqual(practice.standing, []);
      assert.equal(practice.alerts.raised.length, 2);
    } finally {
      await practice.close();
    }
  });
});
