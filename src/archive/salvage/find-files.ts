import { utf8 } from '../../bytes.js';
import { peekMember } from '../../columns/gzip-member.js';
import { isBackupError } from '../../errors.js';
import type { Manifest, ManifestEntry } from '../../model/parts.js';
import { type EntryKind, parseEntryName } from '../entry-names.js';
import { entryOf, isSameEntry } from '../read-tar.js';
import { parseTarHeader, type TarEntry, tarBlockBytes, tarPadding } from '../tar.js';
import type { ChunkMap } from './chunk-map.js';

/** A file of a damaged archive whose bytes are all there. */
export interface FoundFile {
  readonly kind: EntryKind;
  /** Start of its content in the content of the archive, and its size, in bytes. */
  readonly offset: number;
  readonly size: number;
  /** Number of rows, for column parts. */
  readonly rows: number;
  readonly sha256: string;
}

/** The files in the manifest that are there and match it. */
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

/** Files behind the damage that cannot be proven to belong to this archive. */
export interface UnprovenFiles {
  /** How many there are. */
  readonly count: number;
  /** Their names in the archive, at most a thousand. */
  readonly names: readonly string[];
  /** `foreign` when the id of this archive is known and they do not have it: they are never restored. */
  readonly fate: 'foreign' | 'left-out' | 'restored';
}

/** No such files. */
export const noUnproven: UnprovenFiles = { count: 0, names: [], fate: 'left-out' };

/** The files that were found without a manifest. */
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
 * Finds files without a manifest, from header to header. After a lost header it continues at the next block
 * that is a header. That block may be in the middle of a value, and whoever wrote the value may have put a
 * forged file there. So it counts only with the id of this archive, which is in its first header and was not
 * known to writers of values.
 *
 * @param takesUnproven - whether to accept files behind a lost header if no id is known: in older archives,
 *   and in those whose front is lost
 */
export async function findByHeaders(chunks: ChunkMap, takesUnproven: boolean): Promise<FoundByHeaders> {
  const contentId = (await frontOf(chunks))?.contentId;
  const fate = contentId !== undefined ? 'foreign' : takesUnproven ? 'restored' : 'left-out';
  const found = new Map<string, FoundFile>();
  const names = new Set<string>();
  let count = 0;
  // Each header leads to the next one, even if content between them is lost.
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

/** Whether a restore could use it. */
function isOfUse({ name }: TarEntry): boolean {
  const { kind } = parseEntryName(name);
  return kind !== 'other' && kind !== 'manifest';
}

async function headerIn(block: Uint8Array): Promise<TarEntry | null> {
  // Most blocks of a value are not headers. Recognising that must be cheaper than parsing a header.
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
