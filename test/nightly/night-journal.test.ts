import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { BackupEvent } from '../../src/nightly/run/events.js';
import type { NightJournalState } from '../../src/nightly/run/journal-state.js';
import { NightJournal, readHistory } from '../../src/nightly/run/night-journal.js';
import { makeCopies } from '../../src/nightly/run/run-supplemental-backup.js';
import { SpareRoom } from '../../src/nightly/run/spare-room.js';
import { systemClock } from '../../src/nightly/service/clock.js';
import { NumberedPractice } from '../history/practice.js';

const evening = new Date('2026-07-14T03:00:00Z');

describe('a journal', () => {
  let folder = '';
  const open = (night = '2026-07-14') =>
    NightJournal.open({ folder, spareRoom: new SpareRoom(folder) }, { practiceId: '4711', night });
  const onDisk = async () => JSON.parse(await readFile(join(folder, 'journal.json'), 'utf8')) as object;
  /** Every writing replaces the file. */
  const written = async () => (await stat(join(folder, 'journal.json'), { bigint: true })).mtimeNs;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-journal-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is written at the first word, though that says nothing', async () => {
    await (await open()).update(() => ({}));
    assert.deepEqual(await onDisk(), { ...(await open()).state });
  });

  it('is spared the disk by what changes nothing, and written by what does', async () => {
    const settings = { status: 'enabled', networkPath: '//nas/backup' } as const;
    await (await open()).update(() => ({ settings }));
    // Two writes may fall into one tick of the disk's clock, so the first one is put far back.
    await utimes(join(folder, 'journal.json'), 1, 1);
    const first = await written();
    const journal = await open();
    await journal.update(() => ({ settings: { ...settings } }));
    await journal.update(() => ({}));
    assert.equal(await written(), first);
    await journal.update(() => ({ watched: '2026-07-14' }));
    assert.notEqual(await written(), first);
    assert.deepEqual((await open()).state.watched, '2026-07-14');
  });

  it('takes what is only noted along with the next word', async () => {
    const journal = await open();
    await journal.update();
    const first = await onDisk();
    journal.note(() => ({ watched: '2026-07-14' }));
    assert.deepEqual(await onDisk(), first);
    await journal.update();
    assert.equal((await open()).state.watched, '2026-07-14');
  });

  it('is believed to say what stands in it, whatever this process wrote last', async () => {
    const journal = await open();
    await journal.update(() => ({ watched: '2026-07-14' }));
    const path = join(folder, 'journal.json');
    await writeFile(
      path,
      (await readFile(path, 'utf8')).replace('"watched":"2026-07-14"', '"watched":"2026-07-13"'),
    );
    assert.equal((await open()).state.watched, '2026-07-13');
    await writeFile(path, 'no journal');
    assert.ok((await open()).wasDamaged);
  });

  it('counts a copy that somebody took away no more when the next night is planned', async () => {
    const copyOf = (night: string) => ({
      key: `4711/${night}/${'0'.repeat(32)}.tar.age`,
      night,
      verifiedAt: `${night}T23:00:00.000Z`,
      store: 'folder /nas',
    });
    const newest = copyOf('2026-07-13');
    const lastAttempt = { night: '2026-07-13', count: 1, endedAt: '2026-07-13T23:00:00.000Z' };
    const local = { number: 0, hash: null, since: '2026-07-01', lost: [newest.key] };
    await (await open()).update(() => ({
      verified: { hq: [], local: [newest, copyOf('2026-07-06')] },
      sequences: { local },
      lastAttempt,
    }));
    const planned = async (night: string) =>
      (await readHistory(folder, '4711', { night, now: new Date(`${night}T23:00:00Z`) })).verified.local;
    // The night that found it out had its run.
    assert.equal(await planned('2026-07-13'), '2026-07-13');
    assert.equal(await planned('2026-07-14'), '2026-07-06');
  });

  it('counts the copies at the present path when the next night is planned, though one elsewhere has a later night', async () => {
    const copyAt = (store: string, night: string, verifiedAt = `${night}T23:00:00.000Z`) => ({
      key: `4711/${night}/${'0'.repeat(32)}.tar.age`,
      night,
      verifiedAt,
      store,
    });
    // The clock was three days ahead when the path was another for a night.
    const local = [copyAt('folder /b', '2026-07-13'), copyAt('folder /a', '2026-07-11')];
    await (await open()).update(() => ({ verified: { hq: [], local } }));
    const planned = async (path: string) =>
      (await readHistory(folder, '4711', { night: '2026-07-13', now: evening, localStore: `folder ${path}` }))
        .verified.local;
    assert.equal(await planned('/a'), '2026-07-11');
    assert.equal(await planned('/b'), '2026-07-13');
    assert.equal(await planned('/new'), undefined);
  });

  it('leaves a night its copy at HQ though a clock that was ahead made one with its date', async () => {
    const copyOf = (night: string) => ({
      key: `4711/${night}/${'0'.repeat(32)}.tar.age`,
      night,
      verifiedAt: `${night}T23:00:00.000Z`,
      store: 'HQ',
    });
    const verified = { hq: [copyOf('2026-07-13'), copyOf('2026-07-12')], local: [] };
    const planned = async (last: string, failed: NightJournalState['failed'] = {}) => {
      const lastAttempt = { night: last, count: 1, endedAt: `${last}T23:00:00.000Z` };
      await (await open()).update(() => ({ verified, lastAttempt, failed }));
      return (await readHistory(folder, '4711', { night: '2026-07-13', now: evening })).verified.hq;
    };
    // There was no run on the night yet.
    assert.equal(await planned('2026-07-12'), '2026-07-12');
    assert.equal(await planned('2026-07-13'), '2026-07-13');
    const code = 'storage-transient';
    const failed = { hq: { count: 1, night: '2026-07-13', code } } as const;
    assert.equal(await planned('2026-07-13', failed), '2026-07-12');
  });

  it('has a copy on the disk before anybody hears that it is verified, for the power may go just then', async () => {
    const practice = await NumberedPractice.open();
    try {
      const noted: unknown[] = [];
      const heard: unknown[] = [];
      const onEvent = (event: BackupEvent): void => {
        if (event.kind !== 'verified') return;
        heard.push(event.copy.key);
        const { verified } = JSON.parse(readFileSync(join(practice.spool, 'journal.json'), 'utf8'));
        noted.push(verified[event.destination][0]?.key);
      };
      const clock = { ...systemClock, now: () => practice.now };
      await makeCopies(practice.plan, { scheduled: true, onEvent }, practice.tools(clock));
      assert.equal(heard.length, 2);
      assert.deepEqual(noted, heard);
    } finally {
      await practice.close();
    }
  });

  it('is written by the next word when the one before could not be', async () => {
    const journal = await open();
    // The place where it is written first is taken.
    await mkdir(join(folder, 'journal.json.new'));
    await assert.rejects(journal.update(() => ({ watched: '2026-07-14' })));
    await rm(join(folder, 'journal.json.new'), { recursive: true });
    await journal.update(() => ({ watched: '2026-07-14' }));
    assert.equal((await open()).state.watched, '2026-07-14');
  });

  it('is written when a first night of the future is put right', async () => {
    await (await open('2027-01-01')).update(() => ({}));
    await (await open('2026-07-14')).update(() => ({}));
    assert.equal((await open('2026-07-15')).state.firstNight, '2026-07-14');
  });

  const attempt = async (night: string): Promise<void> => {
    const endedAt = `${night}T23:00:00Z`;
    await (await open(night)).update(() => ({ lastAttempt: { night, count: 1, endedAt } }));
  };

  it('keeps its first night where a clock was years behind for some nights', async () => {
    for (const night of ['2026-07-14', '2026-07-15', '2020-01-01', '2020-01-02']) await attempt(night);
    assert.equal((await open('2020-01-02')).state.firstNight, '2020-01-01');
    await attempt('2026-07-18');
    assert.equal((await open('2026-07-19')).state.firstNight, '2026-07-14');
  });

  it('keeps a first night that was put right when the wrong one comes', async () => {
    for (const night of ['2026-08-01', '2026-07-14', '2026-07-31', '2026-08-02']) await attempt(night);
    assert.equal((await open('2026-08-03')).state.firstNight, '2026-07-14');
  });
});
