import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { printable } from '../../printable.js';
import type { LogFacts, Logger } from './logger.js';

/** Options of {@link createFileLogger}. */
export interface FileLoggerOptions {
  /** The current file; older ones stand beside it as `….1`, `….2` and so on. */
  readonly path: string;
  /** Size at which a new file is begun, in bytes. @defaultValue 1_000_000 */
  readonly maxBytes?: number;
  /** Older files that are kept. @defaultValue 5 */
  readonly keepFiles?: number;
  /** The clock. @defaultValue the machine's clock */
  readonly now?: () => Date;
}

/**
 * A log file for a service that has none: one line per entry, in files of bounded size and number. A line is written
 * at once, so that the last words before a crash are in it.
 *
 * @example
 * ```ts
 * const logger = createFileLogger({ path: logFile });
 * logger.info('The service has started.', { version: '0.1.0' });
 * ```
 */
export function createFileLogger(options: FileLoggerOptions): Logger {
  const { path, maxBytes = 1_000_000, keepFiles = 5, now = () => new Date() } = options;
  const write = (level: string, message: string, facts: LogFacts | undefined): void => {
    // A name with a line break in it must not look like a second entry.
    const line = `${now().toISOString()} ${level} ${printable(message + rendered(facts))}\n`;
    try {
      if (sizeOf(path) + Buffer.byteLength(line) > maxBytes) rotate(path, keepFiles);
      appendFileSync(path, line, { mode: 0o600 });
    } catch {
      // Nothing to be done: the place to complain about is the one that fails.
    }
  };
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch {
    // The folder may appear later.
  }
  return {
    info: (message, facts) => write('INFO', message, facts),
    warning: (message, facts) => write('WARNING', message, facts),
    error: (message, facts) => write('ERROR', message, facts),
  };
}

function rotate(path: string, keepFiles: number): void {
  rmSync(`${path}.${keepFiles}`, { force: true });
  for (let age = keepFiles - 1; age >= 0; age--) {
    const from = age === 0 ? path : `${path}.${age}`;
    if (sizeOf(from) > 0) renameSync(from, `${path}.${age + 1}`);
  }
  if (keepFiles === 0) rmSync(path, { force: true });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function rendered(facts: LogFacts | undefined): string {
  const known = Object.entries(facts ?? {}).filter(([, value]) => value !== undefined);
  return known.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join('');
}
