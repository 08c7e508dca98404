import type { RangeSource } from '../bytes.js';
import { BackupError } from '../errors.js';
import type { Manifest } from '../model/parts.js';
import { parseManifest } from './descriptions.js';
import { manifestName } from './entry-names.js';
import { checkEntrySize, checkTables, damagedManifest } from './read-tar.js';
import {
  checkContentId,
  parseTarHeader,
  type TarEntry,
  tarBlockBytes,
  tarEndBytes,
  tarPadding,
} from './tar.js';

const firstWindowBytes = 256 * 1024;

/**
 * Finds and reads the manifest from the end of a tar. It is the last file: the search goes back to a block
 * that starts with its name and fits its size. No block of JSON can, since JSON holds no zero bytes.
 *
 * @param content - the plaintext of the archive
 * @throws BackupError `archive-damaged`, `archive-limit-exceeded`, `archive-unsupported`
 */
export async function findManifest(
  content: RangeSource,
  signal?: AbortSignal,
): Promise<{ readonly manifest: Manifest }> {
  if (content.size % tarBlockBytes !== 0 || content.size < tarEndBytes + tarBlockBytes) throw lost();
  const options = { signal };
  for (let window = firstWindowBytes; ; window *= 4) {
    const length = Math.min(window, content.size);
    // If no header is in the window, everything in it would belong to the manifest, which has a maximum size.
    checkEntrySize({ kind: 'manifest' }, length - tarEndBytes - tarBlockBytes);
    const tail = await content.read(content.size - length, length, options);
    if (tail.subarray(length - tarEndBytes).some((byte) => byte !== 0)) throw lost();
    const found = await findHeader(tail);
    if (found !== null) {
      const manifest = parseManifest(tail.subarray(found.contentStart, found.contentStart + found.size));
      checkContentId(found.contentId, manifest.contentId);
      checkLayout(manifest, content.size - length + found.contentStart - tarBlockBytes);
      return { manifest };
    }
    if (length === content.size) throw lost();
  }
}

async function findHeader(tail: Uint8Array): Promise<(TarEntry & { readonly contentStart: number }) | null> {
  const name = new TextEncoder().encode(`${manifestName}\0`);
  const end = tail.length - tarEndBytes;
  for (let at = end - tarBlockBytes; at >= 0; at -= tarBlockBytes) {
    if (!name.every((byte, i) => tail[at + i] === byte)) continue;
    const header = await parseTarHeader(tail.subarray(at, at + tarBlockBytes));
    const contentStart = at + tarBlockBytes;
    if (header === null || contentStart + header.size + tarPadding(header.size) !== end) throw lost();
    return { ...header, contentStart };
  }
  return null;
}

/**
 * The files must be adjacent, and the manifest must follow them, so that reading every file reads no byte
 * twice.
 */
function checkLayout({ entries, tables }: Manifest, manifestOffset: number): void {
  let end = 0;
  for (const { offset, size } of entries) {
    if (offset < end + tarBlockBytes) throw damagedManifest();
    end = offset + size;
  }
  if (end > manifestOffset) throw damagedManifest();
  checkTables(tables);
}

function lost(): BackupError {
  return new BackupError('archive-damaged', 'The archive does not end with a manifest.');
}
