import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseSample } from '../../src/admin/choose-sample.js';
import { changeAdminPasswordWith, enrollAdminWith } from '../../src/admin/enroll-admin.js';
import type { Enrollment, EnrollmentStore } from '../../src/admin/enrollment.js';
import { parseEnrollment } from '../../src/admin/enrollment.js';
import type { OpeningProof, ProveOpeningOptions } from '../../src/admin/opening-proof.js';
import { proveOpening } from '../../src/admin/prove-opening.js';
import { readOpenings } from '../../src/admin/record-opening.js';
import { type AdminCandidate, resolveLastAdmin } from '../../src/admin/resolve-last-admin.js';
import { sealForWith } from '../../src/admin/seal-for.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { encryptArchive } from '../../src/archive/index.js';
import { collectBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { sampleLabel, sampleParts } from '../archive/support/parts.js';
import { adminOf, lightWork, storedOf } from './admins.js';

const typed = 'correct horse';
const practiceId = sampleLabel.practiceId;

/**
 * An office whose nights are sealed by what the store of keys has, and whose administrator logs in now and
 * then.
 */
class OfficeOfKeys {
  readonly store: EnrollmentStore = createMemoryEnrollments();
  readonly storage = createMemoryStorage();
  admin: AdminCandidate = adminOf();

  enroll(password = typed): ReturnType<typeof enrollAdminWith> {
    return enrollAdminWith(lightWork, this.admin, password, { store: this.store });
  }

  /** @returns its key in the store */
  async night(date: string, { store = this.store, partsPerTable = 3 } = {}): Promise<string> {
    const last = resolveLastAdmin([this.admin], { asOf: new Date(`${date}T22:00:00Z`) });
    const { recipients, keyHolder, unlock } = await sealForWith(lightWork, last, { store });
    const label = { ...sampleLabel, createdAt: `${date}T22:00:00.000Z`, keyHolder, unlock };
    const sealed = encryptArchive(sampleParts({ tables: 4, partsPerTable, rowsPerPart: 20, noise: 40 }), {
      recipients,
      label,
    });
    const key = `${practiceId}/${date}/copy.tar.age`;
    await this.storage.put(key, replayableBytes(await collectBytes(sealed)));
    return key;
  }

  prove(date: string, options: Partial<ProveOpeningOptions> = {}): Promise<OpeningProof> {
    return proveOpening(this.admin, typed, {
      store: this.store,
      stores: [{ place: 'hq', storage: this.storage }],
      practiceId,
      now: new Date(`${date}T08:00:00Z`),
      ...options,
    });
  }

  /**
   * Somebody who may write to the keys puts a pair in that another password opens, marked as the right one.
   */
  async swapKey(): Promise<void> {
    const theirs = createMemoryEnrollments();
    const thief = { ...this.admin, storedPassword: adminOf({ stored: storedOf('thief') }).storedPassword };
    await enrollAdminWith(lightWork, thief, 'thief', { store: theirs });
    const current = (await this.store.load('1'))!;
    const put = (await theirs.load('1'))!;
    await this.store.save({ ...put, mark: current.mark, revision: current.revision + 1 });
  }
}

async function office(): Promise<OfficeOfKeys> {
  const made = new OfficeOfKeys();
  await made.enroll();
  return made;
}

const found = async ({ finished }: OpeningProof): Promise<readonly string[]> =>
  (await finished).opening.findings.map(({ code, place = '' }) => `${code} ${place}`.trim());

describe('an administrator opens the newest copies at a login', () => {
  it('walks from the password to a sample of the rows, and keeps that beside the key', async () => {
    const practice = await office();
    await practice.night('2026-03-01');
    await practice.night('2026-03-02');
    const proof = await practice.prove('2026-03-03');
    assert.deepEqual(
      proof.places.map(({ place, outcome, createdAt }) => [place, outcome, createdAt]),
      [['hq', 'opened', '2026-03-02T22:00:00.000Z']],
    );
    const { opening, isKept } = await proof.finished;
    assert.deepEqual([isKept, opening.findings], [true, []]);
    const [place] = opening.places;
    assert.ok(place!.readBytes >= place!.rowBytes * 0.05 && place!.readBytes < place!.rowBytes);
    const [known] = await readOpenings(practice.store, [practice.admin]);
    assert.deepEqual(
      [known?.lastOpenedAt, known?.places, known?.userName],
      ['2026-03-03T08:00:00.000Z', opening.places, 'Admin'],
    );
  });

  it('asks for a list, and for the head and the tail of a copy, once each, before it answers', async () => {
    const practice = await office();
    const key = await practice.night('2026-03-01');
    const reads: string[] = [];
    const counted: StorageAdapter = {
      ...practice.storage,
      capabilities: practice.storage.capabilities,
      list(...given) {
        reads.push('list');
        return practice.storage.list(...given);
      },
      stat(...given) {
        reads.push('stat');
        return practice.storage.stat(...given);
      },
      get(asked, options) {
        if (asked === key) reads.push(options?.range?.offset === 0 ? 'head' : 'tail');
        return practice.storage.get(asked, options);
      },
    };
    const proof = await practice.prove('2026-03-02', {
      stores: [{ place: 'hq', storage: counted }],
      share: 0,
    });
    assert.deepEqual(reads, ['list', 'head', 'tail']);
    await proof.finished;
  });

  it('is not due for a week after a good result, unless asked', async () => {
    const practice = await office();
    await practice.night('2026-03-01');
    await (await practice.prove('2026-03-02')).finished;
    const again = await practice.prove('2026-03-08');
    assert.deepEqual([again.isDue, (await again.finished).opening.at], [false, '2026-03-02T08:00:00.000Z']);
    assert.equal((await practice.prove('2026-03-08', { isAsked: true })).isDue, true);
    assert.equal((await practice.prove('2026-03-16')).isDue, true);
  });

  it('refuses a password that is not this administrator’s, and looks at nothing', async () => {
    const practice = await office();
    const options = { store: practice.store, stores: [], practiceId };
    await assert.rejects(proveOpening(practice.admin, 'wrong', options), (error) =>
      isBackupError(error, 'password-refused'),
    );
  });

  it('opens a copy of before a change of password by the chain of keys', async () => {
    const practice = await office();
    await practice.night('2026-03-01');
    practice.admin = adminOf({ stored: storedOf('spring meadow', 'bmV3') });
    const passwords = { oldPassword: typed, newPassword: 'spring meadow' };
    await changeAdminPasswordWith(lightWork, practice.admin, passwords, { store: practice.store });
    const proof = await proveOpening(practice.admin, 'spring meadow', {
      store: practice.store,
      stores: [{ place: 'hq', storage: practice.storage }],
      practiceId,
    });
    assert.deepEqual([proof.places[0]?.outcome, await found(proof)], ['opened', []]);
  });

  it('keeps what was opened over a change of password, by the word of the earlier key', async () => {
    const practice = await office();
    await practice.night('2026-03-01');
    await (await practice.prove('2026-03-02')).finished;
    practice.admin = adminOf({ stored: storedOf('spring meadow', 'bmV3') });
    const passwords = { oldPassword: typed, newPassword: 'spring meadow' };
    await changeAdminPasswordWith(lightWork, practice.admin, passwords, { store: practice.store });
    const [known] = await readOpenings(practice.store, [practice.admin]);
    assert.equal(known?.lastOpenedAt, '2026-03-02T08:00:00.000Z');
  });

  it('opens a copy of before the first login, which what the database stores of the password leads to', async () => {
    const practice = new OfficeOfKeys();
    await practice.night('2026-03-01');
    const proof = await practice.prove('2026-03-02');
    assert.deepEqual([proof.places[0]?.outcome, await found(proof)], ['opened', []]);
  });

  it('says that a copy is sealed for another administrator, and that a place is empty or away', async () => {
    const practice = await office();
    await practice.night('2026-03-01');
    const other = adminOf({ userNum: '2', userName: 'Other' });
    const away = createMemoryStorage();
    const proof = await proveOpening(other, typed, {
      store: practice.store,
      practiceId,
      stores: [
        { place: 'hq', storage: practice.storage },
        { place: 'local', storage: createMemoryStorage() },
        {
          place: 'away',
          storage: { ...away, capabilities: { ...away.capabilities, ranges: false } },
        },
      ],
    });
    const outcomes = proof.places.map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ['other-holder', 'empty', 'unreachable']);
    const { isKept } = await proof.finished;
    assert.deepEqual([isKept, await found(proof)], [false, []]);
  });
});

