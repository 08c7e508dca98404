/**
 * Whether tonight's database seems to have lost data: a pure decision over counts and sizes. The practice's
 * own past weeks show how much change is usual; lower limits keep a quiet past from turning every purge into
 * an alarm.
 */
import { assertArgument, assertEach } from '../../arguments.js';
import { allTables, type NightFacts, type TableFacts } from './facts.js';
import type { LossFinding } from './findings.js';
import { hasStoppedFollowing, nightsOfStillness } from './stillness.js';

/** Limits of the decision. */
export interface LossThresholds {
  /**
   * Tables whose rows stay for the life of a practice. @defaultValue those of Open Dental that hold patients,
   * treatment and money; where the database has none of them, its twenty tables with the most rows
   * @defaultValue those of Open Dental that hold patients, treatment and money; where the database has none
   *   of them, its twenty tables with the most rows
   */
  readonly coreTables?: readonly string[] | undefined;
  /** Tables that only ever grow. @defaultValue the audit logs of Open Dental */
  readonly auditTables?: readonly string[] | undefined;
  /** A core table may lose this share of its rows in one night. @defaultValue 0.03 */
  readonly rowShare?: number | undefined;
  /**
   * Nights in a row without any change that count as a finding, if the past does not show on which days the
   * office works. @defaultValue 14
   */
  readonly stillNights?: number | undefined;
}

/** What is compared with the past. */
export interface Tonight {
  /** What was read. */
  readonly facts: NightFacts;
  /** Tables whose purge was announced for tonight; `*` for all. */
  readonly announced?: readonly string[] | undefined;
  /** The date that the service wrote into the database last, and the one it found there tonight; ISO 8601. */
  readonly ownDate?: { readonly written: string; readonly found: string | null } | undefined;
}

const openDentalCore = [
  'adjustment',
  'allergy',
  'appointment',
  'claim',
  'claimproc',
  'commlog',
  'disease',
  'document',
  'inssub',
  'medicationpat',
  'patient',
  'patplan',
  'payment',
  'paysplit',
  'perioexam',
  'periomeasure',
  'procedurelog',
  'procnote',
  'rxpat',
  'treatplan',
];
const openDentalAudit = ['securitylog'];

/** An upgrade may change much in one night. */
const rowShareAtUpgrade = 0.3;
/** A table with fewer rows is not a core table yet, and losing fewer rows is no finding. */
const leastRows = 20;
const leastLost = 10;
/** Other tables may shrink, but not so many in one night. */
const manyTables = { share: 0.05, least: 5, drop: 0.5, rows: 50 };
/** How much less a table may compress in a night, as a share of its compression before. */
const ratioJump = { usual: 0.12, upgrade: 0.3, leastBytes: 32 * 1024 };
/** A slow loss, since the largest of the remembered nights, as a multiple of what one night may lose. */
const bleed = 3;
/** Tolerance for the date that the service wrote, in milliseconds. */
const dateTolerance = 12 * 3_600_000;

/**
 * Compares a night with those before it.
 *
 * @param history - nights of the past in any order; those of another scope are passed over
 * @example
 * ```ts
 * const facts = { night: '2026-02-02', scope: 'full', tables: {} } as const;
 * console.log(judgeNight([], { facts }));
 * ```
 */
export function judgeNight(
  history: readonly NightFacts[],
  tonight: Tonight,
  thresholds: LossThresholds = {},
): readonly LossFinding[] {
  assertEach('history', history, { night: 'text', scope: 'text', tables: 'object' });
  assertArgument('tonight', tonight, 'object', { facts: 'object', announced: 'array?' });
  assertArgument('thresholds', thresholds, 'object');
  const { facts, announced = [], ownDate } = tonight;
  const past = history
    .filter(({ scope, night }) => scope === facts.scope && night < facts.night)
    .sort((a, b) => (a.night < b.night ? -1 : 1));
  const findings: LossFinding[] = [];
  if (ownDate !== undefined && isBefore(ownDate.found, ownDate.written)) {
    findings.push({ kind: 'went-back', ...ownDate });
  }
  if (hasStoppedFollowing(past, facts)) findings.push({ kind: 'replica-stopped' });
  const last = past.at(-1);
  if (last === undefined) return findings;
  const isUpgrade =
    facts.version !== undefined && last.version !== undefined && facts.version !== last.version;
  const isAnnounced = (table: string): boolean => announced.includes(allTables) || announced.includes(table);
  const core = coreOf(last, thresholds);
  const audit = new Set(thresholds.auditTables ?? openDentalAudit);
  const around = { past, last, facts, isUpgrade, isAnnounced, core, audit, thresholds };
  findings.push(
    ...vanished(around),
    ...rowsLost(around),
    ...auditShrank(around),
    ...encrypted(around),
    ...redefined(around),
  );
  const nights = isAnnounced(allTables) ? null : nightsOfStillness(past, facts, thresholds.stillNights);
  if (nights !== null) findings.push({ kind: 'nothing-changed', nights });
  return findings;
}

