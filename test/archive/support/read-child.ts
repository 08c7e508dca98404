import { readFileSync } from 'node:fs';
import { openArchive } from '../../../src/archive/open-archive.js';
import { rangesOfBytes } from '../../../src/bytes.js';
import { isBackupError } from '../../../src/errors.js';
import { verifyArchive } from '../../../src/recovery/verify/verify-archive.js';
import { peakMemory } from '../../support/peak-memory.js';

// Reads an archive in a process of its own and says how much memory that took at most, in
// bytes, and how many milliseconds of the processor.
const [how, path, identity] = process.argv.slice(2) as [string, string, string];
const archive = new Uint8Array(readFileSync(path));
const keys = { identities: [identity] };
const before = process.memoryUsage().rss;
try {
  if (how === 'verify') await verifyArchive(archive, keys);
  else {
    const reader = await openArchive(rangesOfBytes(archive), keys);
    for (const { name } of reader.manifest.tables) for await (const _ of reader.readTable(name));
  }
} catch (error) {
  // A forged one is refused, which may cost as little as anything.
  if (!isBackupError(error, 'archive-limit-exceeded')) throw error;
}
const { user, system } = process.cpuUsage();
console.log(peakMemory() - before, (user + system) / 1000);
