import type { AlertSink } from '../alerts/alert.js';
import type { Logger } from '../log/logger.js';

/** Alerts as lines of the log, for a service that only a service manager watches. */
export function createLogAlerts(logger: Logger): AlertSink {
  return {
    async raise({ message, code, cause, severity, destination }) {
      logger.error(message, { alert: code, cause, severity, destination });
    },
    // The run logs that itself. At first it also clears what may never have been raised.
    clear: async () => undefined,
    async nightEnded({ summary, night, ok }) {
      const tell = ok ? logger.info : logger.error;
      tell(summary, { night });
    },
  };
}
