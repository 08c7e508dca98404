/** The sections of the page of evidence. Pure. */
import { describeOpening } from '../admin/opening.js';
import { describeLeftOut } from '../catalog/describe-left-out.js';
import { describeUnchanged } from '../history/loss/findings.js';
import { type Content, type Html, html } from '../html.js';
import { formatBytes, formatCount, formatSeconds, plural } from '../quantities.js';
import { calendar, legend } from './calendar.js';
import { curve } from './curve.js';
import { type EvidenceFacts, placeName, proposedRule } from './facts.js';
import { type NightState, nightsAt, placesOf } from './nights.js';
import { moment, mostListed, section, table } from './page.js';
import {
  accessOf,
  agesOf,
  areasOf,
  believable,
  kitsOf,
  lastOpening,
  newestFirst,
  newestReading,
  openersOf,
} from './standing.js';
import { treemap } from './treemap.js';

export function nightsSection({ reports }: EvidenceFacts): Html {
  const places = placesOf(reports);
  if (places.length === 0)
    return section('Nights', html`<p class="quiet">No report of a night was given.</p>`);
  const all = places.map((place) => ({ place, nights: nightsAt(place, reports) }));
  const states = new Set(all.flatMap(({ nights }) => nights.map(({ state }) => state)));
  const order: readonly NightState[] = ['verified', 'late', 'waiting', 'failed', 'missing', 'not-due'];
  const problems = all
    .flatMap(({ place, nights }) =>
      nights.filter(({ problem }) => problem !== undefined).map((night) => ({ place, ...night })),
    )
    .sort((a, b) => (a.night < b.night ? 1 : -1));
  const hidden = problems.length - mostListed;
  const since = newestReading(reports)?.unchangedSince;
  return section(
    'Nights',
    html`<div class="two">${all.map(
      ({ place, nights }) =>
        html`<div><h3>${placeName(place)}</h3>${calendar(placeName(place), nights)}</div>`,
    )}</div>`,
    legend(order.filter((state) => states.has(state))),
    since !== undefined && html`<p class="small">${describeUnchanged(since)}</p>`,
    problems.length > 0 && html`<h3>What went wrong</h3>`,
    table(
      ['Night', 'Where', 'What', 'In the report of', 'Since then'],
      problems
        .slice(0, mostListed)
        .map(({ night, place, problem, toldAt, state }) => [
          night,
          placeName(place),
          problem!,
          moment(toldAt),
          state === 'late' ? 'it arrived' : state === 'waiting' ? 'it waits' : 'no copy of that night',
        ]),
    ),
    hidden > 0 && html`<p class="quiet small">And ${hidden} earlier ones.</p>`,
  );
}

export function coverageSection({ reports, nights = [] }: EvidenceFacts): Html {
  const copies =
    newestReading(reports)?.destinations.flatMap(({ copy, destination }) =>
      copy === undefined ? [] : [{ copy, destination }],
    ) ?? [];
  const least = copies.find(({ copy }) => copy.scope === 'critical') ?? copies[0];
  const leftOut = least?.copy.leftOut ?? [];
  const tablesOut = new Map(
    leftOut.filter(({ kind }) => kind === 'table').map(({ name, reason }) => [name, reason]),
  );
  const found = areasOf(nights, tablesOut);
  const lines = describeLeftOut(leftOut);
  return section(
    'What the copies hold',
    table(
      ['Where', 'Scope', 'Tables', 'Rows', 'Data', 'Archive'],
      copies.map(({ copy, destination }) => [
        placeName(destination),
        copy.scope === 'full' ? 'everything' : 'critical tables',
        formatCount(copy.tables),
        formatCount(copy.rows),
        formatBytes(copy.plainBytes),
        formatBytes(copy.bytes),
      ]),
    ),
    found !== null && [
      html`<h3>Tables by size${tablesOut.size > 0 && least !== undefined && html`; hatched: left out of the copy at ${placeName(least.destination)}`}</h3>`,
      treemap('Tables by their size', found.areas),
      html`<p class="quiet small">As read in the night of ${found.night}${found.scope === 'critical' && ', critical tables only'}. Sizes before compression.</p>`,
    ],
    lines.length > 0 && [
      html`<h3>Left out${least !== undefined && html` of the copy at ${placeName(least.destination)}`}, and why</h3>`,
      html`<ul class="plain small">${lines.slice(0, mostListed).map((line) => html`<li>${line}</li>`)}${lines.length > mostListed && html`<li>and ${lines.length - mostListed} more</li>`}</ul>`,
    ],
    copies.length === 0 && found === null && html`<p class="quiet">No report describes a copy.</p>`,
  );
}

