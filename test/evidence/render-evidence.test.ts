import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { type EvidenceFacts, renderEvidence } from '../../src/evidence/index.js';
import { nightsAt } from '../../src/evidence/nights.js';
import {
  asOf,
  backupOf,
  copyOf,
  factsOf,
  nightBefore,
  reportOf,
  sampleFacts,
  storeOf,
} from './sample-facts.js';

/** What people read, without the tags. */
function textOf(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<title>[^<]*<\/title>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replace(/\s+/g, ' ');
}

const shown = (changes: Partial<EvidenceFacts> = {}): string => textOf(renderEvidence(sampleFacts(changes)));

/** Everything that a page of ours is made of; another name in a tag would be somebody else's. */
const ownTags = new Set(
  'html head meta title style body main header h1 h2 h3 p dl dt dd div section table thead tbody tr th td ul li strong em span code svg rect path text defs pattern title'.split(
    ' ',
  ),
);

function foreignTags(page: string): readonly string[] {
  return [...page.matchAll(/<\/?([^\s>/]*)/g)]
    .map(([, name]) => name!)
    .filter((name) => !ownTags.has(name) && name !== '!doctype');
}

describe('the page of evidence', () => {
  it('is one file that loads, runs and sends nothing, and holds a browser to that', () => {
    const page = renderEvidence(sampleFacts());
    const style = /<style>(.*?)<\/style>/s.exec(page)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    assert.equal(
      policy,
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    assert.doesNotMatch(
      page,
      /<(?:script|link|img|iframe|object|form|a)\b|\son\w+=|\sstyle=|https?:|@import|url\((?!#)/i,
    );
    assert.deepEqual(foreignTags(page), []);
    assert.ok(page.length < 200_000, String(page.length));
  });

  it('is the same for the same facts, whatever the order of the reports', () => {
    const { reports } = sampleFacts();
    assert.equal(
      renderEvidence(sampleFacts({ reports: [...reports].reverse() })),
      renderEvidence(sampleFacts()),
    );
  });

  it('says that nothing changed since the night before, which is no concern of its own', () => {
    const report = reportOf(nightBefore(0), { report: { unchangedSince: nightBefore(1) } });
    const page = renderEvidence(sampleFacts({ reports: [report] }));
    assert.ok(page.includes(`Nothing in the practice changed since the copy of ${nightBefore(1)}.`));
    assert.ok(!renderEvidence(sampleFacts()).includes('Nothing in the practice changed'));
  });

  it('says since when every copy was read back, and names a place where that is long ago', () => {
    const of = (readSince: string): string =>
      renderEvidence(
        sampleFacts({
          reports: [reportOf(nightBefore(0), { hq: { readSince }, local: { unproven: ['4711/a'] } })],
        }),
      );
    const recent = of(nightBefore(20));
    assert.ok(recent.includes(`byte for byte: Headquarters since ${nightBefore(20)}.`));
    assert.ok(recent.includes('Office network path: 1 copy could not be read back.'));
    assert.ok(!recent.includes('not every copy was read back'));
    assert.ok(
      of(nightBefore(60)).includes('Headquarters: not every copy was read back in the last 45 days.'),
    );
  });

  it('names the key that the newest notes are signed with', () => {
    const [first, ...rest] = sampleFacts().reports;
    const reports = [{ ...first!, signedWith: 'office+0a1b2c3d+AAAA<' }, ...rest];
    assert.match(renderEvidence(sampleFacts({ reports })), /<code>office\+0a1b2c3d\+AAAA&lt;<\/code>/);
  });

  it('takes no name from outside for markup, wherever it stands', () => {
    const evil = `"'><script>alert(1)</script><img src=x onerror=y>&lt;\u202e\u0000\n]]>--><svg/onload=z>\ud800`;
    const report = reportOf(nightBefore(0), {
      hq: { outcome: 'failed', error: { code: 'unexpected', message: evil }, troubles: [evil] },
      local: {
        copy: { ...copyOf(nightBefore(0), 'full'), leftOut: [{ kind: 'table', name: evil, reason: evil }] },
      },
      report: {
        database: { name: evil, server: evil },
        keyHolder: { userNum: evil, userName: evil, unlock: 'enrolled' },
        looksLikeLoss: [evil],
        openingFindings: [evil],
      },
    });
    const tables = { [evil]: { rows: 1, plainBytes: 5e8, storedBytes: 1 } };
    const page = renderEvidence({
      practiceId: evil,
      asOf,
      reports: [report],
      nights: [
        { night: nightBefore(0), scope: 'full', tables },
        { night: nightBefore(1), scope: 'full', tables },
      ],
      stores: [
        {
          place: evil,
          description: evil,
          backups: [backupOf('2026-07-15T23:04:00.000Z', { keyHolder: { userNum: evil, userName: evil } })],
        },
      ],
      openings: [
        {
          userNum: evil,
          userName: evil,
          at: evil,
          lastOpenedAt: '2026-07-15T23:04:00.000Z',
          places: [
            { place: evil, archiveId: evil, createdAt: evil, openedAt: evil, readBytes: 1, rowBytes: 2 },
          ],
          findings: [],
        },
      ],
      rehearsal: {
        equal: true,
        provenAgainst: 'source',
        rehearsedAt: evil,
        restoreSeconds: 1,
        rows: 1,
        server: evil,
      },
      retention: { [evil]: { daily: evil } },
      versions: { product: evil, runtime: evil, sbomSha256: evil },
    });
    assert.deepEqual(foreignTags(page), []);
    assert.doesNotMatch(page, /[\u202e\u0000\ud800-\udfff]/);
    // Nothing leaves a quoted attribute either: every quote of its own is an entity.
    for (const [tag] of page.matchAll(/<[a-z][^>]*>/g)) {
      assert.match(tag, /^<[a-z0-9]+(?: [\w:-]+(?:="[^"]*")?)*\/?>$/i, tag);
    }
    assert.ok(page.split('&lt;script&gt;').length > 15);
  });

  it('says of each place how old the newest copy is, and what the proposed rule would want', () => {
    const fresh = shown();
    assert.match(fresh, /Newest copy: Headquarters 10 hours old/);
    assert.match(fresh, /proposed rule: 48/);
    assert.match(fresh, /was proposed \(HIPAA Security Rule/);
    assert.doesNotMatch(fresh, /Action is needed/);
    const late = shown({ asOf: new Date('2026-07-18T09:30:00Z') });
    assert.match(late, /Action is needed.*Headquarters: the newest copy is 58 hours old\./);
    const none = shown({ stores: [{ place: 'hq', backups: [] }] });
    assert.match(none, /Headquarters: there is no verified copy/);
  });

  it('takes no archive for the newest that the office did not sign as it is, and tells it', () => {
    const honest = storeOf('hq', 3, 'bucket');
    const forged = {
      ...backupOf('2026-07-16T09:00:00.000Z'),
      origin: { kind: 'foreign', why: 'bad-signature' } as const,
    };
    const page = shown({ stores: [{ ...honest, backups: [forged, ...honest.backups] }] });
    assert.match(page, /Newest copy: Headquarters 10 hours old/);
    assert.match(page, /Headquarters: the office did not sign 1 archive as stored/);
  });

  it('takes none without a note for the newest where the office signs its copies', () => {
    const sign = (backup: ReturnType<typeof backupOf>, number: number) => ({
      ...backup,
      origin: {
        kind: 'signed',
        signedWith: 'key',
        number,
        destination: 'hq',
        night: '2026-07-13',
        size: 1,
        sha256: 'ab'.repeat(32),
      } as const,
    });
    const backups = [
      backupOf('2026-07-16T09:00:00.000Z'),
      sign(backupOf('2026-07-13T23:04:00.000Z'), 2),
      { ...backupOf('2026-07-01T23:04:00.000Z'), origin: { kind: 'unsigned' } as const },
    ];
    const page = shown({ stores: [{ place: 'hq', backups }] });
    assert.match(page, /Headquarters: the newest copy is 58 hours old/);
    assert.match(page, /Headquarters: the office did not sign 1 archive as stored/);
    assert.match(page, /Copies in the stores 2 /);
  });

  it('asks for no copy where none was ever due, and calls nothing in order where nothing is known', () => {
    const reports = [reportOf(nightBefore(0), { local: { outcome: 'not-eligible' } })];
    assert.doesNotMatch(shown({ reports, stores: [] }), /Office network path: there is no/);
    assert.match(
      textOf(renderEvidence({ practiceId: '1', asOf, reports: [] })),
      /Action is needed\. No copy is known/,
    );
  });

  it('tells what administrators found who opened the copies', () => {
    const [opening] = sampleFacts().openings!;
    const findings = [{ code: 'recipient-not-ours', place: 'hq' } as const];
    assert.match(
      shown({ openings: [{ ...opening!, findings }] }),
      /Action is needed.*sealed to a key that the password/,
    );
  });

  it('shows each night at each place: late, failed, not due, or without a report', () => {
    const { reports } = sampleFacts();
    const states = (place: 'hq' | 'local') => {
      const nights = nightsAt(place, reports);
      return Object.fromEntries(nights.map(({ night, state }) => [night, state]));
    };
    const hq = states('hq');
    assert.equal(hq[nightBefore(0)], 'verified');
    assert.equal(hq[nightBefore(20)], 'late');
    assert.equal(hq[nightBefore(40)], 'failed');
    assert.equal(hq[nightBefore(61)], 'missing');
    assert.equal(states('local')[nightBefore(130)], 'not-due');
    assert.match(shown(), /What went wrong .*2026-06-05 Headquarters The store did not answer for 2 hours\./);
  });

  it('counts the best of several runs of a night', () => {
    const night = nightBefore(3);
    const failed = reportOf(night, { hq: { outcome: 'failed' } });
    for (const reports of [
      [failed, reportOf(night)],
      [reportOf(night), failed],
    ]) {
      assert.deepEqual(
        nightsAt('hq', reports).map(({ state }) => state),
        ['verified'],
      );
    }
  });

  it('shows what is left out, with the reason and hatched by its size', () => {
    const page = renderEvidence(sampleFacts());
    assert.match(
      page,
      /fill="url\(#hatch\)"[^>]*><title>securitylog: 260 MB, left out: only the last 12 months/,
    );
    assert.match(textOf(page), /Left out of the copy at Headquarters, and why.*etrans/);
  });

  it('says who can open the copies and who last did, or that nobody is known to have', () => {
    const page = shown();
    assert.match(page, /Dr\. Ada Meadow \(user 1\) password, enrolled at a login/);
    assert.match(page, /Last opened by a person 12 days ago Dr\. Ada Meadow/);
    assert.match(page, /at hq \(5 % of the rows read and equal\)/);
    const unopened = shown({ openings: undefined });
    assert.match(unopened, /Last opened by a person not known/);
    assert.match(unopened, /There is no record of a person opening a copy/);
  });

  it('says whether a recovery kit opens the newest copies', () => {
    assert.match(shown(), /No recovery kit on paper opens the newest copies\./);
    const kit = { id: '1a2b3c4d', createdAt: '2026-05-01T00:00:00.000Z', recipient: 'age1kit' };
    const backups = [
      backupOf('2026-07-15T23:04:00.000Z', { recoveryKits: [kit] }),
      backupOf('2026-07-14T23:04:00.000Z'),
    ];
    const page = shown({ stores: [{ place: 'hq', backups }] });
    assert.match(page, /also open with the recovery kit on paper: 1a2b3c4d of 2026-05-01\./);
  });

  it('tells what this software cannot count, and that no module is validated', () => {
    const page = shown();
    assert.match(page, /2 kinds of media only the office knows/);
    assert.match(page, /1 off site yes/);
    assert.match(page, /0 errors 0 found Rehearsed on MariaDB 10\.11, compared with the original/);
    assert.match(page, /Not FIPS 140 validated/);
    assert.match(shown({ rehearsal: undefined }), /0 errors not proven/);
  });

  it('is a page also where nothing is known', () => {
    const page = textOf(renderEvidence({ practiceId: '1', asOf, reports: [] }));
    assert.match(page, /No report of a night was given/);
    assert.match(page, /No rehearsal of a restore is known/);
  });

  it('is bounded, and made at once, whatever the facts hold', () => {
    const tables = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, i) => [
        `${'x'.repeat(5000)}${i}`,
        {
          rows: 1,
          plainBytes: [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300, 5, 0][i % 6]!,
          storedBytes: 1,
        },
      ]),
    );
    const many = Array.from({ length: 3000 }, (_, i) =>
      backupOf('2026-07-15T23:04:00.000Z', {
        archiveId: i.toString(16).padStart(32, '0'),
        keyHolder: { userNum: String(i), userName: 'y'.repeat(5000) },
      }),
    );
    const strange = ['2999-12-31', '9999-12-31', '0000-00-00', 'x', '2026-02-31'].map((night) =>
      reportOf(night),
    );
    const page = renderEvidence(
      sampleFacts({
        reports: strange,
        nights: [{ night: nightBefore(0), scope: 'full', tables }, factsOf(nightBefore(1))],
        stores: [{ place: 'hq', backups: many }],
      }),
    );
    assert.ok(page.length < 400_000, String(page.length));
    assert.doesNotMatch(page, /NaN|Infinity/);
  });
});
