/// <reference lib="esnext.disposable" preserve="true" />
import { engine } from '#engine';
import { assertRangeSource } from '../arguments.js';
import type { RangeSource } from '../bytes.js';
import { peekMember } from '../columns/gzip-member.js';
import { unpackRows } from '../columns/pack.js';
import { BackupError } from '../errors.js';
import type { ColumnBatch } from '../model/column-batch.js';
import type {
  DatabaseDescription,
  Label,
  Manifest,
  ManifestEntry,
  Part,
  RowsPart,
  SchemaObject,
  TableDescription,
  TableSummary,
  ValueForm,
} from '../model/parts.js';
import { takePayloadKey } from './age/decrypt.js';
import { openPayloadRanges } from './age/random-access.js';
import { ByteReader } from './byte-reader.js';
import { unlockArchive } from './decrypt-archive.js';
import { parseDatabase, parseObjects, parseTable } from './descriptions.js';
import { databaseName, objectsName, parseEntryName, rowsEntryName, tableEntryName } from './entry-names.js';
import { filterPromise, filterSummary } from './filter-parts.js';
import { findManifest } from './find-manifest.js';
import { prefetch } from './prefetch.js';
import { chunksOfRanges } from './range-reader.js';
import {
  checkDatabase,
  checkEntrySize,
  checkIdentity,
  damagedManifest,
  entryOf,
  isSameEntry,
} from './read-tar.js';
import { parseTarHeader, tarBlockBytes } from './tar.js';
import { type ArchiveKeys, checkKeys } from './unlock.js';

/** Keys and options of {@link openArchive}. */
export interface OpenArchiveOptions extends ArchiveKeys {
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of one reading. */
export interface ReadOptions {
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link ArchiveReader.readTable}. */
export interface ReadTableOptions extends ReadOptions {
  /** Numbers of column parts, from 1: only these are read, in this order. @defaultValue all */
  readonly parts?: readonly number[] | undefined;
}

/** Options of {@link ArchiveReader.parts}. */
export interface ReadPartsOptions extends ReadOptions {
  /** Names of the tables to read. @defaultValue all */
  readonly tables?: readonly string[] | undefined;
}

/**
 * An open archive with random access: only header, tail and the requested parts are fetched. Every file is
 * checked against the manifest before it is returned. `using` and `await using` close it at the end of their
 * block.
 */
export interface ArchiveReader extends Disposable {
  /** The label, authenticated; null when the file was not made by this library. */
  readonly label: Label | null;
  /** Whether the label is damaged and was ignored; only ever true with `withoutLabel`. */
  readonly isLabelDamaged: boolean;
  /** The contents of the archive, authenticated. */
  readonly manifest: Manifest;
  /** The database and its server. */
  database(options?: ReadOptions): Promise<DatabaseDescription>;
  /** A table's definition. @throws RangeError when the archive holds no such table */
  table(name: string, options?: ReadOptions): Promise<TableDescription>;
  /** Views, triggers, routines, events, sequences. */
  objects(options?: ReadOptions): Promise<readonly SchemaObject[]>;
  /**
   * The parts of the dump, in the order in which a restore reads them. With `tables`, the summary covers
   * those tables and lists the others as left out. May be called many times.
   *
   * @throws RangeError when the archive lacks a table of `tables`
   */
  parts(options?: ReadPartsOptions): AsyncIterable<Part>;
  /**
   * The rows of one table, in stored order. @throws RangeError when the archive holds no such table or part
   */
  readTable(name: string, options?: ReadTableOptions): AsyncIterable<ColumnBatch>;
  /** Wipes the key. Reading fails afterwards. */
  close(): void;
}

/**
 * Opens an archive for reading at any place.
 *
 * @example
 * ```ts
 * const archive = await openArchive(source, { password });
 * for await (const batch of archive.readTable('patient')) console.log(batch.rows);
 * ```
 * @param source - the archive: a file, an object in a store, bytes
 * @throws BackupError `wrong-key`, `archive-damaged`, `archive-unsupported` or `archive-limit-exceeded`
 * @throws TypeError when no key is given or an identity is invalid
 */
export async function openArchive(source: RangeSource, options: OpenArchiveOptions): Promise<ArchiveReader> {
  assertRangeSource('source', source);
  checkKeys(options);
  const reader = new ByteReader(chunksOfRanges(source, options.signal));
  try {
    const { label, fileKey, isLabelDamaged } = await unlockArchive(reader, options);
    const key = await takePayloadKey(reader, fileKey);
    const content = openPayloadRanges(source, reader.taken, key, engine);
    const { manifest } = await findManifest(content, options.signal);
    checkIdentity(manifest, label?.archiveId ?? manifest.archiveId, label);
    const files = new ArchiveFiles(content, manifest);
    return makeReader(files, { label, isLabelDamaged }, () => key.fill(0));
  } finally {
    await reader.close();
  }
}

/** Larger parts are not inflated ahead: several parts of a gigabyte would not fit into memory together. */
const mostPrefetched: number = 16 * 2 ** 20;

function makeReader(
  files: ArchiveFiles,
  { label, isLabelDamaged }: Pick<ArchiveReader, 'isLabelDamaged' | 'label'>,
  close: () => void,
): ArchiveReader {
  const { manifest } = files;
  const tables = new Map(manifest.tables.map((table) => [table.name, table]));
  const find = (name: string): TableSummary => {
    const table = tables.get(name);
    if (table === undefined) throw new RangeError(`the archive has no table "${name}"`);
    return table;
  };
  const readDescription = async (
    { index, name }: TableSummary,
    signal?: AbortSignal,
  ): Promise<TableDescription> => {
    const table = parseTable(await files.read(tableEntryName(index), signal));
    if (table.index !== index)
      throw new BackupError('archive-damaged', 'A table is stored under a wrong number.');
    if (table.name !== name)
      throw new BackupError('archive-damaged', 'A table has another name than the manifest says.');
    return table;
  };
  const readRows = async (table: number, sequence: number, signal?: AbortSignal): Promise<RowsPart> => {
    const name = rowsEntryName(table, sequence);
    const data = await files.read(name, signal);
    const { rows, plainBytes } = peekMember(data);
    return { kind: 'rows', table, sequence, rows, plainBytes, sha256: files.find(name).sha256, data };
  };
  const sequences = (table: TableSummary): number[] => Array.from({ length: table.parts }, (_, i) => i + 1);

  async function* parts({ tables: names, signal }: ReadPartsOptions): AsyncGenerator<Part> {
    const wanted = names === undefined ? manifest.tables : [...new Set(names)].map(find);
    const database = await reader.database({ signal });
    const kept = new Set(wanted.map(({ name }) => name));
    yield { kind: 'database', database: names === undefined ? database : filterPromise(database, kept) };
    for (const table of wanted) {
      yield { kind: 'table', table: await readDescription(table, signal) };
      yield* prefetch(sequences(table), (sequence) => readRows(table.index, sequence, signal));
    }
    yield { kind: 'objects', objects: await reader.objects({ signal }) };
    const summary = names === undefined ? manifest : filterSummary(manifest, kept);
    yield { kind: 'summary', summary };
  }

  async function* readTable(
    table: TableSummary,
    { parts = sequences(table), signal }: ReadTableOptions = {},
  ): AsyncGenerator<ColumnBatch> {
    if (!parts.every((part) => Number.isInteger(part) && part >= 1 && part <= table.parts))
      throw new RangeError(`"parts" must be from 1 to ${table.parts} for this table`);
    const { columns } = await readDescription(table, signal);
    const forms = columns.map((column) => column.form).filter((form): form is ValueForm => form !== null);
    const made = prefetch(parts, async (sequence) => {
      const part = await readRows(table.index, sequence, signal);
      return part.plainBytes > mostPrefetched ? part : unpackRows(part, forms);
    });
    for await (const each of made) yield 'kind' in each ? await unpackRows(each, forms) : each;
  }

  const reader: ArchiveReader = {
    label,
    isLabelDamaged,
    manifest,
    async database(options) {
      const described = parseDatabase(await files.read(databaseName, options?.signal));
      checkDatabase(manifest, described, label);
      return described.database;
    },
    table: (name, options) => readDescription(find(name), options?.signal),
    objects: async (options) => parseObjects(await files.read(objectsName, options?.signal)),
    parts: (options) => parts(options ?? {}),
    readTable: (name, options) => readTable(find(name), options),
    close,
    [Symbol.dispose]: close,
  };
  return reader;
}

/** The files of an archive by name, each checked on reading. */
class ArchiveFiles {
  readonly manifest: Manifest;
  readonly #content: RangeSource;
  readonly #entries: ReadonlyMap<string, ManifestEntry>;

