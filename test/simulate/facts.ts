/** What a seed makes of a practice: where it is, when its nights are, what it keeps. */
import type { Practice as PracticeFacts } from '../../src/eligibility/is-eligible.js';
import type { RetentionPolicy } from '../../src/nightly/retention.js';
import type { ServiceSchedule } from '../../src/nightly/service/nightly-options.js';
import type { Random } from './random.js';
import { fromNoon, wallTime } from './wall.js';

const zones = [
  'America/Chicago',
  'America/Phoenix',
  'Australia/Lord_Howe',
  'Europe/Vienna',
  'America/Santiago',
  'UTC',
];
const windows = [
  { opens: '22:00', closes: '04:00' },
  { opens: '22:00', closes: '04:00' },
  { opens: '20:30', closes: '06:15' },
  { opens: '02:00', closes: '03:00' },
  { opens: '23:00', closes: '00:30' },
  { opens: '12:15', closes: '13:00' },
];
/** Of a service that was never given others. */
const usualHours = { opens: '22:00', closes: '04:00' };
const policies: readonly (RetentionPolicy | 'default' | 'keep-all')[] = [
  { daily: 'P3D', weekly: 'P3W' },
  { daily: 'P2D' },
  { daily: 'P5D', weekly: 'P4W', monthly: 'P3M' },
  'default',
  'keep-all',
];

export class Facts {
  readonly zone: string;
  readonly policy: RetentionPolicy | 'default' | 'keep-all';
  readonly schedule: ServiceSchedule;
  readonly practice: PracticeFacts;
  readonly #window: (typeof windows)[number];
  /** The hours that HQ gives instead, and those that it gave before them in these days. */
  #moved: readonly (typeof windows)[number][] = [];

  constructor(random: Random) {
    this.zone = random.pick(zones);
    this.#window = random.pick(windows);
    this.policy = random.pick(policies);
    this.schedule = {
      ...this.#window,
      localEveryNights: random.pick([1, 2, 7, 7]),
      ...(random.is(0.3) ? { catchUp: 'at-once' as const } : {}),
    };
    this.practice = {
      onSupport: true,
      hasEConnector: true,
      cloudDatabase: false,
      status: 'enabled',
      country: random.is(0.1) ? 'CA' : 'US',
    };
  }

  /** HQ gives other hours; null where it goes back to its own. */
  move(window: number | null): void {
    this.#moved = window === null ? [] : [...this.#moved, windows[window % windows.length]!];
  }

  /** The schedule with the hours that HQ gives instead. */
  get movedSchedule(): ServiceSchedule {
    return { ...this.schedule, ...this.#moved.at(-1) };
  }

  /** Whether copies go to HQ at all. */
  get isAtHome(): boolean {
    return this.practice.country === 'US';
  }

  get localEveryNights(): number {
    return this.schedule.localEveryNights ?? 7;
  }

  /** In minutes; a practice with a short window is a small one. */
  get longestReading(): number {
    const { opens, closes } = this.#window;
    return Math.min(25, (fromNoon(closes) - fromNoon(opens)) / 8);
  }

  /** With so many minutes before the window opens and after it closes. */
  isInWindow(at: number, before: number = 0, after: number = 1): boolean {
    // Also by the hours of a run that goes on.
    return this.#isIn([this.#window, ...this.#moved.slice(-2)], at, { before, after });
  }

  /** Whether it is time for a computer that knows no hours of HQ, or those of some days ago. */
  isInAnyHours(at: number, after: number): boolean {
    return this.#isIn([this.#window, ...this.#moved, usualHours], at, { before: 0, after });
  }

  #isIn(
    hours: readonly (typeof windows)[number][],
    at: number,
    { before, after }: { readonly before: number; readonly after: number },
  ): boolean {
    const wall = fromNoon(wallTime(at, this.zone));
    return hours.some(
      ({ opens, closes }) => wall >= fromNoon(opens) - before && wall <= fromNoon(closes) + after,
    );
  }

  /** For how long copies of days and of weeks are promised. */
  get horizons(): { readonly dailyDays: number; readonly weeklyDays: number } {
    const { policy } = this;
    if (policy === 'keep-all')
      return { dailyDays: Number.POSITIVE_INFINITY, weeklyDays: Number.POSITIVE_INFINITY };
    if (policy === 'default') return { dailyDays: 3, weeklyDays: 180 };
    const days = (text: unknown, unit: number): number =>
      Number(/\d+/.exec(typeof text === 'string' ? text : '')?.[0] ?? 0) * unit;
    return { dailyDays: days(policy.daily, 1), weeklyDays: days(policy.weekly, 7) };
  }
}
