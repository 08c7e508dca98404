import { readFile } from 'node:fs/promises';
import { unlockArchives } from '../admin/who-can-open.js';
import { type ArchiveKeys, inspectArchive, type Label } from '../archive/index.js';
import { labelDamagedSentence } from '../archive/salvage/losses.js';
import type { RangeSource } from '../bytes.js';
import { BackupError, isBackupError } from '../errors.js';
import { escapeControls } from '../escape-controls.js';
import { openAudit } from './audit-option.js';
import type { Arguments, CommandLine, OptionTable } from './command.js';
import { UsageError } from './exit-codes.js';
import { openLocation } from './location.js';
import { askPassword, readPasswordFromDescriptor } from './password.js';

/** The options that say what opens an archive. */
export const keyOptions: OptionTable = {
  identity: { type: 'string', multiple: true },
  'password-fd': { type: 'string' },
  newer: { type: 'string', multiple: true },
  audit: { type: 'string' },
};

/** Their lines on a page of help. */
export const keyHelp: string = `  --identity FILE    age key file; may be given more than once
  --password-fd N    read the password from descriptor N; else it is asked for
  --newer ARCHIVE    a newer archive, by which today's password opens this one
  --audit FILE       note there who opened what, see COMMANDS.md`;

/**
 * The keys for an archive: key files, a password from a descriptor, or one that is asked for.
 *
 * @throws UsageError when there is no way to a key
 * @throws BackupError `archive-…` when the archive's label cannot be read
 */
export async function readKeys(
  given: Arguments,
  archive: RangeSource,
  line: CommandLine,
): Promise<ArchiveKeys> {
  return { ...(await findKeys(given, archive, line)), withoutLabel: true, audit: openAudit(given, line) };
}

async function findKeys(given: Arguments, archive: RangeSource, line: CommandLine): Promise<ArchiveKeys> {
  const files = given.all('identity');
  const descriptor = given.text('password-fd');
  if (files.length > 0 && descriptor !== undefined) {
    throw new UsageError('Give --identity or --password-fd, not both.');
  }
  if (files.length > 0) return { identities: (await Promise.all(files.map(readIdentities))).flat() };
  const newer = given.all('newer');
  const label = await labelFor(archive, newer, line);
  if (label === null || label.unlock.length === 0) {
    throw new UsageError('No password opens this archive; give the key with --identity FILE.');
  }
  const password =
    descriptor === undefined
      ? await askPassword(line, questionFor(label))
      : await readPasswordFromDescriptor(descriptor);
  return newer.length === 0 ? { password } : withHelpOf(newer, label, password, line);
}

/** The label whose password is asked for: that of the archive, and where it is damaged that of a newer one. */
async function labelFor(
  archive: RangeSource,
  newer: readonly string[],
  line: CommandLine,
): Promise<Label | null> {
  try {
    return (await inspectArchive(archive, { signal: line.signal })).label;
  } catch (error) {
    if (newer.length === 0 || !isBackupError(error)) throw error;
    return (await readLabels(newer.slice(0, 1), line))[0] ?? null;
  }
}

// What the password alone does not open, the chain of keys in a newer label may.
async function withHelpOf(
  newer: readonly string[],
  label: Label,
  password: Uint8Array,
  line: CommandLine,
): Promise<ArchiveKeys> {
  const labels = [label, ...(await readLabels(newer, line))];
  const identities = (await unlockArchives(labels, password)).map(({ identity }) => identity);
  return identities.length === 0 ? { password } : { identities };
}

async function readLabels(locations: readonly string[], line: CommandLine): Promise<readonly Label[]> {
  const labels: Label[] = [];
  for (const location of locations) {
    const archive = await openLocation(location, line);
    try {
      const inspection = await inspectArchive(archive, { signal: line.signal });
      if (inspection.label !== null) labels.push(inspection.label);
    } finally {
      await archive.close();
    }
  }
  return labels;
}

/** Says that the label of what was opened is damaged. */
export function tellDamagedLabel(isLabelDamaged: boolean, line: CommandLine): void {
  if (isLabelDamaged) line.stderr.write(`${labelDamagedSentence}\n`);
}

/** Overwrites a password that is no longer needed. */
export function wipeKeys(keys: ArchiveKeys): void {
  if (keys.password instanceof Uint8Array) keys.password.fill(0);
}

function questionFor({ keyHolder, createdAt }: Label): string {
  const whose = keyHolder === undefined ? '' : ` of ${escapeControls(keyHolder.userName)}`;
  return `Password${whose} (as of ${createdAt.slice(0, 10)} or newer): `;
}

// The lines of an age key file that are no comments.
async function readIdentities(file: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new BackupError('storage-not-found', `The key file ${file} cannot be read.`, { cause: error });
  }
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0 || !lines.every((line) => /^AGE-SECRET-KEY-/.test(line))) {
    throw new UsageError(`${file} is no age key file: it must hold lines that begin with AGE-SECRET-KEY-.`);
  }
  return lines;
}
