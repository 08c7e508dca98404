import { createHash } from 'node:crypto';
import { tarBlockBytes, tarEndBytes, tarHeader, tarPadding } from '../../../src/archive/tar.js';
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
 * @param after - files that stand before the manifest
 */
export async function olderForm(
  tar: Uint8Array,
  before: readonly TarFile[] = [],
  after: readonly TarFile[] = [],
): Promise<Uint8Array> {
  const files = (await unpackFiles(tar)).toSpliced(2, 0, ...before).toSpliced(-1, 0, ...after);
  const entries: ManifestEntry[] = [];
  const pieces: Uint8Array[] = [];
  let offset = tarBlockBytes;
  for (const { name, content: given } of files) {
    const content = name === 'manifest.json' ? olderManifest(given, entries) : given;
    const size = content.length;
    const rows = name.endsWith('.gz') ? { rows: Buffer.from(content).readUInt32LE(16) } : {};
    const sha256 = createHash('sha256').update(content).digest('hex');
    entries.push({ name, offset, size, sha256, ...rows });
    pieces.push(await tarHeader({ name, size, time: 0 }), content, new Uint8Array(tarPadding(size)));
    offset += tarBlockBytes + size + tarPadding(size);
  }
  return new Uint8Array(Buffer.concat([...pieces, new Uint8Array(tarEndBytes)]));
}

function olderManifest(given: Uint8Array, entries: readonly ManifestEntry[]): Uint8Array {
  const { contentId: _none, ...manifest } = JSON.parse(Buffer.from(given).toString()) as Manifest;
  return Buffer.from(JSON.stringify({ ...manifest, format: { major: 1, minor: 1 }, entries }));
}
