import type { RangeSource } from '../../bytes.js';
import { isBackupError } from '../../errors.js';
import type {
  DatabaseDescription,
  Label,
  Manifest,
  PromisedTable,
  SchemaObject,
  TableDescription,
  TableSummary,
} from '../../model/parts.js';
import { takePayloadKey } from '../age/decrypt.js';
import { ByteReader } from '../byte-reader.js';
import { unlockArchive } from '../decrypt-archive.js';
import { parseDatabase, parseObjects, parseTable } from '../descriptions.js';
import { findManifest } from '../find-manifest.js';
import { chunksOfRanges } from '../range-reader.js';
import type { ArchiveKeys } from '../unlock.js';
import { ChunkMap } from './chunk-map.js';
import {
  type FoundFile,
  findByHeaders,
  findByManifest,
  frontOf,
  noUnproven,
  type UnprovenFiles,
} from './find-files.js';
import { gapsBetween, gapsByManifest, type LostRows } from './lost-rows.js';

export type { UnprovenFiles } from './find-files.js';

/** What of an archive is intact and what is lost. */
export interface ArchiveSurvey {
  readonly label: Label | null;
  /** Whether the label is damaged: then it is null, and a key opened the archive without it. */
  readonly isLabelDamaged: boolean;
  /** Null when it is lost; then the amount of lost data is unknown. */
  readonly manifest: Manifest | null;
  /** Null when its description is lost. */
  readonly database: DatabaseDescription | null;
  /** Null when they are lost. */
  readonly objects: readonly SchemaObject[] | null;
  /** Whether its end is missing. */
  readonly endsEarly: boolean;
  /** The tables that its front announces; null when the front is lost or has no list. */
  readonly promised: readonly PromisedTable[] | null;
  /** In the order of the archive, including absent ones. */
  readonly tables: readonly SurveyedTable[];
  /** Tables that are lost entirely, the most needed first. */
  readonly absent: readonly AbsentTable[];
  /** Number of further absent tables, whose names are unknown. */
  readonly unlistedTables: number;
  readonly unproven: UnprovenFiles;
  /** Whether nothing at all is lost. */
  readonly whole: boolean;
  /** Reads a part that was found. */
  read(part: FoundFile): Promise<Uint8Array>;
}

/** A table that an archive announces, and that is lost entirely. */
export interface AbsentTable {
  /** As in the manifest or the file names. */
  readonly name: string;
  /** How much it is needed, by the policy; `unclassified` if the archive does not say. */
  readonly tier: string;
}

/** What is left of a table. */
export interface SurveyedTable {
  /** `table 7` when its name is unknown. */
  readonly name: string;
  readonly index: number;
  /** Null when its definition is lost; then its rows cannot be used. */
  readonly description: TableDescription | null;
  /** Intact column parts, in order. */
  readonly parts: readonly FoundFile[];
  readonly rows: number;
  /** Null when unknown. */
  readonly expectedRows: number | null;
  readonly whole: boolean;
  readonly lost: readonly LostRows[];
}

/** Keys and options of {@link surveyArchive}. */
export interface SurveyOptions extends ArchiveKeys {
  readonly signal?: AbortSignal | undefined;
  /** Whether to accept also files that cannot be proven to belong to this archive. @defaultValue false */
  readonly unproven?: boolean | undefined;
}

/**
 * Examines an archive that may be damaged anywhere behind its header, and finds everything that still
 * authenticates.
 *
 * @throws BackupError `wrong-key`; `archive-damaged` when the header itself is damaged: then nothing can be
 *   decrypted
 */
export async function surveyArchive(source: RangeSource, options: SurveyOptions): Promise<ArchiveSurvey> {
  const { signal, unproven = false } = options;
  const reader = new ByteReader(chunksOfRanges(source, signal));
  try {
    const unlocked = await unlockArchive(reader, { ...options, withoutLabel: true });
    const key = await takePayloadKey(reader, unlocked.fileKey);
    const chunks = await ChunkMap.make(source, reader.taken, key, signal);
    return await new Surveyor(chunks, unlocked, unproven).survey();
  } finally {
    await reader.close();
  }
}

class Surveyor {
  readonly #chunks: ChunkMap;
  readonly #label: Label | null;
  readonly #isLabelDamaged: boolean;
  readonly #takesUnproven: boolean;

  constructor(
    chunks: ChunkMap,
    { label, isLabelDamaged }: Pick<ArchiveSurvey, 'isLabelDamaged' | 'label'>,
    takesUnproven: boolean,
  ) {
    this.#chunks = chunks;
    this.#label = label;
    this.#isLabelDamaged = isLabelDamaged;
    this.#takesUnproven = takesUnproven;
  }

