import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, it, test } from 'node:test';
import { belongingTables } from '../../src/catalog/patient-rows.js';
import { readArguments } from '../../src/cli/command.js';
import { extractCommand } from '../../src/cli/commands/extract.js';
import { patientWanted } from '../../src/cli/commands/extract-patient.js';
import { type ArchiveReader, openArchive } from '../../src/index.js';
import { extractPatient, openDentalPatientRows } from '../../src/recovery/index.js';
import type { PatientSummary } from '../../src/recovery/records/extract-patient.js';
import { runHere } from '../cli/support.js';
import { practiceAdminPassword, practiceTables } from '../practice/index.js';
import type { CopyOfPractice } from './copy-of-practice.js';

type Row = Readonly<Record<string, string | null>>;

/** Rows that hang on rows of a patient, asked for in words of their own. */
const hanging: Readonly<Record<string, string>> = {
  apptfield: 'SELECT f.* FROM apptfield f JOIN appointment a ON a.AptNum = f.AptNum WHERE a.PatNum = N',
  claimattach: 'SELECT x.* FROM claimattach x JOIN claim c ON c.ClaimNum = x.ClaimNum WHERE c.PatNum = N',
  periomeasure: 'SELECT m.* FROM periomeasure m JOIN perioexam e USING (PerioExamNum) WHERE e.PatNum = N',
  sheetfield: 'SELECT f.* FROM sheetfield f JOIN sheet s ON s.SheetNum = f.SheetNum WHERE s.PatNum = N',
  toothgridcell:
    'SELECT c.* FROM toothgridcell c WHERE c.SheetFieldNum IN (SELECT f.SheetFieldNum FROM sheetfield f JOIN sheet s USING (SheetNum) WHERE s.PatNum = N) OR c.ToothGridColNum IN (SELECT g.ToothGridColNum FROM toothgridcol g JOIN sheetfield f ON f.SheetFieldNum = g.SheetFieldNum JOIN sheet s ON s.SheetNum = f.SheetNum WHERE s.PatNum = N)',
  securityloghash:
    'SELECT h.* FROM securityloghash h JOIN securitylog l ON l.SecurityLogNum = h.SecurityLogNum WHERE l.PatNum = N',
  tasknote:
    'SELECT n.* FROM tasknote n JOIN task t ON t.TaskNum = n.TaskNum WHERE t.KeyNum = N AND t.ObjectType = 1',
};

const naming: Readonly<Record<string, string>> = {
  appointment: 'PatNum = N',
  emailmessage: 'PatNum = N OR PatNumSubj = N',
  guardian: 'PatNumChild = N OR PatNumGuardian = N',
  histappointment: 'PatNum = N',
  inssub: 'Subscriber = N',
  patient: 'PatNum = N',
  payplan: 'PatNum = N OR Guarantor = N',
  plugin_visits: 'PatNum = N',
  procedurelog: 'PatNum = N',
  securitylog: 'PatNum = N',
  statement: 'PatNum = N',
  task: 'KeyNum = N AND ObjectType = 1',
};

test('the tables of a patient are those that name patients and what hangs on them, and none of the office', () => {
  const columns = new Map(
    [...practiceTables.values()].map((table) => [table.name, table.columns.map(({ name }) => name)]),
  );
  const tables = belongingTables(openDentalPatientRows, columns);
  const at = (distance: number) =>
    tables.filter((table) => table.distance === distance).map(({ name }) => name);
  assert.equal(tables[0]!.name, 'patient');
  assert.equal(at(0).length, 117);
  assert.deepEqual(at(2).sort(), [
    'ehrlabspecimencondition',
    'ehrlabspecimenrejectreason',
    'journalentry',
    'toothgridcell',
    'toothgridcol',
  ]);
  for (const office of [
    'clinic',
    'userod',
    'provider',
    'fee',
    'procedurecode',
    'insplan',
    'operatory',
    'schedule',
  ])
    assert.ok(!tables.some(({ name }) => name === office), office);
  const seen = new Set<string>();
  for (const { name, ways } of tables) {
    seen.add(name);
    for (const { to } of ways) assert.ok(seen.has(to), `${name} comes after ${to}`);
  }
});

test('a patient is asked for by a number, as CSV or JSON', () => {
  const wanted = (...argv: string[]) => {
    const given = readArguments(extractCommand, ['archive', ...argv]);
    return patientWanted(given, given.required('format'), given.required('out'));
  };
  assert.deepEqual(wanted('--patient', '7', '--format', 'json', '--out', '-'), {
    format: 'json',
    out: '-',
    patient: '7',
  });
  assert.equal(wanted('--format', 'csv', '--out', '-'), null);
  assert.throws(() => wanted('--patient', 'Smith', '--format', 'json', '--out', '-'), /number of a patient/);
  assert.throws(() => wanted('--patient', '7', '--format', 'sql', '--out', '-'), /csv or json/);
  assert.throws(() => wanted('--patient', '7', '--format', 'csv', '--out', '-'), /a folder/);
  assert.throws(() => wanted('--patient', '7', '--format', 'csv', '--out', 'd', '--tables', 'a'), /not both/);
});

