import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import { keepReport } from '../../src/nightly/run/reports.js';

const report: BackupReport = {
  reportVersion: 1,
  practiceId: '4711',
  night: '2026-07-13',
  startedAt: '2026-07-14T03:00:00.000Z',
  finishedAt: '2026-07-14T03:01:00.000Z',
  outcome: 'failed',
  destinations: [{ destination: 'hq', outcome: 'failed', caughtUp: [], removed: [] }],
  warnings: [],
};

describe('a report in the spool that somebody spoiled', () => {
  let spool: string;
  before(async () => {
    spool = await mkdtemp(join(tmpdir(), 'supplemental-backup-reports-'));
    await mkdir(join(spool, 'reports'));
  });
  after(() => rm(spool, { recursive: true }));

  for (const [what, spoiled] of Object.entries({
    'is no JSON': '{"reportVersion":1',
    'has no warnings': JSON.stringify({ ...report, warnings: undefined }),
    'has a destination of another shape': JSON.stringify({ ...report, destinations: [null] }),
    'has an outcome that is none': JSON.stringify({ ...report, outcome: 'splendid' }),
  })) {
    it(`and that ${what} gives way to the report of the night`, async () => {
      const path = join(spool, 'reports', '2026-07-13.json');
      await writeFile(path, spoiled);
      await writeFile(join(spool, 'last-report.json'), spoiled);
      await keepReport(spool, report, true);
      assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), report);
      await keepReport(spool, report, false);
      assert.deepEqual(JSON.parse(await readFile(join(spool, 'last-report.json'), 'utf8')), report);
    });
  }
});
