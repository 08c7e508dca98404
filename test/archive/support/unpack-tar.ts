import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ByteReader } from '../../../src/archive/byte-reader.js';
import { parseTarHeader, tarBlockBytes, tarPadding } from '../../../src/archive/tar.js';
import type { ByteSource } from '../../../src/bytes.js';

/** The files of a tar, in order. */
export async function unpackFiles(
  tar: ByteSource,
): Promise<readonly { readonly name: string; readonly content: Uint8Array }[]> {
  const reader = new ByteReader(tar);
  const files: { readonly name: string; readonly content: Uint8Array }[] = [];
  while (await reader.fill(tarBlockBytes)) {
    const header = await parseTarHeader(reader.take(tarBlockBytes));
    if (header === null) break;
    await reader.fill(header.size + tarPadding(header.size));
    files.push({ name: header.name, content: reader.take(header.size).slice() });
    reader.take(tarPadding(header.size));
  }
  return files;
}

/** Does what `tar x` does, where there may be no `tar`. */
export async function unpackTar(tar: ByteSource, place: string): Promise<void> {
  for (const { name, content } of await unpackFiles(tar)) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), content);
  }
}