/** What the copy of a practice holds of one patient. */
export function describeOnePatient(given: () => CopyOfPractice): void {
  let copy: CopyOfPractice;
  let archive: ArchiveReader;
  before(async () => {
    copy = given();
    const bytes = readFileSync(copy.archive);
    const source = { size: bytes.length, read: async (at: number, n: number) => bytes.subarray(at, at + n) };
    archive = await openArchive(source, { password: practiceAdminPassword });
  });

  const extract = async (patient: string): Promise<{ rows: Map<string, Row[]>; summary: PatientSummary }> => {
    const rows = new Map<string, Row[]>();
    for await (const part of extractPatient(archive, patient)) {
      if (part.kind === 'summary') return { rows, summary: part.summary };
      const own = rows.get(part.table) ?? [];
      rows.set(part.table, own);
      for (const row of part.rows)
        own.push(Object.fromEntries(part.columns.map((name, at) => [name, row[at]!])));
    }
    throw new Error('no summary');
  };

  it('is every row that SQL finds, value by value', async () => {
    let found = 0;
    for (let patient = 1; patient <= 8; patient++) {
      const { rows, summary } = await extract(String(patient));
      const asked = { ...hanging };
      for (const [table, where] of Object.entries(naming))
        asked[table] = `SELECT * FROM ${table} WHERE ${where}`;
      for (const [table, sql] of Object.entries(asked)) {
        const expected = await copy.query(sql.replace(/\bN\b/g, String(patient)));
        const key = (row: Row): string => JSON.stringify(Object.values(row).map(plain));
        assert.deepEqual(
          (rows.get(table) ?? []).map(key).sort(),
          expected.map(key).sort(),
          `${table} of ${patient}`,
        );
        found += expected.length;
      }
      assert.equal(summary.found, true);
      assert.equal(
        summary.rows,
        [...rows.values()].reduce((sum, own) => sum + own.length, 0),
      );
    }
    assert.ok(found > 500, `${found} rows`);
  });

  it('tells the family and leaves its rows alone', async () => {
    const family = await copy.query('SELECT PatNum FROM patient WHERE Guarantor = 1 AND PatNum <> 1');
    const { summary, rows } = await extract('1');
    assert.deepEqual(
      summary.family.filter(({ column }) => column === 'Guarantor'),
      family.map((row) => ({ patient: row['PatNum'], column: 'Guarantor', tie: 'named-by' })),
    );
    assert.equal(rows.get('patient')!.length, 1);
    const other = await extract(family[0]!['PatNum']!);
    assert.ok(other.summary.family.some((one) => one.patient === '1' && one.tie === 'names'));
  });

  it('of a number that nobody has there is nothing, and of no number a mistake', async () => {
    const { summary } = await extract('999999999999');
    assert.deepEqual([summary.found, summary.rows, summary.family], [false, 0, []]);
    await assert.rejects(extract('Smith'), TypeError);
  });

  it('comes out of the command line as one JSON document and as CSV files, or not at all', async () => {
    const run = (...argv: string[]) =>
      runHere(['extract', copy.archive, '--password-fd', '3', ...argv], { password: practiceAdminPassword });
    const json = await run('--patient', '7', '--format', 'json', '--out', '-');
    assert.equal(json.code, 0, json.stderr);
    const document = JSON.parse(json.stdout) as { tables: Record<string, Row[]>; summary: PatientSummary };
    const { rows, summary } = await extract('7');
    assert.deepEqual(document.tables, Object.fromEntries(rows));
    assert.deepEqual(document.summary, summary);

    const folder = join(copy.folder, 'seven');
    const csv = await run('--patient', '7', '--format', 'csv', '--out', folder);
    assert.equal(csv.code, 0, csv.stderr);
    assert.equal(readdirSync(folder).length, summary.tables.length);
    const file = readdirSync(folder).find((name) => name.endsWith('-appointment.csv'))!;
    const lines = readFileSync(join(folder, file), 'utf8')
      .trim()
      .split(/\r\n(?=\d)/);
    assert.equal(lines.length, rows.get('appointment')!.length + 1);

    const none = join(copy.folder, 'nobody');
    const nobody = await run('--patient', '99999', '--format', 'json', '--out', none);
    assert.notEqual(nobody.code, 0);
    assert.match(nobody.stderr, /no rows of patient 99999/);
    assert.ok(!existsSync(join(none, 'patient-99999.json')));
  });
}

// Floating-point numbers are written in more than one way.
function plain(value: string | null): string | null {
  return value !== null && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value) ? String(Number(value)) : value;
}
