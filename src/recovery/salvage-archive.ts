import type { ArchiveKeys } from '../archive/index.js';
import { countTables, lossesOf, sentenceOf } from '../archive/salvage/losses.js';
import type { LostRows } from '../archive/salvage/lost-rows.js';
import {
  type AbsentTable,
  type ArchiveSurvey,
  surveyArchive,
  type UnprovenFiles,
} from '../archive/salvage/survey.js';
import { assertArgument, assertRangeSource } from '../arguments.js';
import { audited } from '../audit.js';
import type { RangeSource } from '../bytes.js';
import { peekMember } from '../columns/gzip-member.js';
import type { DatabaseAddress } from '../database/address.js';
import { BackupError, during } from '../errors.js';
import type { DumpSummary, Part, SchemaObject, TableSummary } from '../model/parts.js';
import type { RestoreOptions } from './restore/options.js';
import { deedOf, restoreDatabase } from './restore/restore-database.js';
import type { RestoreReport } from './restore/restore-report.js';
import { targetOf } from './restore/target-address.js';

/** Keys of the archive, and options of the restore. */
export interface SalvageOptions extends ArchiveKeys, Omit<RestoreOptions, 'resume'> {
  /**
   * Whether to restore also files behind the damage that cannot be proven to belong to this archive: if it
   * was written before version 1.2 of the format, or both its front and its manifest are lost. Whoever wrote
   * to the copied database may have forged such files. @defaultValue false
   */
  readonly unproven?: boolean | undefined;
}

/** What was restored and, to the row, what is lost. */
export interface SalvageReport {
  /** The report of the restore; if it is `partial`, the target refused some of what was left. */
  readonly restore: RestoreReport;
  /** Whether nothing is lost. */
  readonly whole: boolean;
  /** Tables that are named in the archive and of which nothing could be restored, the most needed first. */
  readonly absent: readonly AbsentTable[];
  /** Tables that were restored, at least in part: damaged ones first. */
  readonly tables: readonly SalvagedTable[];
  /** Files that cannot be proven to belong to this archive. */
  readonly unproven: UnprovenFiles;
  /** What is lost, in sentences; the first is a summary. Empty when nothing is lost. */
  readonly losses: readonly string[];
}

/** A table in the target, at least in part. */
export interface SalvagedTable {
  /** As in the archive. */
  readonly name: string;
  /** Rows that were restored. */
  readonly rows: number;
  /** Null when the original number is unknown. */
  readonly expectedRows: number | null;
  /** Whether nothing of it is lost. */
  readonly whole: boolean;
  /** Every run of rows that is lost. */
  readonly lost: readonly LostRows[];
}

/**
 * The last resort: restores from a damaged archive everything that still authenticates, and reports exactly
 * what is lost. Never restores a row that was not in the source, unless `unproven` is set. If there is
 * another copy of the archive, use that first.
 *
 * @param source - an archive damaged anywhere behind its header
 * @param target - with the name of a database that does not exist yet or is empty
 * @throws BackupError `archive-damaged` when nothing can be restored; `wrong-key`; and as {@link
 *   restoreDatabase}
 * @example
 * ```ts
 * const { tables } = await salvageArchive(source, { ...server, database: 'recovered' }, { password });
 * for (const { name, whole } of tables) console.log(name, whole ? 'is whole' : 'has lost rows');
 * ```
 */
export async function salvageArchive(
  source: RangeSource,
  target: DatabaseAddress,
  options: SalvageOptions,
): Promise<SalvageReport> {
  assertRangeSource('source', source);
  targetOf(target);
  assertArgument('options', options, 'object', { unproven: 'boolean?' });
  const survey = await during('restore', () => surveyArchive(source, options));
  if (!survey.tables.some((table) => table.description !== null)) {
    throw nothingLeft(survey.unproven);
  }
  const {
    password: _password,
    identities: _identities,
    audit: _audit,
    unproven: _unproven,
    ...restoreOptions
  } = options;
  const deed = deedOf('salvage', survey.label?.archiveId ?? null, target, options);
  const restore = await audited(options, deed, () =>
    restoreDatabase(salvagedParts(survey), target, restoreOptions),
  );
  const { tables: wanted } = options;
  const isWanted = (name: string): boolean => wanted?.includes(name) ?? true;
  // Tables that the target refused were not restored; the restore has listed them.
  const refused = new Set(restore.missing.filter(({ kind }) => kind === 'table').map(({ name }) => name));
  const { damaged, perhaps, whole } = countTables(survey.tables);
  return {
    restore,
    whole: survey.whole,
    absent: survey.absent.filter(({ name }) => isWanted(name)),
    tables: [...damaged, ...perhaps, ...whole]
      .filter(({ name }) => isWanted(name) && !refused.has(name))
      .map(({ name, rows, expectedRows, whole, lost }) => ({
        name,
        rows,
        expectedRows,
        whole,
        lost,
      })),
    unproven: survey.unproven,
    losses: lossesOf(survey)?.sentences ?? [],
  };
}

