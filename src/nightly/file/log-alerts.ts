import type { AlertSink } from '../alerts/alert.js';
import type { Logger } from '../log/logger.js';

/** Alerts as lines of the log, for a service that nobody looks at but a service manager. */
export function createLogAlerts(logger: Logger): AlertSink {
  return {
    async raise({ message, code, cause, severity, destination }) {
      logger.error(message, { alert: code, cause, severity, destination });
    },
    // The run says so itself, and takes back at first what may never have stood.
    clear: async () => undefined,
    async nightEnded({ summary, night, ok }) {
      const tell = ok ? logger.info : logger.error;
      tell(summary, { night });
    },
  };
}
