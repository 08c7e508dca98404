import { type Options, type Params, SingleBar } from 'cli-progress';
import { formatBytes, formatCount, formatSeconds } from '../quantities.js';
import type { CommandLine } from './command.js';

/** Shows how far a piece of work is. */
export interface Progress {
  /**
   * @param done - bytes or rows so far
   * @param total - of how many, once that is known
   * @param activity - what is done while no bytes or rows are processed; shown instead of rate and time left
   */
  update(done: number, total?: number, activity?: string): void;
  /** Shows 100 %, as totals may be estimates, and ends the display. */
  finish(): void;
  /** Ends the display where it is. Safe to call twice, and after {@link finish}. */
  stop(): void;
}

/** What is counted. */
export type ProgressUnit = 'archives' | 'bytes' | 'rows' | 'tables';

const plainLineEverySeconds = 5;

/**
 * A bar with rate and time left on a terminal, plain lines otherwise, silence with `--json`.
 *
 * @param label - what is done, such as `Reading`
 */
export function startProgress(
  line: Pick<CommandLine, 'json' | 'stderr'> & { readonly quiet?: boolean },
  label: string,
  unit: ProgressUnit,
): Progress {
  if (line.json || line.quiet === true)
    return { update: () => undefined, finish: () => undefined, stop: () => undefined };
  return line.stderr.isTTY === true
    ? startBar(line.stderr, label, unit)
    : startLines(line.stderr, label, unit);
}

/**
 * Progress, rate and time left: `120 MB of 400 MB (30 %), 45 MB/s, 6 s left`; or progress and activity: `400
 * MB of 400 MB (100 %), building the keys of claim`.
 */
export function describeProgress(
  done: number,
  total: number | undefined,
  seconds: number,
  unit: ProgressUnit,
  activity?: string,
): string {
  const amount = (value: number): string =>
    unit === 'bytes' ? formatBytes(Math.round(value)) : `${formatCount(Math.round(value))} ${unit}`;
  const rate = seconds > 0 ? done / seconds : 0;
  const parts = [amount(done)];
  if (total !== undefined && total > 0) {
    const some = unit === 'bytes' ? amount(done) : formatCount(Math.round(done));
    parts[0] = `${some} of ${amount(total)} (${Math.min(100, Math.floor((done / total) * 100))} %)`;
  }
  if (activity !== undefined) return [...parts, activity].join(', ');
  if (rate > 0) parts.push(`${amount(rate)}/s`);
  if (rate > 0 && total !== undefined && total > done)
    parts.push(`${formatSeconds((total - done) / rate)} left`);
  return parts.join(', ');
}

function startBar(stderr: CommandLine['stderr'], label: string, unit: ProgressUnit): Progress {
  const startedAt = Date.now();
  let total: number | undefined;
  let activity: string | undefined;
  const bar = new SingleBar({
    stream: stderr as unknown as NodeJS.WriteStream,
    fps: 8,
    hideCursor: true,
    linewrap: false,
    format(_options: Options, params: Params) {
      const seconds = (Date.now() - startedAt) / 1000;
      const text = describeProgress(params.value, total, seconds, unit, activity);
      const room = (stderr.columns ?? 80) - label.length - text.length - 3;
      return `${label} ${total === undefined ? '' : drawBar(params.progress, room)}${text}`;
    },
  });
  // Shown only once something is done, so that a failure to begin leaves no bar behind.
  let started = false;
  let stopped = false;
  let last = 0;
  const update = (done: number, newTotal?: number, newActivity?: string): void => {
    last = done;
    activity = newActivity;
    if (newTotal !== undefined) total = newTotal;
    if (!started) {
      started = true;
      bar.start(total ?? 1, done);
    } else {
      if (total !== undefined) bar.setTotal(total);
      bar.update(done);
    }
  };
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    if (started) bar.stop();
  };
  return {
    update,
    finish() {
      if (last > 0) update(last, last);
      stop();
    },
    stop,
  };
}

/** A bar that fills the rest of the line; rate and time left come first. */
export function drawBar(progress: number, room: number): string {
  const size = Math.min(30, room);
  if (size < 5) return '';
  const full = Math.round(Math.min(1, Math.max(0, progress)) * size);
  return `${'█'.repeat(full)}${'░'.repeat(size - full)} `;
}

function startLines(stderr: CommandLine['stderr'], label: string, unit: ProgressUnit): Progress {
  const startedAt = Date.now();
  let last: Parameters<Progress['update']> = [0];
  let hasNews = false;
  const write = (): void => {
    if (!hasNews) return;
    hasNews = false;
    const [done, total, activity] = last;
    const seconds = (Date.now() - startedAt) / 1000;
    stderr.write(`${label}: ${describeProgress(done, total, seconds, unit, activity)}\n`);
  };
  // By a timer, because a long step may report nothing for a while.
  const clock = setInterval(write, plainLineEverySeconds * 1000);
  clock.unref();
  const update: Progress['update'] = (done, total = last[1], activity) => {
    hasNews ||= done !== last[0] || activity !== last[2];
    last = [done, total, activity];
  };
  const stop = (): void => {
    clearInterval(clock);
    write();
  };
  return {
    update,
    finish() {
      const [done] = last;
      if (done > 0) {
        last = [done, done];
        hasNews = true;
      }
      stop();
    },
    stop,
  };
}
