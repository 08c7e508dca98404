import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { type ArchiveKeys, type ArchiveReader, inspectArchive, openArchive } from '../../archive/index.js';
import type { RangeSource } from '../../bytes.js';
import type { DatabaseAddress } from '../../database/address.js';
import { BackupError, isBackupError } from '../../errors.js';
import { escapeControls } from '../../escape-controls.js';
import { describeOrigin, type OriginBeside } from '../../history/note-beside.js';
import type { SchemaObject } from '../../model/parts.js';
import { programScriptOf } from '../../recovery/export/sql.js';
import { planRestore } from '../../recovery/plan/plan-restore.js';
import type { RestoreAllowance, RestoreOptions } from '../../recovery/restore/options.js';
import { restoreDatabase } from '../../recovery/restore/restore-database.js';
import type { RestoreReport } from '../../recovery/restore/restore-report.js';
import { salvageArchive } from '../../recovery/salvage-archive.js';
import type { Command, CommandLine, CommandResult } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { type ExitCode, exitCodes, UsageError } from '../exit-codes.js';
import { writePlainFile } from '../extract/plain-files.js';
import { keyHelp, keyOptions, readKeys, wipeKeys } from '../keys-option.js';
import { openLocation, readThrough } from '../location.js';
import { assertSha256, assertSignedWith, readOrigin, readSignedWith } from '../origin.js';
import { startProgress } from '../progress.js';
import { showRestore } from '../restore-progress.js';
import { pickNames, readNames } from '../tables-option.js';
import { renderPlan, renderRestore, renderSalvage } from '../wording/restored.js';

/** `restore`: an archive into a database. */
export const restoreCommand: Command = {
  name: 'restore',
  help: `Put an archive, or some of its tables, into a database that is new or empty.
Run it again to go on after an interruption or a refused object (exit code 7).

Usage: supplemental-backup restore ARCHIVE --target URL [OPTIONS]

  ARCHIVE            path or s3://bucket/key
  --target URL       mysql://user@host:port/newdb, the password in MYSQL_PWD
${keyHelp}
  --tables LIST      only these: a,b,c*
  --replace          drop what is in the target first
  --dry-run          change nothing: show what the target cannot take
  --adapt            use the nearest collation, engine or mode instead
  --programs         also triggers, routines, events, views that act for others
  --programs-to FILE write those to a script; --events as-found: enabled there
  --expect-sha256 H, --signed-with KEY: from a report; then with programs
  --allow WHAT       directories, outside-engines: tables with data elsewhere
  --salvage          restore what is whole of a damaged archive, list the rest
  --unproven         with --salvage: also parts not proven to belong to it
`,
  examples: [
    ['into a new database', 'restore od.tar.age --target mysql://root@db/new'],
    [
      'what would happen, without changing anything',
      'restore od.tar.age --target mysql://root@db/new --dry-run',
    ],
    [
      "today's password on an archive of before it was changed",
      'restore old.age --newer b.age --target mysql://root@db/new',
    ],
    ['what is left of a damaged one', 'restore bad.tar.age --salvage --target mysql://root@db/new'],
  ],
  options: {
    ...keyOptions,
    target: { type: 'string' },
    tables: { type: 'string' },
    replace: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    adapt: { type: 'boolean' },
    allow: { type: 'string', multiple: true },
    programs: { type: 'boolean' },
    'programs-to': { type: 'string' },
    events: { type: 'string' },
    'expect-sha256': { type: 'string' },
    'signed-with': { type: 'string' },
    salvage: { type: 'boolean' },
    unproven: { type: 'boolean' },
  },
  positionals: { least: 1, most: 1 },
  async run(given, line) {
    const target = readDatabaseUrl(given.required('target'), 'target', line.env);
    const archive = await openLocation(given.positionals[0]!, line);
    try {
      const keys = await readKeys(given, given.positionals[0]!, archive, line);
      if (given.flag('dry-run') && given.flag('salvage')) {
        throw new UsageError('Give --dry-run or --salvage, not both.');
      }
      if (given.flag('unproven') && !given.flag('salvage')) {
        throw new UsageError('--unproven goes with --salvage.');
      }
      const events = given.text('events') ?? 'at-rest';
      if (events !== 'at-rest' && events !== 'as-found') {
        throw new UsageError(`--events is at-rest or as-found, not "${events}".`);
      }
      const isProven =
        (await isExpected(archive, given.text('expect-sha256'), line.signal)) ||
        (await isOfOffice(archive, given.positionals[0]!, readSignedWith(given), line));
      const restored = given.flag('dry-run') ? planInto : given.flag('salvage') ? salvageInto : restoreInto;
      try {
        return await restored(
          archive,
          keys,
          {
            target,
            tables: given.text('tables'),
            programsTo: given.text('programs-to'),
            unproven: given.flag('unproven'),
            options: {
              replace: given.flag('replace'),
              adapt: given.flag('adapt'),
              allow: readAllowances(given.all('allow')),
              programs: given.flag('programs') || isProven,
              events: events === 'as-found' ? events : 'disabled',
            },
          },
          line,
        );
      } finally {
        wipeKeys(keys);
      }
    } finally {
      await archive.close();
    }
  },
};

/**
 * Whether the note beside the file proves that the office made it; false without a key to prove it with.
 * Prints what the note says, if there is one.
 *
 * @throws BackupError `verification-failed` when the note does not fit the key or the file
 */
