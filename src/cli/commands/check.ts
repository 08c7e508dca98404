import { checkNight } from '../../nightly/check/check-night.js';
import { renderCheck } from '../../nightly/check/findings.js';
import type { NightPlan } from '../../nightly/run/night-plan.js';
import { createDatabaseSettings } from '../../nightly/settings/database-settings.js';
import type { Command } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { exitCodes, UsageError } from '../exit-codes.js';
import { openStore } from '../location.js';

/** `check`: whether the next night can be good. */
export const checkCommand: Command = {
  name: 'check',
  help: `Try everything that a night needs, and say what is wrong: server, login,
privileges, settings, spool, network path, store, administrator, clock, window.

Usage: supplemental-backup check --source URL --practice-id ID
                           --time-zone ZONE --spool FOLDER [OPTIONS]

  --source URL       mysql://user@host:port/database; password in MYSQL_PWD
  --practice-id ID   as the service has it
  --time-zone ZONE   of the practice, such as America/Chicago
  --spool FOLDER     the service's folder for sealed archives; made if missing
  --hq URL           s3://bucket/key: any key in the store that copies go to
  --network-path DIR instead of the one in the practice's settings
  --opens, --closes  the window, if it is not 22:00 to 04:00
  --json             one JSON document
`,
  examples: [
    [
      'before the first night',
      'check --source mysql://sb@localhost/od \\\n    --practice-id 4711 --time-zone America/Chicago --spool /var/spool/sb',
    ],
  ],
  options: {
    source: { type: 'string' },
    'practice-id': { type: 'string' },
    'time-zone': { type: 'string' },
    spool: { type: 'string' },
    hq: { type: 'string' },
    'network-path': { type: 'string' },
    opens: { type: 'string' },
    closes: { type: 'string' },
  },
  positionals: { least: 0, most: 0 },
  async run(given, line) {
    const database = readDatabaseUrl(given.required('source'), 'source', line.env);
    const timeZone = readTimeZone(given.required('time-zone'));
    const path = given.text('network-path');
    const hq = given.text('hq');
    const plan: NightPlan = {
      practiceId: given.required('practice-id'),
      practice: {
        onSupport: true,
        hasEConnector: true,
        cloudDatabase: false,
        status: 'enabled',
        country: 'US',
        networkPath: path,
      },
      database,
      timeZone,
      spool: given.required('spool'),
      local: {},
      settings: path === undefined ? createDatabaseSettings(database, { timeZone }) : undefined,
      hq: hq === undefined ? undefined : { storage: (await openStore(hq, line)).storage },
    };
    const opens = given.text('opens');
    const closes = given.text('closes');
    const check = await checkNight(plan, { schedule: { opens, closes }, signal: line.signal });
    return {
      json: { good: check.ok, findings: check.findings },
      text: renderCheck(check).replaceAll(' in the details', ''),
      exitCode: check.ok ? exitCodes.done : exitCodes.failed,
    };
  },
};

function readTimeZone(name: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format();
    return name;
  } catch {
    throw new UsageError(`--time-zone "${name}" is not known here. An example is America/Chicago.`);
  }
}
