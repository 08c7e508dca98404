import { basename } from 'node:path';
import { decryptContent } from '../../archive/decrypt-archive.js';
import { type ArchiveKeys, type ArchiveReader, inspectArchive, openArchive } from '../../archive/index.js';
import { audited } from '../../audit.js';
import type { RangeSource } from '../../bytes.js';
import { isBackupError } from '../../errors.js';
import { escapeControls } from '../../escape-controls.js';

import { plural } from '../../quantities.js';
import { exportCsv } from '../../recovery/export/csv.js';
import { undecodedSet } from '../../recovery/export/readable-value.js';
import { exportSql } from '../../recovery/export/sql.js';
import { fileNameOf, readableName } from '../../recovery/records/file-name.js';
import type { Command, CommandLine } from '../command.js';
import { UsageError } from '../exit-codes.js';
import { type Pieces, withWritten, writePlainFile, writePlainPipe } from '../extract/plain-files.js';
import { plainTar } from '../extract/plain-tar.js';
import { keyHelp, keyOptions, readKeys, tellDamagedLabel, wipeKeys } from '../keys-option.js';
import { openLocation, readThrough } from '../location.js';
import { startProgress } from '../progress.js';
import { pickNames, readNames } from '../tables-option.js';
import { extractOnePatient, patientWanted } from './extract-patient.js';

/** `extract`: an archive as files that people and other programs open. */
export const extractCommand: Command = {
  name: 'extract',
  help: `Turn an archive into plain files. They are not encrypted: keep them safe.

Usage: supplemental-backup extract ARCHIVE --format FORMAT --out DIR|-
                           [--identity FILE | --password-fd N] [OPTIONS]

  ARCHIVE            path or s3://bucket/key
  --format sql       one script for the mariadb or mysql client
  --format csv       a file per table, UTF-8; NULL is empty, empty text is "",
                     bytes and broken text are 0x…
  --events HOW       sql: at-rest (default: events disabled), or as-found
  --format tar       the tar inside, with its reader.py
  --patient N        every row of one patient, as --format csv or json
  --out DIR|-        a folder (made if missing) or stdout
  --tables LIST      names: a,b,c*; for csv on stdout exactly one
  --spreadsheet      csv for a spreadsheet: a ' before text that begins like a
                     formula, so that nothing in it runs
${keyHelp}
  --json             one JSON document
`,
  examples: [
    ['every table as CSV, into a folder', 'extract od.tar.age --format csv --out files'],
    ['a script for the stock client', 'extract od.tar.age --format sql --out files'],
    ['all of one patient', 'extract od.tar.age --patient 17 --format json --out -'],
  ],
  options: {
    ...keyOptions,
    format: { type: 'string' },
    out: { type: 'string' },
    tables: { type: 'string' },
    patient: { type: 'string' },
    spreadsheet: { type: 'boolean' },
    events: { type: 'string' },
  },
  positionals: { least: 1, most: 1 },
  async run(given, line) {
    const format = given.required('format');
    const out = given.required('out');
    const patient = patientWanted(given, format, out);
    if (patient === null && format !== 'sql' && format !== 'csv' && format !== 'tar') {
      const hint = format === 'json' ? 'json goes with --patient N' : `not "${format}"`;
      throw new UsageError(`--format is sql, csv or tar; ${hint}.`);
    }
    const spreadsheet = given.flag('spreadsheet');
    if (spreadsheet && format !== 'csv') throw new UsageError('--spreadsheet goes with --format csv.');
    const events = given.text('events') ?? 'at-rest';
    if (events !== 'at-rest' && events !== 'as-found') {
      throw new UsageError(`--events is at-rest or as-found, not "${events}".`);
    }
    const archive = await openLocation(given.positionals[0]!, line);
    const keys = await readKeys(given, given.positionals[0]!, archive, line).catch(async (error: unknown) => {
      await archive.close();
      throw error;
    });
    try {
      if (patient !== null) return await extractOnePatient(archive, keys, patient, line);
      const { files, notDecoded } =
        format === 'tar'
          ? await extractTar(archive, archive.name, keys, out, line)
          : await extractTables(
              archive,
              keys,
              {
                format: format === 'csv' ? 'csv' : 'sql',
                out,
                tables: given.text('tables'),
                spreadsheet,
                events,
              },
              line,
            );
      const what = files.length === 1 ? files[0]! : plural(files.length, 'file');
      const done = out === '-' ? 'Extracted.' : `Extracted ${what} to ${out}.`;
      return {
        json: { out, files, notDecoded },
        text: [done, ...notDecoded.map(describeUndecoded)].join('\n'),
        to: out === '-' ? 'stderr' : 'stdout',
      };
    } finally {
      wipeKeys(keys);
      await archive.close();
    }
  },
};

async function extractTar(
  archive: RangeSource,
  name: string,
  keys: ArchiveKeys,
  out: string,
  line: CommandLine,
): Promise<Extracted> {
  const { signal } = line;
  return audited({ audit: keys.audit, signal }, deedOf(await claimedId(archive, signal), out), () =>
    writeTar(archive, name, keys, out, line),
  );
}

