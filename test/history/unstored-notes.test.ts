import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { utf8 } from '../../src/bytes.js';
import { BackupError } from '../../src/errors.js';
import { noteKeyOf } from '../../src/history/note-body.js';
import { verifyHistory } from '../../src/history/verify-history.js';
import { acknowledgeFindings } from '../../src/nightly/origin/acknowledge.js';
import { readJournal } from '../../src/nightly/run/night-journal.js';
import type { NightPlan } from '../../src/nightly/run/night-plan.js';
import { parseJournal } from '../../src/nightly/run/parse-journal.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { NumberedPractice } from './practice.js';

const practiceId = '4711';

async function keysOf(store: StorageAdapter, ending: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(`${practiceId}/`)) if (key.endsWith(ending)) keys.push(key);
  return keys;
}

async function kindsAt(store: StorageAdapter): Promise<readonly string[]> {
  const { findings } = await verifyHistory(store, { practiceId });
  return findings.map(({ kind }) => kind).sort();
}

/** The same store, which takes none of the notes that are refused. */
function refusing(store: StorageAdapter, isRefused: (key: string) => boolean): StorageAdapter {
  return {
    ...store,
    put: async (key, ...rest) => {
      if (isRefused(key)) throw new BackupError('storage-permanent', 'refused');
      return store.put(key, ...rest);
    },
  };
}

/** Whether a key is that of the first note that is asked for. */
function firstNote(): (key: string) => boolean {
  let first = '';
  return (key) => {
    if (first === '' && key.endsWith('.note')) first = key;
    return key === first;
  };
}

describe('a signed note that is not stored', () => {
  let practice: NumberedPractice;
  beforeEach(async () => {
    practice = await NumberedPractice.open();
  });
  afterEach(() => practice.close());

  const atHq = (storage: StorageAdapter, more: Partial<NightPlan['hq']> = {}): void => {
    practice.more = { loss: 'off', hq: { ...practice.plan.hq!, ...more, storage } };
  };

  const never: Readonly<Record<string, (store: StorageAdapter) => StorageAdapter>> = {
    'its key is refused': (store) => refusing(store, firstNote()),
    'its key is taken by what the store neither returns nor replaces': (store) => {
      const isIt = firstNote();
      let taken = '';
      return {
        ...store,
        put: async (key, source, options) => {
          if (!isIt(key)) return store.put(key, source, options);
          taken = key;
          await store.put(key, replayableBytes(utf8('of somebody else')));
          throw options?.ifAbsent === true
            ? new BackupError('storage-exists', 'taken')
            : new BackupError('storage-permanent', 'not replaced');
        },
        get: (key, options) => {
          if (key === taken) throw new BackupError('storage-permanent', 'not returned');
          return store.get(key, options);
        },
      };
    },
  };
  for (const [why, storeOf] of Object.entries(never)) {
    it(`for ever holds up later ones for three nights only, and is told until somebody has looked: ${why}`, async () => {
      await practice.nights(3);
      atHq(storeOf(practice.hq));
      await practice.nights(3);
      assert.equal((await practice.night()).destinations[0]?.head?.number, 7);
      const { troubles } = (await practice.night()).destinations[0]!;
      assert.match(troubles?.join() ?? '', /^The note of \S+ (is missing|cannot be read)\.$/);
      assert.ok(practice.standing.includes('history-broken'));
      // Its readers find that it is missing, as long as its archive is there.
      const kinds = await kindsAt(practice.hq);
      assert.ok(kinds.includes('gap'), kinds.join());
      await acknowledgeFindings(practice.plan, { user: 'Admin' });
      await practice.nights(7);
      assert.deepEqual(practice.standing, []);
      assert.deepEqual(await kindsAt(practice.hq), []);
    });
  }

  it('because the place takes no notes is stored when it takes them again, as are all later ones', async () => {
    await practice.nights(3);
    let isRefusing = true;
    atHq(
      refusing(practice.hq, (key) => isRefusing && key.endsWith('.note')),
      { retention: 'keep-all' },
    );
    await practice.nights(12);
    assert.ok(practice.standing.includes('history-broken'));
    assert.equal((await practice.night()).destinations[0]?.head?.number, 3);
    const journal = await readFile(join(practice.spool, 'journal.json'), 'utf8');
    assert.ok(journal.includes('"behind":[{') && parseJournal(journal)?.isWhole === true);
    isRefusing = false;
    await practice.nights(2);
    assert.deepEqual(practice.standing, []);
    assert.deepEqual(await kindsAt(practice.hq), []);
    const [archives, notes] = [await keysOf(practice.hq, '.tar.age'), await keysOf(practice.hq, '.note')];
    assert.deepEqual(notes, archives.map(noteKeyOf));
  });

  it('when the network path is changed is stored beside its archive after the path was changed back, and nowhere else', async () => {
    const { local } = practice;
    const atLocal = (storage: StorageAdapter): void => {
      practice.more = { local: { ...practice.plan.local!, storage } };
    };
    await practice.nights(3);
    atLocal(refusing(local, (key) => key.endsWith('.note')));
    await practice.night();
    const other = { ...createMemoryStorage({ now: () => practice.now }), description: 'another folder' };
    atLocal(other);
    await practice.night();
    // Its number is used up.
    assert.equal((await practice.night()).destinations[1]?.head?.number, 6);
    atLocal(local);
    await practice.nights(2);
    for (const store of [local, other]) {
      const archives = await keysOf(store, '.tar.age');
      assert.deepEqual(await keysOf(store, '.note'), archives.map(noteKeyOf));
      assert.deepEqual(await kindsAt(store), []);
    }
    assert.deepEqual(practice.alerts.raised, []);
  });

  it('for ever at one place holds up those at another for three nights only, however many were left at a place before', async () => {
    const at = (description: string, isRefused: (key: string) => boolean): void => {
      const inner = createMemoryStorage({ now: () => practice.now });
      const storage = { ...refusing(inner, isRefused), description };
      practice.more = {
        loss: 'off',
        local: { ...practice.plan.local!, retention: 'keep-all', storage },
      };
    };
    const isNote = (key: string): boolean => key.endsWith('.note');
    at('a folder that takes no notes', isNote);
    await practice.nights(14);
    const behind = async () =>
      (await readJournal(practice.spool, practiceId))?.sequences?.local?.behind?.map(({ number }) => number);
    assert.deepEqual(await behind(), [1, 2, 3, 4]);
    at('a folder that never takes the first note', firstNote());
    await practice.nights(4);
    const { head } = (await practice.night()).destinations[1]!;
    assert.ok(head !== undefined && head.number > 5, `${head?.number}`);
    // A place that takes none may say so for years.
    at('another folder that takes no notes', isNote);
    await practice.nights(20);
    const last = await behind();
    await practice.nights(5);
    assert.deepEqual(await behind(), last);
  });
});
