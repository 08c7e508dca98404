import { assertArgument, assertEach } from '../arguments.js';
import type { ListedBackup } from '../history/list-backups.js';
import { type Content, type Html, html } from '../html.js';
import { formatBytes, formatCount, plural } from '../quantities.js';
import { proposedRule } from './facts.js';
import { moment, old, page, type State, section, table, tile } from './page.js';
import { believable } from './standing.js';

/** What a page over many practices is made of. */
export interface FleetFacts {
  /** The moment that ages are counted to. */
  readonly asOf: Date;
  /** As `listBackups` gives them, of one store or several. Each stands under the practice of its label. */
  readonly backups: readonly ListedBackup[];
  /** What else is known of practices, such as that they should have copies. */
  readonly practices?: readonly FleetPractice[] | undefined;
}

/** What headquarters knows of a practice. */
export interface FleetPractice {
  /** As in its labels. */
  readonly practiceId: string;
  /** For people. */
  readonly name?: string | undefined;
  /** When a person last opened a copy, ISO 8601; null for never. Absent if not known. */
  readonly lastOpenedAt?: string | null | undefined;
  /** What `verifyHistory` found, in sentences. */
  readonly findings?: readonly string[] | undefined;
}

interface Standing {
  readonly practice: FleetPractice;
  readonly copies: number;
  readonly bytes: number;
  readonly newest: ListedBackup | null;
  /** In milliseconds. */
  readonly age: number | null;
  readonly concerns: readonly { readonly state: 'bad' | 'watch'; readonly sentence: string }[];
}

const hour = 3_600_000;
/** Below this share of earlier copies, the newest one has lost data, or many rows were purged. */
const shrunk = 0.7;
/** How many earlier copies it is compared with. */
const before = 7;
/** Rows of a page that people read; the worst come first. */
const mostRows = 2000;

/**
 * The copies of many practices on one page, the worst first: old, shrinking, weakly sealed, not as the office
 * signed them, never opened. Made from labels, listings and notes alone, so that headquarters needs no key.
 * Pure.
 *
 * @example
 * ```ts
 * console.log(renderFleet({ asOf: new Date(), backups: await listBackups(store) }));
 * ```
 */
export function renderFleet(facts: FleetFacts): string {
  assertArgument('facts', facts, 'object', { asOf: 'date', backups: 'array', practices: 'array?' });
  assertEach('facts.backups', facts.backups, { key: 'text', size: 'number' });
  assertEach('facts.practices', facts.practices ?? [], { practiceId: 'text', findings: 'array?' });
  const all = standingsOf(facts);
  const count = (is: (standing: Standing) => boolean): number => all.filter(is).length;
  const bad = count(({ concerns }) => concerns.some(({ state }) => state === 'bad'));
  const stale = count(({ age }) => age === null || age > proposedRule.copyAge * hour);
  const unlabelled = facts.backups.filter(({ label }) => label === null).length;
  return page(
    'Backup evidence of all practices',
    html`<header><h1>Backup evidence of ${plural(all.length, 'practice')}</h1><p class="quiet">as of ${moment(facts.asOf)}</p></header>
<dl class="tiles">${tile('Practices', formatCount(all.length), plural(facts.backups.length, 'file'))}
${tile('To be checked', formatCount(bad), 'stale, shrunk or not as signed', bad > 0 ? 'bad' : 'good')}
${tile(`Older than ${proposedRule.copyAge} h, or none`, formatCount(stale), 'measure of a proposed rule', stale > 0 ? 'bad' : 'good')}
${unlabelled > 0 && tile('Files without a label', formatCount(unlabelled), 'no archive, or not readable', 'watch')}</dl>
${section(
  'Practices, the worst first',
  table(
    ['Practice', 'Newest copy', 'Copies', 'Size', 'Opens with', 'To be checked'],
    all.slice(0, mostRows).map((standing) => rowOf(standing)),
  ),
  all.length > mostRows &&
    html`<p class="quiet small">And ${formatCount(all.length - mostRows)} more, with fewer problems.</p>`,
  all.length === 0 && html`<p class="quiet">No archive and no practice was given.</p>`,
)}
${section(
  'About this page',
  html`<ul class="plain small"><li>From labels, listings and signed notes alone: nothing was opened. Only opening an archive verifies its label.</li>
<li>${proposedRule.copyAge} hours is the figure of a rule that was <em>proposed</em> (HIPAA Security Rule, 90 FR 898, January 6, 2025), and a measure, not the law.</li>
<li>Shrunk: the newest copy is smaller than ${Math.round(shrunk * 100)} % of the median of the ${before} before it, of the same scope.</li>
<li>The page holds no patient data, loads nothing and runs nothing.</li></ul>`,
)}`,
  );
}