export function growthSection({ reports, nights = [] }: EvidenceFacts): Html | null {
  const scope = nights.some((each) => each.scope === 'full') ? 'full' : 'critical';
  const sizes = nights
    .filter((each) => each.scope === scope)
    .sort((a, b) => (a.night < b.night ? -1 : 1))
    .map(({ night, tables }) => ({
      night,
      value: Object.values(tables).reduce((sum, { plainBytes }) => sum + plainBytes, 0),
    }));
  const locks = [...reports]
    .sort((a, b) => (a.night < b.night ? -1 : 1))
    .flatMap(({ night, lockSeconds }) => (lockSeconds === undefined ? [] : [{ night, value: lockSeconds }]))
    .slice(-60);
  const size = curve('Data', sizes, formatBytes, 'curve');
  const lock = curve('Seconds of lock', locks, formatSeconds, 'bars');
  if (size === null && lock === null) return null;
  return section(
    'Growth and interruption',
    html`<div class="two">${size !== null && html`<div><h3>Data${scope === 'critical' && ' of the critical tables'}</h3>${size}</div>`}${lock !== null && html`<div><h3>How long the office could not write</h3>${lock}</div>`}</div>`,
  );
}

const ways: Readonly<Record<string, string>> = {
  enrolled: 'password, enrolled at a login',
  'stored-hash': 'password, by its hash in the database',
  'key-file': 'key file',
};

export function openersSection(facts: EvidenceFacts): Html {
  const access = accessOf(facts);
  const holder = newestReading(facts.reports)?.keyHolder;
  const opening = lastOpening(facts);
  const lastOpenedAt = opening?.lastOpenedAt ?? null;
  const rows =
    access === null
      ? holder === undefined
        ? []
        : [
            [
              `${holder.userName} (user ${holder.userNum})`,
              ways[holder.unlock] ?? 'key file',
              '–',
              '–',
              'the newest copies',
            ],
          ]
      : openersOf(access)
          .slice(0, mostListed)
          .map(({ who, how, keys, copies, from, to }): readonly Content[] => [
            who,
            ways[how] ?? how,
            html`<code>${keys.join(', ') || '–'}</code>`,
            formatCount(copies),
            `${from.slice(0, 10)} to ${to.slice(0, 10)}`,
          ]);
  return section(
    'Who can open the copies',
    table(['Who', 'With', 'Key', 'Copies', 'Made'], rows),
    rows.length === 0 &&
      html`<p class="quiet">Not known: no store was listed, and no report names a key holder.</p>`,
    html`<p class="small">${lastOpenedAt === null ? 'Last opened by a person: not known.' : `Last opened by a person: ${describeOpening({ ...opening!, lastOpenedAt })}.`}</p>`,
    html`<p class="small">${kitsInWords(facts)}</p>`,
    html`<p class="quiet small">According to the labels, which need no key. Key files that the practice added do not show in them. Neither the service that makes the copies nor headquarters can open one.</p>`,
  );
}

function kitsInWords(facts: EvidenceFacts): string {
  const kits = kitsOf(facts).slice(0, 8);
  if (kits.length === 0) return 'No recovery kit on paper opens the newest copies.';
  const each = kits.map(({ id, createdAt }) => `${id} of ${createdAt.slice(0, 10)}`);
  return `The newest copies also open with the recovery kit on paper: ${each.join(', ')}.`;
}

export function keptSection({ reports, stores = [], retention }: EvidenceFacts): Html {
  const rows = stores.map(({ place, description, backups }): readonly Content[] => {
    const days = believable(backups)
      .map(({ label }) => label!.createdAt)
      .sort();
    const bytes = believable(backups).reduce((sum, { size }) => sum + size, 0);
    return [
      placeName(place),
      description ?? '–',
      formatCount(days.length),
      days[0]?.slice(0, 10) ?? '–',
      days.at(-1)?.slice(0, 10) ?? '–',
      formatBytes(bytes),
    ];
  });
  const read = newestFirst(reports)[0]?.destinations.flatMap(({ destination, readSince }) =>
    readSince === undefined ? [] : [`${placeName(destination)} since ${readSince}`],
  );
  const rules = Object.entries(retention ?? {}).map(([place, rule]) => {
    const parts =
      rule === 'keep-all'
        ? ['everything is kept']
        : Object.entries(rule).map(([period, span]) => `${period} ${String(span)}`);
    return html`<li>${placeName(place)}: ${parts.join(', ')}</li>`;
  });
  return section(
    'What is kept',
    table(['Where', 'Store', 'Copies', 'Oldest', 'Newest', 'Size'], rows),
    rows.length === 0 && html`<p class="quiet">No store was listed.</p>`,
    read !== undefined &&
      read.length > 0 &&
      html`<p class="small">Every copy was read back whole, byte for byte: ${read.join(', ')}.</p>`,
    rules.length > 0 && html`<h3>Retention in force</h3><ul class="plain small">${rules}</ul>`,
    rules.length === 0 && html`<p class="quiet small">The retention rules are not known.</p>`,
  );
}

