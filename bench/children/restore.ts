/** One restore, as the command line does it: `restore.js FILE IDENTITY URL`. */
import { basename, dirname } from 'node:path';
import { argv } from 'node:process';
import { openArchive } from '../../src/archive/open-archive.js';
import { parseDatabaseUrl } from '../../src/database/address.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { rangeSourceOf } from '../../src/storage/read-ranges.js';

const [, , path = '', identity = '', url = ''] = argv;
const storage = createFileSystemStorage({ path: dirname(path) });
const source = await rangeSourceOf(storage, basename(path));
const archive = await openArchive(source, { identities: [identity] });
await restoreDatabase(archive, parseDatabaseUrl(url));
archive.close();
