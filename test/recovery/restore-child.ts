import { readFileSync } from 'node:fs';
import { openArchive } from '../../src/archive/open-archive.js';
import { rangesOfBytes } from '../../src/bytes.js';
import type { DatabaseAddress } from '../../src/database/address.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';

// Restores an archive in a process of its own, which a test may kill at any moment.
const [path, identity, target] = process.argv.slice(2) as [string, string, string];
const archive = await openArchive(rangesOfBytes(readFileSync(path)), { identities: [identity] });
await restoreDatabase(archive, JSON.parse(target) as DatabaseAddress);
process.stdout.write('done\n');
