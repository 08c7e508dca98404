import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, test } from 'node:test';
import { setTimeout as passing } from 'node:timers/promises';
import { utf8 } from '../../src/bytes.js';
import { BackupError, type BackupErrorCode } from '../../src/errors.js';
import { breaksHistory, type HistoryFinding } from '../../src/history/findings.js';
import { allTables, type TableFacts } from '../../src/history/loss/facts.js';
import { judgeNight } from '../../src/history/loss/judge-night.js';
import { formatNoteKey } from '../../src/history/note.js';
import { noteKeyOf, type SequenceHead } from '../../src/history/note-body.js';
import { noteKeyOfSigner, signerOf } from '../../src/history/signer.js';
import { verifyHistory } from '../../src/history/verify-history.js';
import { acknowledgeFindings, announcePurge } from '../../src/nightly/origin/acknowledge.js';
import { checkCopies } from '../../src/nightly/origin/check-copies.js';
import { keepFacts, readFacts } from '../../src/nightly/origin/facts-file.js';
import { foundElsewhere } from '../../src/nightly/origin/sequence.js';
import { readHistory } from '../../src/nightly/run/night-journal.js';
import { renderReport } from '../../src/nightly/run/render-report.js';
import { makeCopies } from '../../src/nightly/run/run-supplemental-backup.js';
import { type Clock, systemClock } from '../../src/nightly/service/clock.js';
import { createMemorySettings, type MemorySettings } from '../../src/nightly/settings/memory-settings.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { withThrottle } from '../../src/storage/wrappers/with-throttle.js';
import { runCli } from '../cli/support.js';
import { fakeArchive } from '../simulate/sealed.js';
import { NotedPlace, officeSigner, otherSigner } from './noted-store.js';
import { NumberedPractice } from './practice.js';
import { silent, timed } from './silence.js';

const practiceId = '4711';

async function keysOf(store: StorageAdapter, ending = '.tar.age'): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(`${practiceId}/`)) if (key.endsWith(ending)) keys.push(key);
  return keys;
}

function put(store: StorageAdapter, key: string, content: Uint8Array | string): Promise<unknown> {
  return store.put(key, replayableBytes(typeof content === 'string' ? utf8(content) : content));
}

async function bytesOf(store: StorageAdapter, key: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The same store, which does not return some of its objects. */
function withUnreadable(
  store: StorageAdapter,
  isUnreadable: (key: string) => boolean,
  code: BackupErrorCode = 'storage-transient',
): StorageAdapter {
  return {
    ...store,
    get: (key, options) => {
      if (isUnreadable(key)) throw new BackupError(code, 'no answer');
      return store.get(key, options);
    },
  };
}

async function vanish(store: StorageAdapter, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await store.delete(key);
    await store.delete(noteKeyOf(key)!);
  }
}