  constructor(content: RangeSource, manifest: Manifest) {
    this.manifest = manifest;
    this.#content = content;
    this.#entries = new Map(manifest.entries.map((entry) => [entry.name, entry]));
    if (this.#entries.size !== manifest.entries.length) throw damagedManifest();
    this.#checkRows();
  }

  #checkRows(): void {
    const found = new Map<number, { rows: number; parts: number }>();
    for (const entry of this.manifest.entries) {
      const kind = parseEntryName(entry.name);
      if (kind.kind !== 'rows') continue;
      const table = found.get(kind.table) ?? { rows: 0, parts: 0 };
      found.set(kind.table, { rows: table.rows + (entry.rows ?? 0), parts: table.parts + 1 });
    }
    for (const { index, rows, parts } of this.manifest.tables) {
      const table = found.get(index) ?? { rows: 0, parts: 0 };
      if (table.rows !== rows || table.parts !== parts) throw damagedManifest();
      found.delete(index);
    }
    if (found.size > 0) throw damagedManifest();
  }

  find(name: string): ManifestEntry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw damagedManifest();
    return entry;
  }

  async read(name: string, signal?: AbortSignal): Promise<Uint8Array> {
    const entry = this.find(name);
    const kind = parseEntryName(name);
    checkEntrySize(kind, entry.size);
    const bytes = await this.#content.read(entry.offset - tarBlockBytes, tarBlockBytes + entry.size, {
      signal,
    });
    const header = await parseTarHeader(bytes.subarray(0, tarBlockBytes));
    const content = bytes.subarray(tarBlockBytes);
    const isTrue =
      header?.name === name &&
      header.size === entry.size &&
      header.contentId === this.manifest.contentId &&
      isSameEntry(entryOf(name, entry.offset, content, kind), entry);
    if (!isTrue)
      throw new BackupError('archive-damaged', 'A file of the archive is not what its manifest says.');
    return content;
  }
}
