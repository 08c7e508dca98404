/** What is due, and when the next run is: a pure decision over the history, the schedule and the time. */
import { assertArgument } from '../arguments.js';
import type { Destination } from '../eligibility/is-eligible.js';
import { nightAfter, nightOf, nightsBetween } from './nights.js';
import { deadlineOf, hqTimeOf, lastStartOf, type NightSchedule, startOf } from './window.js';

/** What of earlier nights decides what is due. */
export interface NightHistory {
  /** Date of the night of the newest verified copy, per destination. What was made by hand is not counted. */
  readonly verified: Readonly<Partial<Record<Destination, string>>>;
  /** The newest run of a night, whatever its outcome. */
  readonly lastAttempt?: LastAttempt | undefined;
  /** Date of the first night of the service. @defaultValue it begins now */
  readonly firstNight?: string | undefined;
}

/** A run that was made. */
export interface LastAttempt {
  /** Date of its night. */
  readonly night: string;
  /** Which run of that night it was: 1, 2, 3 … */
  readonly count: number;
  /** @defaultValue `endedAt` */
  readonly startedAt?: Date | undefined;
  /** When it ended. */
  readonly endedAt: Date;
  /** Where no retry is useful this night, such as where the practice may not back up. @defaultValue none */
  readonly settled?: readonly Destination[] | undefined;
}

/** The next run. */
export interface PlannedRun {
  /** When to start; never before `now`. */
  readonly at: Date;
  /** Date of the night it counts for. */
  readonly night: string;
  /** When the work must be over. What is not sent by then is sent on the next night. */
  readonly deadline: Date;
  /** What is due; never empty. */
  readonly destinations: readonly Destination[];
  /** Why it runs at that time. */
  readonly kind: 'catch-up' | 'hq-time' | 'late' | 'retry' | 'scheduled';
}

const minute = 60_000;

/**
 * What is due on a night.
 *
 * @param night - ISO date of its evening
 * @param destinations - where the practice may back up at all
 * @throws RangeError when a date cannot be read
 * @example
 * ```ts
 * console.log(dueOn('2026-02-01', schedule, history, ['hq', 'local']));
 * ```
 */
export function dueOn(
  night: string,
  schedule: NightSchedule,
  history: NightHistory,
  destinations: readonly Destination[],
): readonly Destination[] {
  assertArgument('night', night, 'text');
  assertArgument('schedule', schedule, 'object');
  assertArgument('history', history, 'object', { verified: 'object' });
  assertArgument('destinations', destinations, 'array');
  return destinations.filter((destination) => {
    const last = history.verified[destination];
    if (last === undefined) return true;
    const since = nightsBetween(last, night);
    // A copy dated in the future comes from a wrong clock and is ignored.
    return since < 0 || since >= (destination === 'local' ? (schedule.localEveryNights ?? 7) : 1);
  });
}

/**
 * The next run: at the practice's own time of the night, at once when the service comes late but the window
 * is still open, and again after a pause when a run of this night failed.
 *
 * @param request.destinations - where the practice may back up at all
 * @returns null when there is no destination
 * @throws BackupError `settings-invalid`
 * @example
 * ```ts
 * const next = planNextRun({ schedule, practiceId: '4711', history, destinations: ['hq', 'local'], now: new Date() });
 * ```
 */
export function planNextRun(request: {
  readonly schedule: NightSchedule;
  readonly practiceId: string;
  readonly history: NightHistory;
  readonly destinations: readonly Destination[];
  readonly now: Date;
}): PlannedRun | null {
  assertArgument('request', request, 'object', {
    schedule: 'object',
    practiceId: 'text',
    history: 'object',
    destinations: 'array',
    now: 'date',
  });
  const { schedule, destinations, now } = request;
  if (destinations.length === 0) return null;
  const missed = catchUpRun(request);
  if (missed !== null) return missed;
  const current = nightOf(now, schedule.timeZone);
  const furthest = (schedule.localEveryNights ?? 7) + 1;
  for (let ahead = 0; ahead <= furthest; ahead++) {
    const night = nightAfter(current, ahead);
    const due = openOn(night, request);
    if (due.length === 0) continue;
    const run = runOf(night, request);
    if (run !== null) return { ...run, night, destinations: due };
  }
  return null;
}