describe('the notes of nights', () => {
  let practice: NumberedPractice;
  beforeEach(async () => {
    practice = await NumberedPractice.open();
  });
  afterEach(() => practice.close());

  it('are an unbroken sequence at each place that names the other’s, whatever retention removes', async () => {
    await practice.nights(12);
    const report = await practice.night();
    const [hq, local] = report.destinations;
    assert.equal(hq?.head?.number, 13);
    assert.ok(local !== undefined && local.removed.length > 0);
    const keys = [report.signedWith!];
    for (const [store, here, elsewhere] of [
      [practice.hq, 'hq', 'local'],
      [practice.local, 'local', 'hq'],
    ] as const) {
      const history = await verifyHistory(store, { practiceId, trustedKeys: keys });
      assert.equal(history.heads[here]?.number, 13);
      assert.ok(history.headsElsewhere[elsewhere]!.number >= 12);
      assert.deepEqual(history.findings, []);
      assert.equal((await keysOf(store, '.note')).length, (await keysOf(store)).length);
    }
    await practice.night();
    assert.deepEqual(practice.standing, []);
    assert.match(renderReport(report), /Signed note 13 is the newest here/);
    assert.ok(renderReport(report).includes(`The notes are signed with ${report.signedWith}.`));
    assert.equal((await stat(join(practice.spool, 'signing-key'))).mode & 0o777, 0o600);
  });

  it('say of copies that they are nobody’s, and retention leaves them for a person to look at', async () => {
    await practice.nights(10);
    const beside = (await keysOf(practice.hq)).at(-3)!;
    const holder = { userNum: '1', userName: 'Admin', recipient: 'age1somebody' };
    const createdAt = `${beside.split('/')[1]}T23:30:00.000Z`;
    // More than are looked at in one night, one of them without a note.
    const keys: string[] = [];
    for (const digit of 'abcdef') {
      const archiveId = digit.repeat(32);
      const key = beside.replace(/[0-9a-f]{32}/, archiveId);
      const forged = fakeArchive({ archiveId, createdAt, practiceId, scope: 'critical', holder, size: 50 });
      await put(practice.hq, key, forged.bytes);
      if (digit !== 'a') await put(practice.hq, noteKeyOf(key)!, 'not a note');
      keys.push(key);
    }
    await practice.nights(4);
    const left = await keysOf(practice.hq);
    assert.deepEqual(
      keys.filter((key) => !left.includes(key)),
      [],
    );
    assert.deepEqual(practice.standing, ['history-broken']);
  });

  it('stay beside archives that another computer of the practice may not have removed', async () => {
    practice.more = { trustedKeys: [formatNoteKey(noteKeyOfSigner(otherSigner, practiceId))] };
    await practice.nights(3);
    const [key] = await keysOf(practice.hq);
    await practice.hq.delete(key!);
    await practice.nights(2);
    const { findings } = await verifyHistory(practice.hq, { practiceId });
    assert.deepEqual(
      findings.map(({ kind }) => kind),
      ['archive-missing'],
    );
  });

  describe('of another computer of the practice', () => {
    let folder: string;
    /** The next nights are made by this computer. */
    const by = (computer: 'one' | 'other'): void => {
      const signer = { one: signerOf(new Uint8Array(32).fill(1)), other: otherSigner };
      const trustedKeys = Object.values(signer).map((each) =>
        formatNoteKey(noteKeyOfSigner(each, practiceId)),
      );
      practice.more = { signer: signer[computer], trustedKeys, spool: join(folder, computer) };
    };
    /** An archive that no computer made, or one that was broken off while it was sent. */
    const putStranger = async (night: string, digit: string): Promise<string> => {
      const archiveId = digit.repeat(32);
      const key = `${practiceId}/${night}/${archiveId}.tar.age`;
      const holder = { userNum: '1', userName: 'Admin', recipient: 'age1office' };
      const createdAt = new Date(Date.parse(night) + 34 * 3_600_000).toISOString();
      const { bytes } = fakeArchive({
        archiveId,
        createdAt,
        practiceId,
        scope: 'critical',
        holder,
        size: 50,
      });
      await put(practice.hq, key, bytes);
      return key;
    };
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sb-computers-'));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    it('keep its copies from being replaced by one that nobody vouches for, acknowledged or not', async () => {
      by('one');
      await practice.night();
      by('other');
      const copy = (await practice.night()).destinations[0]!.copy!.key;
      await putStranger(copy.split('/')[1]!, 'f');
      by('one');
      await practice.night();
      assert.ok((await keysOf(practice.hq)).includes(copy));
      await acknowledgeFindings(practice.plan, { user: 'Admin' });
      await practice.night();
      assert.ok((await keysOf(practice.hq)).includes(copy));
      // It is of no worth after its time, as any other.
      await practice.nights(8);
      assert.equal((await keysOf(practice.hq)).filter((key) => key.includes('ffff')).length, 0);
    });

    it('lose none of their copies to one list that was truncated, and know the next night what is gone', async () => {
      by('one');
      practice.more = { ...practice.more, hq: { ...practice.plan.hq!, retention: 'keep-all' } };
      await practice.nights(5);
      const { hq } = practice;
      let isCut = true;
      const listed: StorageAdapter = {
        ...hq,
        async *list(prefix, options) {
          for await (const object of hq.list(prefix, options)) {
            if (isCut && object.key.includes('2026-01-0')) continue;
            yield object;
          }
        },
        stat: async (key, options) => (isCut && key.includes('2026-01-01') ? null : hq.stat(key, options)),
      };
      practice.more = { ...practice.more, hq: { ...practice.plan.hq!, storage: listed } };
      await practice.night();
      isCut = false;
      await practice.night();
      const states = async (): Promise<readonly (string | undefined)[]> => {
        const journal = JSON.parse(await readFile(join(folder, 'one', 'journal.json'), 'utf8'));
        return journal.verified.hq.map(({ state }: { state?: string }) => state);
      };
      assert.deepEqual(new Set(await states()), new Set([undefined]));
      await vanish(hq, (await keysOf(hq)).slice(0, 2));
      await practice.nights(2);
      assert.equal((await states()).filter((state) => state === 'gone').length, 2);
      assert.deepEqual(practice.standing, []);
    });

    it('are removed only as far as they were read on the same night', async () => {
      by('one');
      await practice.night();
      const strange: string[] = [];
      for (const digit of ['a', 'b', 'c', 'd', 'e']) {
        const key = await putStranger('2026-01-02', digit);
        await put(practice.hq, noteKeyOf(key)!, 'no note');
        strange.push(key);
      }
      await practice.nights(9);
      // One that cannot be read keeps the others from being judged.
      const { hq } = practice;
      const busy = withUnreadable(hq, (key) => key.endsWith('.note'));
      practice.more = { ...practice.more, hq: { ...practice.plan.hq!, storage: busy } };
      await practice.nights(2);
      const left = await keysOf(hq);
      assert.deepEqual(
        strange.filter((key) => !left.includes(key)),
        [],
      );
    });
  });

  it('of copies whose removal was not answered are removed on the next night', async () => {
    await practice.nights(8);
    const { hq } = practice;
    const losing: StorageAdapter = {
      ...hq,
      delete: async (...asked) => {
        await hq.delete(...asked);
        throw new BackupError('storage-transient', 'The answer was lost.');
      },
    };
    practice.more = { hq: { ...practice.plan.hq, storage: losing } };
    await practice.night();
    practice.more = {};
    const notesAlone = async (): Promise<number> =>
      (await keysOf(hq, '.note')).length - (await keysOf(hq)).length;
    assert.equal(await notesAlone(), 1);
    await practice.nights(2);
    assert.equal(await notesAlone(), 0);
    const { findings } = await verifyHistory(hq, { practiceId });
    assert.deepEqual(findings.filter(breaksHistory), []);
  });

  it('come late to a copy that arrived but could not be read back', async () => {
    await practice.nights(3);
    let isDeaf = true;
    const { local } = practice;
    const cannotRead = withUnreadable(local, (key) => isDeaf && key.endsWith('.tar.age'));
    practice.more = { local: { ...practice.plan.local!, storage: cannotRead } };
    const failed = await practice.night();
    assert.equal(failed.destinations[1]?.outcome, 'waiting');
    isDeaf = false;
    await practice.nights(2);
    assert.deepEqual(practice.standing, []);
    const { findings, archives } = await verifyHistory(local, { practiceId });
    assert.deepEqual([findings, archives], [[], 6]);
  });

  it('of an earlier night are not waited for where a place hangs: the other gets its copy', async () => {
    const { local } = practice;
    const { capabilities } = local;
    const broken = {
      ...withUnreadable(local, () => true),
      capabilities: { ...capabilities, resumablePut: false },
    };
    practice.more = { local: { ...practice.plan.local, storage: broken } };
    await practice.night();
    const hanging = { ...broken, stat: () => new Promise<never>(() => undefined) };
    practice.more = { local: { ...practice.plan.local, storage: hanging } };
    // A hundred times as fast as the machine's.
    const clock: Clock = {
      now: () => practice.now,
      sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / 100, signal),
      deadline: (at) => {
        const over = new AbortController();
        const end = (): void => over.abort(new BackupError('window-closed', 'The time is over.'));
        const timer = setTimeout(end, (at.getTime() - practice.now.getTime()) / 100);
        return { signal: over.signal, clear: () => clearTimeout(timer) };
      },
    };
    const deadline = new Date(practice.now.getTime() + 120_000);
    const report = await makeCopies(practice.plan, { scheduled: true, deadline }, practice.tools(clock));
    assert.deepEqual(
      report.destinations.map(({ outcome }) => outcome),
      ['verified', 'waiting'],
    );
  });

  it('and copies go on where one that arrived can never be read back', async () => {
    await practice.nights(3);
    let unreadable = '';
    const damagedDisk = withUnreadable(practice.local, (key) => {
      if (unreadable === '' && key.endsWith('.tar.age')) unreadable = key;
      return key === unreadable;
    });
    practice.more = { local: { ...practice.plan.local!, storage: damagedDisk } };
    await practice.night();
    for (let i = 0; i < 10; i += 1) {
      assert.equal((await practice.night()).destinations[1]?.outcome, 'verified', `night ${i}`);
    }
  });

  it('and copies go on also where one that never gets through is the oldest of a store that resumes', async () => {
    await practice.nights(3);
    let isDown = true;
    let stuck = '';
    const { local } = practice;
    const storage = {
      ...withUnreadable(local, (key) => {
        if (isDown && stuck === '' && key.endsWith('.tar.age')) stuck = key;
        return isDown ? key.endsWith('.tar.age') : key === stuck;
      }),
      capabilities: { ...local.capabilities, resumablePut: true },
    };
    practice.more = { local: { ...practice.plan.local!, storage } };
    await practice.nights(2);
    isDown = false;
    for (let i = 0; i < 3; i += 1) {
      assert.equal((await practice.night()).destinations[1]?.outcome, 'verified', `night ${i}`);
    }
  });

  it('are checked although one of them cannot be read', async () => {
    await practice.nights(3);
    const { hq } = practice;
    const [oldest, , newest] = await keysOf(hq);
    const unreadable = noteKeyOf(newest!)!;
    const damagedDisk = withUnreadable(hq, (key) => key === unreadable);
    practice.more = { hq: { ...practice.plan.hq!, storage: damagedDisk } };
    await vanish(hq, [oldest!]);
    await practice.night();
    assert.deepEqual(practice.standing, ['history-broken']);
  });

  it('are not needed to look again at a copy that cannot be read, nor at what is missing beside it', async () => {
    await practice.nights(6);
    const { hq } = practice;
    const [oldest, rewritten] = await keysOf(hq);
    const bytes = await bytesOf(hq, rewritten!);
    await hq.delete(rewritten!);
    await put(hq, rewritten!, bytes);
    const storage = withUnreadable(hq, (key) => key === rewritten);
    practice.more = { hq: { ...practice.plan.hq!, storage } };
    await vanish(hq, [oldest!]);
    await practice.night();
    assert.deepEqual(practice.standing, ['history-broken']);
    await acknowledgeFindings(practice.plan, { user: 'Admin' });
    await practice.nights(3);
    const { troubles } = (await practice.night()).destinations[0]!;
    assert.match(
      troubles?.[0] ?? '',
      new RegExp(`^${rewritten} is there but could not be read back on \\d nights`),
    );
  });

  it('of a later version prove nothing unless the practice signed them', async () => {
    await practice.nights(3);
    const { hq } = practice;
    const forged = `${practiceId}/2026-01-02/${'a'.repeat(32)}.tar.age`;
    const future = `${practiceId}/2031-01-02/${'b'.repeat(32)}.tar.age`;
    for (const key of [forged, future]) await put(hq, key, 'an archive');
    const signature = Buffer.alloc(68, 7).toString('base64');
    await put(
      hq,
      noteKeyOf(forged)!,
      `supplemental-backup note 2\nany: thing\n\n\u2014 nobody ${signature}\n`,
    );
    const { troubles } = (await practice.night()).destinations[0]!;
    assert.deepEqual(troubles, [
      `${future} has no note, so it is not known who made it.`,
      `${forged} is not proven: its note is of a later version.`,
    ]);
  });

  it('say that nobody vouches for what is put under the keys of removed copies', async () => {
    await practice.nights(12);
    const { local } = practice;
    const before = await keysOf(local);
    const journal = JSON.parse(await readFile(join(practice.spool, 'journal.json'), 'utf8'));
    const gone = journal.verified.local.filter(({ state }: { state?: string }) => state === 'gone');
    const [first, ...others] = gone as { key: string }[];
    assert.ok(others.length >= 2);
    for (const { key } of [first!, ...others.slice(0, 2)]) {
      // Dated like a copy that is still there, which it would replace.
      const createdAt = `${before[2]!.split('/')[1]}T23:30:00.000Z`;
      const archiveId = /([0-9a-f]{32})/.exec(key)![1]!;
      const holder = { userNum: '1', userName: 'Admin', recipient: 'age1evil' };
      const { bytes } = fakeArchive({ archiveId, createdAt, practiceId, scope: 'full', holder, size: 5 });
      await put(local, key, bytes);
    }
    await practice.night();
    assert.ok(practice.standing.includes('history-broken'));
    const left = await keysOf(local);
    assert.deepEqual(
      before.slice(1).filter((key) => !left.includes(key)),
      [],
    );
  });

  for (const [answer, code, isTold] of [
    ['does not come', 'storage-transient', false],
    ['is a refusal', 'destination-missing', true],
  ] as const) {
    it(`of strangers stop neither the check nor retention where the answer ${answer}`, async () => {
      await practice.nights(3);
      const { hq } = practice;
      const archive = `${practiceId}/2026-01-02/${'a'.repeat(32)}.tar.age`;
      const alone = `${practiceId}/2026-01-02/${'b'.repeat(32)}.note`;
      await put(hq, archive, 'an archive');
      for (const key of [noteKeyOf(archive)!, alone]) await put(hq, key, 'a note');
      const strange = new Set([noteKeyOf(archive)!, alone]);
      const storage = withUnreadable(hq, (key) => strange.has(key), code);
      practice.more = { hq: { ...practice.plan.hq!, storage } };
      const first = await practice.night();
      assert.ok(first.warnings.some((each) => each.code === 'copies-not-checked'));
      const told = first.destinations[0]!.troubles ?? [];
      assert.equal(told.length, isTold ? 2 : 0);
      await practice.nights(6);
      const kept = await keysOf(hq);
      // Who made it is not known, so it is not removed.
      assert.ok(kept.includes(archive));
      assert.equal(kept.length, 8);
      await vanish(hq, [kept.at(-1)!]);
      await practice.night();
      assert.ok(practice.standing.includes('history-broken'));
    });
  }

  it('are there as soon as retention is done, while the other place still gets its copy', async () => {
    await practice.nights(3);
    const { hq, local } = practice;
    const before = (await keysOf(hq, '.note')).length;
    let seen = false;
    const slow: StorageAdapter = {
      ...local,
      put: async (key, source, options) => {
        for (let i = 0; i < 200 && key.endsWith('.tar.age') && !seen; i += 1) {
          seen = (await keysOf(hq, '.note')).length > before;
          await passing(25);
        }
        return local.put(key, source, options);
      },
    };
    practice.more = { local: { ...practice.plan.local!, storage: slow } };
    await practice.night();
    assert.ok(seen);
  });

  it('that nobody signed are told also where they are older than every other', async () => {
    await practice.nights(5);
    const archiveId = 'f'.repeat(32);
    const key = `${practiceId}/2025-12-20/${archiveId}.tar.age`;
    const holder = { userNum: '1', userName: 'Admin', recipient: 'age1somebody' };
    const createdAt = '2025-12-20T23:30:00.000Z';
    const forged = fakeArchive({ archiveId, createdAt, practiceId, scope: 'critical', holder, size: 50 });
    await put(practice.hq, key, forged.bytes);
    await put(practice.hq, noteKeyOf(key)!, 'not a note');
    await practice.nights(3);
    assert.ok((await keysOf(practice.hq)).includes(key));
    assert.deepEqual(practice.standing, ['history-broken']);
  });

  it('that nobody signed are no old ones because a journal that was lost does not know the first notes', async () => {
    await practice.nights(9);
    const { hq } = practice;
    const forged = `${practiceId}/2026-01-01/${'a'.repeat(32)}.tar.age`;
    const createdAt = '2026-01-01T23:30:00.000Z';
    const holder = { userNum: '1', userName: 'Admin', recipient: 'age1evil' };
    const archiveId = 'a'.repeat(32);
    const { bytes } = fakeArchive({ archiveId, createdAt, practiceId, scope: 'critical', holder, size: 5 });
    await put(hq, forged, bytes);
    await rm(join(practice.spool, 'journal.json'));
    await practice.nights(2);
    assert.ok((await keysOf(hq)).includes(forged));
    assert.ok(practice.standing.includes('history-broken'));
  });

  it('that could not be removed with their copies frighten nobody, however long ago that was', async () => {
    await practice.nights(1);
    const [key] = await keysOf(practice.hq);
    const note = await bytesOf(practice.hq, noteKeyOf(key!)!);
    await practice.nights(10);
    assert.ok(!(await keysOf(practice.hq)).includes(key!));
    const path = join(practice.spool, 'journal.json');
    const state = JSON.parse(await readFile(path, 'utf8')) as {
      verified: { hq: { state?: string; number?: number }[] };
    };
    // As after some months: of what is gone, not everything is remembered. An older one stands yet.
    const oldest = state.verified.hq.findLast((each) => each.state === undefined)!;
    oldest.number = 0;
    state.verified.hq = state.verified.hq.filter((each) => each.state === undefined);
    await writeFile(path, JSON.stringify(state));
    await put(practice.hq, noteKeyOf(key!)!, note);
    await practice.nights(2);
    assert.deepEqual(practice.standing, []);
  });

  for (const [whose, isOther] of [
    ['of this computer, older than every copy that stands', false],
    ['of another computer of the practice', true],
  ] as const) {
    it(`that are left over frighten nobody: ${whose}`, async () => {
      const { signedWith } = await practice.night();
      const [key] = await keysOf(practice.hq);
      const note = await bytesOf(practice.hq, noteKeyOf(key!)!);
      await practice.nights(10);
      assert.ok(!(await keysOf(practice.hq)).includes(key!));
      const path = join(practice.spool, 'journal.json');
      const state = JSON.parse(await readFile(path, 'utf8')) as { verified: { hq: { state?: string }[] } };
      state.verified.hq = state.verified.hq.filter((each) => each.state === undefined);
      await writeFile(path, JSON.stringify(state));
      if (isOther) practice.more = { signer: otherSigner, trustedKeys: [signedWith!] };
      await put(practice.hq, noteKeyOf(key!)!, note);
      await practice.nights(2);
      assert.deepEqual(practice.standing, []);
    });
  }

  it('are signed by the host’s signer where there is one, and no key is kept then', async () => {
    practice.more = { signer: otherSigner };
    const { signedWith } = await practice.night();
    const history = await verifyHistory(practice.hq, { practiceId, trustedKeys: [signedWith!] });
    assert.equal(history.heads.hq?.number, 1);
    await assert.rejects(stat(join(practice.spool, 'signing-key')), { code: 'ENOENT' });
  });

  it('cost no copy when nobody can sign, and are made when somebody can again', async () => {
    const away = (): never => {
      throw new Error('the key store is away');
    };
    practice.more = { signer: { publicKey: otherSigner.publicKey, sign: away } };
    const report = await practice.night();
    assert.equal(report.outcome, 'complete');
    assert.ok(report.warnings.some(({ code }) => code === 'note-not-stored'));
    assert.deepEqual(await keysOf(practice.hq, '.note'), []);
    practice.more = { signer: otherSigner };
    await practice.night();
    const history = await verifyHistory(practice.hq, { practiceId });
    assert.equal(history.heads.hq?.number, 2);
    assert.deepEqual(history.findings, []);
  });

  it('are made once though the run dies between storing one and noting so', async () => {
    await practice.nights(2);
    const path = join(practice.spool, 'journal.json');
    const before = await readFile(path, 'utf8');
    const dying = signerOf(new Uint8Array(32).fill(9));
    practice.more = { signer: dying };
    await practice.night();
    // As if nothing after the note on its way had reached the disk.
    const [key] = (await keysOf(practice.hq)).slice(-1);
    const note = Buffer.from(await bytesOf(practice.hq, noteKeyOf(key!)!)).toString();
    const state = JSON.parse(await readFile(path, 'utf8')) as {
      verified: { hq: { key: string; number?: number; note?: string }[] };
      sequences: { hq: object };
    };
    const first = JSON.parse(before) as { sequences: { hq: object } };
    state.sequences.hq = { ...first.sequences.hq, onItsWay: { key: key!, note } };
    const copy = state.verified.hq.find((each) => each.key === key)!;
    delete copy.number;
    delete copy.note;
    await writeFile(path, JSON.stringify(state));
    await practice.night();
    const notes = await keysOf(practice.hq, '.note');
    assert.equal(notes.length, 4);
    assert.equal(Buffer.from(await bytesOf(practice.hq, noteKeyOf(key!)!)).toString(), note);
  });

  it('give a lost journal back what it knew, and forgeries displace nothing', async () => {
    await practice.nights(8);
    const genuine = await keysOf(practice.local);
    await rm(join(practice.spool, 'journal.json'));
    // As many forgeries as there are copies, each of the same nights and dated later.
    for (const key of genuine) {
      await put(
        practice.local,
        `${key.slice(0, -41)}/${'f'.repeat(31)}${genuine.indexOf(key) % 10}.tar.age`,
        'x',
      );
    }
    const report = await practice.night();
    assert.equal(report.destinations[1]?.head?.number, 9);
    assert.ok(practice.standing.includes('history-broken'));
    await practice.nights(3);
    const left = await keysOf(practice.local);
    const stood = genuine.filter((key) => left.includes(key));
    assert.ok(stood.length >= 1);
    const { unbrokenSince } = await verifyHistory(practice.local, { practiceId });
    assert.ok(unbrokenSince !== null);
  });

  it('get no numbers again that are taken, where a lost journal meets a place that returns none of them', async (t) => {
    await practice.nights(8);
    await rm(join(practice.spool, 'journal.json'));
    const { hq } = practice;
    const notes = await keysOf(hq, '.note');
    const { store, asked } = silent(hq, (key) => key.endsWith('.note'));
    practice.more = { hq: { ...practice.plan.hq!, storage: store } };
    const { result } = await timed(t, () => practice.night());
    assert.equal(result.destinations[0]?.outcome, 'verified');
    assert.deepEqual(result.destinations[0].removed, []);
    assert.deepEqual(await keysOf(hq, '.note'), notes);
    assert.ok(asked.filter((key) => key.endsWith('.note')).length <= 12);
    practice.more = {};
    assert.equal((await practice.night()).destinations[0]?.head?.number, 10);
    assert.deepEqual(practice.standing, []);
  });

  it('can be read though two copies have one number: the computer was turned back, and lost its journal', async () => {
    await practice.nights(3);
    const image = `${practice.spool}-image`;
    await cp(practice.spool, image, { recursive: true });
    await practice.night();
    await rm(practice.spool, { recursive: true });
    await cp(image, practice.spool, { recursive: true });
    await practice.night();
    await rm(join(practice.spool, 'journal.json'));
    await practice.nights(2);
    const { findings, proven } = await verifyHistory(practice.hq, { practiceId });
    assert.deepEqual([...new Set(findings.map(({ kind }) => kind))], ['fork']);
    assert.equal(proven.length, 7);
  });

  it('are small, and a night without anything new writes none', async () => {
    await practice.nights(30);
    const sizes: number[] = [];
    for await (const { key, size } of practice.hq.list('')) if (key.endsWith('.note')) sizes.push(size);
    assert.ok(Math.max(...sizes) < 1500, String(Math.max(...sizes)));
    const journal = await stat(join(practice.spool, 'journal.json'));
    assert.ok(journal.size < 60 * 1024, String(journal.size));
  });
});

