import { join } from 'node:path';
import {
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

const [path = 'config.json', when, userNum = ''] = process.argv.slice(2);
const configuration = await readConfiguration(path);
const logger = createFileLogger({ path: join(configuration.folder, 'service.log') });
const plan = planOf(configuration, logger);

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

if (when === '--check') {
  const check = await checkNight(plan, { signal: stop.signal });
  process.stdout.write(`${renderCheck(check)}\n`);
  process.exitCode = check.ok ? 0 : 1;
} else if (when === '--now') {
  const report = await runSupplementalBackup(plan, { signal: stop.signal });
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
