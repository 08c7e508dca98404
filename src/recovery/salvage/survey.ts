import { takePayloadKey } from '../../archive/age/decrypt.js';
import { ByteReader } from '../../archive/byte-reader.js';
import { unlockArchive } from '../../archive/decrypt-archive.js';
import { parseDatabase, parseObjects, parseTable } from '../../archive/descriptions.js';
import { findManifest } from '../../archive/find-manifest.js';
import type {
  DatabaseDescription,
  Label,
  Manifest,
  SchemaObject,
  TableDescription,
} from '../../archive/model.js';
import { chunksOfRanges } from '../../archive/range-reader.js';
import type { ArchiveKeys } from '../../archive/unlock.js';
import type { RangeSource } from '../../bytes.js';
import { isBackupError } from '../../errors.js';
import { ChunkMap } from './chunk-map.js';
import { type FoundFile, findByHeaders, findByManifest } from './find-files.js';
import { type LostRows, lostRows } from './lost-rows.js';

/** What is left of an archive, and what is not. */
export interface ArchiveSurvey {
  readonly label: Label | null;
  /** Null when it is lost; then nobody can say how much there was. */
  readonly manifest: Manifest | null;
  /** Null when its description is lost. */
  readonly database: DatabaseDescription | null;
  /** Null when they are lost. */
  readonly objects: readonly SchemaObject[] | null;
  /** In the order of the archive. */
  readonly tables: readonly SurveyedTable[];
  /** Whether nothing at all is lost. */
  readonly whole: boolean;
  /** Reads a part that was found. */
  read(part: FoundFile): Promise<Uint8Array>;
}

/** What is left of a table. */
export interface SurveyedTable {
  /** `table 7` when nobody can say its name any more. */
  readonly name: string;
  readonly index: number;
  /** Null when its definition is lost; then its rows are of no use. */
  readonly description: TableDescription | null;
  /** Column parts that are there, in order. */
  readonly parts: readonly FoundFile[];
  readonly rows: number;
  /** Null when nobody can say. */
  readonly expectedRows: number | null;
  readonly whole: boolean;
  readonly lost: readonly LostRows[];
}

/**
 * Looks through an archive that may be damaged anywhere behind its header, and finds everything that still authenticates.
 *
 * @throws BackupError `wrong-key`, and `archive-damaged` when the header itself is damaged: then there is no way in
 */
export async function surveyArchive(
  source: RangeSource,
  options: ArchiveKeys & { readonly signal?: AbortSignal | undefined },
): Promise<ArchiveSurvey> {
  const { signal } = options;
  const reader = new ByteReader(chunksOfRanges(source, signal));
  try {
    const { label, fileKey } = await unlockArchive(reader, options);
    const key = await takePayloadKey(reader, fileKey);
    const chunks = await ChunkMap.make(source, reader.taken, key, signal);
    return await new Surveyor(chunks, label).survey();
  } finally {
    await reader.close();
  }
}

class Surveyor {
  readonly #chunks: ChunkMap;
  readonly #label: Label | null;

  constructor(chunks: ChunkMap, label: Label | null) {
    this.#chunks = chunks;
    this.#label = label;
  }

  async survey(): Promise<ArchiveSurvey> {
    const manifest = await this.#readManifest();
    const files =
      manifest === null ? await findByHeaders(this.#chunks) : await findByManifest(this.#chunks, manifest);
    const database = await this.#parse(files, 'database', (bytes) => parseDatabase(bytes).database);
    const objects = await this.#parse(files, 'objects', parseObjects);
    const tables = await this.#readTables(files, manifest);
    return {
      label: this.#label,
      manifest,
      database,
      objects,
      tables,
      whole:
        manifest !== null && database !== null && objects !== null && tables.every((table) => table.whole),
      read: ({ offset, size }) => this.#chunks.read(offset, size),
    };
  }

  async #readManifest(): Promise<Manifest | null> {
    if (!this.#chunks.hasEnd) return null;
    const { manifest } = (await orNull(() => findManifest(this.#chunks.asRanges()))) ?? { manifest: null };
    // One that was made for another archive would have everything looked for in the wrong places.
    if (manifest === null || (this.#label !== null && this.#label.archiveId !== manifest.archiveId))
      return null;
    return manifest;
  }

  async #parse<Result>(
    files: readonly FoundFile[],
    kind: 'database' | 'objects',
    parse: (bytes: Uint8Array) => Result,
  ): Promise<Result | null> {
    const file = files.find((each) => each.kind.kind === kind);
    if (file === undefined) return null;
    return orNull(async () => parse(await this.#chunks.read(file.offset, file.size)));
  }

  async #readTables(
    files: readonly FoundFile[],
    manifest: Manifest | null,
  ): Promise<readonly SurveyedTable[]> {
    const descriptions = new Map<number, TableDescription>();
    const parts = new Map<number, FoundFile[]>();
    for (const file of files) {
      const { kind } = file;
      if (kind.kind === 'table') {
        const table = await orNull(async () => parseTable(await this.#chunks.read(file.offset, file.size)));
        if (table?.index === kind.table) descriptions.set(kind.table, table);
      }
      if (kind.kind === 'rows') parts.set(kind.table, [...(parts.get(kind.table) ?? []), file]);
    }
    const indexes = manifest?.tables.map((table) => table.index) ?? [
      ...new Set([...descriptions.keys(), ...parts.keys()]),
    ];
    return indexes.map((index) =>
      describeTable(index, descriptions.get(index) ?? null, parts.get(index) ?? [], manifest),
    );
  }
}

function describeTable(
  index: number,
  description: TableDescription | null,
  found: readonly FoundFile[],
  manifest: Manifest | null,
): SurveyedTable {
  const summary = manifest?.tables.find((table) => table.index === index);
  const name = summary?.name ?? description?.name ?? `table ${index}`;
  const parts = description === null ? [] : [...found].sort((a, b) => sequenceOf(a) - sequenceOf(b));
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const lost = lostRows(index, parts, manifest);
  const expectedRows = summary?.rows ?? null;
  const whole = description !== null && expectedRows === rows && lost.length === 0;
  return { name, index, description, parts, rows, expectedRows, whole, lost };
}

function sequenceOf({ kind }: FoundFile): number {
  return kind.kind === 'rows' ? kind.sequence : 0;
}

async function orNull<Result>(read: () => Promise<Result>): Promise<Result | null> {
  try {
    return await read();
  } catch (error) {
    if (isBackupError(error)) return null;
    throw error;
  }
}
