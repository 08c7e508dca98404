/**
 * Whether the database stands still though the office works: a copy of the server that follows no more, or a
 * snapshot of an earlier day, shows the same every night. On which days the office works, its own past weeks
 * say.
 */
import { allTables, type NightFacts } from './facts.js';

/** So many days must be known before they tell on which days of the week anything changes. */
const leastDays = 14;
/** Programs write to a database that changed on each of so many days, also on those when nobody is there. */
const daysOfPrograms = 28;
/** A day of the week is one of work when it was met so often, and something changed on all of them but one. */
const leastMet = 3;
/** So many days of work in a row without any change: the longest of holidays has fewer. */
const workdaysStill = 5;
const day = 86_400_000;

/** Nights from one change to the next. */
interface Run {
  readonly nights: number;
  /** Days of work among the days that passed. */
  readonly workdays: number;
  /** A person has looked meanwhile. */
  readonly isSeen: boolean;
}

const noNight: Run = { nights: 0, workdays: 0, isSeen: false };

/**
 * For how many nights nothing has changed, where that is more than the practice's own past explains.
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

/** Whether the server stopped following another one: by its own word, and where that is usual by what it shows. */
export function hasStoppedFollowing(past: readonly NightFacts[], facts: NightFacts): boolean {
  if (facts.replica === undefined || facts.replica === 'follows') return false;
  if (facts.replica === 'stopped' && past.at(-1)?.replica !== 'stopped') return true;
  // Some stop it for the night, and at others the computer with the other server is switched off.
  const { now } = stillnessOf(past, facts);
  return now.workdays > 0 && !now.isSeen;
}

/**
 * The night since whose copy nothing at all has changed: the newest earlier one that can be held against
 * this one. Null where something has, or there is none.
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

/** On which days of the week something changes, where enough of them are known. */
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