async function isOfOffice(
  archive: RangeSource,
  location: string,
  signedWith: string | undefined,
  line: CommandLine,
): Promise<boolean> {
  const origin = await originOf(archive, location, line);
  if (origin.kind !== 'unsigned' && !line.json) {
    line.stderr.write(`Origin: ${escapeControls(describeOrigin(origin, signedWith))}.\n`);
  }
  if (signedWith === undefined) return false;
  assertSignedWith(origin, signedWith);
  if (origin.kind === 'signed') await assertSha256(archive, origin.sha256, line.signal);
  return true;
}

/**
 * Whether the file has the SHA-256 that a report names; false when none is given.
 *
 * @throws BackupError `verification-failed` when it has another
 */
async function isExpected(
  archive: RangeSource,
  expected: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (expected === undefined) return false;
  if (!/^[0-9a-f]{64}$/i.test(expected)) throw new UsageError('--expect-sha256 takes 64 hexadecimal digits.');
  const hash = createHash('sha256');
  for await (const piece of readThrough(archive, signal)) hash.update(piece);
  const found = hash.digest('hex');
  if (found === expected.toLowerCase()) return true;
  throw new BackupError(
    'verification-failed',
    'The file is not the archive that the report names: its SHA-256 differs. Nothing of it was restored.',
    { details: { found, expected: expected.toLowerCase() } },
  );
}

async function originOf(archive: RangeSource, location: string, line: CommandLine): Promise<OriginBeside> {
  try {
    const { label } = await inspectArchive(archive, { signal: line.signal });
    if (label !== null) return await readOrigin(location, { ...label, size: archive.size }, line);
  } catch (error) {
    // A damaged archive may still be salvaged; its note cannot be checked.
    if (!isBackupError(error)) throw error;
  }
  return { kind: 'unsigned' };
}

interface Wanted {
  readonly target: DatabaseAddress;
  readonly tables: string | undefined;
  readonly programsTo: string | undefined;
  readonly unproven: boolean;
  readonly options: Pick<RestoreOptions, 'adapt' | 'allow' | 'events' | 'programs' | 'replace'>;
}

const allowances: readonly RestoreAllowance[] = ['directories', 'outside-engines'];

function readAllowances(words: readonly string[]): readonly RestoreAllowance[] {
  return words.map((word) => {
    const known = allowances.find((each) => each === word);
    if (known === undefined) throw new UsageError(`--allow takes ${allowances.join(' or ')}.`);
    return known;
  });
}

async function restoreInto(
  archive: RangeSource,
  keys: ArchiveKeys,
  { target, tables, programsTo, options }: Wanted,
  line: CommandLine,
): Promise<CommandResult> {
  const reader = await openArchive(archive, { ...keys, signal: line.signal });
  const progress = startProgress(line, 'Restoring', 'bytes');
  try {
    const names = tables === undefined ? undefined : namesIn(reader, tables);
    const report = await restoreDatabase(reader, target, {
      ...options,
      tables: names,
      audit: keys.audit,
      signal: line.signal,
      onProgress: showRestore(progress),
    });
    progress.finish();
    if (programsTo !== undefined) await writeLeftOut(reader, report, programsTo, line.signal);
    return { json: { report }, text: renderRestore(report), exitCode: exitCodeOfReport(report) };
  } finally {
    progress.stop();
    reader.close();
  }
}

/** Writes the objects that were not restored to a script. */
async function writeLeftOut(
  reader: ArchiveReader,
  { objects }: RestoreReport,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const made = new Set(objects.map(({ kind, name }) => `${kind} ${name}`));
  const isLeftOut = ({ kind, name }: SchemaObject): boolean =>
    kind !== 'sequence' && !made.has(`${kind} ${name}`);
  try {
    await writePlainFile(dirname(path), basename(path), programScriptOf(reader, isLeftOut, signal));
  } catch (error) {
    if (!isBackupError(error)) throw error;
    const { code, happened, details } = error;
    throw new BackupError(code, `The database is restored; its script could not be written. ${happened}`, {
      cause: error,
      details,
    });
  }
}

async function planInto(
  archive: RangeSource,
  keys: ArchiveKeys,
  { target, tables, options }: Wanted,
  line: CommandLine,
): Promise<CommandResult> {
  const reader = await openArchive(archive, { ...keys, signal: line.signal });
  try {
    const names = tables === undefined ? undefined : namesIn(reader, tables);
    const plan = await planRestore(reader, target, { ...options, tables: names, signal: line.signal });
    return {
      json: { plan },
      text: renderPlan(plan),
      exitCode: plan.possible ? exitCodes.done : exitCodes.targetRefused,
    };
  } finally {
    reader.close();
  }
}

function namesIn(reader: ArchiveReader, tables: string): readonly string[] {
  const held = reader.manifest.tables.map(({ name }) => name);
  return pickNames(held, readNames(tables));
}

async function salvageInto(
  archive: RangeSource,
  keys: ArchiveKeys,
  { target, tables, unproven, options }: Wanted,
  line: CommandLine,
): Promise<CommandResult> {
  const progress = startProgress(line, 'Salvaging', 'bytes');
  try {
    const report = await salvageArchive(archive, target, {
      ...keys,
      ...(tables === undefined ? {} : { tables: readNames(tables) }),
      ...options,
      unproven,
      signal: line.signal,
      onProgress: showRestore(progress),
    });
    progress.finish();
    return {
      json: { report },
      text: renderSalvage(report),
      exitCode: report.whole ? exitCodeOfReport(report.restore) : exitCodes.damaged,
    };
  } finally {
    progress.stop();
  }
}

function exitCodeOfReport({ outcome }: RestoreReport): ExitCode {
  return outcome === 'complete' ? exitCodes.done : exitCodes.objectsMissing;
}