function nothingLeft(unproven: UnprovenFiles): BackupError {
  const happened = 'Nothing in the archive can be restored: no table is left.';
  if (unproven.count === 0) return new BackupError('archive-damaged', happened, { activity: 'restore' });
  const hint = unproven.fate === 'left-out' ? ' They are restored only with `unproven`.' : '';
  return new BackupError('archive-damaged', `${happened} ${sentenceOf(unproven)}${hint}`, {
    activity: 'restore',
    details: { unprovenFiles: unproven.names },
  });
}

/** What is left of an archive, as parts for a restore. */
export async function* salvagedParts(survey: ArchiveSurvey): AsyncGenerator<Part> {
  yield { kind: 'database', database: survey.database ?? unknownDatabase(survey) };
  const summaries: TableSummary[] = [];
  for (const table of survey.tables) {
    if (table.description === null) continue;
    yield { kind: 'table', table: table.description };
    let plainBytes = 0;
    let storedBytes = 0;
    for (const part of table.parts) {
      if (part.kind.kind !== 'rows') continue;
      const data = await survey.read(part);
      const size = peekMember(data).plainBytes;
      plainBytes += size;
      storedBytes += data.length;
      const { sequence } = part.kind;
      const { rows, sha256 } = part;
      yield { kind: 'rows', table: table.index, sequence, rows, plainBytes: size, sha256, data };
    }
    summaries.push({
      index: table.index,
      name: table.name,
      engine: table.description.engine,
      rows: table.rows,
      parts: table.parts.length,
      plainBytes,
      storedBytes,
      ...(table.whole ? {} : { incomplete: 'the archive was damaged' }),
    });
  }
  yield { kind: 'objects', objects: salvagedObjects(survey) };
  yield { kind: 'summary', summary: summaryOf(survey, summaries) };
}

/** Triggers need their table; views may use a table that is lost. */
function salvagedObjects({ objects, tables }: ArchiveSurvey): readonly SchemaObject[] {
  const there = new Set(tables.filter((table) => table.description !== null).map((table) => table.name));
  return (objects ?? [])
    .filter((object) => object.kind !== 'trigger' || there.has(object.table ?? ''))
    .map((object) =>
      object.kind === 'view' && there.size < tables.length
        ? { brokenAtSource: 'the archive was damaged', ...object }
        : object,
    );
}

/** Tables have their own character sets, so the database's defaults matter only for new tables. */
function unknownDatabase({ label }: ArchiveSurvey): Extract<Part, { kind: 'database' }>['database'] {
  return {
    name: label?.database ?? '',
    createStatement: '',
    characterSet: 'utf8',
    collation: 'utf8_general_ci',
    server: {
      vendor: 'mysql',
      version: '',
      sqlMode: '',
      timeZone: '',
      systemTimeZone: '',
      characterSet: 'utf8',
      collation: 'utf8_general_ci',
      lowerCaseTableNames: 0,
    },
  };
}

function summaryOf({ manifest, label }: ArchiveSurvey, tables: readonly TableSummary[]): DumpSummary {
  const at = label?.createdAt ?? new Date(0).toISOString();
  return {
    startedAt: manifest?.startedAt ?? at,
    snapshotAt: manifest?.snapshotAt ?? at,
    finishedAt: manifest?.finishedAt ?? at,
    consistency: manifest?.consistency ?? { kind: 'per-table', reason: 'the manifest is lost' },
    lockSeconds: manifest?.lockSeconds ?? 0,
    tables,
    leftOut: manifest?.leftOut ?? [],
    warnings: manifest?.warnings ?? [],
  };
}
