/**
 * One backup, end to end: `backup.js URL RECIPIENT FILE`. A process of its own, so that its cost is its
 * alone.
 */
import { open } from 'node:fs/promises';
import { argv } from 'node:process';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { parseDatabaseUrl } from '../../src/database/address.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { FlushingWriter } from '../../src/files/flushing-writer.js';

const [, , url = '', recipient = '', path = ''] = argv;
const address = parseDatabaseUrl(url);
const archive = encryptArchive(dumpDatabase(address), {
  recipients: [recipient],
  label: { practiceId: 'bench', database: address.database!, scope: 'full', unlock: [] },
});
const file = await open(path, 'wx');
const writer = new FlushingWriter(file);
for await (const chunk of archive) await writer.append(chunk);
await writer.finish();
await file.close();