function rowOf({ practice, copies, bytes, newest, age, concerns }: Standing): readonly Content[] {
  const { practiceId, name } = practice;
  const isStale = age === null || age > proposedRule.copyAge * hour;
  const state: State = isStale ? 'bad' : 'good';
  return [
    name === undefined ? practiceId : html`${name} <span class="quiet">(${practiceId})</span>`,
    html`<span class="nowrap ${state}-text">${age === null ? 'none' : old(age)}</span>`,
    formatCount(copies),
    bytes === 0 ? '–' : formatBytes(bytes),
    openerOf(newest),
    concerns.length === 0
      ? html`<span class="quiet">–</span>`
      : html`<ul class="plain">${concerns.slice(0, 8).map(({ state, sentence }) => html`<li class="${state}-text">${sentence}</li>`)}</ul>`,
  ];
}

function openerOf(newest: ListedBackup | null): Html | string {
  const label = newest?.label ?? null;
  if (label === null) return '–';
  const [way] = label.unlock;
  if (way === undefined || label.keyHolder === undefined) return 'key file';
  const { userName } = label.keyHolder;
  return way.kind === 'stored-hash' ? html`${userName} <span class="quiet">(stored hash)</span>` : userName;
}

function standingsOf({ asOf, backups, practices = [] }: FleetFacts): readonly Standing[] {
  const known = new Map(practices.map((practice) => [practice.practiceId, practice]));
  const found = new Map<string, ListedBackup[]>(practices.map(({ practiceId }) => [practiceId, []]));
  for (const backup of backups) {
    if (backup.label === null) continue;
    const own = found.get(backup.label.practiceId);
    if (own === undefined) found.set(backup.label.practiceId, [backup]);
    else own.push(backup);
  }
  return [...found]
    .map(([practiceId, own]) => standingOf(known.get(practiceId) ?? { practiceId }, own, asOf))
    .sort(worstFirst);
}

function standingOf(practice: FleetPractice, backups: readonly ListedBackup[], asOf: Date): Standing {
  const good = [...believable(backups)].sort((a, b) => (a.label!.createdAt < b.label!.createdAt ? 1 : -1));
  const newest = good[0] ?? null;
  const age = newest === null ? null : asOf.getTime() - Date.parse(newest.label!.createdAt);
  const concerns: Standing['concerns'][number][] = [];
  const tell = (state: 'bad' | 'watch', sentence: string): void => void concerns.push({ state, sentence });
  if (age === null) tell('bad', 'there is no copy');
  else if (age > proposedRule.copyAge * hour) tell('bad', 'the newest copy is old');
  else if (age < -hour) tell('watch', 'the newest copy is dated in the future');
  const foreign = backups.length - good.length;
  if (foreign > 0) tell('bad', `${plural(foreign, 'archive')} not as the office signed`);
  for (const sentence of practice.findings ?? []) tell('bad', sentence);
  if (newest !== null && isShrunk(newest, good.slice(1)))
    tell('bad', 'the newest copy is much smaller than those before');
  if (newest?.label?.unlock[0]?.kind === 'stored-hash')
    tell('watch', 'opens with the password hash in the database');
  if (practice.lastOpenedAt === null) tell('watch', 'never opened by a person');
  const bytes = newest?.size ?? 0;
  return { practice, copies: good.length, bytes, newest, age, concerns };
}

function isShrunk(newest: ListedBackup, others: readonly ListedBackup[]): boolean {
  const sizes = others
    .filter(({ label }) => label!.scope === newest.label!.scope)
    .slice(0, before)
    .map(({ size }) => size)
    .sort((a, b) => a - b);
  const median = sizes[Math.floor(sizes.length / 2)];
  return median !== undefined && newest.size < median * shrunk;
}

function worstFirst(a: Standing, b: Standing): number {
  const weight = ({ concerns }: Standing): number =>
    concerns.reduce((sum, { state }) => sum + (state === 'bad' ? 100 : 1), 0);
  const byWeight = weight(b) - weight(a);
  if (byWeight !== 0) return byWeight;
  const byAge = (b.age ?? 0) - (a.age ?? 0);
  return byAge === 0 ? (a.practice.practiceId < b.practice.practiceId ? -1 : 1) : byAge;
}