test('a copy that was found missing where copies went before has a sentence, so that it can be acknowledged', () => {
  const told = Array.from({ length: 8 }, (_, i) => `The note of ${i} is missing.`);
  const lost = ['4711/2026-01-02/a.tar.age'];
  const state = { number: 3, hash: null, since: '2026-01-01', lost, troubles: told };
  const found = foundElsewhere(state, [], 'folder b');
  assert.deepEqual(found.lost, lost);
  assert.match(found.troubles.join(), /4711\/2026-01-02\/a\.tar\.age/);
});

test('of many archives that a journal does not know, the newest and the oldest are looked at first', async () => {
  const place = new NotedPlace(practiceId);
  for (let i = 0; i < 245; i += 1) await place.makeNight();
  const keys = await keysOf(place.store);
  const checked = await checkCopies({
    store: place.store,
    practiceId,
    night: '2026-12-31',
    copies: [],
    sequence: { number: 245, hash: null, since: '' },
    trustedKeys: [formatNoteKey(noteKeyOfSigner(officeSigner, practiceId))],
    waiting: new Set(),
    signal: new AbortController().signal,
  });
  assert.deepEqual([...checked.passed].sort(), [...keys.slice(0, 100), ...keys.slice(-100)].sort());
});

test('of nights older than a week the counts of core tables are kept, and the others in sum', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sb-facts-'));
  try {
    const of = (rows: number): TableFacts => ({ rows, plainBytes: 2 * rows, storedBytes: rows });
    const tables = { patient: of(500), securitylog: of(9000), setup1: of(80), setup2: of(20) };
    for (let day = 1; day <= 40; day += 1) {
      const night = new Date(Date.UTC(2026, 0, day)).toISOString().slice(0, 10);
      await keepFacts(folder, night, [{ night, scope: 'full', tables }, ...(await readFacts(folder))]);
    }
    const kept = await readFacts(folder);
    assert.equal(kept.length, 35);
    assert.deepEqual(kept[7]?.tables, tables);
    const { setup1: _, setup2: __, ...core } = tables;
    for (const { tables: older } of kept.slice(8)) assert.deepEqual(older, { ...core, [allTables]: of(100) });
    const facts = { night: '2026-02-10', scope: 'full', tables } as const;
    assert.deepEqual(judgeNight(kept, { facts }, { stillNights: 99 }), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('an attack on a store', () => {
  let practice: NumberedPractice;
  let signedWith: string;
  let heads: Partial<Record<'hq' | 'local', SequenceHead>>;
  beforeEach(async () => {
    practice = await NumberedPractice.open();
    await practice.nights(5);
    const report = await practice.night();
    signedWith = report.signedWith!;
    heads = Object.fromEntries(report.destinations.map((each) => [each.destination, each.head!]));
  });
  afterEach(() => practice.close());

  // What the office sees on the next night, and what HQ sees at once with what it knows: the key, and the
  // head that the last report named. Support with the archive alone has its note beside it, or nothing.
  const attacks: readonly {
    readonly name: string;
    readonly attack: (store: StorageAdapter, keys: readonly string[]) => Promise<void>;
    readonly office: RegExp;
    readonly hq: readonly HistoryFinding['kind'][];
    readonly freezes?: true;
  }[] = [
    {
      name: 'a forged newest archive without a note',
      attack: async (store) => {
        await put(store, `${practiceId}/2026-01-06/${'f'.repeat(32)}.tar.age`, 'forged');
      },
      office: /has no note, so it is not known who made it/,
      hq: ['note-missing'],
    },
    {
      name: 'a forged newest archive with a note of another key',
      attack: async (store) => {
        const forged = new NotedPlace(practiceId);
        forged.signer = otherSigner;
        forged.nightOf = () => '2026-01-06';
        const { key, bytes, note } = await forged.makeNight();
        await put(store, key, bytes);
        await put(store, noteKeyOf(key)!, note);
      },
      office: /signed with an unknown key/,
      hq: ['unknown-key'],
    },
    {
      name: 'an older archive put where the newest would be, with its note',
      attack: async (store, keys) => {
        const forged = `${practiceId}/2026-01-06/${'f'.repeat(32)}.tar.age`;
        await put(store, forged, await bytesOf(store, keys[0]!));
        await put(store, noteKeyOf(forged)!, await bytesOf(store, noteKeyOf(keys[0]!)!));
      },
      office: /its note is about another archive/,
      hq: ['foreign'],
    },
    {
      name: 'an archive overwritten under its own name by another size',
      attack: async (store, keys) => {
        await put(store, keys[2]!, 'forged');
      },
      office: /was verified with \d+ bytes but has 6/,
      hq: ['overwritten'],
      freezes: true,
    },
    {
      name: 'an archive overwritten under its own name by the same size',
      attack: async (store, keys) => {
        await put(
          store,
          keys[2]!,
          (await bytesOf(store, keys[2]!)).map((byte) => byte ^ 1),
        );
      },
      office: /its bytes have changed/,
      // By sizes alone it is not to be seen; by reading it is.
      hq: ['overwritten'],
      freezes: true,
    },
    {
      name: 'one archive deleted',
      attack: (store, keys) => vanish(store, keys.slice(1, 2)),
      office: /was verified but is missing now/,
      hq: ['gap'],
      freezes: true,
    },
    {
      name: 'half of the archives deleted',
      attack: (store, keys) =>
        vanish(
          store,
          keys.filter((_, i) => i % 2 === 0),
        ),
      office: /was verified but is missing now/,
      hq: ['gap'],
      freezes: true,
    },
    {
      name: 'the newest archives deleted, a roll-back',
      attack: (store, keys) => vanish(store, keys.slice(-2)),
      office: /was verified but is missing now/,
      hq: ['rolled-back'],
      freezes: true,
    },
    {
      name: 'all archives deleted',
      attack: (store, keys) => vanish(store, keys),
      office: /was verified but is missing now/,
      hq: ['rolled-back'],
      freezes: true,
    },
    {
      name: 'a note removed',
      attack: async (store, keys) => {
        await store.delete(noteKeyOf(keys[2]!)!);
      },
      office: /The note of \S+ is missing/,
      hq: ['gap', 'note-missing'],
    },
    {
      name: 'a note of another practice',
      attack: async (store, keys) => {
        const other = new NotedPlace('4712');
        other.signer = otherSigner;
        await put(store, noteKeyOf(keys[2]!)!, (await other.makeNight()).note);
      },
      office: /The note of \S+ was replaced by another one/,
      hq: ['foreign', 'gap'],
    },
    {
      name: 'the newest note replaced before any night has seen it',
      attack: async (store, keys) => {
        await put(store, noteKeyOf(keys.at(-1)!)!, 'not a note');
      },
      office: /The note of \S+ was replaced by another one/,
      hq: ['foreign', 'rolled-back'],
    },
  ];

  for (const { name, attack, office, hq, freezes } of attacks) {
    it(`is told: ${name}`, async () => {
      for (const destination of ['hq', 'local'] as const) {
        await attack(practice[destination], await keysOf(practice[destination]));
        const history = await verifyHistory(practice[destination], {
          practiceId,
          trustedKeys: [signedWith],
          knownHeads: { [destination]: heads[destination]! },
          reads: () => true,
        });
        const kinds = new Set(history.findings.map(({ kind }) => kind));
        for (const kind of hq) assert.ok(kinds.has(kind), `${destination}: ${[...kinds].join()}`);
      }
      const report = await practice.night();
      const told = report.destinations.flatMap(({ troubles }) => troubles ?? []);
      assert.deepEqual(practice.standing, ['history-broken']);
      assert.equal(told.filter((sentence) => office.test(sentence)).length >= 2, true, told.join('\n'));
      // As long as copies that were good are gone or changed, no other is removed.
      await practice.nights(2);
      const removed = (await practice.night()).destinations.flatMap((each) => each.removed);
      assert.equal(removed.length === 0, freezes === true, removed.join());
      assert.equal(practice.alerts.raised.length, 1);
      assert.match(practice.alerts.raised[0]!.message, office);
      await acknowledgeFindings(practice.plan, { user: 'Admin' });
      await practice.night();
      assert.deepEqual(practice.standing, []);
    });
  }

  // The attack is at one place in turn; the table above is of both together.
  for (const [i, { name, attack, office, freezes }] of attacks.entries()) {
    const [attacked, other] = i % 2 === 0 ? (['hq', 'local'] as const) : (['local', 'hq'] as const);
    it(`is told of the one place that it is at, ${attacked}: ${name}`, async () => {
      await attack(practice[attacked], await keysOf(practice[attacked]));
      const { destinations } = await practice.night();
      for (const { destination, troubles = [], removed } of destinations) {
        const isTold = troubles.some((sentence) => office.test(sentence));
        assert.equal(isTold, destination === attacked, troubles.join());
        if (freezes) assert.deepEqual(removed, []);
      }
      const history = await verifyHistory(practice[other], { practiceId, trustedKeys: [signedWith] });
      assert.deepEqual(history.findings.filter(breaksHistory), []);
      assert.deepEqual(practice.standing, ['history-broken']);
    });
  }

  for (const [name, isFork] of [
    ['a fork: a second note of a number, by the key of the office', true],
    ['a splice: a note of the key of the office that follows on another one', false],
  ] as const) {
    it(`is told: ${name}`, async () => {
      // Whoever took the key, or a copy of the machine that runs elsewhere.
      const secret = await readFile(join(practice.spool, 'signing-key'), 'utf8');
      const taken = new NotedPlace(practiceId);
      taken.signer = signerOf(Buffer.from(secret.trim(), 'hex'));
      taken.nightOf = () => '2026-01-06';
      await taken.makeNights(isFork ? 3 : 7);
      const { key, bytes, note } = taken.copies.at(-1)!;
      await put(practice.hq, key, bytes);
      await put(practice.hq, noteKeyOf(key)!, note);
      const history = await verifyHistory(practice.hq, {
        practiceId,
        trustedKeys: [signedWith],
        knownHeads: heads,
      });
      const kinds = history.findings.map(({ kind }) => kind);
      assert.ok(kinds.includes(isFork ? 'fork' : 'spliced'), kinds.join());
      await practice.night();
      assert.deepEqual(practice.standing, ['history-broken']);
      assert.match(practice.alerts.raised.at(-1)!.message, /2026-01-06/);
    });
  }

  it('at a place stands when copies go to another one, until somebody has looked', async () => {
    await practice.nights(2);
    await vanish(practice.local, (await keysOf(practice.local)).slice(-1));
    await practice.night();
    assert.deepEqual(practice.standing, ['history-broken']);
    const storage = { ...createMemoryStorage({ now: () => practice.now }), description: 'another folder' };
    practice.more = { local: { ...practice.plan.local, storage } };
    for (let i = 0; i < 2; i += 1) {
      const { destinations } = await practice.night();
      assert.deepEqual(destinations[0]?.removed, []);
      assert.match(destinations[1]?.troubles?.join() ?? '', /was verified but is missing now/);
    }
    assert.equal(practice.alerts.raised.length, 1);
    await acknowledgeFindings(practice.plan, { user: 'Admin' });
    assert.notEqual((await practice.night()).destinations[0]?.removed.length, 0);
    assert.deepEqual(practice.standing, []);
  });

  it('that took no copy away stands as well when copies go to another place, until somebody has looked', async () => {
    const forged = `${practiceId}/2026-01-06/${'f'.repeat(32)}.tar.age`;
    await put(practice.local, forged, 'forged');
    await practice.night();
    assert.deepEqual(practice.standing, ['history-broken']);
    const there = practice.more;
    const storage = { ...createMemoryStorage({ now: () => practice.now }), description: 'another folder' };
    const elsewhere = { local: { ...practice.plan.local, storage } };
    practice.more = elsewhere;
    for (let i = 0; i < 2; i += 1) {
      const { destinations } = await practice.night();
      assert.notEqual(destinations[0]?.removed.length, 0, 'retention goes on');
      assert.match(destinations[1]?.troubles?.join() ?? '', /f\.tar\.age has no note/);
    }
    assert.deepEqual(practice.standing, ['history-broken']);
    assert.equal(practice.alerts.raised.length, 1);
    await acknowledgeFindings(practice.plan, { user: 'Admin' });
    await practice.night();
    assert.deepEqual(practice.standing, []);
    practice.more = there;
    await practice.night();
    assert.deepEqual(practice.standing, []);
  });

  it('that took no copy away is over when copies go there again and it is gone', async () => {
    const forged = `${practiceId}/2026-01-06/${'f'.repeat(32)}.tar.age`;
    await put(practice.local, forged, 'forged');
    await practice.night();
    const there = practice.more;
    const storage = { ...createMemoryStorage({ now: () => practice.now }), description: 'another folder' };
    practice.more = { local: { ...practice.plan.local, storage } };
    await practice.night();
    await practice.local.delete(forged);
    practice.more = there;
    await practice.night();
    assert.deepEqual(practice.standing, []);
  });

  it('at a place with a slow line keeps the other place from removing anything on the same night', async () => {
    await practice.nights(2);
    assert.equal((await practice.night()).destinations[1]!.removed.length, 1);
    const { hq } = practice;
    await vanish(hq, (await keysOf(hq)).slice(-1));
    const slow: StorageAdapter = {
      ...hq,
      put: async (key, ...rest) => {
        await passing(300);
        return hq.put(key, ...rest);
      },
    };
    practice.more = { hq: { ...practice.plan.hq, storage: slow } };
    const { destinations } = await practice.night();
    assert.deepEqual(
      destinations.map(({ removed }) => removed),
      [[], []],
    );
    assert.deepEqual(practice.standing, ['history-broken']);
  });

  it('on the newest copy is made up for by the next night, also where a person has looked since', async () => {
    const [newest, older] = (await keysOf(practice.local)).reverse();
    await vanish(practice.local, [newest!]);
    const planned = async (): Promise<string | undefined> =>
      (await readHistory(practice.spool, practiceId, { night: '2026-01-09', now: practice.now })).verified
        .local;
    const night = older!.split('/')[1];
    await practice.night(['hq']);
    assert.equal(await planned(), night);
    await acknowledgeFindings(practice.plan, { user: 'Ada' });
    assert.equal(await planned(), night);
    await practice.night(['hq']);
    assert.equal(await planned(), night);
  });

  it('is told also when the service was made anew: a new signing key beside notes of the old one', async () => {
    await rm(practice.spool, { recursive: true });
    await practice.night();
    assert.deepEqual(practice.standing, ['history-broken']);
    assert.match(practice.alerts.raised.at(-1)!.message, /signed with an unknown key/);
    await acknowledgeFindings(practice.plan, { user: 'Admin' });
    await practice.night();
    assert.deepEqual(practice.standing, []);
  });

  it('of a lost journal and a roll-back at one place is seen from the other', async () => {
    await rm(join(practice.spool, 'journal.json'));
    await vanish(practice.hq, (await keysOf(practice.hq)).slice(-3));
    await practice.night();
    await practice.night();
    assert.deepEqual(practice.standing, ['history-broken']);
    assert.match(practice.alerts.raised.at(-1)!.message, /is known from elsewhere/);
  });
});

describe('the newest notes, kept with the settings in the practice’s database', () => {
  let practice: NumberedPractice;
  let settings: MemorySettings;
  beforeEach(async () => {
    practice = await NumberedPractice.open();
    settings = createMemorySettings({ networkPath: '/share' }, { checkPath: async () => undefined });
    practice.more = { settings };
    await practice.nights(3);
  });
  afterEach(() => practice.close());

  it('show that both places, the journal and the spool were turned back together', async () => {
    const earlier = join(practice.spool, '..', 'earlier');
    await cp(practice.spool, earlier, { recursive: true });
    await practice.nights(3);
    for (const place of [practice.hq, practice.local]) await vanish(place, (await keysOf(place)).slice(-3));
    await rm(practice.spool, { recursive: true });
    await cp(earlier, practice.spool, { recursive: true });
    await practice.night();
    assert.deepEqual(practice.standing, ['history-broken']);
    const { message } = practice.alerts.raised.at(-1)!;
    assert.match(message, /Note 6 is known from elsewhere, but the newest here is 3\./);
    // The lower number is the newest now; what was found stands until somebody has looked.
    await practice.nights(2);
    assert.equal((await settings.keptHeads!())[0]?.heads.hq?.number, 6);
    assert.deepEqual(practice.standing, ['history-broken']);
    await acknowledgeFindings(practice.plan, { user: 'Admin' });
    await practice.nights(2);
    assert.deepEqual(practice.standing, []);
  });

  it('show that nothing is left at either place, also to a service that was made anew', async () => {
    for (const place of [practice.hq, practice.local]) await vanish(place, await keysOf(place));
    await rm(practice.spool, { recursive: true });
    await practice.night();
    assert.deepEqual(practice.standing, ['history-broken']);
    assert.match(
      practice.alerts.raised.at(-1)!.message,
      /Note 3 is known from elsewhere, but there is none here\./,
    );
  });

  it('are not written over by a lower number while a place cannot be asked', async () => {
    const before = (await settings.keptHeads!())[0]!;
    await rm(join(practice.spool, 'journal.json'));
    await vanish(practice.hq, (await keysOf(practice.hq)).slice(-1));
    const away: StorageAdapter = {
      ...withThrottle(practice.hq, { bytesPerSecond: 1e9 }),
      // biome-ignore lint/correctness/useYield: it fails before
      list: async function* () {
        throw new BackupError('storage-transient', 'The line is down.');
      },
    };
    practice.more = { settings, hq: { storage: away, retry: 'none' } };
    await practice.night();
    assert.equal((await settings.keptHeads!())[0]?.heads.hq?.hash, before.heads.hq?.hash);
    practice.more = { settings };
    await practice.night();
    assert.match(practice.alerts.raised.at(-1)!.message, /Note 3 is known from elsewhere/);
  });

  it('are missing on the same night in a copy of the server that stands still, which is told once', async () => {
    practice.heads = () => settings.keptHeads!();
    await practice.nights(2);
    assert.deepEqual(practice.standing, []);
    const still = await settings.keptHeads!();
    await practice.night();
    practice.heads = async () => still;
    const report = await practice.night();
    assert.match(report.looksLikeLoss?.join() ?? '', /The database lacks the date of the copy of 2026-01-07/);
    await practice.night();
    await acknowledgeFindings(practice.plan, { user: 'Admin' });
    // Whoever goes on with it knows.
    await practice.nights(2);
    assert.deepEqual(practice.standing, []);
    practice.heads = () => settings.keptHeads!();
    await practice.nights(2);
    practice.heads = async () => [];
    await practice.night();
    assert.deepEqual(practice.standing, ['looks-like-loss']);
  });
});

describe('damage to the database', () => {
  let practice: NumberedPractice;
  const tableOf = (rows: number, ratio = 0.25): TableFacts => ({
    rows,
    plainBytes: rows * 200,
    storedBytes: Math.round(rows * 200 * ratio),
    definition: 'a',
  });
  const setup = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`setup${i}`, tableOf(80)]));
  const grow = (): void => {
    const { patient, procedurelog, securitylog } = practice.tables;
    practice.tables = {
      ...setup,
      ...practice.tables,
      patient: tableOf((patient?.rows ?? 500) + 1),
      procedurelog: tableOf((procedurelog?.rows ?? 20_000) + 30),
      securitylog: tableOf((securitylog?.rows ?? 90_000) + 200),
    };
  };
  const openNights = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      grow();
      await practice.night();
    }
  };
  beforeEach(async () => {
    practice = await NumberedPractice.open();
    await openNights(6);
  });
  afterEach(() => practice.close());

  const damages: Readonly<Record<string, (tables: Record<string, TableFacts>) => void>> = {
    '495 of 500 patients are gone': (tables) => {
      tables['patient'] = tableOf(5);
    },
    'a twentieth of the patients is gone': (tables) => {
      tables['patient'] = tableOf(Math.round(tables['patient']!.rows * 0.95));
    },
    'a table was dropped': (tables) => {
      delete tables['procedurelog'];
    },
    'a table was encrypted in place': (tables) => {
      tables['procedurelog'] = tableOf(tables['procedurelog']!.rows, 0.98);
    },
    'a table was renamed': (tables) => {
      tables['procedurelog_old'] = tables['procedurelog']!;
      delete tables['procedurelog'];
    },
    'half of a table is gone': (tables) => {
      tables['procedurelog'] = tableOf(Math.round(tables['procedurelog']!.rows / 2));
    },
    'many tables got other columns': (tables) => {
      for (const name of Object.keys(tables)) tables[name] = { ...tables[name]!, definition: 'b' };
    },
    'the audit log was cut': (tables) => {
      tables['securitylog'] = tableOf(10_000);
    },
  };
  for (const [name, damage] of Object.entries(damages)) {
    it(`is told on the same night, once, and no copy is removed until somebody has looked: ${name}`, async () => {
      damage(practice.tables);
      const report = await practice.night();
      assert.equal(report.outcome, 'complete');
      assert.ok((report.looksLikeLoss?.length ?? 0) > 0);
      assert.match(renderReport(report), /DATA SEEMS TO BE LOST/);
      const clean = await keysOf(practice.local);
      await openNights(5);
      const left = await keysOf(practice.local);
      for (const key of clean) assert.ok(left.includes(key), key);
      assert.deepEqual(practice.standing, ['looks-like-loss']);
      assert.equal(practice.alerts.raised.length, 1);
      const seen = await acknowledgeFindings(practice.plan, { user: 'Admin' });
      assert.equal(seen?.user, 'Admin');
      assert.deepEqual(seen?.findings, report.looksLikeLoss);
      await openNights(1);
      assert.deepEqual(practice.standing, []);
      assert.ok((await keysOf(practice.local)).length < left.length);
    });
  }

  const lost = {
    'all of the spool but its key': [true, 'looks-like-loss'],
    'the whole spool': [false, 'history-broken'],
  } as const;
  const loseSpool = async (keepsKey: boolean): Promise<void> => {
    const path = join(practice.spool, 'signing-key');
    const key = await readFile(path);
    await rm(practice.spool, { recursive: true });
    if (!keepsKey) return;
    await mkdir(practice.spool);
    await writeFile(path, key, { mode: 0o600 });
  };
  for (const [name, [keepsKey, alert]] of Object.entries(lost)) {
    it(`keeps the last clean copies until somebody has looked, though ${name} is lost meanwhile`, async () => {
      const clean = [...(await keysOf(practice.hq)).slice(-1), ...(await keysOf(practice.local)).slice(-1)];
      practice.tables['patient'] = tableOf(5);
      await openNights(5);
      await loseSpool(keepsKey);
      await openNights(9);
      const left = [...(await keysOf(practice.hq)), ...(await keysOf(practice.local))];
      for (const key of clean) assert.ok(left.includes(key), key);
      assert.deepEqual(practice.standing, [alert]);
      assert.ok((await acknowledgeFindings(practice.plan, { user: 'Admin' })) !== null);
      await openNights(1);
      assert.deepEqual(practice.standing, []);
      assert.ok((await keysOf(practice.hq)).length < left.length / 2);
    });
  }

  it('keeps them also where the place that knows of it is away while the journal begins anew', async () => {
    const [clean] = (await keysOf(practice.local)).slice(-1);
    const fails = (): never => {
      throw new BackupError('storage-transient', 'It is away.');
    };
    const away = {
      storage: { ...withThrottle(practice.hq, { bytesPerSecond: 1e9 }), put: fails, list: fails },
    };
    const { hq, local } = practice.plan;
    practice.tables['patient'] = tableOf(5);
    practice.more = { local: { ...local, ...away } };
    await openNights(5);
    await loseSpool(true);
    practice.more = { hq: { ...hq, ...away } };
    await openNights(9);
    practice.more = {};
    await openNights(1);
    assert.ok((await keysOf(practice.local)).includes(clean!));
    assert.ok(practice.standing.includes('looks-like-loss'));
  });

  it('shows in a report that nothing changed, on the same night, and alarms nobody', async () => {
    const lines: string[] = [];
    const logger = { info: (line: string) => void lines.push(line), warning: () => {}, error: () => {} };
    practice.more = { ...practice.more, logger };
    const told = (since: string) => `Nothing in the practice changed since the copy of ${since}.`;
    assert.equal((await practice.night()).unchangedSince, '2026-01-06');
    const report = await practice.night();
    assert.equal(report.unchangedSince, '2026-01-07');
    assert.ok(renderReport(report).includes(told('2026-01-07')));
    assert.ok(lines.some((line) => line.startsWith(told('2026-01-07'))));
    assert.deepEqual(report.warnings, []);
    grow();
    assert.equal((await practice.night()).unchangedSince, undefined);
    assert.deepEqual(practice.alerts.raised, []);
  });

  it('is not what a clock did that was days ahead and was put right', async () => {
    const settings = createMemorySettings({ networkPath: '/share' }, { checkPath: async () => undefined });
    practice.more = { settings };
    await openNights(2);
    const right = practice.now.getTime();
    practice.now = new Date(right + 3 * 86_400_000);
    await openNights(1);
    practice.now = new Date(right);
    await openNights(1);
    // The office is closed for some days.
    practice.now = new Date(right + 6 * 86_400_000);
    await openNights(1);
    assert.deepEqual(practice.standing, []);
    // An older state of the database is told all the same.
    await settings.recordLocalCopy(new Date(right));
    await openNights(1);
    assert.deepEqual(practice.standing, ['looks-like-loss']);
  });

  it('is not what another computer of the practice wrote, whose clock was right', async () => {
    const settings = createMemorySettings({ networkPath: '/share' }, { checkPath: async () => undefined });
    practice.more = { settings };
    const right = practice.now.getTime();
    practice.now = new Date(right + 3 * 86_400_000);
    await openNights(1);
    practice.now = new Date(right);
    await practice.night(['hq']);
    await settings.recordLocalCopy(new Date(right + 2 * 86_400_000));
    practice.now = new Date(right + 6 * 86_400_000);
    await openNights(1);
    assert.deepEqual(practice.standing, []);
  });

  it('is not shown by a date that was recorded late: it takes no place of a newer one', async () => {
    const settings = createMemorySettings({ networkPath: '/share' }, { checkPath: async () => undefined });
    const recordLocalCopy = () => Promise.reject(new Error('away'));
    practice.more = { settings: { ...settings, recordLocalCopy } };
    await openNights(1);
    practice.more = { settings };
    const elsewhere = new Date(practice.now.getTime() - 3_600_000);
    await settings.recordLocalCopy(elsewhere);
    await practice.night(['hq']);
    assert.deepEqual((await settings.read()).lastLocalCopy, elsewhere);
    const owed = (): Promise<string> => readFile(join(practice.spool, 'journal.json'), 'utf8');
    assert.doesNotMatch(await owed(), /dateOwed/);
  });

  it('that was announced is no loss', async () => {
    await announcePurge(practice.plan, { tables: ['procedurelog'], until: '2026-02-01', user: 'Admin' });
    practice.tables['procedurelog'] = tableOf(9000);
    assert.equal((await practice.night()).looksLikeLoss, undefined);
    await openNights(2);
    assert.deepEqual(practice.standing, []);
  });

  it('leaves the last clean copy where it is for 400 further nights', async () => {
    const [clean] = (await keysOf(practice.local)).slice(-1);
    practice.tables['patient'] = tableOf(5);
    await practice.nights(1);
    for (let i = 0; i < 14; i += 1) {
      // Four weeks pass at once, which is what a clock shows to retention as well.
      practice.now = new Date(practice.now.getTime() + 28 * 86_400_000);
      await openNights(1);
    }
    assert.ok((await keysOf(practice.local)).includes(clean!));
  });

  it('has a store that can lock objects keep the last clean copy and its note, and tells when it does not', async () => {
    const kept = new Map<string, Date>();
    let isRefused = false;
    const locking: StorageAdapter = {
      ...withThrottle(practice.hq, { bytesPerSecond: 1e9 }),
      retainUntil: async (key, until) => {
        if (isRefused) throw new BackupError('storage-permanent', 'The bucket has no object lock.');
        kept.set(key, until);
      },
    };
    practice.more = { hq: { storage: locking, retry: 'none' } };
    await openNights(2);
    assert.equal(kept.size, 0);
    const clean = (await keysOf(practice.hq)).at(-1)!;
    practice.tables = { ...practice.tables, patient: tableOf(5) };
    await practice.night();
    assert.deepEqual([...kept.keys()], [clean, noteKeyOf(clean)]);
    const first = kept.get(clean)!;
    await practice.night();
    assert.equal(kept.get(clean)!.getTime() - first.getTime(), 86_400_000);
    isRefused = true;
    const { warnings } = await practice.night();
    assert.ok(warnings.some(({ code }) => code === 'last-clean-not-locked'));
  });

  it('is acknowledged and announced on the command line, by whoever is named', async () => {
    practice.tables['patient'] = tableOf(5);
    await practice.night();
    const acknowledge = (...more: readonly string[]) =>
      runCli(['acknowledge', '--spool', practice.spool, '--practice-id', practiceId, ...more]);
    const seen = await acknowledge('--user', 'Ada');
    assert.equal(seen.code, 0);
    assert.match(
      seen.stdout,
      /Acknowledged by Ada at \d{4}-\d\d-\d\d \d\d:\d\d UTC:\n {2}The table patient had \d+ rows and has 5\./,
    );
    const announced = await acknowledge('--user', 'Ada', '--purge', 'securitylog', '--until', '2026-12-31');
    assert.match(
      announced.stdout,
      /until the night of 2026-12-31, fewer rows in securitylog do not count as a loss/,
    );
    practice.tables['securitylog'] = tableOf(10);
    await openNights(1);
    assert.deepEqual(practice.standing, []);
    const nowhere = await runCli([
      ...['acknowledge', '--spool', join(practice.spool, 'nowhere'), '--practice-id', practiceId],
      ...['--user', 'Ada'],
    ]);
    assert.equal(nowhere.code, 2);
    await assert.rejects(stat(join(practice.spool, 'nowhere')), { code: 'ENOENT' });
  });

  it('acknowledges nothing where nothing stands', async () => {
    assert.equal(await acknowledgeFindings(practice.plan, { user: 'Admin' }), null);
  });
});
