import { Zip, ZipDeflate } from 'fflate';
import { loadedColumns } from '../../src/recovery/load/cells.js';
import { csvField, csvLine } from '../../src/recovery/records/csv-line.js';
import type { PatientPart } from '../../src/recovery/records/extract-patient.js';
import { fileNameOf } from '../../src/recovery/records/file-name.js';
import { holdsText } from '../../src/recovery/records/readable-cell.js';
import type { Rows } from './rows.js';

interface CsvFile {
  readonly table: string;
  readonly file: ZipDeflate;
  /** Which columns hold text. */
  readonly texts: readonly boolean[];
}

/**
 * The rows of a patient as a folder in a ZIP file: a CSV file for each table, named as the command line names
 * it, and what there was in `summary.json`. As in the CSV of a table, a `'` stands before text that begins
 * like a formula.
 *
 * @param parts - of `extractPatient`
 */
export async function zipOfPatient(
  parts: AsyncIterable<PatientPart>,
  rows: Rows,
  patient: string,
  signal: AbortSignal,
): Promise<Blob> {
  const pieces: Blob[] = [];
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    // The browser may keep these on the disk.
    pieces.push(new Blob([bytes.slice()]));
  });
  const encoder = new TextEncoder();
  const numbers = new Map(rows.copy.tables.map(({ name }, index) => [name, index + 1]));
  const begin = (name: string): ZipDeflate => {
    const file = new ZipDeflate(`patient-${patient}/${name}`, { level: 6 });
    zip.add(file);
    return file;
  };
  let current: CsvFile | undefined;
  for await (const part of parts) {
    if (part.kind === 'summary') {
      current?.file.push(new Uint8Array(0), true);
      begin('summary.json').push(encoder.encode(`${JSON.stringify(part.summary, null, 1)}\n`), true);
      break;
    }
    if (part.table !== current?.table) {
      current?.file.push(new Uint8Array(0), true);
      const { columns } = await rows.describe(part.table, signal);
      const file = begin(fileNameOf(numbers.get(part.table) ?? 0, part.table, 'csv'));
      current = { table: part.table, file, texts: loadedColumns(columns).map(holdsText) };
      file.push(encoder.encode(csvLine(part.columns.map((name) => csvField(name, true)))));
    }
    const { file, texts } = current;
    const lines = part.rows.map((row) => csvLine(row.map((value, at) => csvField(value, texts[at]))));
    file.push(encoder.encode(lines.join('')));
  }
  zip.end();
  return new Blob(pieces, { type: 'application/zip' });
}
