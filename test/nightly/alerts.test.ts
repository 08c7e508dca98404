import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { combineAlerts } from '../../src/nightly/alerts/combine-alerts.js';
import { createHealthcheckAlerts } from '../../src/nightly/alerts/healthcheck-alerts.js';
import { createMemoryAlerts } from '../../src/nightly/alerts/memory-alerts.js';
import type { DestinationStanding } from '../../src/nightly/alerts/standing.js';
import { notYetOver, standingTroubles } from '../../src/nightly/alerts/troubles.js';
import { kitsOfNight, newKits } from '../../src/nightly/run/known-kits.js';

const outcome = { practiceId: '4711', night: '2026-07-14', ok: true, summary: 'All good.' };

function codes(...destinations: DestinationStanding[]): string[] {
  const standing = { practiceId: '4711', night: '2026-07-14', firstNight: '2026-07-01', destinations };
  return standingTroubles(standing).map(({ code }) => code);
}

const fresh = { lastVerified: '2026-07-14' };
const failed = (code: NonNullable<DestinationStanding['failure']>['code'], nights = 1) => ({
  ...fresh,
  failure: { code, message: 'It failed.', nights },
});

describe('a new recovery kit', () => {
  it('is told for a week, also where a clock that was a year ahead met it first', () => {
    const kit = {
      id: 'ab12ab12',
      owner: 'Ada',
      recipient: 'age1kit',
      createdAt: '2026-02-01T00:00:00Z',
      sheets: 1,
    } as const;
    let { known } = kitsOfNight([], [kit], '2027-02-02');
    const told = ['2026-02-03', '2026-02-09', '2026-02-10', '2026-12-30'].map((night) => {
      ({ known } = kitsOfNight(known, [kit], night));
      return newKits(known, night).length;
    });
    assert.deepEqual(told, [1, 1, 0, 0]);
  });
});

describe('standing troubles', () => {
  it('are none after a good night', () => {
    assert.deepEqual(codes({ destination: 'hq', ...fresh }, { destination: 'local', ...fresh }), []);
  });

  it('tell of a missing password at once, and apart from a missing administrator', () => {
    const trouble = failed('no-usable-admin');
    assert.deepEqual(
      codes({ destination: 'hq', ...trouble, failure: { ...trouble.failure, passwordMissing: true } }),
      ['admin-password-missing'],
    );
    assert.deepEqual(codes({ destination: 'hq', ...trouble }), ['no-usable-admin']);
  });

  it('tell of a passing trouble only after three nights in a row', () => {
    assert.deepEqual(codes({ destination: 'hq', ...failed('storage-transient', 2) }), []);
    assert.deepEqual(codes({ destination: 'hq', ...failed('storage-transient', 3) }), ['hq-copy-failed']);
  });

  it('tell at once of what will not pass by itself', () => {
    assert.deepEqual(codes({ destination: 'local', ...failed('destination-missing') }), [
      'local-copy-failed',
    ]);
    assert.deepEqual(codes({ destination: 'local', ...failed('storage-full') }), ['local-copy-failed']);
  });

  it('tell once of what concerns both copies', () => {
    const places = (['hq', 'local'] as const).map((destination) => ({
      destination,
      ...failed('privilege-missing'),
    }));
    assert.deepEqual(codes(...places), ['backup-failed']);
  });

  it('tell of a damaged table for itself', () => {
    assert.deepEqual(codes({ destination: 'hq', ...failed('table-damaged') }), []);
    const standing = { practiceId: '4711', night: '2026-07-14', firstNight: '2026-07-01', destinations: [] };
    const [alert] = standingTroubles({ ...standing, damage: 'Table "patient" is damaged.' });
    assert.equal(alert?.code, 'table-damaged');
    assert.match(alert?.message ?? '', /No older copy is removed for a month/);
  });

  it('tell once of copies that lack a damaged table, and not of the table besides', () => {
    const place = { ...fresh, incomplete: 'Table "patient" is damaged.' };
    const standing = { practiceId: '4711', night: '2026-07-14', firstNight: '2026-07-01' };
    const troubles = standingTroubles({
      ...standing,
      damage: 'Table "patient" is damaged.',
      destinations: [
        { destination: 'hq', ...place },
        { destination: 'local', ...place },
      ],
    });
    assert.deepEqual(
      troubles.map(({ code }) => code),
      ['copy-incomplete'],
    );
  });

  it('tell of routines and events that the server cannot show, as long as copies are made without them', () => {
    const place = { ...fresh, unseen: 'No events are in this copy: the server cannot show its events.' };
    const standing = { practiceId: '4711', night: '2026-07-14', firstNight: '2026-07-01' };
    const troublesOf = (more: object) =>
      standingTroubles({ ...standing, destinations: [{ destination: 'hq', ...place, ...more }] });
    const [alert, ...others] = troublesOf({});
    assert.deepEqual(
      [alert?.code, alert?.cause, alert?.severity],
      ['copy-incomplete', 'dump-incomplete', 'medium'],
    );
    assert.match(alert?.message ?? '', /has all rows.*No events are in this copy/);
    assert.deepEqual(others, []);
    // A damaged table comes first.
    const [worse] = troublesOf({ incomplete: 'Table "patient" is damaged.' });
    assert.equal(worse?.cause, 'table-damaged');
  });

  it('tell when no administrator has opened a copy for 60 nights, and when that is not known leave it be', () => {
    const standing = { practiceId: '4711', night: '2026-07-14', destinations: [] };
    const told = (firstNight: string, lastNight?: string, thresholds = {}) => {
      const openings = { foreign: [], others: [], ...(lastNight === undefined ? {} : { lastNight }) };
      return standingTroubles({ ...standing, firstNight, openings }, thresholds).map(({ code }) => code);
    };
    assert.deepEqual(told('2026-05-16'), []);
    assert.deepEqual(told('2026-05-15'), ['not-opened-lately']);
    assert.deepEqual(told('2025-05-15', '2026-05-16'), []);
    assert.deepEqual(told('2025-05-15', '2026-05-15'), ['not-opened-lately']);
    assert.deepEqual(told('2026-07-01', '2026-07-04', { notOpenedNights: 10 }), ['not-opened-lately']);
    assert.deepEqual(standingTroubles({ ...standing, firstNight: '2025-01-01' }), []);
    assert.ok(notYetOver({ destinations: [] }).has('not-opened-lately'));
  });

  it('tell at once what an administrator met who opened the newest copies', () => {
    const standing = { practiceId: '4711', night: '2026-07-14', firstNight: '2026-07-01', destinations: [] };
    const openings = { lastNight: '2026-07-13', foreign: ['Not ours.'], others: ['Damaged.'] };
    assert.deepEqual(
      standingTroubles({ ...standing, openings }).map(({ code, message }) => [code, message]),
      [
        ['recipient-not-ours', 'Not ours.'],
        ['opening-failed', 'Damaged.'],
      ],
    );
  });

  it('tell, where somebody is strict, of a copy at either place that becomes 48 hours old', () => {
    const places = (hq: string, office: string) => [
      { destination: 'hq', lastVerified: hq } as const,
      { destination: 'local', lastVerified: office } as const,
    ];
    const strict = (...destinations: DestinationStanding[]): string[] => {
      const standing = { practiceId: '4711', night: '2026-07-14', firstNight: '2026-07-01', destinations };
      return standingTroubles(standing, 'strict').map(({ code }) => code);
    };
    assert.deepEqual(strict(...places('2026-07-13', '2026-07-14')), []);
    assert.deepEqual(strict(...places('2026-07-12', '2026-07-13')), ['hq-copy-stale']);
    assert.deepEqual(strict(...places('2026-07-13', '2026-07-12')), ['local-copy-stale']);
    assert.deepEqual(codes(...places('2026-07-12', '2026-07-12')), []);
  });

  it('tell of copies that are too old, or were never made', () => {
    assert.deepEqual(codes({ destination: 'hq', lastVerified: '2026-07-08' }), []);
    assert.deepEqual(codes({ destination: 'hq', lastVerified: '2026-07-07' }), ['hq-copy-stale']);
    assert.deepEqual(codes({ destination: 'hq' }), ['hq-copy-stale']);
    assert.deepEqual(codes({ destination: 'local', lastVerified: '2026-06-14' }), []);
    assert.deepEqual(codes({ destination: 'local', lastVerified: '2026-06-13' }), ['local-copy-stale']);
  });
});

