import type { PatientPart, PatientRowsPart, PatientSummary } from './extract-patient.js';

/** A JSON document, piece by piece: `tables`, each an array of rows as objects of text, then `summary`. */
export async function* patientJson(
  parts: AsyncIterable<PatientPart>,
  onSummary: (summary: PatientSummary) => void,
): AsyncGenerator<string> {
  let current: string | null = null;
  let opened = false;
  for await (const part of parts) {
    if (!opened) yield '{"tables":{';
    opened = true;
    if (part.kind === 'summary') {
      onSummary(part.summary);
      yield `${current === null ? '' : ']'}},"summary":${JSON.stringify(part.summary)}}\n`;
      return;
    }
    if (part.table !== current) yield `${current === null ? '' : '],'}\n${JSON.stringify(part.table)}:[`;
    yield part.rows.map((row, index) => jsonRow(part, row, index > 0 || part.table === current)).join('');
    current = part.table;
  }
}

function jsonRow({ columns }: PatientRowsPart, row: readonly (string | null)[], isNext: boolean): string {
  const object = columns.map((name, at) => `${JSON.stringify(name)}:${JSON.stringify(row[at])}`);
  return `${isNext ? ',' : ''}\n{${object.join(',')}}`;
}
