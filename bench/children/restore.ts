/**
 * One restore, as the command line does it: `restore.js FILE IDENTITY URL TIMES`. To TIMES goes a line of JSON: seconds until the
 * schedule was usable, and until the end.
 */
import { appendFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { argv } from 'node:process';
import { openArchive } from '../../src/archive/open-archive.js';
import { parseDatabaseUrl } from '../../src/database/address.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { rangeSourceOf } from '../../src/storage/read-ranges.js';

const [, , path = '', identity = '', url = '', times = ''] = argv;
const storage = createFileSystemStorage({ path: dirname(path), ownProcess: false });
const source = await rangeSourceOf(storage, basename(path));
const archive = await openArchive(source, { identities: [identity] });
const { startedAt, finishedAt, scheduleUsableAt } = await restoreDatabase(archive, parseDatabaseUrl(url));
const seconds = (at: string): number => (Date.parse(at) - Date.parse(startedAt)) / 1000;
if (times !== '' && scheduleUsableAt !== undefined) {
  appendFileSync(
    times,
    `${JSON.stringify({ schedule: seconds(scheduleUsableAt), whole: seconds(finishedAt) })}\n`,
  );
}
archive.close();
