import { diagnosis } from '../../diagnosis.js';
import type { BackupEvent } from '../run/events.js';
import { type LogFacts, type Logger, silentLogger } from './logger.js';

/** The logger of a plan; its lines also go to the debug output. */
export function loggerWithDiagnosis(logger: Logger = silentLogger): Logger {
  const channel = diagnosis.night;
  if (!channel.isOn) return logger;
  const both =
    (level: 'debug' | 'error' | 'info' | 'warning') =>
    (message: string, facts?: LogFacts): void => {
      channel.tell(message, { level, ...facts });
      logger[level]?.(message, facts);
    };
  return { debug: both('debug'), info: both('info'), warning: both('warning'), error: both('error') };
}

/** Logs an event of a run at the `debug` level, except progress and what is logged anyway. */
export function debugEvent(logger: Logger, event: BackupEvent, milliseconds: number): void {
  if (logger.debug === undefined) return;
  const { kind } = event;
  const facts = factsOf(event);
  if (facts !== undefined) logger.debug(`Event: ${kind}.`, { ...facts, milliseconds });
}

function factsOf(event: BackupEvent): LogFacts | undefined {
  switch (event.kind) {
    case 'eligibility':
      return { destination: event.destination, eligible: event.eligibility.eligible };
    case 'phase':
      return { phase: event.phase, destination: event.destination };
    case 'snapshot':
      return { snapshot: event.event.kind };
    case 'read-again':
      return { attempt: event.attempt };
    case 'removed':
      return { destination: event.destination, key: event.key };
    case 'finished':
      return {
        outcome: event.report.outcome,
        lockSeconds: event.report.lockSeconds,
        readSeconds: event.report.readSeconds,
      };
    default:
      return undefined;
  }
}
