// The service of an office in a process of its own, on a clock that runs fast. It says what happens, line by
// line, and the power can be cut at any event: it stops there and waits to be killed.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseAddress } from '../../../src/database/address.js';
import { combineAlerts } from '../../../src/nightly/alerts/combine-alerts.js';
import { createDatabaseAlerts } from '../../../src/nightly/alerts/database-alerts.js';
import { createHealthcheckAlerts } from '../../../src/nightly/alerts/healthcheck-alerts.js';
import type { Logger } from '../../../src/nightly/log/logger.js';
import { startNightly } from '../../../src/nightly/service/start-nightly.js';
import { createDatabaseSettings } from '../../../src/nightly/settings/database-settings.js';
import { createHttpStorage } from '../../../src/storage/http/index.js';
import { createFileUploadJournal } from '../../../src/storage/s3/index.js';
import { createFakeClock } from './fake-clock.js';
import { eligiblePractice } from './night.js';

/** What the office has, and how long its service runs. Plain JSON. */
export interface OfficeShift {
  readonly practiceId: string;
  readonly database: DatabaseAddress;
  readonly timeZone: string;
  readonly spool: string;
  /** HQ's desk, and what it knows the office by. */
  readonly hq: { readonly url: string; readonly token: string };
  /** A dead man's switch. */
  readonly ping: string;
  /** Instants by the clock of the office. */
  readonly from: string;
  readonly until: string;
  /** The power fails at this event, counted from 1. @defaultValue it does not */
  readonly cutAt?: number;
}

const [, , shiftText] = process.argv;
if (shiftText !== undefined) await work(JSON.parse(shiftText) as OfficeShift);

// What a failed week must be told by.
function createLogger(): Logger {
  const line = (text: string, facts?: object): void => {
    writeSync(2, `${text} ${JSON.stringify(facts ?? {})}\n`);
  };
  return { info: line, warning: line, error: line };
}

async function work(shift: OfficeShift): Promise<void> {
  const { practiceId, database, timeZone, spool, hq, ping, cutAt } = shift;
  const stop = new AbortController();
  const until = new Date(shift.until);
  const clock = createFakeClock(
    shift.from,
    ({ now }) => {
      if (now() >= until) stop.abort();
    },
    60_000,
  );
  let events = 0;
  await startNightly(
    {
      practiceId,
      practice: eligiblePractice,
      database,
      timeZone,
      spool,
      spoolReserveBytes: 0,
      hq: {
        storage: createHttpStorage({
          url: hq.url,
          allowLoopbackHttp: true,
          headers: () => ({ authorization: `Bearer ${hq.token}` }),
          journal: createFileUploadJournal(join(spool, 'uploads')),
          partRetry: { retries: 1, minTimeout: 1, maxTimeout: 1 },
        }),
        retry: 'none',
      },
      local: { retry: { retries: 1, minTimeout: 1, maxTimeout: 1 } },
      settings: createDatabaseSettings(database, { timeZone, now: clock.now }),
      alerts: combineAlerts(
        createDatabaseAlerts(database, { timeZone, now: clock.now }),
        createHealthcheckAlerts({ url: ping }),
      ),
      alertThresholds: { passingNights: 2 },
      logger: createLogger(),
    },
    {
      signal: stop.signal,
      clock,
      onEvent: (event) => {
        events += 1;
        writeSync(1, `${JSON.stringify({ at: clock.now().toISOString(), event })}\n`);
        // As a power cut does it: nothing of this process runs on while it dies.
        if (events === cutAt) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      },
    },
  );
}
