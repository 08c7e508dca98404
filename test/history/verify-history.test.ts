import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breaksHistory, describeHistoryFinding, type HistoryFinding } from '../../src/history/findings.js';
import type { History } from '../../src/history/judge-history.js';
import { formatNoteKey } from '../../src/history/note.js';
import { noteKeyOf } from '../../src/history/note-body.js';
import { noteKeyOfSigner } from '../../src/history/signer.js';
import { verifyHistories, verifyHistory } from '../../src/history/verify-history.js';
import { NotedPlace, officeSigner, otherSigner } from './noted-store.js';

const practiceId = '4711';
const trustedKeys = [formatNoteKey(noteKeyOfSigner(officeSigner, practiceId))];

function kindsOf({ findings }: History): readonly HistoryFinding['kind'][] {
  for (const finding of findings) assert.match(describeHistoryFinding(finding), /^[A-Z0-9].*\.$/);
  return findings.map(({ kind }) => kind);
}

async function placeOf(nights: number): Promise<NotedPlace> {
  const place = new NotedPlace(practiceId);
  await place.makeNights(nights);
  return place;
}

test('a sequence with nothing missing is unbroken from its first note to its newest', async () => {
  const place = await placeOf(5);
  const history = await verifyHistory(place.store, { practiceId, trustedKeys });
  assert.deepEqual(history.findings, []);
  assert.equal(history.trust, 'given');
  assert.deepEqual(history.heads.hq, { ...place.head!, night: '2026-01-05' });
  assert.deepEqual(history.unbrokenSince, { number: 1, night: '2026-01-01' });
  assert.equal(history.origins.get(place.copies[2]!.key)?.kind, 'proven');
});

test('without a given key, the key of the note that was stored first is believed', async () => {
  const place = await placeOf(3);
  const history = await verifyHistory(place.store, { practiceId });
  assert.equal(history.trust, 'first-use');
  assert.deepEqual(history.keys, trustedKeys);
});

test('what retention removed is no gap, once a later note was made', async () => {
  const place = await placeOf(5);
  await place.remove(2);
  await place.makeNight();
  assert.deepEqual((await verifyHistory(place.store, { practiceId, trustedKeys })).findings, []);
});

test('archives of a time before notes are unsigned and no finding', async () => {
  const place = await placeOf(2);
  const old = `${practiceId}/2025-12-01/${'e'.repeat(32)}.tar.age`;
  await place.put(old, 'an old copy');
  const history = await verifyHistory(place.store, { practiceId, trustedKeys });
  assert.deepEqual(history.findings, []);
  assert.deepEqual(history.origins.get(old), { kind: 'unsigned' });
});

test('a store without any note has no findings and no trust', async () => {
  const place = new NotedPlace(practiceId);
  await place.put(`${practiceId}/2025-12-01/${'e'.repeat(32)}.tar.age`, 'an old copy');
  const history = await verifyHistory(place.store, { practiceId });
  assert.deepEqual([history.trust, history.findings, history.unbrokenSince], ['none', [], null]);
});

const attacks: readonly {
  readonly name: string;
  readonly attack: (place: NotedPlace) => Promise<void>;
  /** What anybody sees who has the office's key. */
  readonly seen: readonly HistoryFinding['kind'][];
  readonly unbrokenSince?: number;
}[] = [
  {
    name: 'an archive of somebody’s own, without a note',
    attack: (place) => place.put(`${practiceId}/2026-01-09/${'f'.repeat(32)}.tar.age`, 'forged'),
    seen: ['note-missing'],
    unbrokenSince: 1,
  },
  {
    name: 'an archive of somebody’s own, with a note of another key',
    async attack(place) {
      place.signer = otherSigner;
      await place.makeNight();
    },
    seen: ['unknown-key'],
    unbrokenSince: 1,
  },
  {
    name: 'an old archive and its note, put where the newest would be',
    async attack(place) {
      const { bytes, note } = place.copies[0]!;
      const key = `${practiceId}/2026-01-09/${'f'.repeat(32)}.tar.age`;
      await place.put(key, bytes);
      await place.put(noteKeyOf(key)!, note);
    },
    seen: ['foreign'],
    unbrokenSince: 1,
  },
  {
    name: 'an archive overwritten under its own name by a shorter one',
    attack: (place) => place.put(place.copies[3]!.key, 'forged'),
    seen: ['overwritten'],
    unbrokenSince: 5,
  },
  {
    name: 'one archive gone, its note left',
    attack: (place) => place.store.delete(place.copies[2]!.key),
    seen: ['archive-missing'],
    unbrokenSince: 4,
  },
  {
    name: 'one archive gone with its note',
    attack: (place) => place.vanish(3),
    seen: ['gap'],
    unbrokenSince: 4,
  },
  {
    name: 'half of the archives gone with their notes',
    async attack(place) {
      for (const number of [1, 3]) await place.vanish(number);
    },
    seen: ['gap'],
    unbrokenSince: 4,
  },
  {
    name: 'a note removed',
    attack: (place) => place.store.delete(noteKeyOf(place.copies[2]!.key)!),
    seen: ['gap', 'note-missing'],
    unbrokenSince: 4,
  },
  {
    name: 'a note changed by one character',
    attack: (place) =>
      place.put(noteKeyOf(place.copies[2]!.key)!, place.copies[2]!.note.replace('size: ', 'size: 1')),
    seen: ['foreign', 'gap'],
    unbrokenSince: 4,
  },
  {
    name: 'a note of another practice under the name of this one',
    async attack(place) {
      const other = new NotedPlace('4712');
      const { note } = await other.makeNight();
      await place.put(noteKeyOf(place.copies[2]!.key)!, note);
    },
    seen: ['foreign', 'gap'],
    unbrokenSince: 4,
  },
  {
    name: 'what retention had removed, put back',
    async attack(place) {
      const old = place.copies[1]!;
      await place.remove(2);
      await place.makeNight();
      await place.put(old.key, old.bytes);
      await place.put(noteKeyOf(old.key)!, old.note);
    },
    seen: ['returned'],
    unbrokenSince: 1,
  },
];