  async survey(): Promise<ArchiveSurvey> {
    const manifest = await this.#readManifest();
    const { files, unproven } =
      manifest === null
        ? await findByHeaders(this.#chunks, this.#takesUnproven)
        : { files: await findByManifest(this.#chunks, manifest), unproven: noUnproven };
    const database = await this.#parse(files, 'database', (bytes) => parseDatabase(bytes).database);
    const objects = await this.#parse(files, 'objects', parseObjects);
    const promised = database?.tables ?? null;
    const tables = await this.#readTables(files, manifest, promised ?? []);
    return {
      endsEarly: !this.#chunks.hasEnd,
      promised,
      absent: absentOf(tables, promised ?? []),
      unproven,
      unlistedTables: manifest === null ? unlistedOf(database, tables) : 0,
      label: this.#label,
      isLabelDamaged: this.#isLabelDamaged,
      manifest,
      database,
      objects,
      tables,
      whole:
        !this.#isLabelDamaged &&
        manifest !== null &&
        database !== null &&
        objects !== null &&
        tables.every((table) => table.whole),
      read: ({ offset, size }) => this.#chunks.read(offset, size),
    };
  }

  async #readManifest(): Promise<Manifest | null> {
    if (!this.#chunks.hasEnd) return null;
    const { manifest } = (await orNull(() => findManifest(this.#chunks.asRanges()))) ?? { manifest: null };
    // A manifest of another archive would give wrong positions for everything.
    if (manifest === null || (this.#label !== null && this.#label.archiveId !== manifest.archiveId))
      return null;
    const front = await frontOf(this.#chunks);
    return front === null || front.contentId === manifest.contentId ? manifest : null;
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
    promised: readonly PromisedTable[],
  ): Promise<readonly SurveyedTable[]> {
    const descriptions = new Map<number, TableDescription>();
    const parts = new Map<number, FoundFile[]>();
    for (const file of files) {
      const { kind } = file;
      if (kind.kind === 'table') {
        const table = await orNull(async () => parseTable(await this.#chunks.read(file.offset, file.size)));
        if (table?.index === kind.table) descriptions.set(kind.table, table);
      }
      if (kind.kind === 'rows') {
        const own = parts.get(kind.table);
        if (own === undefined) parts.set(kind.table, [file]);
        else own.push(file);
      }
    }
    const names = new Map(promised.map(({ index, name }) => [index, name]));
    const indexes = manifest?.tables.map((table) => table.index) ?? [
      ...new Set([...descriptions.keys(), ...parts.keys(), ...names.keys()]),
    ];
    const gaps = manifest === null ? null : gapsByManifest(manifest, parts);
    const summaries = new Map(manifest?.tables.map((table) => [table.index, table]));
    return indexes.map((index) =>
      describeTable({
        index,
        description: descriptions.get(index) ?? null,
        found: parts.get(index) ?? [],
        summary: summaries.get(index),
        promisedName: names.get(index),
        gaps: gaps === null ? null : (gaps.get(index) ?? []),
      }),
    );
  }
}

interface Known {
  readonly index: number;
  readonly description: TableDescription | null;
  readonly found: readonly FoundFile[];
  readonly summary: TableSummary | undefined;
  readonly promisedName: string | undefined;
  /** From the manifest; null without one. */
  readonly gaps: readonly LostRows[] | null;
}

function describeTable({ index, description, found, summary, promisedName, gaps }: Known): SurveyedTable {
  const name = summary?.name ?? description?.name ?? promisedName ?? `table ${index}`;
  const parts = description === null ? [] : [...found].sort((a, b) => sequenceOf(a) - sequenceOf(b));
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const lost = gaps ?? gapsBetween(parts);
  const expectedRows = summary?.rows ?? null;
  const whole = description !== null && expectedRows === rows && lost.length === 0;
  return { name, index, description, parts, rows, expectedRows, whole, lost };
}

function absentOf(
  tables: readonly SurveyedTable[],
  promised: readonly PromisedTable[],
): readonly AbsentTable[] {
  const missing = new Map(
    tables.filter(({ description }) => description === null).map((table) => [table.index, table.name]),
  );
  const inOrder = promised.filter(({ index }) => missing.has(index));
  for (const { index } of inOrder) missing.delete(index);
  return [
    ...inOrder.map(({ name, tier }) => ({ name, tier })),
    ...[...missing.values()].map((name) => ({ name, tier: 'unclassified' })),
  ];
}

/** Number of tables that the front counts without naming them, less those that were found. */
function unlistedOf(database: DatabaseDescription | null, tables: readonly SurveyedTable[]): number {
  const { tables: promised = [], unlistedTables = 0 } = database ?? {};
  return Math.max(0, unlistedTables - (tables.length - promised.length));
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
