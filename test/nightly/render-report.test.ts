import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { standingTroubles } from '../../src/nightly/alerts/troubles.js';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import { renderReport } from '../../src/nightly/run/render-report.js';
import { harmful, hostileNames } from '../support/hostile-names.js';

function reportNaming(name: string): BackupReport {
  return {
    reportVersion: 1,
    practiceId: '4711',
    night: '2026-07-14',
    startedAt: '2026-07-15T03:00:00.000Z',
    finishedAt: '2026-07-15T03:10:00.000Z',
    outcome: 'partial',
    database: { name, server: name },
    keyHolder: { userNum: '1', userName: name, unlock: 'stored-hash' },
    opening: {
      userNum: '1',
      userName: name,
      lastOpenedAt: '2026-07-02T15:00:00.000Z',
      places: [
        {
          place: name,
          archiveId: 'a',
          createdAt: '2026-07-02T03:00:00.000Z',
          openedAt: '2026-07-02T15:00:00.000Z',
          readBytes: 50,
          rowBytes: 1000,
        },
      ],
    },
    openingFindings: [name],
    consistency: { kind: 'per-table', reason: name },
    lockSeconds: 72.4,
    destinations: [
      {
        destination: 'hq',
        outcome: 'failed',
        store: name,
        error: { code: 'storage-permanent', message: name },
        caughtUp: [],
        removed: [name],
      },
      {
        destination: 'local',
        outcome: 'verified',
        store: name,
        copy: {
          archiveId: 'a',
          key: name,
          night: '2026-07-14',
          scope: 'full',
          bytes: 12_345_678,
          sha256: 'ab',
          tables: 1,
          rows: 1_234_567,
          plainBytes: 123_456_789,
          leftOut: [{ kind: 'table', name, reason: name }],
        },
        caughtUp: [],
        removed: [],
      },
    ],
    warnings: [{ code: 'table-incomplete', message: name, table: name }],
    rehearsal: { ok: true, summary: name },
  };
}

describe('the report for people', () => {
  it('tells sizes, counts and times as they are told everywhere', () => {
    const text = renderReport(reportNaming('office'));
    assert.match(text, /A full copy: 1 table, 1,234,567 rows, 123 MB of data in 12\.3 MB\./);
    assert.match(text, /could not write for 1 min 12 s\./);
    assert.match(text, /Left out: office\. Office\./);
    assert.match(text, / 1 older copy was removed\./);
    assert.match(
      text,
      /^Last opened by a person: office on 2026-07-02, at office \(5 % of the rows read and equal\)\.$/m,
    );
    assert.match(text, /^CHECK THIS: office$/m);
  });

  it('is steered by no name in it, and has no line that a name forged', () => {
    const lines = renderReport(reportNaming('harmless')).split('\n').length;
    for (const name of hostileNames) {
      const shown = renderReport(reportNaming(name)).split('\n');
      assert.equal(shown.length, lines);
      for (const line of shown) assert.doesNotMatch(line, harmful);
    }
  });
});

it('an alert is steered by no name in it', () => {
  for (const name of hostileNames) {
    const [alert] = standingTroubles({
      practiceId: '4711',
      night: '2026-07-14',
      firstNight: '2026-07-14',
      destinations: [],
      damage: name,
    });
    assert.equal(alert?.code, 'table-damaged');
    assert.doesNotMatch(alert?.message ?? '', harmful);
  }
});