for (const { name, attack, seen, unbrokenSince } of attacks) {
  test(`is noticed without any secret: ${name}`, async () => {
    const place = await placeOf(5);
    await attack(place);
    const given = await verifyHistory(place.store, { practiceId, trustedKeys });
    assert.deepEqual([...kindsOf(given)].sort(), [...seen].sort());
    assert.ok(given.findings.some(breaksHistory));
    assert.equal(given.unbrokenSince?.number, unbrokenSince);
    // Whoever knows no key yet takes the oldest one and sees the same.
    const blind = await verifyHistory(place.store, { practiceId });
    assert.deepEqual(kindsOf(blind), kindsOf(given));
  });
}

test('an archive overwritten by one of its own size is found where it is read, and only there', async () => {
  const place = await placeOf(3);
  const { key, bytes } = place.copies[1]!;
  await place.put(
    key,
    bytes.map((byte) => byte ^ 1),
  );
  const bySize = await verifyHistory(place.store, { practiceId, trustedKeys });
  assert.deepEqual(kindsOf(bySize), []);
  const byBytes = await verifyHistory(place.store, { practiceId, trustedKeys, reads: () => true });
  assert.deepEqual(byBytes.findings, [{ kind: 'overwritten', key, number: 2, what: 'sha256' }]);
  assert.deepEqual(byBytes.origins.get(key), { kind: 'overwritten', number: 2 });
});

test('a spliced sequence: a note of the same key that follows on another one', async () => {
  const place = await placeOf(3);
  const other = new NotedPlace(practiceId);
  other.recipient = 'age1other';
  await other.makeNights(4);
  const { key, bytes, note } = other.copies[3]!;
  await place.put(key, bytes);
  await place.put(noteKeyOf(key)!, note);
  const history = await verifyHistory(place.store, { practiceId, trustedKeys });
  assert.deepEqual(kindsOf(history), ['spliced', 'recipient-changed']);
});

test('a fork: two notes of one number by the same key', async () => {
  const place = await placeOf(3);
  const fork = new NotedPlace(practiceId);
  fork.nightOf = (number) => new Date(Date.UTC(2026, 1, number)).toISOString().slice(0, 10);
  await fork.makeNights(3);
  const { key, bytes, note } = fork.copies[2]!;
  await place.put(key, bytes);
  await place.put(noteKeyOf(key)!, note);
  const history = await verifyHistory(place.store, { practiceId, trustedKeys });
  assert.ok(kindsOf(history).includes('fork'));
});

test('a roll-back at one place is seen from the head that the other place names', async () => {
  const hq = await placeOf(5);
  const local = new NotedPlace(practiceId, 'local');
  await local.makeNight({ hq: hq.head! });
  for (const number of [4, 5]) await hq.vanish(number);
  const alone = await verifyHistory(hq.store, { practiceId, trustedKeys });
  assert.deepEqual(kindsOf(alone), []);
  const { headsElsewhere } = await verifyHistory(local.store, { practiceId, trustedKeys });
  const together = await verifyHistory(hq.store, { practiceId, trustedKeys, knownHeads: headsElsewhere });
  assert.deepEqual(kindsOf(together), ['rolled-back']);
  assert.equal(together.findings[0]?.kind === 'rolled-back' && together.findings[0].found?.number, 3);
  // All of it gone.
  for (const number of [1, 2, 3]) await hq.vanish(number);
  const empty = await verifyHistory(hq.store, { practiceId, knownHeads: headsElsewhere });
  assert.deepEqual(kindsOf(empty), ['rolled-back']);
});

test('a new recipient is told, and breaks nothing by itself', async () => {
  const place = await placeOf(2);
  place.recipient = 'age1new';
  await place.makeNight();
  const history = await verifyHistory(place.store, { practiceId, trustedKeys });
  assert.deepEqual(kindsOf(history), ['recipient-changed']);
  assert.ok(!history.findings.some(breaksHistory));
});

test('a bucket is judged practice by practice, from where an earlier pass was broken off', async () => {
  const bucket = new NotedPlace('1');
  for (const id of ['1', '12', '2-b', '2']) {
    const place = new NotedPlace(id);
    await place.makeNights(3);
    for (const { key, bytes, note } of place.copies) {
      await bucket.put(key, bytes);
      await bucket.put(noteKeyOf(key)!, note);
    }
  }
  const seen = async (after?: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const history of verifyHistories(bucket.store, after === undefined ? {} : { after })) {
      assert.equal(history.archives, 3);
      assert.deepEqual(history.findings, []);
      found.push(history.practiceId);
    }
    return found;
  };
  assert.deepEqual(await seen(), ['1', '12', '2-b', '2']);
  assert.deepEqual(await seen('12'), ['2-b', '2']);
});
