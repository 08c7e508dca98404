import { createHash } from 'node:crypto';
import { TAR_BLOCK_BYTES, TAR_END_BYTES, tarHeader, tarPadding } from '../../../src/archive/tar.js';
import type { Manifest, ManifestEntry } from '../../../src/model/parts.js';
import { unpackFiles } from './unpack-tar.js';

interface TarFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * The tar of an archive as version 1.1 wrote it: no header says of which archive it is.
 *
 * @param before - files that stand behind the reader, as any minor version may have
 */
export async function olderForm(tar: Uint8Array, before: readonly TarFile[] = []): Promise<Uint8Array> {
  const files = (await unpackFiles(tar)).toSpliced(2, 0, ...before);
  const entries: ManifestEntry[] = [];
  const pieces: Uint8Array[] = [];
  let offset = TAR_BLOCK_BYTES;
  for (const { name, content: given } of files) {
    const content = name === 'manifest.json' ? olderManifest(given, entries) : given;
    const size = content.length;
    const rows = name.endsWith('.gz') ? { rows: Buffer.from(content).readUInt32LE(16) } : {};
    const sha256 = createHash('sha256').update(content).digest('hex');
    entries.push({ name, offset, size, sha256, ...rows });
    pieces.push(await tarHeader({ name, size, time: 0 }), content, new Uint8Array(tarPadding(size)));
    offset += TAR_BLOCK_BYTES + size + tarPadding(size);
  }
  return new Uint8Array(Buffer.concat([...pieces, new Uint8Array(TAR_END_BYTES)]));
}

function olderManifest(given: Uint8Array, entries: readonly ManifestEntry[]): Uint8Array {
  const { contentId: _none, ...manifest } = JSON.parse(Buffer.from(given).toString()) as Manifest;
  return Buffer.from(JSON.stringify({ ...manifest, format: { major: 1, minor: 1 }, entries }));
}
