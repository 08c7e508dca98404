/**
 * Whether the database does not change although the office works: a stopped replica, or a snapshot of an
 * earlier day, is the same every night. The past weeks show on which days the office works.
 */
import { allTables, type NightFacts } from './facts.js';

/** How many days must be known to tell on which days of the week anything changes. */
const leastDays = 14;
/** If the database changed on each of so many days, programs write to it even when nobody works. */
const daysOfPrograms = 28;
/**
 * A day of the week is a working day when it is known so often, and something changed on all of them but one.
 */
const leastMet = 3;
/** How many working days in a row without any change are a finding: longer than any holiday. */
const workdaysStill = 5;
const day = 86_400_000;

/** Nights from one change to the next. */
interface Run {
  readonly nights: number;
  /** Working days among the days that passed. */
  readonly workdays: number;
  /** A person acknowledged findings meanwhile. */
  readonly isSeen: boolean;
}

const noNight: Run = { nights: 0, workdays: 0, isSeen: false };

/**
 * For how many nights nothing has changed, if that is more than the practice's past explains.
 *
 * @param past - earlier nights of the same scope, oldest first
 */
export function nightsOfStillness(
  past: readonly NightFacts[],
  facts: NightFacts,
  stillNights = 14,
): number | null {
  const { now, before, days } = stillnessOf(past, facts);
  if (now.nights === 0 || now.isSeen) return null;
  const longest = Math.max(0, ...before.map(({ nights }) => nights));
  if (longest === 0 && days >= daysOfPrograms) return now.nights;
  const workdays = Math.max(workdaysStill - 1, ...before.map((run) => run.workdays));
  return now.workdays > workdays || now.nights >= Math.max(stillNights, longest + 2) ? now.nights : null;
}

/** Whether replication stopped: by the server's own word, and where stops are usual by what it shows. */
export function hasStoppedFollowing(past: readonly NightFacts[], facts: NightFacts): boolean {
  if (facts.replica === undefined || facts.replica === 'follows') return false;
  if (facts.replica === 'stopped' && past.at(-1)?.replica !== 'stopped') return true;
  // Some offices stop it for the night, or switch the other server off.
  const { now } = stillnessOf(past, facts);
  return now.workdays > 0 && !now.isSeen;
}

/**
 * The night since whose copy nothing at all has changed: the newest earlier one that can be compared. Null
 * where something has, or there is none.
 */
export function unchangedSince(history: readonly NightFacts[], facts: NightFacts): string | null {
  if (Object.keys(facts.tables).length === 0) return null;
  const earlier = history
    .filter(({ night }) => night < facts.night)
    .sort((a, b) => (a.night < b.night ? 1 : -1));
  for (const each of earlier) {
    const isUnchanged = isUnchangedSince(each, facts);
    if (isUnchanged !== undefined) return isUnchanged ? each.night : null;
  }
  return null;
}

/** Undefined where the two readings have no scope in common. */
function isUnchangedSince(before: NightFacts, now: NightFacts): boolean | undefined {
  const pairs = (['critical', 'full'] as const)
    .map((scope) => [contentIn(before, scope), contentIn(now, scope)] as const)
    .filter(([one, other]) => one !== undefined && other !== undefined);
  if (pairs.length > 0) return pairs.every(([one, other]) => one === other);
  return before.scope === now.scope ? isSame(before, now) : undefined;
}

function contentIn(facts: NightFacts, scope: NightFacts['scope']): string | undefined {
  if (facts.scope === scope) return facts.content;
  return scope === 'critical' ? facts.criticalContent : undefined;
}

function stillnessOf(
  past: readonly NightFacts[],
  facts: NightFacts,
): { readonly now: Run; readonly before: readonly Run[]; readonly days: number } {
  const pairs = past.map((from, i) => {
    const to = past[i + 1] ?? facts;
    return { from, passed: daysBetween(from, to), isSame: isSame(from, to) };
  });
  const lastChange = pairs.findLastIndex((pair) => !pair.isSame);
  const known = pairs.slice(0, lastChange + 1).filter(({ passed }) => passed.length === 1);
  const isWorkday = workdaysOf(known.map(({ passed, isSame }) => ({ weekday: passed[0]!, isSame })));
  const runs = [noNight];
  for (const pair of pairs) {
    const { nights, workdays, isSeen } = runs.at(-1)!;
    if (pair.isSame) {
      runs[runs.length - 1] = {
        nights: nights + 1,
        workdays: workdays + pair.passed.filter(isWorkday).length,
        isSeen: isSeen || pair.from.purged?.includes(allTables) === true,
      };
    } else runs.push(noNight);
  }
  return { now: runs.at(-1)!, before: runs.slice(0, -1), days: known.length };
}

/** On which days of the week something changes, if enough of them are known. */
function workdaysOf(
  known: readonly { readonly weekday: number; readonly isSame: boolean }[],
): (weekday: number) => boolean {
  if (known.length < leastDays) return () => false;
  return (weekday) => {
    const met = known.filter((each) => each.weekday === weekday);
    return met.length >= leastMet && met.filter(({ isSame }) => isSame).length <= 1;
  };
}

/** The days of the week that ended since one night, up to another; 0 for Sunday. */
function daysBetween(from: NightFacts, to: NightFacts): readonly number[] {
  const end = Date.parse(to.night);
  const days: number[] = [];
  for (let at = Date.parse(from.night) + day; at <= end && days.length < 40; at += day) {
    days.push(new Date(at).getUTCDay());
  }
  return days;
}

function isSame(a: NightFacts, b: NightFacts): boolean {
  if (a.content !== undefined && b.content !== undefined) return a.content === b.content;
  const names = Object.keys(a.tables);
  if (names.length === 0 || names.length !== Object.keys(b.tables).length) return false;
  return names.every((name) => {
    const [before, after] = [a.tables[name]!, b.tables[name]];
    return (
      before.rows === after?.rows &&
      before.plainBytes === after.plainBytes &&
      before.storedBytes === after.storedBytes
    );
  });
}