describe('a health check', () => {
  const pings: string[] = [];
  const answering = (status: number): typeof fetch =>
    (async (url, init) => {
      pings.push(`${init?.method} ${url} ${init?.body}`);
      return new Response('', { status });
    }) as typeof fetch;

  it('is pinged after a good night, and told of a bad one', async () => {
    const alerts = createHealthcheckAlerts({ url: 'https://hc.example/uuid/', fetch: answering(200) });
    await alerts.nightEnded?.(outcome);
    await alerts.nightEnded?.({ ...outcome, ok: false, summary: 'Nothing was made.' });
    assert.deepEqual(pings, [
      'POST https://hc.example/uuid/ All good.',
      'POST https://hc.example/uuid/fail Nothing was made.',
    ]);
  });

  it('is told of a bad night also where its address has a query', async () => {
    const url = 'https://hc.example/key/slug?create=1';
    const alerts = createHealthcheckAlerts({ url, fetch: answering(200) });
    await alerts.nightEnded?.({ ...outcome, ok: false, summary: 'No.' });
    assert.equal(pings.at(-1), 'POST https://hc.example/key/slug/fail?create=1 No.');
    assert.throws(() => createHealthcheckAlerts({ url: 'hc.example' }), TypeError);
  });

  it('says that it did not get through, without its secret address', async () => {
    const alerts = createHealthcheckAlerts({ url: 'https://hc.example/uuid', fetch: answering(500) });
    await assert.rejects(async () => alerts.nightEnded?.(outcome), /^Error: the health check answered 500$/);
  });
});

describe('several sinks', () => {
  it('are all told, though one of them fails', async () => {
    const memory = createMemoryAlerts();
    const broken = createHealthcheckAlerts({
      url: 'https://hc.example/uuid',
      fetch: async () => {
        throw new TypeError('fetch failed');
      },
    });
    const all = combineAlerts(broken, memory);
    await all.raise({
      code: 'backup-failed',
      cause: 'table-damaged',
      severity: 'high',
      message: 'No.',
      practiceId: '4711',
    });
    assert.equal(memory.standing.size, 1);
    await assert.rejects(async () => all.nightEnded?.(outcome), AggregateError);
    assert.deepEqual(memory.nights, [outcome]);
    await all.clear('backup-failed');
    assert.equal(memory.standing.size, 0);
  });
});
