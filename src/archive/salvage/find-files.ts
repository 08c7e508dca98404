import { utf8 } from '../../bytes.js';
import { peekMember } from '../../columns/gzip-member.js';
import { isBackupError } from '../../errors.js';
import type { Manifest, ManifestEntry } from '../../model/parts.js';
import { type EntryKind, parseEntryName } from '../entry-names.js';
import { entryOf, isSameEntry } from '../read-tar.js';
import { parseTarHeader, TAR_BLOCK_BYTES, type TarEntry, tarPadding } from '../tar.js';
import type { ChunkMap } from './chunk-map.js';

/** A file of a damaged archive that is there from its first byte to its last. */
export interface FoundFile {
  readonly kind: EntryKind;
  /** Where its content starts in the content of the archive, and its size, in bytes. */
  readonly offset: number;
  readonly size: number;
  /** Of column parts. */
  readonly rows: number;
  readonly sha256: string;
}

/** The files that the manifest lists, as far as they are there and are what it says. */
export async function findByManifest(chunks: ChunkMap, manifest: Manifest): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  for (const entry of manifest.entries) {
    const file = await checkFile(chunks, entry);
    if (file !== undefined) found.push(file);
  }
  return found;
}

async function checkFile(chunks: ChunkMap, entry: ManifestEntry): Promise<FoundFile | undefined> {
  const { offset, size, name } = entry;
  if (!chunks.holds(offset - TAR_BLOCK_BYTES, TAR_BLOCK_BYTES + size)) return undefined;
  const kind = parseEntryName(name);
  if (kind.kind === 'other') return undefined;
  const actual = entryOf(name, offset, await chunks.read(offset, size), kind);
  if (!isSameEntry(actual, entry)) return undefined;
  return { kind, offset, size, rows: entry.rows ?? 0, sha256: entry.sha256 };
}

const MAGIC_AT = 257;
const magic: Uint8Array = utf8('ustar\0');

/** What was found without a manifest. */
export interface FoundByHeaders {
  readonly files: readonly FoundFile[];
  /** How many blocks behind damage look like the header of a file, and not like one of this archive. */
  readonly unproven: number;
}

/**
 * Without a manifest: from header to header, and behind damage at the next block that is a header. That block may be the
 * middle of a value whose own header is lost, and whoever wrote the value may have put a file there that never was one. So
 * it must say the second in which this very archive was begun, which nobody knew who wrote a value before.
 *
 * @param time - that second; null when it is not known, and then nothing behind damage is taken
 */
export async function findByHeaders(chunks: ChunkMap, time: number | null): Promise<FoundByHeaders> {
  const found: FoundFile[] = [];
  let unproven = 0;
  let isBehindDamage = false;
  let at = 0;
  while (at + TAR_BLOCK_BYTES <= chunks.size) {
    if (!chunks.holds(at, TAR_BLOCK_BYTES)) {
      at = chunks.nextGood(at + 1);
      isBehindDamage = true;
      continue;
    }
    const header = await headerIn(await chunks.read(at, TAR_BLOCK_BYTES));
    if (header === null || (isBehindDamage && header.time !== time)) {
      if (header !== null) unproven += 1;
      isBehindDamage = true;
      at += TAR_BLOCK_BYTES;
      continue;
    }
    const offset = at + TAR_BLOCK_BYTES;
    const file = await takeFile(chunks, header, offset);
    if (file !== undefined) found.push(file);
    at = offset + header.size + tarPadding(header.size);
    isBehindDamage = !chunks.holds(offset, header.size);
  }
  return { files: found, unproven };
}

async function headerIn(block: Uint8Array): Promise<TarEntry | null> {
  // Most blocks of a value are none, and to see that must not cost as much as to read one.
  if (!magic.every((byte, i) => block[MAGIC_AT + i] === byte)) return null;
  try {
    return await parseTarHeader(block);
  } catch (error) {
    // The middle of a file whose header is lost.
    if (isBackupError(error, 'archive-damaged')) return null;
    throw error;
  }
}

async function takeFile(
  chunks: ChunkMap,
  { name, size }: TarEntry,
  offset: number,
): Promise<FoundFile | undefined> {
  const kind = parseEntryName(name);
  if (kind.kind === 'other' || kind.kind === 'manifest' || !chunks.holds(offset, size)) return undefined;
  try {
    const content = await chunks.read(offset, size);
    const { sha256 } = entryOf(name, offset, content, kind);
    return { kind, offset, size, rows: kind.kind === 'rows' ? peekMember(content).rows : 0, sha256 };
  } catch (error) {
    if (isBackupError(error)) return undefined;
    throw error;
  }
}