describe('what an opening finds', () => {
  it('recipient-not-ours: a key that was swapped before the night is told at the next login', async () => {
    const practice = await office();
    await practice.night('2026-03-01');
    await (await practice.prove('2026-03-02')).finished;
    await practice.swapKey();
    await practice.night('2026-03-02');
    // The login mends what is kept of the key, and would be silent about the night.
    await practice.enroll();
    const proof = await practice.prove('2026-03-03');
    assert.deepEqual(proof.findings, [{ code: 'recipient-not-ours', place: 'hq' }]);
    assert.equal(proof.places[0]?.outcome, 'not-opened');
    await proof.finished;
    const [known] = await readOpenings(practice.store, [practice.admin]);
    assert.deepEqual(known?.findings, proof.findings);
    // With the key that was taken away its word is gone, too.
    assert.equal(known?.lastOpenedAt, null);
  });

  it('recipient-not-ours: a label that names our key over a copy that is sealed to another', async () => {
    const practice = await office();
    const { unlock } = (await practice.store.load('1'))!;
    const theirs = createMemoryEnrollments();
    await enrollAdminWith(lightWork, practice.admin, typed, { store: theirs });
    const last = resolveLastAdmin([practice.admin], { asOf: new Date('2026-03-01') });
    const { recipients, keyHolder } = await sealForWith(lightWork, last, { store: theirs });
    const label = { ...sampleLabel, createdAt: '2026-03-01T22:00:00.000Z', keyHolder, unlock: [unlock] };
    const sealed = await collectBytes(encryptArchive(sampleParts(), { recipients, label }));
    await practice.storage.put(`${practiceId}/2026-03-01/copy.tar.age`, replayableBytes(sealed));
    const proof = await practice.prove('2026-03-02');
    assert.deepEqual(await found(proof), ['recipient-not-ours hq']);
  });

  it('record-not-ours: what is kept of the key does not open, where no login has mended it yet', async () => {
    const practice = await office();
    await practice.night('2026-03-01');
    await practice.swapKey();
    const proof = await practice.prove('2026-03-02');
    // The copy of before opens by its own label.
    assert.deepEqual([proof.places[0]?.outcome, await found(proof)], ['opened', ['record-not-ours']]);
    const [known] = await readOpenings(practice.store, [practice.admin]);
    assert.equal(known?.lastOpenedAt, null, 'no key of the administrator says so');
  });

  it('chain-broken: an earlier key is not reached any more', async () => {
    const practice = await office();
    practice.admin = adminOf({ stored: storedOf('spring meadow', 'bmV3') });
    const passwords = { oldPassword: typed, newPassword: 'spring meadow' };
    await changeAdminPasswordWith(lightWork, practice.admin, passwords, { store: practice.store });
    const record = (await practice.store.load('1'))!;
    assert.ok(record.unlock.kind === 'enrolled');
    const chain = record.unlock.chain!.map((link) => ({ ...link, recipient: 'age1not-that-one' }));
    await practice.store.save({
      ...record,
      revision: record.revision + 1,
      unlock: { ...record.unlock, chain },
    });
    const proof = await proveOpening(practice.admin, 'spring meadow', {
      store: practice.store,
      stores: [],
      practiceId,
    });
    assert.deepEqual(await found(proof), ['chain-broken']);
  });

  it('archive-older: a place that shows an older copy than before, or none, within the week too', async () => {
    const practice = await office();
    await practice.night('2026-03-01');
    const newest = await practice.night('2026-03-02');
    await (await practice.prove('2026-03-03')).finished;
    await practice.storage.delete(newest);
    const proof = await practice.prove('2026-03-04');
    assert.deepEqual([proof.places[0]?.outcome, await found(proof)], ['opened', ['archive-older hq']]);
    await practice.storage.delete(`${practiceId}/2026-03-01/copy.tar.age`);
    assert.deepEqual(await found(await practice.prove('2026-03-05')), ['archive-older hq']);
  });

  for (const [what, at] of [
    ['the sample', 0.5],
    ['the manifest', 0.99],
  ] as const) {
    it(`archive-damaged: a byte of ${what} that turned while the listing looks as ever`, async () => {
      const practice = await office();
      const key = await practice.night('2026-03-01', { partsPerTable: 1 });
      const bytes = await collectBytes(practice.storage.get(key));
      bytes[Math.floor(bytes.length * at)]! ^= 1;
      await practice.storage.put(key, replayableBytes(bytes));
      assert.deepEqual(await found(await practice.prove('2026-03-02', { share: 1 })), ['archive-damaged hq']);
    });
  }

  it('rehearsal-failed: a restore that was tried with the key at hand, once a month', async () => {
    const practice = await office();
    await practice.night('2026-03-01');
    const runs: (readonly string[])[] = [];
    const rehearsal = (ok: boolean) => ({
      run: async ({ identities }: { readonly identities: readonly string[] }) => {
        runs.push(identities);
        return { ok };
      },
    });
    const bad = await practice.prove('2026-03-02', { rehearsal: rehearsal(false) });
    assert.deepEqual(await found(bad), ['rehearsal-failed hq']);
    const good = await practice.prove('2026-03-03', { rehearsal: rehearsal(true) });
    assert.deepEqual(await found(good), []);
    await (await practice.prove('2026-03-20', { rehearsal: rehearsal(true) })).finished;
    assert.equal(runs.length, 2);
    assert.match(runs[0]![0]!, /^AGE-SECRET-KEY-1/);
    await (await practice.prove('2026-04-03', { rehearsal: rehearsal(true) })).finished;
    assert.equal(runs.length, 3);
  });
});

