import type { ArchiveReader } from '../../archive/index.js';
import { assertArgument, assertOptions, assertReader } from '../../arguments.js';
import { openDentalPatientRows } from '../../catalog/open-dental/patient-rows.js';
import { type BelongingTable, belongingTables, type PatientRows } from '../../catalog/patient-rows.js';
import type { ColumnBatch } from '../../model/column-batch.js';
import type { TableDescription } from '../../model/parts.js';
import { loadedColumns } from '../load/cells.js';
import { type KeyValue, keyReader } from './key-reader.js';
import { type CharacterSets, readableCell } from './readable-cell.js';
import { webCharacterSets } from './web-character-sets.js';

/** The parts of an open archive that {@link extractPatient} reads. */
export interface PatientSource extends Pick<ArchiveReader, 'readTable' | 'table'> {
  /** What the archive holds. */
  readonly manifest: {
    readonly archiveId: string;
    readonly snapshotAt: string;
    readonly tables: readonly { readonly name: string }[];
  };
}

/** Options of {@link extractPatient}. */
export interface ExtractPatientOptions {
  /** The columns by which rows belong to a patient. @defaultValue `openDentalPatientRows` */
  readonly rules?: PatientRows | undefined;
  /** Decoders of text. @defaultValue the character sets of the Encoding Standard */
  readonly characterSets?: CharacterSets | undefined;
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each table that is searched. */
  readonly onProgress?: ((progress: PatientProgress) => void) | undefined;
}

/** Progress of {@link extractPatient}. */
export interface PatientProgress {
  /** The table that is read now. */
  readonly table: string;
  /** Tables that were read. */
  readonly tables: number;
  /** Tables to be read. */
  readonly ofTables: number;
}

/** Some rows of a patient, or, at the end, the summary. */
export type PatientPart = PatientRowsPart | PatientSummaryPart;

/** Rows of one table, as text; null is NULL. A table may have several parts, one after another. */
export interface PatientRowsPart {
  readonly kind: 'rows';
  /** Name of the table. */
  readonly table: string;
  /** Names of the columns, in order, as in every row. */
  readonly columns: readonly string[];
  /** Values as text, in the order of the columns. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** The last part. */
export interface PatientSummaryPart {
  readonly kind: 'summary';
  /** Summary of what was found. */
  readonly summary: PatientSummary;
}

/** What an archive holds about one patient. */
export interface PatientSummary {
  /** The number that was passed in. */
  readonly patient: string;
  /** As in the manifest. */
  readonly archiveId: string;
  /** When the copy was taken: ISO 8601, UTC. */
  readonly snapshotAt: string;
  /** Whether the row of the patient itself is there. */
  readonly found: boolean;
  /** Rows of all tables. */
  readonly rows: number;
  /** Tables with rows of the patient. */
  readonly tables: readonly PatientTable[];
  /** Number of tables that were searched. */
  readonly searchedTables: number;
  /** Other patients of the family. Their rows are not included. */
  readonly family: readonly FamilyMember[];
}

/** A table with rows of the patient. */
export interface PatientTable {
  /** As in the archive. */
  readonly name: string;
  /** Rows of the patient in it. */
  readonly rows: number;
  /** The columns by which its rows belong to the patient. */
  readonly by: readonly string[];
}

/** Another patient who is linked to this one. */
export interface FamilyMember {
  /** Number of the patient. */
  readonly patient: string;
  /** The column that links them, such as `Guarantor`. */
  readonly column: string;
  /** Whether this patient's row refers to the other, or the other's row refers to this patient. */
  readonly tie: 'named-by' | 'names';
}

/**
 * Extracts every row of an archive that belongs to one patient: from the tables that refer to patients, then
 * from those that refer to rows of such tables. Guarantor and family are named in the summary; their rows are
 * not included. Each table is read once, in bounded memory.
 *
 * @param archive - open; of a damaged one, whatever can still be read
 * @param patient - number of the patient, such as `PatNum` in Open Dental
 * @throws TypeError when `patient` is not a whole number
 * @throws BackupError as `openArchive`
 * @example
 * ```ts
 * for await (const part of extractPatient(archive, '1234')) {
 *   if (part.kind === 'rows') console.log(part.table, part.rows.length);
 *   else console.log(part.summary.rows);
 * }
 * ```
 */
export async function* extractPatient(
  archive: PatientSource,
  patient: bigint | string,
  options: ExtractPatientOptions = {},
): AsyncGenerator<PatientPart> {
  assertReader('archive', archive);
  assertArgument('archive.manifest', archive.manifest, 'object', { tables: 'array' });
  assertOptions(options, { rules: 'object?' });
  const { rules = openDentalPatientRows, characterSets = webCharacterSets, signal, onProgress } = options;
  const number = numberOf(patient);
  const { archiveId, snapshotAt, tables: all } = archive.manifest;
  const descriptions = new Map<string, TableDescription>();
  for (const { name } of all) descriptions.set(name.toLowerCase(), await archive.table(name, { signal }));
  const belonging = belongingTables(rules, columnsOf(descriptions));
  const keys = new Keys(rules.table, number, belonging);
  const tables: PatientTable[] = [];
  const family: FamilyMember[] = [];
  let found = false;
  for (const [index, table] of belonging.entries()) {
    onProgress?.({ table: table.name, tables: index, ofTables: belonging.length });
    const described = descriptions.get(table.name)!;
    const columns = loadedColumns(described.columns);
    const names = columns.map(({ name }) => name);
    let count = 0;
    for await (const batch of archive.readTable(described.name, { signal })) {
      const rows = keys.select(table, described, batch);
      if (table.name === rules.table) {
        family.push(...familyIn(rules, number, described, batch));
        found ||= rows.length > 0;
      }
      if (rows.length === 0) continue;
      count += rows.length;
      const cells = columns.map((column, at) => readableCell(column, batch.columns[at]!, characterSets));
      yield {
        kind: 'rows',
        table: described.name,
        columns: names,
        rows: rows.map((row) => cells.map((cell) => cell(row))),
      };
    }
    if (count > 0)
      tables.push({ name: described.name, rows: count, by: table.ways.map(({ column }) => column) });
  }
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const searchedTables = belonging.length;
  const summary = {
    patient: String(number),
    archiveId,
    snapshotAt,
    found,
    rows,
    tables,
    searchedTables,
    family,
  };
  yield { kind: 'summary', summary };
}

function numberOf(patient: bigint | string): bigint {
  if (typeof patient === 'bigint') return patient;
  if (/^-?\d{1,20}$/.test(patient)) return BigInt(patient);
  throw new TypeError('"patient" must be a whole number');
}

function columnsOf(
  descriptions: ReadonlyMap<string, TableDescription>,
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...descriptions].map(([name, { columns }]) => [
      name,
      loadedColumns(columns).map((column) => column.name),
    ]),
  );
}

