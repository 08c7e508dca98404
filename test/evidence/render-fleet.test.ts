import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderFleet } from '../../src/evidence/index.js';
import { asOf, backupOf, nightBefore } from './sample-facts.js';

const nights = (practiceId: string, sizes: readonly number[], late = 0) =>
  sizes.map((size, i) => backupOf(`${nightBefore(i + late)}T23:04:00.000Z`, { practiceId }, size));

/** The rows of the table, as people read them. */
function rowsOf(page: string): readonly string[] {
  return [...page.matchAll(/<tr>(<td.*?)<\/tr>/gs)].map(([, row]) =>
    row!
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  );
}

describe('the page over many practices', () => {
  const usual = [100, 101, 99, 100, 100].map((mega) => mega * 1e6);

  it('shows the worst first: none, stale, shrunk, not as signed, never opened', () => {
    const page = renderFleet({
      asOf,
      backups: [
        ...nights('good', usual),
        ...nights('stale', usual, 5),
        ...nights('shrunk', [20e6, ...usual]),
        ...nights('forged', usual),
        {
          ...backupOf('2026-07-16T01:00:00.000Z', { practiceId: 'forged' }),
          origin: { kind: 'foreign', why: 'another-archive' },
        },
        ...nights('unopened', usual),
      ],
      practices: [
        { practiceId: 'gone', name: 'Lost Lake Dental' },
        { practiceId: 'unopened', lastOpenedAt: null },
        { practiceId: 'good', lastOpenedAt: '2026-07-01T00:00:00.000Z' },
      ],
    });
    const rows = rowsOf(page);
    assert.equal(rows.length, 6);
    const at = (start: string): string => rows.find((row) => row.startsWith(start)) ?? '';
    assert.match(at('Lost Lake Dental'), /none .*there is no copy/);
    assert.match(at('stale'), /5 days old .*the newest copy is old/);
    assert.match(at('shrunk'), /10 hours old .*much smaller/);
    assert.match(at('forged'), /10 hours old .*1 archive not as the office signed/);
    assert.match(at('unopened'), /never opened by a person/);
    assert.match(rows.at(-1)!, /^good 10 hours old 5 100 MB Dr\. Ada Meadow –$/);
    assert.match(rows.at(-2)!, /^unopened/);
  });

  it('holds sizes of one scope against each other alone', () => {
    const full = backupOf('2026-07-15T23:04:00.000Z', { practiceId: 'p', scope: 'critical' }, 10e6);
    const others = nights('p', usual, 1).map((each) => ({
      ...each,
      label: { ...each.label!, scope: 'full' as const },
    }));
    assert.doesNotMatch(renderFleet({ asOf, backups: [full, ...others] }), /much smaller/);
  });

  it('tells what histories found, and takes no name for markup', () => {
    const evil = '"><script>alert(1)</script>';
    const page = renderFleet({
      asOf,
      backups: [
        backupOf('2026-07-15T23:04:00.000Z', {
          practiceId: evil,
          keyHolder: { userNum: '1', userName: evil },
        }),
        { key: evil, size: 1, storedAt: asOf, label: null },
      ],
      practices: [{ practiceId: evil, name: evil, findings: [evil] }],
    });
    assert.doesNotMatch(page, /<script/);
    assert.match(page, /&lt;script&gt;/);
    assert.match(page, /Files without a label/);
  });

  it('is bounded for very many practices', () => {
    const backups = Array.from({ length: 20_000 }, (_, i) =>
      backupOf('2026-07-15T23:04:00.000Z', { practiceId: `practice ${i}` }),
    );
    const page = renderFleet({ asOf, backups });
    assert.match(page, /And 18,000 more/);
    assert.ok(page.length < 1_500_000, String(page.length));
  });
});