describe('what is kept of an opening', () => {
  it('counts only by the word of the administrator’s key', async () => {
    const practice = await office();
    await practice.night('2026-03-01');
    await (await practice.prove('2026-03-02')).finished;
    const record = (await practice.store.load('1'))!;
    const places = record.opening!.places.map((each) => ({ ...each, openedAt: '2026-05-01T00:00:00Z' }));
    const forged: Enrollment = {
      ...record,
      revision: record.revision + 1,
      opening: { ...record.opening!, places },
    };
    await practice.store.save(forged);
    assert.equal((await readOpenings(practice.store, [practice.admin]))[0]?.lastOpenedAt, null);
  });

  it('that cannot be read costs itself and not the key', async () => {
    const practice = await office();
    const record = (await practice.store.load('1'))!;
    for (const opening of [
      1,
      {},
      { at: 'never', places: [], findings: [] },
      { at: '2026-03-01', places: [{}] },
    ]) {
      const parsed = parseEnrollment(JSON.stringify({ ...record, opening }), '1');
      assert.deepEqual(parsed, record);
    }
  });
});

describe('a sample of the rows', () => {
  const entries = Array.from({ length: 40 }, (_, i) => ({
    name: String(i),
    offset: i,
    size: i % 2 === 0 ? 1000 : 10,
    sha256: '',
    ...(i === 0 ? {} : { rows: 1 }),
  }));
  const rowBytes = 19 * 1000 + 20 * 10;

  it('is as large as asked for, bounded, and of rows alone', () => {
    const sample = chooseSample(entries, { share: 0.2, mostBytes: 1e9 }, () => 0.5);
    assert.equal(sample.rowBytes, rowBytes);
    const sizeOf = ({ entries: taken }: typeof sample) => taken.reduce((sum, { size }) => sum + size, 0);
    assert.ok(sizeOf(sample) >= rowBytes * 0.2);
    assert.ok(sample.entries.every(({ rows }) => rows === 1));
    assert.ok(sizeOf(chooseSample(entries, { share: 1, mostBytes: 2500 }, () => 0)) <= 2500);
    assert.deepEqual(
      chooseSample([], { share: 1, mostBytes: 1 }, () => 0),
      { entries: [], rowBytes: 0 },
    );
  });

  it('takes every part in time, small or large', () => {
    const seen = new Set<string>();
    let turn = 0;
    // Numbers that spread evenly, without chance.
    const random = (): number => (turn++ * 0.6180339887) % 1;
    for (let proof = 0; proof < 300; proof++) {
      for (const { name } of chooseSample(entries, { share: 0.05, mostBytes: 1e9 }, random).entries)
        seen.add(name);
    }
    assert.equal(seen.size, 39);
  });
});
