/** One whole night: `night.js URL SPOOL HQ SHARE`. A process of its own, so that its memory is its alone. */
import { argv } from 'node:process';
import { parseDatabaseUrl } from '../../src/database/address.js';
import { runSupplementalBackup } from '../../src/nightly/run/run-supplemental-backup.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';

const [, , url = '', spool = '', hq = '', share = ''] = argv;
const report = await runSupplementalBackup({
  practiceId: 'bench',
  practice: {
    onSupport: true,
    hasEConnector: true,
    cloudDatabase: false,
    status: 'enabled',
    country: 'US',
    networkPath: share,
  },
  database: parseDatabaseUrl(url),
  timeZone: 'America/Chicago',
  spool,
  spoolReserveBytes: 0,
  hq: { storage: createFileSystemStorage({ path: hq }) },
  local: {},
});
if (report.outcome !== 'complete') throw new Error(`the night was ${report.outcome}`);
