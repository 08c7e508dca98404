import { join } from 'node:path';
import {
  type BackupEvent,
  checkNight,
  createFileLogger,
  renderReport,
  runSupplementalBackup,
  startNightly,
} from 'supplemental-backup';
import { renderCheck } from 'supplemental-backup/nightly';
import { readConfiguration } from './configuration.js';
import { afterLogin } from './login.js';
import { planOf } from './plan.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  await main(process.argv.slice(2));
} catch (error) {
  // The message says what to do; a stack would not help.
  const told = stop.signal.aborted ? 'Stopped.' : error instanceof Error ? error.message : String(error);
  process.stderr.write(`${told}\n`);
  process.exitCode = 1;
}

async function main([path = 'config.json', when, userNum = '']: readonly string[]): Promise<void> {
  const configuration = await readConfiguration(path);
  const logger = createFileLogger({ path: join(configuration.folder, 'service.log') });
  const plan = planOf(configuration, logger);
  if (when === '--check') {
    const check = await checkNight(plan, { signal: stop.signal });
    process.stdout.write(`${renderCheck(check)}\n`);
    process.exitCode = check.ok ? 0 : 1;
  } else if (when === '--now') {
    if (configuration.hq !== undefined) await lookForHq(configuration.hq);
    const report = await runSupplementalBackup(plan, { signal: stop.signal, onEvent: tellRetries });
    process.stdout.write(renderReport(report));
  } else if (when === '--login') {
    const told = await afterLogin(plan, userNum, process.env['PASSWORD'] ?? '', logger);
    process.stdout.write(`${['The login is done.', ...told].join('\n')}\n`);
  } else {
    logger.info('The service has started.');
    await startNightly(plan, {
      signal: stop.signal,
      onPlanned: (run) => {
        logger.info(run === null ? 'Nothing is due.' : 'The next run is planned.', {
          at: run?.at.toISOString(),
        });
      },
    });
    logger.info('The service has stopped.');
  }
}

/** The night retries HQ for minutes; a person who waits wants to know at once. */
async function lookForHq(url: string): Promise<void> {
  const patience = AbortSignal.any([stop.signal, AbortSignal.timeout(5000)]);
  try {
    // Any answer counts, a refusal as well.
    await fetch(url, { method: 'HEAD', redirect: 'manual', signal: patience });
  } catch {
    stop.signal.throwIfAborted();
    process.stderr.write('HQ cannot be reached. Its copy waits in the spool, and sending it is tried now.\n');
  }
}

/** Retries take minutes; a person who waits wants to know why. */
function tellRetries(event: BackupEvent): void {
  if (event.kind !== 'retry') return;
  const place = event.destination === 'hq' ? 'HQ' : 'The network path';
  process.stderr.write(
    `${place} cannot be reached (${event.code}); trying again, ${event.retriesLeft} retries left. Ctrl-C stops it.\n`,
  );
}
