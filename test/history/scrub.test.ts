import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { utf8 } from '../../src/bytes.js';
import { BackupError } from '../../src/errors.js';
import { hashOfNote } from '../../src/history/note.js';
import { noteKeyOf } from '../../src/history/note-body.js';
import { nightAfter, nightOf, nightsBetween } from '../../src/nightly/nights.js';
import type { SequenceState } from '../../src/nightly/origin/sequence.js';
import type { VerifiedCopy } from '../../src/nightly/run/journal-state.js';
import { readJournal } from '../../src/nightly/run/night-journal.js';
import { scrubNightsOf } from '../../src/nightly/run/night-plan.js';
import { openOffice } from '../../src/nightly/run/office.js';
import { renderReport } from '../../src/nightly/run/render-report.js';
import {
  addAllowance,
  dueCopies,
  type ProvableCopy,
  provableAt,
  type ScrubState,
} from '../../src/nightly/scrub/due-copies.js';
import { serveNights } from '../../src/nightly/service/start-nightly.js';
import { windowOf } from '../../src/nightly/window.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { createFakeClock } from '../nightly/support/fake-clock.js';
import { NumberedPractice } from './practice.js';

const first = '2026-01-01';

/** Nights of reading, with no store and no clock. */
class Reading {
  copies: ProvableCopy[];
  state: ScrubState = {};
  night = first;
  /** Bytes of each night. */
  readonly bytes: number[] = [];
  readonly #everyNights: number;

  constructor(sizes: readonly number[], everyNights = 28) {
    this.#everyNights = everyNights;
    this.copies = sizes.map((bytes, i) => ({
      key: `4711/2025-01-01/${i}`,
      night: '2025-01-01',
      verifiedAt: '2025-01-02T04:00:00Z',
      store: 'here',
      sha256: 'a'.repeat(64),
      bytes,
    }));
  }

