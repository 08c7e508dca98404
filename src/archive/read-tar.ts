import { engine } from '#engine';
import { maxPartBytes, peekMember } from '../columns/gzip-member.js';
import { BackupError } from '../errors.js';
import type { Label, Manifest, ManifestEntry, Part, PromisedTable } from '../model/parts.js';
import type { ByteReader } from './byte-reader.js';
import {
  type DatabaseEntry,
  parseDatabase,
  parseManifest,
  parseObjects,
  parseTable,
} from './descriptions.js';
import { type EntryKind, parseEntryName } from './entry-names.js';
import { TableContents } from './table-contents.js';
import {
  checkContentId,
  mostFiles,
  parseTarHeader,
  type TarEntry,
  tarBlockBytes,
  tarEndBytes,
  tarPadding,
} from './tar.js';

// Largest content per kind of file, in bytes. The JSON of a file is held in memory as a whole.
const limits: Readonly<Record<EntryKind['kind'], number>> = {
  database: 1024 * 1024,
  manifest: 256 * 1024 * 1024,
  objects: 256 * 1024 * 1024,
  other: 16 * 1024 * 1024,
  rows: maxPartBytes,
  table: 16 * 1024 * 1024,
};

/** A file inside an archive. */
export interface ReadEntry {
  readonly kind: EntryKind;
  readonly entry: ManifestEntry;
  readonly content: Uint8Array;
  /** The same for all files of an archive. */
  readonly contentId: string | undefined;
}

/** Checks the size of a file by its kind. @throws BackupError `archive-limit-exceeded` */
export function checkEntrySize(kind: EntryKind, size: number): void {
  if (size > limits[kind.kind]) {
    throw new BackupError(
      'archive-limit-exceeded',
      'A file in the archive is larger than in any genuine archive.',
    );
  }
}

/**
 * Reads the parts of an archive from its tar. Strict: any deviation from what the writer produces, and
 * anything that the manifest does not confirm, is an error. The summary is returned only after everything
 * before it was confirmed.
 *
 * @param label - the archive's label, if it has one: both must be of the same archive
 * @param maxFiles - most files that are read
 * @throws BackupError `archive-damaged`, `archive-limit-exceeded`, `archive-unsupported`
 */
export async function* readTar(
  reader: ByteReader,
  label: Label | null,
  maxFiles: number = mostFiles,
): AsyncGenerator<Part> {
  const entries: ManifestEntry[] = [];
  const contents = new TableContents();
  let described: DatabaseEntry | null = null;
  let hasObjects = false;
  for await (const { kind, entry, content, contentId } of readEntries(reader)) {
    if (described === null && kind.kind !== 'database' && kind.kind !== 'other') {
      throw damaged('The archive does not start with its database.');
    }
    if (kind.kind === 'manifest') {
      if (!hasObjects) throw damaged('The archive has no list of objects.');
      const manifest = parseManifest(content);
      checkContentId(contentId, manifest.contentId);
      checkManifest(manifest, { entries, described: described!, label, contents });
      await checkEnd(reader);
      yield { kind: 'summary', summary: manifest };
      return;
    }
    entries.push(entry);
    if (entries.length > maxFiles) {
      throw new BackupError(
        'archive-limit-exceeded',
        'The archive holds more files than any genuine archive.',
      );
    }
    switch (kind.kind) {
      case 'database': {
        const parsed = parseDatabase(content);
        if (described !== null) throw damaged('The archive describes two databases.');
        described = parsed;
        yield { kind: 'database', database: parsed.database };
        break;
      }
      case 'table': {
        const table = parseTable(content);
        if (table.index !== kind.table) throw damaged('A table is stored where another table belongs.');
        inOrder(() => contents.addTable(table));
        yield { kind: 'table', table };
        break;
      }
      case 'rows': {
        const { table, sequence } = kind;
        const rows = entry.rows!;
        inOrder(() => contents.addRows({ table, sequence, rows }));
        const { plainBytes } = peekMember(content);
        yield { kind: 'rows', table, sequence, rows, plainBytes, sha256: entry.sha256, data: content };
        break;
      }
      case 'objects':
        if (hasObjects) throw damaged('The archive has two lists of objects.');
        hasObjects = true;
        yield { kind: 'objects', objects: parseObjects(content) };
        break;
      case 'other':
        break;
    }
  }
  throw damaged('The archive ends without its manifest.');
}

