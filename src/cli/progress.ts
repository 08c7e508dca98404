import { type Options, type Params, SingleBar } from 'cli-progress';
import { formatBytes, formatCount, formatSeconds } from '../quantities.js';
import type { CommandLine } from './command.js';

/** Shows how far a piece of work is. */
export interface Progress {
  /** Bytes or rows done so far, and of how many, once that is known. */
  update(done: number, total?: number): void;
  /** All is done, however much that was: totals may have been estimates. Ends the display. */
  finish(): void;
  /** Ends the display where it is. Safe to call twice, and after {@link finish}. */
  stop(): void;
}

/** What is counted. */
export type ProgressUnit = 'bytes' | 'rows' | 'tables';

// Often enough to see that it lives, rare enough not to fill a log.
const plainLineEverySeconds = 5;

/**
 * A bar with rate and time left on a terminal, plain lines otherwise, silence with `--json`.
 *
 * @param label - what is done, such as `Reading`
 * @param now - clock in milliseconds
 */
export function startProgress(
  line: Pick<CommandLine, 'json' | 'stderr'>,
  label: string,
  unit: ProgressUnit,
  now: () => number = Date.now,
): Progress {
  if (line.json) return { update: () => undefined, finish: () => undefined, stop: () => undefined };
  return line.stderr.isTTY === true
    ? startBar(line.stderr, label, unit)
    : startLines(line.stderr, label, unit, now);
}

/** How far, how fast and how long still: `120 MB of 400 MB (30 %), 45 MB/s, 6 s left`. */
export function describeProgress(
  done: number,
  total: number | undefined,
  seconds: number,
  unit: ProgressUnit,
): string {
  const amount = (value: number): string =>
    unit === 'bytes' ? formatBytes(Math.round(value)) : `${formatCount(Math.round(value))} ${unit}`;
  const rate = seconds > 0 ? done / seconds : 0;
  const parts = [amount(done)];
  if (total !== undefined && total > 0) {
    parts[0] += ` of ${amount(total)} (${Math.min(100, Math.floor((done / total) * 100))} %)`;
  }
  if (rate > 0) parts.push(`${amount(rate)}/s`);
  if (rate > 0 && total !== undefined && total > done)
    parts.push(`${formatSeconds((total - done) / rate)} left`);
  return parts.join(', ');
}

function startBar(stderr: CommandLine['stderr'], label: string, unit: ProgressUnit): Progress {
  let total: number | undefined;
  const bar = new SingleBar({
    stream: stderr as unknown as NodeJS.WriteStream,
    fps: 8,
    hideCursor: true,
    linewrap: false,
    format(_options: Options, params: Params) {
      const seconds = (Date.now() - params.startTime) / 1000;
      const text = describeProgress(params.value, total, seconds, unit);
      const room = (stderr.columns ?? 80) - label.length - text.length - 3;
      return `${label} ${total === undefined ? '' : drawBar(params.progress, room)}${text}`;
    },
  });
  bar.start(1, 0);
  let stopped = false;
  let last = 0;
  const update = (done: number, newTotal?: number): void => {
    last = done;
    if (newTotal !== undefined && newTotal !== total) {
      total = newTotal;
      bar.setTotal(newTotal);
    }
    bar.update(done);
  };
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    bar.stop();
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

/** A bar as wide as the line has room for beside the words: rate and time left matter more. */
export function drawBar(progress: number, room: number): string {
  const size = Math.min(30, room);
  if (size < 5) return '';
  const full = Math.round(Math.min(1, Math.max(0, progress)) * size);
  return `${'█'.repeat(full)}${'░'.repeat(size - full)} `;
}

function startLines(
  stderr: CommandLine['stderr'],
  label: string,
  unit: ProgressUnit,
  now: () => number,
): Progress {
  const startedAt = now();
  let nextLineAt = startedAt + plainLineEverySeconds * 1000;
  let last: { readonly done: number; readonly total: number | undefined } = { done: 0, total: undefined };
  let stopped = false;
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    if (last.done > 0) write();
  };
  const write = (): void => {
    const seconds = (now() - startedAt) / 1000;
    stderr.write(`${label}: ${describeProgress(last.done, last.total, seconds, unit)}\n`);
  };
  return {
    update(done, total) {
      last = { done, total: total ?? last.total };
      if (now() < nextLineAt) return;
      nextLineAt = now() + plainLineEverySeconds * 1000;
      write();
    },
    finish() {
      last = { done: last.done, total: last.done };
      stop();
    },
    stop,
  };
}
