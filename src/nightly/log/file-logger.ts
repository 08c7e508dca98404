import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { assertArgument } from '../../arguments.js';
import { escapeControls } from '../../escape-controls.js';
import { systemCodeOf } from '../../files/failures.js';
import type { LogFacts, Logger } from './logger.js';

/** Options of {@link createFileLogger}. */
export interface FileLoggerOptions {
  /** The current file; older ones are `….1`, `….2` and so on. */
  readonly path: string;
  /** Size at which a new file is begun, in bytes. @defaultValue 1_000_000 */
  readonly maxBytes?: number | undefined;
  /** Older files that are kept. @defaultValue 5 */
  readonly keepFiles?: number | undefined;
  /** Whether the `debug` level is written. @defaultValue false */
  readonly debug?: boolean | undefined;
  /** The clock. @defaultValue the machine's clock */
  readonly now?: (() => Date) | undefined;
}

/**
 * A log file for a service that has none: one line per entry, in files of bounded size and number. A line is
 * written at once, so that the last lines before a crash are in it.
 *
 * @example
 * ```ts
 * const logger = createFileLogger({ path: logFile });
 * logger.info('The service has started.', { version: '0.1.0' });
 * ```
 */
export function createFileLogger(options: FileLoggerOptions): Logger {
  assertArgument('options', options, 'object', {
    path: 'text',
    maxBytes: 'number?',
    keepFiles: 'number?',
    debug: 'boolean?',
    now: 'function?',
  });
  const { path, maxBytes = 1_000_000, keepFiles = 5, now = () => new Date() } = options;
  const write = (level: string, message: string, facts: LogFacts | undefined): void => {
    const line = renderLine(now(), level, message, facts);
    try {
      const size = sizeOf(path);
      const isFull = size + Buffer.byteLength(line) > maxBytes && !rotate(path, keepFiles);
      // A file that cannot be rotated grows for a while, and is then overwritten: news matter more than the
      // past.
      append(path, line, isFull && size > stuckFactor * maxBytes ? 'w' : 'a');
      isLost = false;
    } catch (error) {
      if (!isLost) tellLost(path, error);
      isLost = true;
    }
  };
  let isLost = false;
  return {
    ...(options.debug === true
      ? { debug: (message: string, facts?: LogFacts) => write('DEBUG', message, facts) }
      : {}),
    info: (message, facts) => write('INFO', message, facts),
    warning: (message, facts) => write('WARNING', message, facts),
    error: (message, facts) => write('ERROR', message, facts),
  };
}

/** A file that cannot be rotated may grow to this many times its size. */
const stuckFactor = 10;

/** Whether it was rotated: a viewer or a virus scanner may have an old file open. */
function rotate(path: string, keepFiles: number): boolean {
  try {
    // Only as far as there is no room yet: where a held file stops it half way, the next entry tries again, and
    // each time would lose the oldest otherwise.
    let room = 1;
    while (room < keepFiles && existsSync(`${path}.${room}`)) room++;
    if (keepFiles === 0) room = 0;
    const nameOf = (age: number): string => (age === 0 ? path : `${path}.${age}`);
    rmSync(nameOf(room), { force: true });
    for (let age = room - 1; age >= 0; age--) {
      if (existsSync(nameOf(age))) renameSync(nameOf(age), nameOf(age + 1));
    }
    return true;
  } catch {
    return false;
  }
}

function append(path: string, line: string, flag: 'a' | 'w'): void {
  const write = () => writeFileSync(path, line, { mode: 0o600, flag });
  try {
    write();
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    // Its folder does not exist yet, or was removed.
    mkdirSync(dirname(path), { recursive: true });
    write();
  }
}

/** The log cannot report its own failure; the process warns once, until it can be written again. */
function tellLost(path: string, error: unknown): void {
  const message = `The log ${escapeControls(path)} cannot be written (${systemCodeOf(error) ?? 'unexpected'}).`;
  process.emitWarning(message, { code: 'SUPPLEMENTAL_BACKUP_LOG' });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** An entry as a line of a log. A name with a line break in it must not look like a second entry. */
export function renderLine(at: Date, level: string, message: string, facts: LogFacts | undefined): string {
  return `${at.toISOString()} ${level} ${escapeControls(message + rendered(facts))}\n`;
}

function rendered(facts: LogFacts | undefined): string {
  const known = Object.entries(facts ?? {}).filter(([, value]) => value !== undefined);
  return known.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join('');
}
