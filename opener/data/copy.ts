import { parseEntryName } from '../../src/archive/entry-names.js';
import {
  type ArchiveReader,
  type Identity,
  type Label,
  openArchive,
  unpackRows,
} from '../../src/archive/index.js';
import { lossesOf } from '../../src/archive/salvage/losses.js';
import { type ArchiveSurvey, surveyArchive } from '../../src/archive/salvage/survey.js';
import type { RangeSource } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { ColumnBatch } from '../../src/model/column-batch.js';
import type { Manifest, TableDescription, ValueForm } from '../../src/model/parts.js';

/** An open copy, whole or as far as it could be salvaged. */
export interface Copy {
  readonly label: Label | null;
  readonly archiveId: string;
  /** ISO 8601, UTC; null if it is lost. */
  readonly snapshotAt: string | null;
  readonly tables: readonly CopyTable[];
  /** What is known to be lost, in sentences, the headline first. */
  readonly losses: readonly string[];
  /** Names of tables that are known to lack rows, or to be gone. */
  readonly damagedTables: readonly string[];
  describe(table: string, signal?: AbortSignal): Promise<TableDescription>;
  /** A column part, by its number from 0. */
  readPart(table: string, part: number, signal?: AbortSignal): Promise<ColumnBatch>;
  /**
   * Reads every file of the copy and compares it with what it should be. Nothing is kept.
   *
   * @param whenIdle - waited for before each file
   * @throws BackupError `archive-damaged`
   */
  prove(
    onProgress: (done: number, of: number) => void,
    whenIdle: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  close(): void;
}

/** A table of a copy. */
export interface CopyTable {
  readonly name: string;
  readonly rows: number;
  /** Rows in each of its column parts. */
  readonly parts: readonly number[];
  readonly whole: boolean;
}

type Keys = { readonly identities: readonly (Identity | string)[] };

/**
 * Opens a copy; of a damaged one, what is left.
 *
 * @param onDamaged - called before the search for what is left, which takes a while
 * @throws BackupError `wrong-key`; `archive-damaged` when there is no way in; `archive-limit-exceeded`;
 * `archive-unsupported`
 */
export async function openCopy(
  source: RangeSource,
  keys: Keys,
  onDamaged: () => void,
  signal?: AbortSignal,
): Promise<Copy> {
  try {
    return wholeCopy(await openArchive(source, { ...keys, signal }));
  } catch (error) {
    if (!isBackupError(error, 'archive-damaged')) throw error;
    onDamaged();
    return salvageCopy(source, keys, signal);
  }
}

function wholeCopy(reader: ArchiveReader): Copy {
  const { manifest, label } = reader;
  const parts = partsOf(manifest);
  return {
    label,
    archiveId: manifest.archiveId,
    snapshotAt: manifest.snapshotAt,
    tables: manifest.tables.map(({ index, name, rows }) => ({
      name,
      rows,
      parts: parts.get(index) ?? [],
      whole: true,
    })),
    losses: [],
    damagedTables: [],
    describe: (table, signal) => reader.table(table, { signal }),
    async readPart(table, part, signal) {
      for await (const batch of reader.readTable(table, { parts: [part + 1], signal })) return batch;
      throw new RangeError('"part" is not in the table');
    },
    async prove(onProgress, whenIdle, signal) {
      const of = manifest.tables.reduce((sum, table) => sum + table.storedBytes, 0);
      let done = 0;
      for await (const part of reader.parts({ signal })) {
        if (part.kind !== 'rows') continue;
        done += part.data.length;
        onProgress(done, of);
        await whenIdle();
      }
    },
    close: () => reader.close(),
  };
}

function partsOf({ entries }: Manifest): ReadonlyMap<number, readonly number[]> {
  const parts = new Map<number, number[]>();
  for (const { name, rows } of entries) {
    const kind = parseEntryName(name);
    if (kind.kind !== 'rows') continue;
    const own = parts.get(kind.table) ?? [];
    own[kind.sequence - 1] = rows ?? 0;
    parts.set(kind.table, own);
  }
  return parts;
}

/** What is left of a damaged copy. Reads every byte. */
export async function salvageCopy(source: RangeSource, keys: Keys, signal?: AbortSignal): Promise<Copy> {
  return savedCopy(await surveyArchive(source, { ...keys, signal }));
}

function savedCopy(survey: ArchiveSurvey): Copy {
  const { label, manifest } = survey;
  const there = new Map(
    survey.tables.flatMap((table) => (table.description === null ? [] : [[table.name, table] as const])),
  );
  const find = (name: string) => {
    const table = there.get(name);
    if (table === undefined) throw new RangeError(`the copy holds no table "${name}"`);
    return { ...table, description: table.description! };
  };
  return {
    label,
    archiveId: manifest?.archiveId ?? label?.archiveId ?? '',
    snapshotAt: manifest?.snapshotAt ?? label?.createdAt ?? null,
    tables: [...there.values()].map(({ name, rows, parts, whole }) => ({
      name,
      rows,
      parts: parts.map((part) => part.rows),
      whole,
    })),
    losses: lossesOf(survey)?.sentences ?? [],
    damagedTables: [
      ...survey.absent.map(({ name }) => name),
      ...[...there.values()].filter(({ whole }) => !whole).map(({ name }) => name),
    ],
    describe: async (table) => find(table).description,
    async readPart(table, part) {
      const { description, parts } = find(table);
      const file = parts[part]!;
      const forms = description.columns.flatMap(({ form }): readonly ValueForm[] =>
        form === null ? [] : [form],
      );
      return unpackRows({ rows: file.rows, data: await survey.read(file) }, forms);
    },
    // The search for what is left has already read everything.
    prove: async () => undefined,
    close: () => undefined,
  };
}
