/** The same backup without its seal: `unsealed.js URL FILE`. What sealing costs is the difference. */
import { open } from 'node:fs/promises';
import { argv } from 'node:process';
import { makeLabel } from '../../src/archive/label.js';
import { writeTar } from '../../src/archive/write-tar.js';
import { parseDatabaseUrl } from '../../src/database/address.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { FlushingWriter } from '../../src/files/flushing-writer.js';

const [, , url = '', path = ''] = argv;
const address = parseDatabaseUrl(url);
const label = makeLabel({ practiceId: 'bench', database: address.database!, scope: 'full', unlock: [] });
const file = await open(path, 'wx');
const writer = new FlushingWriter(file);
// In pieces as large as the sealed ones.
const piece = new Uint8Array(1024 * 1024);
let filled = 0;
for await (const chunk of writeTar(dumpDatabase(address), label, () => undefined)) {
  for (let from = 0; from < chunk.length; ) {
    const length = Math.min(piece.length - filled, chunk.length - from);
    piece.set(chunk.subarray(from, from + length), filled);
    filled += length;
    from += length;
    if (filled < piece.length) continue;
    await writer.append(piece);
    filled = 0;
  }
}
await writer.append(piece.subarray(0, filled));
await writer.finish();
await file.close();