type Request = Parameters<typeof planNextRun>[0];

/** What is due on a night and not settled on it. */
function openOn(night: string, { schedule, history, destinations }: Request): readonly Destination[] {
  const { lastAttempt } = history;
  const settled = lastAttempt?.night === night ? (lastAttempt.settled ?? []) : [];
  return dueOn(night, schedule, history, destinations).filter((each) => !settled.includes(each));
}

function runOf(
  night: string,
  { schedule, practiceId, history, now }: Request,
): Pick<PlannedRun, 'at' | 'deadline' | 'kind'> | null {
  const start = startOf(night, schedule, practiceId);
  const deadline = deadlineOf(night, start, schedule);
  const made = attemptsOf(night, history, now);
  if (made >= (schedule.attemptsPerNight ?? 3)) return null;
  let at = start;
  let kind: PlannedRun['kind'] = hqTimeOf(night, schedule) === undefined ? 'scheduled' : 'hq-time';
  const again = made > 0 ? afterPause(history.lastAttempt!, schedule) : start;
  const isRetry = again > start;
  const lastStart = lastStartOf({ start, deadline, isRetry }, night, schedule);
  if (isRetry) {
    // A shorter pause is better than no retry.
    const latest = new Date(lastStart.getTime() - 2 * minute);
    at = again > latest && history.lastAttempt!.endedAt < latest ? latest : again;
    kind = 'retry';
  }
  if (at < now) {
    at = now;
    if (!isRetry) kind = 'late';
  }
  return at <= lastStart && at < deadline ? { at, deadline, kind } : null;
}

/** After a night on which no run could be started: at once, with retries for the rest of the day. */
function catchUpRun(request: Request): PlannedRun | null {
  const { schedule, practiceId, history, now } = request;
  if (schedule.catchUp !== 'at-once') return null;
  const current = nightOf(now, schedule.timeZone);
  const isOver = closeOf(current, request) <= now;
  const night = isOver ? current : nightAfter(current, -1);
  // A practice that is new waits for its first night.
  const isNew = Object.keys(history.verified).length === 0;
  if (isNew && (history.firstNight === undefined || history.firstNight >= night)) return null;
  // A copy of tonight is newer than one of last night: HQ may move the window of a night that is done.
  const due = openOn(night, request).filter((each) => {
    const last = history.verified[each];
    return last === undefined || last <= night || last > current;
  });
  if (due.length === 0) return null;
  const { lastAttempt } = history;
  // What tonight’s run has tried already is newer.
  if (lastAttempt?.night === current && night < current && lastAttempt.endedAt <= now) return null;
  let at = now;
  if (lastAttempt !== undefined && attemptsOf(night, history, now) > 0) {
    // It was tried in its window; locks would now block the office.
    if ((lastAttempt.startedAt ?? lastAttempt.endedAt) < closeOf(night, request)) return null;
    const again = afterPause(lastAttempt, schedule);
    if (again > now) at = again;
  }
  const next = startOf(nightAfter(night), schedule, practiceId);
  return at < next ? { at, night, deadline: next, destinations: due, kind: 'catch-up' } : null;
}

function closeOf(night: string, { schedule, practiceId }: Request): Date {
  return deadlineOf(night, startOf(night, schedule, practiceId), schedule);
}

function afterPause({ endedAt }: LastAttempt, { retryAfterMinutes = 30 }: NightSchedule): Date {
  return new Date(endedAt.getTime() + retryAfterMinutes * minute);
}

function attemptsOf(night: string, { lastAttempt }: NightHistory, now: Date): number {
  if (lastAttempt === undefined || lastAttempt.night !== night) return 0;
  // An end in the future: the clock was or is wrong, and must not delay a run for long.
  return lastAttempt.endedAt > now ? 0 : lastAttempt.count;
}
