import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isBackupError } from '../../src/errors.js';
import { alertCodes } from '../../src/nightly/alerts/alert.js';
import type { PendingCopy } from '../../src/nightly/run/journal-state.js';
import { readJournal } from '../../src/nightly/run/night-journal.js';
import { openOffice } from '../../src/nightly/run/office.js';
import { Spool } from '../../src/nightly/run/spool.js';
import { NumberedPractice } from '../history/practice.js';

describe('a journal that is lost', () => {
  let folder = '';
  let pending: PendingCopy;
  const open = async () => {
    const plan = { practiceId: '4711', spool: folder, spoolReserveBytes: 0 };
    const office = await openOffice(plan, '2026-07-14');
    await office.guard.release();
    return office;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-lost-journal-'));
    const bytes = Buffer.from('sealed');
    const archiveId = 'ab'.repeat(16);
    const file = `${archiveId}.tar.age`;
    await writeFile(join(folder, file), bytes);
    pending = {
      destination: 'hq',
      file,
      copy: {
        archiveId,
        key: `4711/2026-07-13/${file}`,
        night: '2026-07-13',
        scope: 'critical',
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        tables: 1,
        rows: 1,
        plainBytes: 1,
        leftOut: [],
      },
    };
    await new Spool(folder, 0).noteTicket(pending);
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('costs no copy that waits to be sent, whoever opens the spool first', async () => {
    for (const text of [null, '{"version":1,', 'null']) {
      await rm(join(folder, 'journal.json'), { force: true });
      if (text !== null) await writeFile(join(folder, 'journal.json'), text);
      // The check by day, or the judge of a night without a run: neither sends anything.
      const first = await open();
      assert.deepEqual(first.journal.state.pending, [pending], String(text));
      assert.equal(first.journal.state.untoldLoss, text === null ? 'gone' : 'damaged');
      await first.journal.update(() => ({}));
      const night = await open();
      assert.deepEqual(night.journal.state.pending, [pending], String(text));
      assert.deepEqual([night.journal.wasDamaged, night.journal.isNew], [false, false]);
    }
  });

  it('leaves no alert standing for ever that only the lost one knew of', async () => {
    assert.deepEqual(Object.keys((await open()).journal.state.alerts).sort(), Object.keys(alertCodes).sort());
  });
});

it('a journal of which one entry cannot be read keeps the others, whoever opens it first, and the next night tells it', async () => {
  const practice = await NumberedPractice.open();
  try {
    await practice.night();
    const path = join(practice.spool, 'journal.json');
    const before = JSON.parse(await readFile(path, 'utf8'));
    const schedule = { opens: '01:00', closes: '05:00' };
    const alerts = { 'alert-of-a-later-version': 'stale' };
    await writeFile(path, JSON.stringify({ ...before, schedule, alerts }));
    // The check by day.
    await (await openOffice(practice.plan, '2026-01-02')).guard.release();
    const { machine, firstNight, ...after } = (await readJournal(practice.spool, '4711'))!;
    assert.deepEqual([machine, firstNight, after.schedule], [before.machine, before.firstNight, schedule]);
    const codes = async (): Promise<readonly string[]> =>
      (await practice.night()).warnings.map(({ code }) => code);
    assert.deepEqual(await codes(), ['journal-damaged']);
    assert.deepEqual(await codes(), []);
  } finally {
    await practice.close();
  }
});

it('a spool that cannot be listed is told as what it is, and not as a fault of the program', async () => {
  const spool = new Spool(join(tmpdir(), 'sb-no-such-spool'), 0);
  const isTold = (error: unknown): boolean => isBackupError(error) && error.message.includes(spool.folder);
  await assert.rejects(spool.tidy(new Set()), isTold);
  await assert.rejects(spool.readTickets('4711'), isTold);
});