async function* readEntries(reader: ByteReader): AsyncGenerator<ReadEntry> {
  let first: TarEntry | null = null;
  for (;;) {
    const header = await readHeader(reader);
    if (header === null) return;
    first ??= header;
    const { contentId } = first;
    checkContentId(header.contentId, contentId);
    const kind = parseEntryName(header.name);
    checkEntrySize(kind, header.size);
    const offset = reader.taken;
    const padding = tarPadding(header.size);
    if (!(await reader.fill(header.size + padding))) throw damaged('The archive ends too early.');
    const content = reader.take(header.size);
    if (reader.take(padding).some((byte) => byte !== 0))
      throw damaged('There is something between two files.');
    yield { kind, entry: entryOf(header.name, offset, content, kind), content, contentId };
  }
}

async function readHeader(reader: ByteReader): Promise<TarEntry | null> {
  if (!(await reader.fill(tarBlockBytes))) throw damaged('The archive ends too early.');
  return parseTarHeader(reader.take(tarBlockBytes));
}

/** The manifest entry that a file should have. */
export function entryOf(name: string, offset: number, content: Uint8Array, kind: EntryKind): ManifestEntry {
  const sha256 = engine.sha256(content);
  const rows = kind.kind === 'rows' ? { rows: peekMember(content).rows } : {};
  return { name, offset, size: content.length, sha256, ...rows };
}

interface Seen {
  readonly entries: readonly ManifestEntry[];
  readonly described: DatabaseEntry;
  readonly label: Label | null;
  readonly contents: TableContents;
}

function checkManifest(manifest: Manifest, { entries, described, label, contents }: Seen): void {
  checkDatabase(manifest, described, label);
  const isConfirmed =
    manifest.entries.length === entries.length &&
    manifest.entries.every((entry, i) => isSameEntry(entry, entries[i]!));
  if (!isConfirmed) throw damaged('The manifest lists other files than the archive holds.');
  try {
    contents.checkAgainst(manifest);
  } catch (cause) {
    throw new BackupError('archive-damaged', 'The manifest lists other rows than the archive holds.', {
      cause,
    });
  }
  checkTables(manifest.tables);
}

/** Label, database and manifest must be of the same archive. @throws BackupError `archive-damaged` */
export function checkIdentity(manifest: Manifest, archiveId: string, label: Label | null): void {
  const isLabelled =
    label === null || (label.archiveId === manifest.archiveId && label.scope === manifest.scope);
  if (!isLabelled || manifest.archiveId !== archiveId) {
    throw damaged('The label, the database and the manifest are not of one archive.');
  }
}

/**
 * The same. Also, every announced table must be there or be listed as left out. @throws BackupError
 * `archive-damaged`
 */
export function checkDatabase(manifest: Manifest, described: DatabaseEntry, label: Label | null): void {
  checkIdentity(manifest, described.archiveId, label);
  const names = new Map(manifest.tables.map(({ index, name }) => [index, name]));
  const leftOut = new Set(manifest.leftOut.map(({ name }) => name));
  const isKept = ({ index, name }: PromisedTable): boolean =>
    names.has(index) ? names.get(index) === name : leftOut.has(name);
  if (!(described.database.tables ?? []).every(isKept)) {
    throw damaged('Tables that the archive lists are missing from it.');
  }
}

/** Each table must have its own number and name. @throws BackupError `archive-damaged` */
export function checkTables(tables: Manifest['tables']): void {
  for (const key of ['index', 'name'] as const) {
    if (new Set(tables.map((table) => table[key])).size !== tables.length) throw damagedManifest();
  }
}

/** The error for a manifest that contradicts itself. */
export function damagedManifest(): BackupError {
  return damaged('The manifest of the archive contradicts itself.');
}

/** Whether a file matches its manifest entry. */
export function isSameEntry(a: ManifestEntry, b: ManifestEntry): boolean {
  return (
    a.name === b.name &&
    a.offset === b.offset &&
    a.size === b.size &&
    a.sha256 === b.sha256 &&
    a.rows === b.rows
  );
}

async function checkEnd(reader: ByteReader): Promise<void> {
  const isEnd = (await reader.fill(tarEndBytes)) && reader.take(tarEndBytes).every((byte) => byte === 0);
  if (!isEnd) throw damaged('The archive does not end after its manifest.');
  // Waiting for more bytes forces the check that the last chunk is marked as the last.
  if (await reader.fill(1)) throw damaged('The archive goes on after its end.');
}

function inOrder(add: () => void): void {
  try {
    add();
  } catch (cause) {
    throw new BackupError('archive-damaged', 'The parts of the archive are out of order.', { cause });
  }
}

function damaged(happened: string): BackupError {
  return new BackupError('archive-damaged', happened);
}