interface Around {
  readonly past: readonly NightFacts[];
  readonly last: NightFacts;
  readonly facts: NightFacts;
  readonly isUpgrade: boolean;
  readonly isAnnounced: (table: string) => boolean;
  readonly core: ReadonlySet<string>;
  readonly audit: ReadonlySet<string>;
  readonly thresholds: LossThresholds;
}

/** The tables of a night whose older counts are also needed to judge a later one. */
export function tablesToRemember(facts: NightFacts, thresholds: LossThresholds): ReadonlySet<string> {
  return new Set([...coreOf(facts, thresholds), ...(thresholds.auditTables ?? openDentalAudit)]);
}

function coreOf({ tables }: NightFacts, { coreTables }: LossThresholds): ReadonlySet<string> {
  const named = (coreTables ?? openDentalCore).filter((name) => tables[name] !== undefined);
  if (named.length > 0) return new Set(named);
  const largest = Object.entries(tables).sort(([, a], [, b]) => b.rows - a.rows);
  return new Set(largest.slice(0, 20).map(([name]) => name));
}

/** Missing tables, and new ones that look like them. */
function vanished({ past, last, facts, isUpgrade, isAnnounced, core }: Around): readonly LossFinding[] {
  const fresh = Object.entries(facts.tables).filter(([name]) => last.tables[name] === undefined);
  return Object.entries(last.tables).flatMap(([name, before]): LossFinding[] => {
    // The sum of the tables of an older night that are not remembered; it is the last one if a clock was put
    // right.
    if (name === allTables) return [];
    if (facts.tables[name] !== undefined || isAnnounced(name)) return [];
    // Temporary tables do not count.
    const nights = past.filter(({ tables }) => tables[name] !== undefined).length;
    if (!core.has(name) && (isUpgrade || nights < Math.min(7, past.length))) return [];
    const twin = fresh.find(([, now]) => before.rows > 0 && isLike(before, now));
    return twin === undefined
      ? [{ kind: 'table-vanished', table: name, rows: before.rows }]
      : [{ kind: 'table-renamed', table: name, to: twin[0] }];
  });
}

function isLike(a: TableFacts, b: TableFacts): boolean {
  const near = (x: number, y: number): boolean => Math.abs(x - y) <= Math.max(x, y) * 0.02;
  return near(a.rows, b.rows) && near(a.plainBytes, b.plainBytes);
}

function rowsLost(around: Around): readonly LossFinding[] {
  const { last, facts, isUpgrade, isAnnounced, core, audit, thresholds } = around;
  const findings: LossFinding[] = [];
  const shrunk: string[] = [];
  let others = 0;
  for (const [table, { rows: before }] of Object.entries(last.tables)) {
    const after = facts.tables[table]?.rows;
    if (after === undefined || isAnnounced(table) || audit.has(table)) continue;
    if (!core.has(table)) {
      if (before < manyTables.rows) continue;
      others += 1;
      if (before - after > before * manyTables.drop) shrunk.push(table);
      continue;
    }
    const series = seriesOf(around, table);
    const share = isUpgrade ? rowShareAtUpgrade : (thresholds.rowShare ?? 0.03);
    const limit = Math.max(share, usualDrop(series));
    const peak = Math.max(...series);
    const isFall = before - after > before * limit;
    const isBleed = !isUpgrade && peak - after > peak * limit * bleed;
    const full = isFall ? before : peak;
    if ((!isFall && !isBleed) || full < leastRows || full - after < leastLost) continue;
    findings.push({ kind: 'rows-lost', table, before: full, after });
  }
  if (!isUpgrade && shrunk.length >= Math.max(manyTables.least, others * manyTables.share)) {
    findings.push({ kind: 'many-tables-shrank', tables: shrunk.length, of: others });
  }
  return findings;
}