export function tallySection(facts: EvidenceFacts): Html {
  const ages = agesOf(facts);
  const there = ages.filter(({ age }) => age !== null).map(({ place }) => placeName(place));
  const hasHq = ages.some(({ place, age }) => place === 'hq' && age !== null);
  const { rehearsal } = facts;
  const office = html`<span class="watch-text">only the office knows</span>`;
  return section(
    'The 3-2-1-1-0 tally',
    table(
      ['Rule', 'Counted', 'By what'],
      [
        [
          '3 copies of the data',
          `${1 + there.length}`,
          `the database itself${there.map((place) => `, ${place}`).join('')}`,
        ],
        ['2 kinds of media', office, 'This product cannot see what a store is made of.'],
        [
          '1 off site',
          hasHq ? html`<span class="good-text">yes</span>` : office,
          hasHq ? 'Headquarters is another place than the office.' : 'No copy at headquarters is known.',
        ],
        [
          '1 offline or unchangeable',
          office,
          'Object lock of a store, or a disk in a safe, is set where the store is.',
        ],
        [
          '0 errors',
          rehearsal?.equal === true
            ? html`<span class="good-text">0 found</span>`
            : html`<span class="watch-text">not proven</span>`,
          rehearsal === undefined
            ? 'Each copy is read back when it is stored; no rehearsal is known.'
            : `Rehearsed on ${rehearsal.server}, compared with ${rehearsal.provenAgainst === 'archive' ? 'the definitions and counts of the archive' : 'the original'}: ${plural(rehearsal.rows, 'row')}.`,
        ],
      ],
    ),
  );
}

export function encryptionSection({ stores = [] }: EvidenceFacts): Html {
  const keys = stores.flatMap(({ backups }) =>
    believable(backups).flatMap(({ label }) => label!.unlock.map(({ recipient }) => recipient)),
  );
  const hybrid = keys.filter((key) => key.startsWith('age1pq1')).length;
  return section(
    'Encryption',
    html`<p>Each copy is sealed before it is stored, as an age v1 file: ChaCha20-Poly1305 under a key of its own, wrapped by X25519${keys.length > 0 && hybrid === keys.length && ' together with ML-KEM-768'}; the key of an administrator is sealed with the password by scrypt. Nothing leaves the office unencrypted.</p>`,
    html`<p><strong>Not FIPS 140 validated.</strong> These methods are well reviewed; X25519 as age uses it, ChaCha20-Poly1305 and scrypt are not approved by FIPS 140, and nothing here is a validated module. Where validated cryptography is required, keep the copies on media that are encrypted with it as well.</p>`,
  );
}

export function aboutSection({ versions, reports }: EvidenceFacts): Html {
  const database = newestReading(reports)?.database;
  const signedWith = newestFirst(reports).find((each) => each.signedWith !== undefined)?.signedWith;
  return section(
    'About this page',
    html`<ul class="plain small">
${versions !== undefined && html`<li>Made by supplemental-backup ${versions.product}${versions.runtime !== undefined && ` on ${versions.runtime}`}.</li>`}
${versions?.sbomSha256 !== undefined && html`<li>SHA-256 of its SBOM: <code>${versions.sbomSha256}</code></li>`}
${database !== undefined && html`<li>Database ${database.name} on ${database.server}.</li>`}
${signedWith !== undefined && html`<li>The office signs a note beside every copy with <code>${signedWith}</code>. Write this key down: a restore that is given it takes only copies that this key signed.</li>`}
<li>${proposedRule.copyAge} and ${proposedRule.restoreTime} hours are figures of a rule that was <em>proposed</em> (HIPAA Security Rule, 90 FR 898, January 6, 2025): copies no older than ${proposedRule.copyAge} hours, critical systems back within ${proposedRule.restoreTime} hours. It is shown as a measure, not as the law.</li>
<li>Names, times and sizes come from reports, labels and listings. Only opening an archive verifies its label; anybody could write a page like this one. What counts is the opening and the rehearsal.</li>
<li>The page holds no patient data, loads nothing and runs nothing.</li></ul>`,
  );
}
