/**
 * What goes wrong, and what people do, in the years of a practice: a list that a seed gives, of which any
 * part can be played.
 */
import { createRandom, type Random } from './random.js';
import { moreStoreFaults, storeFaults } from './store.js';

export const hour = 3_600_000;
export const day: number = 24 * hour;

/** What can happen. */
export type FaultKind =
  | 'admin-logs-in'
  | 'admin-removed'
  | 'by-hand'
  | 'clock-wrong'
  | 'database'
  | 'disk'
  | 'hq-store'
  | 'password-changed'
  | 'password-removed'
  | 'path-changed'
  | 'path-removed'
  | 'path-store'
  | 'power-cut'
  | 'schedule'
  | 'settings'
  | 'sink'
  | 'sleep'
  | 'spool-spoilt'
  | 'stopped'
  | 'switched-off';

/** One thing that happens. */
export interface Fault {
  /** In milliseconds from the beginning. */
  readonly at: number;
  /** In milliseconds. */
  readonly lasts: number;
  /** Which computer. */
  readonly computer: number;
  readonly what: FaultKind;
  /** How, where there are several ways. */
  readonly how: string;
  /** How much, from 0 to 1. */
  readonly much: number;
}

const ways: Readonly<Record<FaultKind, readonly string[]>> = {
  'admin-logs-in': ['1', '2', '3'],
  'admin-removed': ['2', '3'],
  'by-hand': ['both'],
  'clock-wrong': ['back', 'forth'],
  database: ['away', 'hanging', 'locked', 'lost', 'changing'],
  disk: ['full', 'broken'],
  'hq-store': storeFaults,
  'password-changed': ['1', '2', '3'],
  'password-removed': ['1'],
  'path-changed': ['a', 'b'],
  'path-removed': [''],
  'path-store': storeFaults,
  'power-cut': ['at-once', 'in-the-run', 'in-the-run'],
  schedule: ['failing', 'hanging', 'nonsense'],
  settings: ['failing', 'hanging'],
  sink: ['failing', 'hanging', 'answers-lost'],
  sleep: [''],
  'spool-spoilt': ['journal', 'journal-gone', 'archive', 'archive-gone', 'all'],
  stopped: [''],
  'switched-off': ['recorded', 'unrecorded'],
};
/** What else can happen from {@link fullSeed} on. */
const moreWays: Partial<Readonly<Record<FaultKind, readonly string[]>>> = {
  'admin-removed': ['1', '2', '3'],
  disk: ['hanging', 'read-only'],
  'hq-store': moreStoreFaults,
  'path-store': moreStoreFaults,
  schedule: ['moved', 'moved'],
  sleep: ['in-the-run', 'in-the-run'],
  'spool-spoilt': ['turned-back', 'turned-back'],
  'switched-off': ['by-hq'],
};
const kinds: readonly FaultKind[] = Object.keys(ways) as FaultKind[];

/** After so many days comes a time in which nothing goes wrong, and everything must be well at its end. */
export const stormDays = 30;
export const calmDays = 10;
export const cycleDays: number = stormDays + calmDays;

/** Practices from this seed on meet everything; the stories of those below are the ones that were recorded. */
export const fullSeed = 1_000_000;

/** From this seed on the practice's database keeps the newest notes, and more is done to practices. */
export const headsSeed = 60_000_000;

/** @param days - how long the story is */
export function faultsOf(seed: number, days: number, computers: number): readonly Fault[] {
  const random = createRandom(`faults ${seed}`);
  const faults: Fault[] = [];
  for (let cycle = 0; cycle * cycleDays < days; cycle++) {
    // Some months bring much trouble, and some hardly any.
    const count = random.pick([1, 2, 4, 8, 16]);
    // What comes together is worse than what comes alone: often of few kinds.
    const chosen = Array.from({ length: random.between(1, 6) }, () => random.pick(kinds));
    for (let i = 0; i < count; i++) faults.push(faultOf(random, cycle, random.pick(chosen), computers));
  }
  if (seed >= fullSeed) {
    for (const [i, fault] of faults.entries()) {
      const more = moreWays[fault.what];
      if (more !== undefined && random.is(0.5)) faults[i] = { ...fault, how: random.pick(more) };
    }
  }
  return faults.sort((a, b) => a.at - b.at);
}

function faultOf(random: Random, cycle: number, what: FaultKind, computers: number): Fault {
  const from = random.next() * stormDays * day;
  const longest = stormDays * day - from;
  const length = random.pick([hour / 60, hour, 6 * hour, day, 3 * day, 9 * day]) * (0.5 + random.next());
  return {
    at: cycle * cycleDays * day + from,
    lasts: Math.min(length, longest),
    computer: random.between(0, computers - 1),
    what,
    how: random.pick(ways[what]),
    much: random.next(),
  };
}
