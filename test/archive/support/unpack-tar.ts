import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ByteReader } from '../../../src/archive/byte-reader.js';
import { parseTarHeader, TAR_BLOCK_BYTES, tarPadding } from '../../../src/archive/tar.js';
import type { ByteSource } from '../../../src/bytes.js';

/** Does what `tar x` does, where there may be no `tar`. */
export async function unpackTar(tar: ByteSource, place: string): Promise<void> {
  const reader = new ByteReader(tar);
  while (await reader.fill(TAR_BLOCK_BYTES)) {
    const header = await parseTarHeader(reader.take(TAR_BLOCK_BYTES));
    if (header === null) return;
    await reader.fill(header.size + tarPadding(header.size));
    mkdirSync(dirname(join(place, header.name)), { recursive: true });
    writeFileSync(join(place, header.name), reader.take(header.size));
    reader.take(tarPadding(header.size));
  }
}
