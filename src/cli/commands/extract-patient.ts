import { type ArchiveKeys, type ArchiveReader, openArchive } from '../../archive/index.js';
import { audited } from '../../audit.js';
import type { RangeSource } from '../../bytes.js';
import { BackupError } from '../../errors.js';
import { plural } from '../../quantities.js';
import { decoderFor } from '../../recovery/export/character-sets.js';
import { csvField, csvLine } from '../../recovery/records/csv-line.js';
import {
  extractPatient,
  type PatientPart,
  type PatientRowsPart,
  type PatientSummary,
} from '../../recovery/records/extract-patient.js';
import { fileNameOf } from '../../recovery/records/file-name.js';
import { patientJson } from '../../recovery/records/patient-json.js';
import type { Arguments, CommandLine, CommandResult } from '../command.js';
import { UsageError } from '../exit-codes.js';
import { type Pieces, withWritten, writePlainFile, writePlainPipe } from '../extract/plain-files.js';
import { startProgress } from '../progress.js';

/** The options of `extract --patient`. */
export interface PatientWanted {
  readonly format: 'csv' | 'json';
  readonly out: string;
  readonly patient: string;
}

/**
 * Reads `--patient` and what goes with it; null without it.
 *
 * @throws UsageError when it is not a number, or other options exclude it
 */
export function patientWanted(given: Arguments, format: string, out: string): PatientWanted | null {
  const patient = given.text('patient');
  if (patient === undefined) return null;
  if (format !== 'csv' && format !== 'json')
    throw new UsageError(`--patient goes with --format csv or json, not "${format}".`);
  if (!/^-?\d{1,19}$/.test(patient))
    throw new UsageError(`--patient is the number of a patient, not "${patient}".`);
  if (given.text('tables') !== undefined) throw new UsageError('Give --patient or --tables, not both.');
  if (given.flag('spreadsheet')) throw new UsageError('--spreadsheet does not go with --patient.');
  if (format === 'csv' && out === '-')
    throw new UsageError('--format csv writes several files for a patient: --out must be a folder.');
  return { format, out, patient };
}

/** `extract --patient N`: every row of one patient, as one JSON document or a CSV file for each table. */
export async function extractOnePatient(
  archive: RangeSource,
  keys: ArchiveKeys,
  wanted: PatientWanted,
  line: CommandLine,
): Promise<CommandResult> {
  const { signal } = line;
  const reader = await openArchive(archive, { ...keys, signal });
  const deed = {
    action: 'extract',
    archiveId: reader.manifest.archiveId,
    target: wanted.out === '-' ? 'stdout' : wanted.out,
    tables: ['(one patient)'],
  } as const;
  try {
    return await audited({ audit: keys.audit, signal }, deed, () => write(reader, wanted, line));
  } finally {
    reader.close();
  }
}

async function write(
  reader: ArchiveReader,
  { format, out, patient }: PatientWanted,
  line: CommandLine,
): Promise<CommandResult> {
  const progress = startProgress(line, 'Looking through', 'tables');
  const parts = extractPatient(reader, patient, {
    characterSets: decoderFor,
    signal: line.signal,
    onProgress: ({ tables, ofTables }) => progress.update(tables, ofTables),
  });
  const done: { summary?: PatientSummary } = {};
  const files: string[] = [];
  try {
    if (format === 'json') {
      const pieces = patientJson(someRow(parts, patient), (summary) => {
        done.summary = summary;
      });
      const name = `patient-${patient}.json`;
      await (out === '-' ? writePlainPipe(line.stdout, pieces) : writePlainFile(out, name, pieces));
      if (out !== '-') files.push(name);
    } else {
      const tables = await tablesOf(reader);
      done.summary = await writeCsv(someRow(parts, patient), out, (table) => {
        const file = fileNameOf(tables.get(table) ?? 0, table, 'csv');
        files.push(file);
        return file;
      });
    }
  } catch (error) {
    // The last file was incomplete and has been removed.
    throw withWritten(error, out, format === 'csv' ? files.slice(0, -1) : files);
  } finally {
    progress.stop();
  }
  const { rows, tables, family } = done.summary!;
  const what = `${plural(rows, 'row')} of patient ${patient} from ${plural(tables.length, 'table')}`;
  const others = [...new Set(family.map((member) => member.patient))];
  return {
    json: { out, files, summary: done.summary! },
    text: [
      `Extracted ${what}${out === '-' ? '' : ` to ${out}`}.`,
      ...(others.length === 0 ? [] : [`Family members, not included: ${others.join(', ')}`]),
    ].join('\n'),
    to: out === '-' ? 'stderr' : 'stdout',
  };
}

async function tablesOf({ manifest }: ArchiveReader): Promise<ReadonlyMap<string, number>> {
  return new Map(manifest.tables.map(({ name, index }) => [name, index]));
}

/** Fails before any file is created when the patient has no rows. */
async function* someRow(parts: AsyncIterable<PatientPart>, patient: string): AsyncGenerator<PatientPart> {
  let isEmpty = true;
  for await (const part of parts) {
    if (isEmpty && part.kind === 'summary')
      throw new BackupError('storage-not-found', `The archive holds no rows of patient ${patient}.`);
    isEmpty = false;
    yield part;
  }
}

async function writeCsv(
  parts: AsyncGenerator<PatientPart>,
  folder: string,
  fileFor: (table: string) => string,
): Promise<PatientSummary> {
  let next = await parts.next();
  while (!next.done && next.value.kind === 'rows') {
    const { table } = next.value;
    await writePlainFile(folder, fileFor(table), linesOfTable());
    async function* linesOfTable(): Pieces {
      yield line((next.value as PatientRowsPart).columns);
      while (!next.done && next.value.kind === 'rows' && next.value.table === table) {
        yield next.value.rows.map(line).join('');
        next = await parts.next();
      }
    }
  }
  if (next.done || next.value.kind !== 'summary') throw new Error('the summary is missing');
  return next.value.summary;
}

function line(values: readonly (string | null)[]): string {
  return csvLine(values.map((value) => csvField(value)));
}