/** The archive's id as its label claims it, for the audit. */
async function claimedId(archive: RangeSource, signal: AbortSignal): Promise<string | null> {
  try {
    return (await inspectArchive(archive, { signal })).label?.archiveId ?? null;
  } catch (error) {
    if (isBackupError(error)) return null;
    throw error;
  }
}

async function writeTar(
  archive: RangeSource,
  name: string,
  { audit: _, ...keys }: ArchiveKeys,
  out: string,
  line: CommandLine,
): Promise<Extracted> {
  const { signal } = line;
  const content = await decryptContent(readThrough(archive, signal), { ...keys, signal });
  tellDamagedLabel(content.isLabelDamaged, line);
  const progress = startProgress(line, 'Decrypting', 'bytes');
  const pieces = counted(plainTar(content), (done) => progress.update(done, archive.size));
  const file = `${basename(name).replace(/(\.tar)?\.age$/, '')}.tar`;
  try {
    await (out === '-' ? writePlainPipe(line.stdout, pieces) : writePlainFile(out, file, pieces));
  } finally {
    progress.stop();
  }
  return { files: out === '-' ? [] : [file], notDecoded: [] };
}

interface Wanted {
  readonly format: 'csv' | 'sql';
  readonly out: string;
  readonly tables: string | undefined;
  readonly spreadsheet: boolean;
  readonly events: 'as-found' | 'at-rest';
}

interface Extracted {
  readonly files: readonly string[];
  readonly notDecoded: readonly Undecoded[];
}

/** A text column that the CSV holds as bytes because it cannot be decoded. */
interface Undecoded {
  readonly table: string;
  readonly column: string;
  readonly characterSet: string;
}

function describeUndecoded({ table, column, characterSet }: Undecoded): string {
  return `Not decoded, written as bytes: ${escapeControls(table)}.${escapeControls(column)} (${escapeControls(characterSet)})`;
}

async function extractTables(
  archive: RangeSource,
  keys: ArchiveKeys,
  { format, out, tables, spreadsheet, events }: Wanted,
  line: CommandLine,
): Promise<Extracted> {
  const { signal } = line;
  const reader = await openArchive(archive, { ...keys, signal });
  tellDamagedLabel(reader.isLabelDamaged, line);
  const deed = deedOf(reader.manifest.archiveId, out, tables);
  const { audit } = keys;
  return audited({ audit, signal }, deed, () =>
    writeTables(reader, { format, out, tables, spreadsheet, events }, line),
  ).finally(() => reader.close());
}

function deedOf(archiveId: string | null, out: string, tables?: string): AuditDeed {
  return {
    action: 'extract',
    archiveId,
    target: out === '-' ? 'stdout' : out,
    ...(tables === undefined ? {} : { tables: [tables] }),
  };
}

type AuditDeed = Parameters<typeof audited>[1];

async function writeTables(
  reader: ArchiveReader,
  { format, out, tables, spreadsheet, events }: Wanted,
  line: CommandLine,
): Promise<Extracted> {
  const { signal } = line;
  const all = reader.manifest.tables;
  const allNames = all.map(({ name }) => name);
  const names = tables === undefined ? allNames : pickNames(allNames, readNames(tables));
  const total = all.filter(({ name }) => names.includes(name)).reduce((sum, { rows }) => sum + rows, 0);
  const progress = startProgress(line, 'Extracting', 'rows');
  let done = 0;
  const onRows = (rows: number): void => {
    done += rows;
    progress.update(done, total);
  };
  const files: string[] = [];
  const notDecoded: Undecoded[] = [];
  const write = async (name: string, pieces: Pieces): Promise<void> => {
    if (out === '-') return writePlainPipe(line.stdout, pieces);
    await writePlainFile(out, name, pieces);
    files.push(name);
  };
  try {
    if (format === 'sql') {
      const { name } = await reader.database({ signal });
      const pieces = exportSql(reader, {
        tables: names,
        objects: tables === undefined,
        events,
        signal,
        onRows,
      });
      await write(`${readableName(name)}.sql`, pieces);
      return { files, notDecoded };
    }
    if (out === '-' && names.length !== 1) {
      throw new UsageError('CSV on stdout is for one table: say which with --tables.');
    }
    for (const name of names) {
      const table = await reader.table(name, { signal });
      for (const column of table.columns) {
        const characterSet = undecodedSet(column);
        if (characterSet !== null) notDecoded.push({ table: name, column: column.name, characterSet });
      }
      await write(
        fileNameOf(table.index, name, 'csv'),
        exportCsv(reader, name, { spreadsheet, signal, onRows }),
      );
    }
    return { files, notDecoded };
  } catch (error) {
    throw withWritten(error, out, files);
  } finally {
    progress.stop();
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    yield chunk;
    done += chunk.length;
    onBytes(done);
  }
}