  pass(nights = 1): void {
    for (let i = 0; i < nights; i += 1) {
      const turn = { night: this.night, everyNights: this.#everyNights };
      this.state = addAllowance(this.copies, this.state, turn);
      const due = dueCopies(this.copies, this.state, this.night);
      const bytes = due.reduce((sum, copy) => sum + copy.bytes, 0);
      this.bytes.push(bytes);
      this.state = { ...this.state, credit: this.state.credit! - bytes };
      const keys = new Set(due.map(({ key }) => key));
      this.copies = this.copies.map((copy) => (keys.has(copy.key) ? { ...copy, readAt: this.night } : copy));
      this.night = nightAfter(this.night);
    }
  }

  /** Of the copy that was not read for longest. */
  get oldest(): number {
    return Math.max(...this.copies.map(({ readAt }) => nightsBetween(readAt ?? '2025-01-01', this.night)));
  }
}

describe('the turn of older copies', () => {
  const shapes: Readonly<Record<string, readonly number[]>> = {
    alike: Array.from({ length: 44 }, () => 1000),
    'that grow': Array.from({ length: 44 }, (_, i) => 100 + i * 37),
    'of which one is larger than all others': [...Array.from({ length: 43 }, () => 10), 9000],
    'one alone': [5000],
    few: [300, 200, 700],
  };
  for (const [name, sizes] of Object.entries(shapes)) {
    it(`brings each within four weeks, an even part in each night: ${name}`, () => {
      const reading = new Reading(sizes);
      const all = sizes.reduce((sum, size) => sum + size, 0);
      reading.pass(29);
      assert.ok(reading.oldest <= 29, String(reading.oldest));
      reading.pass(28);
      for (let i = 0; i < 40; i += 1) {
        reading.pass();
        assert.ok(reading.oldest <= 29, String(reading.oldest));
      }
      const most = Math.max(...reading.bytes);
      assert.ok(most <= Math.max(...sizes) + (2 * all) / 28, `${most} of ${all}`);
      // A round takes its four weeks: nothing is read twice in one.
      const later = reading.bytes.slice(28, 84).reduce((sum, size) => sum + size, 0);
      assert.ok(later <= 3 * all, `${later} of ${all}`);
    });
  }

  it('is caught up with when some nights were missed, and begun anew when many were', () => {
    const reading = new Reading(shapes['alike']!);
    reading.pass(40);
    reading.night = nightAfter(reading.night, 4);
    reading.pass(10);
    assert.ok(reading.oldest <= 29, String(reading.oldest));
    reading.night = nightAfter(reading.night, 100);
    reading.pass(29);
    assert.ok(reading.oldest <= 29, String(reading.oldest));
    assert.ok(Math.max(...reading.bytes.slice(-29)) <= 4000);
  });

  it('comes in time also where copies are made, and read, only every so many nights', () => {
    for (const pause of [7, 8, 14, 30]) {
      const reading = new Reading(shapes['alike']!);
      let oldest = 0;
      for (let night = 0; night < 300; night += pause) {
        const tonight = { ...reading.copies[0]!, key: `4711/${reading.night}/0`, night: reading.night };
        // Those of before this office was set up so.
        if (night > 100) oldest = Math.max(oldest, reading.oldest);
        reading.pass();
        reading.copies.push({ ...tonight, readAt: tonight.night });
        reading.night = nightAfter(reading.night, pause - 1);
      }
      assert.ok(oldest <= Math.max(28, pause), `every ${pause} nights: ${oldest}`);
      if (pause > 28) continue;
      // An even part, as when there is a copy each night.
      const most = Math.max(...reading.bytes.slice(-7));
      assert.ok(most <= (reading.copies.length * 1000 * 2 * pause) / 28, `${pause}: ${reading.bytes.join()}`);
    }
  });

  it('is in each night that of the smaller ones first, so that one for which no window is long enough waits alone', () => {
    const reading = new Reading([9000, 20, 10], 1);
    const turn = { night: reading.night, everyNights: 1 };
    const { credit = 0 }: ScrubState = addAllowance(reading.copies, {}, turn);
    const due = dueCopies(reading.copies, { credit: credit * 2, countedFrom: reading.night }, reading.night);
    assert.deepEqual(
      due.map(({ bytes }) => bytes),
      [10, 20, 9000],
    );
  });

  it('comes also after a clock that was a year ahead', () => {
    const reading = new Reading(shapes['alike']!);
    reading.pass(10);
    const { night } = reading;
    reading.night = nightAfter(night, 400);
    reading.pass(3);
    reading.night = night;
    reading.pass(30);
    assert.ok(reading.copies.every(({ readAt }) => readAt !== undefined && readAt <= reading.night));
  });
});

/** A store as it is, but for some of its calls. */
function withCalls(store: StorageAdapter, calls: Partial<StorageAdapter>): StorageAdapter {
  return {
    description: store.description,
    capabilities: store.capabilities,
    put: (...given) => store.put(...given),
    get: (...given) => store.get(...given),
    stat: (...given) => store.stat(...given),
    list: (...given) => store.list(...given),
    delete: (...given) => store.delete(...given),
    classify: (error) => store.classify(error),
    ...calls,
  };
}

/** Hangs until it is told to stop. */
async function endOf(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

describe('reading older copies again', () => {
  const begin = '2026-01-01';
  let practice: NumberedPractice;
  /** Keys of archives that were read at the office’s place. */
  let read: string[];

  beforeEach(async () => {
    practice = await NumberedPractice.open();
    read = [];
  });
  afterEach(() => practice.close());

  /** The office’s place is read by these calls, and every copy once in so many nights. */
  function placed(calls: Partial<StorageAdapter> = {}, scrubEveryNights?: number | 'never'): void {
    const alike = { retry: 'none', retention: 'keep-all', scrubEveryNights } as const;
    const local = withCalls(practice.local, {
      get(key, options) {
        if (key.endsWith('.tar.age')) read.push(key);
        return (calls.get ?? practice.local.get)(key, options);
      },
      ...(calls.stat === undefined ? {} : { stat: calls.stat }),
      ...(calls.list === undefined ? {} : { list: calls.list }),
    });
    practice.more = { hq: { storage: practice.hq, ...alike }, local: { storage: local, ...alike } };
  }

  /** Copies of earlier nights, one a night, as they are at both places after a true night. */
  async function standing(count: number): Promise<readonly string[]> {
    const { journal, guard } = await openOffice(practice.plan, begin);
    const verified: Record<'hq' | 'local', VerifiedCopy[]> = { hq: [], local: [] };
    for (const place of ['hq', 'local'] as const) {
      for (let number = 1; number <= count; number += 1) {
        const night = nightAfter(begin, number - count - 1);
        const key = `4711/${night}/${`${number}`.padStart(32, '0')}.tar.age`;
        const bytes = new Uint8Array(100).fill(number);
        const note = `${place} ${number}`;
        await practice[place].put(key, replayableBytes(bytes));
        await practice[place].put(noteKeyOf(key)!, replayableBytes(utf8(note)));
        verified[place].unshift({
          key,
          night,
          verifiedAt: `${night}T23:00:00.000Z`,
          store: practice[place].description,
          bytes: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
          scope: 'full',
          number,
          note: hashOfNote(note),
        });
      }
    }
    const sequence = { number: count, hash: verified.hq[0]!.note!, since: nightAfter(begin, -count) };
    await journal.update(() => ({ verified, sequences: { hq: sequence, local: sequence } }));
    await guard.release();
    return verified.local.map(({ key }) => key).reverse();
  }

  /** Another night begins: what it adds to what may be read. */
  async function nextNight(): Promise<void> {
    practice.now = new Date(practice.now.getTime() + 86_400_000);
    const { plan } = practice;
    const night = nightOf(practice.now, plan.timeZone);
    const { journal, guard } = await openOffice(plan, night);
    await journal.update(({ sequences, verified }) => {
      const of = (place: 'hq' | 'local'): SequenceState => {
        const everyNights = scrubNightsOf(plan, place)!;
        const copies = provableAt(verified[place], practice[place].description);
        return { ...sequences![place]!, ...addAllowance(copies, sequences![place]!, { night, everyNights }) };
      };
      return { sequences: { hq: of('hq'), local: of('local') } };
    });
    await guard.release();
  }

  async function known() {
    return (await readJournal(practice.spool, '4711'))!;
  }

  it('tells of one byte that was changed within four weeks, with 44 copies, at once and in the next report', async () => {
    const keys = await standing(44);
    const rotten = keys[20]!;
    placed({
      async *get(key, options) {
        for await (const chunk of practice.local.get(key, options)) {
          const bytes = chunk.slice();
          if (key === rotten) bytes[50]! ^= 1;
          yield bytes;
        }
      },
    });
    let nights = 0;
    let most = 0;
    while (practice.standing.length === 0 && nights < 30) {
      await nextNight();
      const before = read.length;
      await practice.scrub();
      most = Math.max(most, read.length - before);
      nights += 1;
    }
    assert.deepEqual(practice.standing, ['history-broken']);
    assert.ok(nights > 1 && nights <= 28, String(nights));
    assert.ok(most <= 2, String(most));
    const told = `${rotten} was verified, but its bytes have changed.`;
    assert.ok(practice.alerts.raised[0]!.message.includes(told));
    const state = await known();
    assert.deepEqual(state.sequences?.local?.troubles, [told]);
    // From now on no copy is removed.
    assert.equal(state.sequences?.local?.isBroken, true);
    // It stands in the report of the night that follows, which reads its own copy alone.
    read = [];
    practice.now = new Date(practice.now.getTime() + 86_400_000);
    const report = await practice.night();
    const [, local] = report.destinations;
    assert.deepEqual([...new Set(read)], [local?.copy?.key]);
    assert.deepEqual(local?.troubles, [`${rotten} is no longer what was verified.`]);
    assert.equal(practice.alerts.raised.length, 1);
    const since = (await known()).verified.local.map(({ readAt, night, state }) =>
      state ? '9' : (readAt ?? night),
    );
    assert.equal(local?.readSince, since.sort()[0]);
    assert.ok(renderReport(report).includes(`was read back whole since ${local?.readSince}.`));
    assert.equal((await known()).sequences?.local?.creditedOn, report.night);
  });

  it('is not done where the plan says never', async () => {
    await standing(3);
    placed({}, 1);
    await nextNight();
    placed({}, 'never');
    assert.deepEqual((await practice.scrub()).places, []);
    assert.deepEqual(read, []);
  });

  it('goes on where a reading was killed', async (t) => {
    await standing(12);
    const stop = new AbortController();
    t.after(() => stop.abort());
    placed(
      {
        async *get(key, options) {
          if (read.length > 3) await endOf(options?.signal);
          yield* practice.local.get(key, options);
        },
      },
      1,
    );
    await nextNight();
    practice.scrubbing = { keepEvery: 1 };
    const killed = practice.scrub({ signal: stop.signal }).catch(() => undefined);
    const kept = async () =>
      (await known()).verified.local.filter(({ readAt }) => readAt !== undefined).length;
    for (let i = 0; i < 5000 && ((await kept()) < 3 || read.length < 4); i += 1) await delay(1);
    const before = read.slice(0, 3);
    read = [];
    placed({}, 1);
    const { places } = await practice.scrub();
    assert.equal(read.length, 3);
    assert.ok(read.every((key) => !before.includes(key)));
    assert.equal(places.find(({ destination }) => destination === 'local')?.left, 0);
    assert.equal(await kept(), 6);
    stop.abort();
    await killed;
  });

  it('ends at its signal, and keeps what was read', async () => {
    await standing(8);
    const stop = new AbortController();
    placed(
      {
        get(key, options) {
          if (read.length === 2) stop.abort(new Error('enough'));
          return practice.local.get(key, options);
        },
      },
      1,
    );
    await nextNight();
    await assert.rejects(practice.scrub({ signal: stop.signal }), /enough/);
    const copies = (await known()).verified.local;
    assert.equal(copies.filter(({ readAt }) => readAt !== undefined).length, 1);
  });

  it('names a copy that the store does not give back, and reads the others; after three nights it is an alert', async () => {
    const [silent] = await standing(6);
    const hanging: Partial<StorageAdapter> = {
      async *get(key, options) {
        if (key === silent) await endOf(options?.signal);
        yield* practice.local.get(key, options);
      },
    };
    placed(hanging, 2);
    practice.scrubbing = { silence: 5 };
    for (let i = 0; i < 3; i += 1) {
      await nextNight();
      const { places } = await practice.scrub();
      const local = places.find(({ destination }) => destination === 'local');
      assert.deepEqual(local?.found, [`${silent} is there but could not be read back.`]);
      assert.deepEqual(practice.standing, []);
    }
    assert.ok(
      (await known()).verified.local.every(({ key, readAt }) => key === silent || readAt !== undefined),
    );
    practice.scrubbing = undefined;
    const report = await practice.night();
    assert.deepEqual(report.destinations[1]?.unproven, [silent]);
    assert.ok(renderReport(report).includes(`NOT PROVEN: ${silent} could not be read back.`));
    assert.deepEqual(practice.standing, ['history-broken']);
    // It may be the line: nothing is kept from being removed for that.
    assert.notEqual((await known()).sequences?.local?.isBroken, true);
    placed({}, 2);
    await practice.scrub();
    const after = await practice.night();
    assert.equal(after.destinations[1]?.unproven, undefined);
    assert.deepEqual(practice.standing, []);
  });

  it('is held up by none of which the store gives neither the bytes nor an answer', async () => {
    const [refused, ...others] = await standing(6);
    const refuse = async (key: string): Promise<void> => {
      if (key === refused) throw new BackupError('storage-permanent', 'Access is denied.');
    };
    placed(
      {
        async *get(key, options) {
          await refuse(key);
          yield* practice.local.get(key, options);
        },
        async stat(key, options) {
          await refuse(key);
          return practice.local.stat(key, options);
        },
      },
      1,
    );
    for (let i = 0; i < 2; i += 1) await nextNight();
    const local = (await practice.scrub()).places.find(({ destination }) => destination === 'local');
    assert.deepEqual(local?.found, [`${refused} is there but could not be read back.`]);
    assert.deepEqual([local?.copies, local?.left], [others.length, 1]);
  });

  it('costs the other place nothing when one is away, and says nothing of its copies', async () => {
    await standing(6);
    const away = async (): Promise<never> => {
      throw new BackupError('storage-transient', 'The share is away.');
    };
    const nothing = async function* (): AsyncGenerator<never> {
      yield await away();
    };
    placed({ stat: away, get: nothing, list: nothing }, 1);
    await nextNight();
    const [hq, local] = (await practice.scrub()).places;
    assert.ok(hq!.copies > 0 && hq!.left === 0 && hq!.stopped === undefined);
    assert.deepEqual([local?.copies, local?.stopped, local?.found], [0, 'storage-transient', []]);
    assert.deepEqual(practice.standing, []);
  });

  it('listens no longer to a store that gives more than was written', async () => {
    await standing(1);
    placed(
      {
        async *get(key, options) {
          yield* practice.local.get(key, options);
          for (;;) yield new Uint8Array(1000);
        },
      },
      1,
    );
    for (let i = 0; i < 2; i += 1) await nextNight();
    const { places } = await practice.scrub();
    const found = places.find(({ destination }) => destination === 'local')?.found;
    assert.match(found?.join() ?? '', /its bytes have changed/);
    assert.deepEqual(practice.standing, ['history-broken']);
  });

  it('tells of a note that was changed under its date, until somebody has looked', async () => {
    await standing(1);
    placed(
      {
        async *get(key, options) {
          for await (const chunk of practice.local.get(key, options)) {
            yield key.endsWith('.note') ? chunk.map((byte) => byte ^ 1) : chunk;
          }
        },
      },
      1,
    );
    for (let i = 0; i < 2; i += 1) await nextNight();
    await practice.scrub();
    assert.deepEqual(practice.standing, ['history-broken']);
    const { destinations } = await practice.night();
    assert.match(destinations[1]?.troubles?.join() ?? '', /note of .* was replaced by another one/);
  });

  it('follows the work of each night in the service, within its window, and ends with the service', async () => {
    await standing(6);
    placed({}, 1);
    const stop = new AbortController();
    const told: string[] = [];
    const clock = createFakeClock(
      '2026-01-03T00:00:00Z',
      (each) => {
        practice.now = each.now();
        if (each.now() >= new Date('2026-01-04T14:00:00Z')) stop.abort();
      },
      600_000,
    );
    practice.now = clock.now();
    await serveNights(
      practice.plan,
      {
        signal: stop.signal,
        onEvent: (event) => {
          if (event.kind === 'finished') told.push(`made ${event.report.night}`);
          if (event.kind !== 'copies-read') return;
          const { destination, copies, left } = event.place;
          const { opensAt, closesAt } = windowOf(nightOf(clock.now(), 'America/Chicago'), {
            timeZone: 'America/Chicago',
          });
          assert.ok(clock.now() >= opensAt && clock.now() < closesAt);
          told.push(`${destination} ${copies > 0} ${left}`);
        },
      },
      practice.tools(clock),
    );
    const places = ['hq true 0', 'local true 0'];
    assert.deepEqual(told, ['made 2026-01-02', ...places, 'made 2026-01-03', ...places]);
  });
});
