import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { utf8 } from '../../src/bytes.js';
import { BackupError, type BackupErrorCode } from '../../src/errors.js';
import { noteKeyOf } from '../../src/history/note-body.js';
import { readJournal } from '../../src/nightly/run/night-journal.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { NumberedPractice } from './practice.js';

const keyOf = (name: string, night: string): string => `4711/${night}/${name.padStart(32, 'f')}.tar.age`;

describe('findings about older copies', () => {
  let practice: NumberedPractice;
  /** Notes that the store does not return, and why. */
  let withheld: Map<string, BackupErrorCode>;

  beforeEach(async () => {
    practice = await NumberedPractice.open();
    // Nothing changes in its database.
    practice.more = {
      loss: 'off',
      local: { ...practice.plan.local, scrubEveryNights: 1, retention: 'keep-all' },
    };
    withheld = new Map();
    const get = practice.local.get.bind(practice.local);
    Object.assign(practice.local, {
      get: (...given: Parameters<typeof get>) => {
        const code = withheld.get(given[0]);
        if (code !== undefined) throw new BackupError(code, 'The store does not return it.');
        return get(...given);
      },
    });
    await practice.nights(4);
  });
  afterEach(() => practice.close());

  const put = (key: string, content: string): Promise<unknown> =>
    practice.local.put(key, replayableBytes(utf8(content)));

  /** An archive with a note that proves nothing. */
  async function forge(key: string): Promise<void> {
    await put(key, 'forged');
    await put(noteKeyOf(key)!, 'no note at all');
  }

  async function keysAtOffice(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of practice.local.list('4711/')) if (key.endsWith('.tar.age')) keys.push(key);
    return keys;
  }

  it('stand on a night on which the store does not return the note that they are about', async () => {
    const key = keyOf('a', '2026-01-05');
    await forge(key);
    await practice.night();
    assert.deepEqual(practice.standing, ['history-broken']);
    for (let i = 0; i < 4; i += 1) {
      if (i % 2 === 0) withheld.set(noteKeyOf(key)!, 'storage-transient');
      else withheld.clear();
      await practice.night();
      assert.deepEqual(practice.standing, ['history-broken']);
    }
    assert.equal(practice.alerts.raised.length, 1);
  });

  for (const code of ['storage-permanent', 'storage-transient'] as const) {
    it(`are not hidden by newer notes that the store does not return (${code})`, async () => {
      for (const name of 'abcdef') {
        const decoy = keyOf(name, '2026-01-09');
        await forge(decoy);
        withheld.set(noteKeyOf(decoy)!, code);
      }
      const key = keyOf('1', '2026-01-05');
      await forge(key);
      await practice.nights(3);
      const about = (await readJournal(practice.spool, '4711'))?.sequences?.local?.about ?? [];
      assert.ok(about.includes(key), about.join());
      // All other copies are checked.
      assert.deepEqual(practice.standing, ['history-broken']);
    });
  }

  it('of a reading after the night stand where copies go to another place since', async () => {
    const key = (await keysAtOffice())[0]!;
    const note = noteKeyOf(key)!;
    const get = practice.local.get.bind(practice.local);
    Object.assign(practice.local, {
      async *get(...given: Parameters<typeof get>) {
        // One bit of the signature, and nothing that a list shows.
        for await (const chunk of get(...given)) {
          yield given[0] === note
            ? chunk.map((byte, i) => (i === chunk.length - 3 ? byte ^ 1 : byte))
            : chunk;
        }
      },
    });
    await practice.night();
    await practice.scrub();
    assert.deepEqual(practice.standing, ['history-broken']);
    const storage = { ...createMemoryStorage({ now: () => practice.now }), description: 'another folder' };
    practice.more = { ...practice.more, local: { ...practice.plan.local, storage } };
    await practice.nights(2);
    assert.deepEqual(practice.standing, ['history-broken']);
  });

  it('are none where a note of a stranger is never returned, and everything else is checked', async () => {
    const key = keyOf('a', '2026-01-05');
    await forge(key);
    withheld.set(noteKeyOf(key)!, 'storage-transient');
    await practice.nights(6);
    assert.deepEqual(practice.standing, []);
  });

  it('take no left-over note of the practice for a stranger’s, however many forgeries there are', async () => {
    await practice.nights(4);
    const gone = (await keysAtOffice())[0]!;
    await practice.local.delete(gone);
    // A journal that no longer remembers the copy whose note was left.
    const path = join(practice.spool, 'journal.json');
    const journal = JSON.parse(await readFile(path, 'utf8'));
    journal.verified.local = journal.verified.local.filter((copy: { key: string }) => copy.key !== gone);
    await writeFile(path, JSON.stringify(journal));
    for (let i = 0; i < 20; i += 1) await forge(keyOf(String(i), '2026-01-13'));
    await practice.nights(2);
    const about = (await readJournal(practice.spool, '4711'))?.sequences?.local?.about ?? [];
    assert.equal(about.length, 20);
    assert.ok(!about.includes(gone));
  });

  it('say how many they are, also of those that are not kept in sentences', async () => {
    await practice.nights(20);
    const keys = (await keysAtOffice()).slice(0, 18);
    for (const key of keys) {
      await practice.local.delete(key);
      await practice.local.delete(noteKeyOf(key)!);
    }
    await practice.night();
    assert.match(practice.alerts.raised.at(-1)!.message, /And 13 more\./);
  });

  it('are told of an archive without a note in a folder that is of no night', async () => {
    await put(`4711/!/${'a'.repeat(32)}.tar.age`, 'forged');
    await practice.night();
    assert.deepEqual(practice.standing, ['history-broken']);
  });
});
