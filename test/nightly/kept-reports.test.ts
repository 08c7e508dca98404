import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import { joinReports, keepReport } from '../../src/nightly/run/reports.js';

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

describe('the report of two runs of a night', () => {
  it('has what either of them found', () => {
    const found = (troubles: readonly string[], more: Partial<BackupReport['destinations'][number]>) =>
      ({ ...report.destinations[0]!, troubles, ...more }) as const;
    const earlier: BackupReport = {
      ...report,
      outcome: 'complete',
      looksLikeLoss: ['The table patient had 500 rows and has 5.'],
      openingFindings: ['A copy does not open.'],
      changes: [{ what: 'status', before: 'disabled', after: 'enabled' }],
      destinations: [
        found(['One copy is gone.'], {
          outcome: 'verified',
          unproven: ['a'],
          head: { number: 1, hash: 'a'.repeat(64) },
          lastVerifiedAt: '2026-07-14T03:00:00.000Z',
          readSince: '2026-07-01',
        }),
        { destination: 'local', outcome: 'verified', caughtUp: [], removed: [] },
      ],
    };
    const later: BackupReport = {
      ...report,
      outcome: 'failed',
      looksLikeLoss: [...earlier.looksLikeLoss!, 'The table claim is gone.'],
      openingFindings: ['Another does not open.'],
      changes: [{ what: 'network-path', before: '', after: '//nas' }],
      destinations: [
        found(['Another copy is gone.'], {
          outcome: 'not-due',
          unproven: ['a', 'b'],
          head: { number: 2, hash: 'b'.repeat(64) },
          lastVerifiedAt: '2026-07-14T04:00:00.000Z',
          readSince: '2026-07-02',
        }),
      ],
    };
    const joined = joinReports(earlier, later);
    const [hq, local] = joined.destinations;
    assert.deepEqual([hq?.outcome, local?.outcome, joined.outcome], ['verified', 'verified', 'complete']);
    assert.deepEqual(hq?.troubles, ['One copy is gone.', 'Another copy is gone.']);
    assert.deepEqual(hq.unproven, ['a', 'b']);
    assert.deepEqual(
      [hq.head?.number, hq.lastVerifiedAt, hq.readSince],
      [2, '2026-07-14T04:00:00.000Z', '2026-07-02'],
    );
    assert.deepEqual(joined.looksLikeLoss, later.looksLikeLoss);
    assert.deepEqual(joined.openingFindings, ['A copy does not open.', 'Another does not open.']);
    assert.deepEqual(joined.changes, [...earlier.changes!, ...later.changes!]);
    assert.deepEqual(joinReports(report, report), report);
  });
});
