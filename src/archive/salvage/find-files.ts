import { utf8 } from '../../bytes.js';
import { peekMember } from '../../columns/gzip-member.js';
import { isBackupError } from '../../errors.js';
import type { Manifest, ManifestEntry } from '../../model/parts.js';
import { type EntryKind, parseEntryName } from '../entry-names.js';
import { entryOf, isSameEntry } from '../read-tar.js';
import { parseTarHeader, type TarEntry, tarBlockBytes, tarPadding } from '../tar.js';
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
  if (!chunks.holds(offset - tarBlockBytes, tarBlockBytes + size)) return undefined;
  const kind = parseEntryName(name);
  if (kind.kind === 'other') return undefined;
  const actual = entryOf(name, offset, await chunks.read(offset, size), kind);
  if (!isSameEntry(actual, entry)) return undefined;
  return { kind, offset, size, rows: entry.rows ?? 0, sha256: entry.sha256 };
}

const magicAt = 257;
const magic: Uint8Array = utf8('ustar\0');

/** What looks like files of an archive behind the damage, and nothing ties to this one. */
export interface UnprovenFiles {
  /** How many there are. */
  readonly count: number;
  /** Their names in the archive, at most a thousand. */
  readonly names: readonly string[];
  /** `foreign` when this archive's own id is known and they do not bear it: they are never restored. */
  readonly fate: 'foreign' | 'left-out' | 'restored';
}

/** None of them. */
export const noUnproven: UnprovenFiles = { count: 0, names: [], fate: 'left-out' };

/** What was found without a manifest. */
export interface FoundByHeaders {
  readonly files: readonly FoundFile[];
  readonly unproven: UnprovenFiles;
}

const mostNames = 1000;

/** The first header of an archive; null when it is lost. */
export async function frontOf(chunks: ChunkMap): Promise<TarEntry | null> {
  return chunks.holds(0, tarBlockBytes) ? headerIn(await chunks.read(0, tarBlockBytes)) : null;
}

/**
 * Without a manifest: from header to header, and behind one that is lost at the next block that is a header.
 * That block may be the middle of a value, and whoever wrote the value may have put a file there that never
 * was one. So it counts only with the id of this archive, which its first header tells and nobody knew who
 * wrote a value before.
 *
 * @param takesUnproven - whether to take what stands behind a lost header also where no id is known: of older
 *   archives, and of those whose front is lost
 */
export async function findByHeaders(chunks: ChunkMap, takesUnproven: boolean): Promise<FoundByHeaders> {
  const contentId = (await frontOf(chunks))?.contentId;
  const fate = contentId !== undefined ? 'foreign' : takesUnproven ? 'restored' : 'left-out';
  const found = new Map<string, FoundFile>();
  const names = new Set<string>();
  let count = 0;
  // Where one header of the archive leads, the next one stands, whatever was lost between them.
  let isProven = true;
  for (let at = 0; at + tarBlockBytes <= chunks.size; ) {
    if (!chunks.holds(at, tarBlockBytes)) {
      at = chunks.nextGood(at + 1);
      isProven = false;
      continue;
    }
    const header = await headerIn(await chunks.read(at, tarBlockBytes));
    const isOurs = header !== null && header.contentId === contentId;
    isProven = isOurs && (isProven || contentId !== undefined);
    if (header !== null && !isProven && isOfUse(header)) {
      count += 1;
      if (names.size < mostNames) names.add(header.name);
    }
    if (header === null || !(isProven || (fate === 'restored' && isOfUse(header)))) {
      at += tarBlockBytes;
      continue;
    }
    const offset = at + tarBlockBytes;
    const file = found.has(header.name) ? undefined : await takeFile(chunks, header, offset);
    if (file !== undefined) found.set(header.name, file);
    at = offset + header.size + tarPadding(header.size);
  }
  return { files: [...found.values()], unproven: { count, names: [...names], fate } };
}

/** Whether a restore could take it. */
function isOfUse({ name }: TarEntry): boolean {
  const { kind } = parseEntryName(name);
  return kind !== 'other' && kind !== 'manifest';
}

async function headerIn(block: Uint8Array): Promise<TarEntry | null> {
  // Most blocks of a value are no header. Seeing that must cost less than reading a header.
  if (!magic.every((byte, i) => block[magicAt + i] === byte)) return null;
  try {
    return await parseTarHeader(block);
  } catch (error) {
    // The middle of a file whose header is lost.
    if (isBackupError(error, 'archive-damaged')) return null;
    throw error;
  }
}

async function takeFile(chunks: ChunkMap, header: TarEntry, offset: number): Promise<FoundFile | undefined> {
  const { name, size } = header;
  if (!isOfUse(header) || !chunks.holds(offset, size)) return undefined;
  const kind = parseEntryName(name);
  try {
    const content = await chunks.read(offset, size);
    const { sha256 } = entryOf(name, offset, content, kind);
    return { kind, offset, size, rows: kind.kind === 'rows' ? peekMember(content).rows : 0, sha256 };
  } catch (error) {
    if (isBackupError(error)) return undefined;
    throw error;
  }
}
