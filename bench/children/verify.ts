/** One verification: `verify.js FILE IDENTITY`. */
import { basename, dirname } from 'node:path';
import { argv } from 'node:process';
import { verifyArchive } from '../../src/recovery/verify/verify-archive.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { rangeSourceOf } from '../../src/storage/read-ranges.js';

const [, , path = '', identity = ''] = argv;
const storage = createFileSystemStorage({ path: dirname(path), ownProcess: false });
await verifyArchive(await rangeSourceOf(storage, basename(path)), { identities: [identity] });
