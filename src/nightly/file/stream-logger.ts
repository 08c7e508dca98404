import type { Writable } from 'node:stream';
import { renderLine } from '../log/file-logger.js';
import type { LogFacts, Logger } from '../log/logger.js';

/**
 * The log on a stream, for a service manager, with the lines of the log file. A closed stream does not fail a
 * night.
 */
export function createStreamLogger(stream: Writable): Logger {
  stream.on('error', () => undefined);
  const write =
    (level: string) =>
    (message: string, facts?: LogFacts): void => {
      stream.write(renderLine(new Date(), level, message, facts));
    };
  return { info: write('INFO'), warning: write('WARNING'), error: write('ERROR') };
}