/** The keys of the patient's rows, in the tables to which others refer. */
class Keys {
  readonly #known: ReadonlyMap<string, Set<KeyValue>>;

  constructor(patients: string, patient: bigint, tables: readonly BelongingTable[]) {
    const known = new Map(
      tables.flatMap(({ ways }) => ways.map(({ to }) => [to, new Set<KeyValue>()] as const)),
    );
    known.set(patients, new Set([patient]));
    this.#known = known;
  }

  /** The rows of a batch that belong to the patient; their keys are kept if other tables refer to them. */
  select({ name, ways }: BelongingTable, table: TableDescription, batch: ColumnBatch): number[] {
    const tests = ways.map(({ column, to, onlyWhere }) => {
      const read = readerOf(table, batch, column);
      const keys = this.#known.get(to)!;
      const other = onlyWhere === undefined ? null : readerOf(table, batch, onlyWhere.column);
      return (row: number): boolean => {
        const key = read(row);
        // Zero refers to no row, and a key that is unknown so far does not belong to the patient.
        if (key === null || key === 0n || !keys.has(key)) return false;
        return other === null || String(other(row)) === onlyWhere!.value;
      };
    });
    const rows: number[] = [];
    for (let row = 0; row < batch.rows; row++) if (tests.some((test) => test(row))) rows.push(row);
    const own = this.#known.get(name);
    if (own !== undefined && table.primaryKey.length === 1 && rows.length > 0) {
      const read = readerOf(table, batch, table.primaryKey[0]!);
      for (const row of rows) {
        const key = read(row);
        if (key !== null) own.add(key);
      }
    }
    return rows;
  }
}

function readerOf(
  table: TableDescription,
  batch: ColumnBatch,
  name: string,
): (row: number) => KeyValue | null {
  const columns = loadedColumns(table.columns);
  const index = columns.findIndex((column) => column.name === name);
  return index === -1 ? () => null : keyReader(columns[index]!, batch.columns[index]!);
}

function familyIn(
  { family: columnsByTable, table: name, key }: PatientRows,
  patient: bigint,
  table: TableDescription,
  batch: ColumnBatch,
): readonly FamilyMember[] {
  const own = readerOf(table, batch, key);
  return (columnsByTable[name] ?? []).flatMap((column) => {
    const named = readerOf(table, batch, column);
    const members: FamilyMember[] = [];
    for (let row = 0; row < batch.rows; row++) {
      const self = own(row);
      const other = named(row);
      if (self === other || other === 0n || self === null || other === null) continue;
      if (self === patient) members.push({ patient: String(other), column, tie: 'names' });
      if (other === patient) members.push({ patient: String(self), column, tie: 'named-by' });
    }
    return members;
  });
}
