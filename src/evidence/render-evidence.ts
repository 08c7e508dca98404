import { assertArgument, assertEach } from '../arguments.js';
import { type Html, html } from '../html.js';
import { formatCount, formatSeconds } from '../quantities.js';
import { type EvidenceFacts, placeName, proposedRule } from './facts.js';
import { ago, moment, mostListed, old, page, type State, tile } from './page.js';
import {
  aboutSection,
  coverageSection,
  encryptionSection,
  growthSection,
  keptSection,
  nightsSection,
  openersSection,
  tallySection,
} from './sections.js';
import { agesOf, believable, type Concern, concernsOf, lastOpening } from './standing.js';

const hour = 3_600_000;

/**
 * What an owner, an auditor or an insurer wants to see of the copies, on one page without patient data: one
 * HTML file that loads and runs nothing, and prints on Letter and A4. Pure; the same facts give the same
 * bytes.
 *
 * @example
 * ```ts
 * const kept = await readEvidence(spool);
 * console.log(renderEvidence({ ...kept, practiceId: '4711', asOf: new Date() }));
 * ```
 */
export function renderEvidence(facts: EvidenceFacts): string {
  assertFacts(facts);
  const { practiceId, asOf } = facts;
  return page(
    `Backup evidence of practice ${practiceId}`,
    html`<header><h1>Backup evidence of practice ${practiceId}</h1><p class="quiet">as of ${moment(asOf)}</p></header>
${verdict(concernsOf(facts))}
${tiles(facts)}
${nightsSection(facts)}
${coverageSection(facts)}
${growthSection(facts)}
${openersSection(facts)}
${keptSection(facts)}
${tallySection(facts)}
${encryptionSection(facts)}
${aboutSection(facts)}`,
  );
}

function assertFacts(facts: EvidenceFacts): void {
  assertArgument('facts', facts, 'object', {
    practiceId: 'text',
    asOf: 'date',
    reports: 'array',
    nights: 'array?',
    stores: 'array?',
    unlisted: 'array?',
    openings: 'array?',
    rehearsal: 'object?',
    retention: 'object?',
    versions: 'object?',
  });
  assertEach('facts.reports', facts.reports, { night: 'text', destinations: 'array', finishedAt: 'text' });
  assertEach('facts.nights', facts.nights ?? [], { night: 'text', tables: 'object' });
  assertEach('facts.stores', facts.stores ?? [], { place: 'text', backups: 'array' });
}

function verdict(concerns: readonly Concern[]): Html {
  const isBad = concerns.some(({ state }) => state === 'bad');
  if (concerns.length === 0) {
    return html`<div class="verdict"><strong>In order.</strong> <span class="quiet">No problem is known.</span></div>`;
  }
  const items = concerns
    .slice(0, mostListed)
    .map(({ state, sentence }) => html`<li class="${state === 'bad' ? 'bad-text' : ''}">${sentence}</li>`);
  const more = concerns.length - mostListed;
  return html`<div class="verdict ${isBad ? 'bad' : 'watch'}"><strong>${isBad ? 'Action is needed.' : 'There are copies. Please check:'}</strong>
<ul>${items}${more > 0 && html`<li>and ${more} more</li>`}</ul></div>`;
}

function tiles(facts: EvidenceFacts): Html {
  const { asOf, rehearsal, stores = [] } = facts;
  const ages = agesOf(facts).map(({ place, age, newestAt, by }) => {
    const isLate = age === null || age > proposedRule.copyAge * hour;
    const state: State = isLate ? 'bad' : age < 0 ? 'watch' : 'good';
    const known = by === 'reports' ? 'by the report of that night' : 'by a listing of the store';
    return tile(
      `Newest copy: ${placeName(place)}`,
      age === null ? 'none' : old(age),
      age === null ? known : html`of ${moment(newestAt)}, ${known}; proposed rule: ${proposedRule.copyAge} h`,
      state,
    );
  });
  const opening = lastOpening(facts);
  const openedAt = opening?.lastOpenedAt ?? null;
  const copies = stores.reduce((sum, { backups }) => sum + believable(backups).length, 0);
  return html`<dl class="tiles">${ages}
${
  rehearsal === undefined
    ? tile(
        'Last rehearsed restore',
        'not known',
        `proposed rule: back within ${proposedRule.restoreTime} h`,
        'watch',
      )
    : tile(
        'Last rehearsed restore',
        rehearsal.equal ? formatSeconds(rehearsal.restoreSeconds) : 'FAILED',
        html`${moment(rehearsal.rehearsedAt)}; proposed rule: back within ${proposedRule.restoreTime} h`,
        rehearsal.equal && rehearsal.restoreSeconds < proposedRule.restoreTime * 3600 ? 'good' : 'bad',
      )
}
${
  openedAt === null
    ? tile('Last opened by a person', 'not known', 'with their own password', 'watch')
    : tile(
        'Last opened by a person',
        `${ago(asOf.getTime() - Date.parse(openedAt))} ago`,
        opening!.userName,
        'good',
      )
}
${
  stores.length > 0 &&
  tile(
    'Copies in the stores',
    formatCount(copies),
    stores.map(
      ({ place, backups }, i) => `${i > 0 ? ', ' : ''}${placeName(place)} ${believable(backups).length}`,
    ),
  )
}</dl>`;
}