/** The rows of a table on past nights since it was last purged, oldest first. */
function seriesOf({ past }: Around, table: string): readonly number[] {
  const purged = past.findLastIndex((each) =>
    [...(each.purged ?? []), ...(each.purgedElsewhere ?? [])].some(
      (name) => name === table || name === allTables,
    ),
  );
  return past.slice(Math.max(purged, 0)).flatMap(({ tables }) => tables[table]?.rows ?? []);
}

/** How much a table usually loses: what it lost on at least two past nights, and half as much again. */
function usualDrop(series: readonly number[]): number {
  const drops = series
    .slice(1)
    .map((rows, i) => (series[i]! === 0 ? 0 : Math.max(0, (series[i]! - rows) / series[i]!)));
  const byMedian = medianOf(drops) + 6 * spreadOf(drops);
  const second = [...drops].sort((a, b) => b - a)[1] ?? 0;
  return Math.max(byMedian, second * 1.5);
}

function auditShrank(around: Around): readonly LossFinding[] {
  const { last, facts, isUpgrade, isAnnounced, audit } = around;
  return [...audit].flatMap((table): LossFinding[] => {
    const before = last.tables[table]?.rows ?? 0;
    const after = facts.tables[table]?.rows;
    if (after === undefined || isAnnounced(table) || before - after < leastLost) return [];
    const limit = Math.max(isUpgrade ? rowShareAtUpgrade : 0.001, usualDrop(seriesOf(around, table)));
    return before - after > before * limit ? [{ kind: 'audit-log-shrank', table, before, after }] : [];
  });
}

/** Rows that were encrypted in place no longer compress. */
function encrypted({ past, last, facts, isUpgrade, isAnnounced }: Around): readonly LossFinding[] {
  return Object.entries(facts.tables).flatMap(([table, now]): LossFinding[] => {
    const before = last.tables[table];
    if (before === undefined || now.plainBytes < ratioJump.leastBytes || isAnnounced(table)) return [];
    // New images are growth.
    const isInPlace = now.rows <= before.rows * 1.2 && now.storedBytes > before.storedBytes * 1.2;
    if (!isInPlace) return [];
    const ratios = past.flatMap(({ tables }) => ratioOf(tables[table]) ?? []);
    const usual = medianOf(ratios);
    const jump = Math.max(isUpgrade ? ratioJump.upgrade : ratioJump.usual, 6 * spreadOf(ratios));
    const ratio = ratioOf(now) ?? 0;
    const isJump = ratio - usual > jump && ratio - (ratioOf(before) ?? 1) > jump;
    return isJump ? [{ kind: 'encrypted-in-place', table, before: round(usual), after: round(ratio) }] : [];
  });
}

function ratioOf(table: TableFacts | undefined): number | undefined {
  return table === undefined || table.plainBytes === 0 ? undefined : table.storedBytes / table.plainBytes;
}

function redefined({ last, facts, isUpgrade, isAnnounced }: Around): readonly LossFinding[] {
  if (isUpgrade) return [];
  const shared = Object.entries(last.tables).filter(
    ([name, { definition }]) => definition !== undefined && facts.tables[name]?.definition !== undefined,
  );
  const changed = shared.filter(
    ([name, { definition }]) => facts.tables[name]?.definition !== definition && !isAnnounced(name),
  );
  if (changed.length < Math.max(manyTables.least, shared.length * manyTables.share)) return [];
  return [{ kind: 'definitions-changed', tables: changed.length, of: shared.length }];
}

/** Whether the date found in a database is earlier than the one written there. */
export function isBefore(found: string | null, written: string): boolean {
  return found === null || Date.parse(found) < Date.parse(written) - dateTolerance;
}

function medianOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median distance from the median. */
function spreadOf(values: readonly number[]): number {
  const middle = medianOf(values);
  return medianOf(values.map((value) => Math.abs(value - middle)));
}

function round(ratio: number): number {
  return Math.round(ratio * 100) / 100;
}
