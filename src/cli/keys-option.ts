import { readFile } from 'node:fs/promises';
import { type ArchiveKeys, inspectArchive, type Label } from '../archive/index.js';
import { labelDamagedSentence } from '../archive/salvage/losses.js';
import { type AuditLog, note } from '../audit.js';
import type { RangeSource } from '../bytes.js';
import { BackupError, isBackupError } from '../errors.js';
import { newerBeside } from './archives/newer-beside.js';
import { openAudit } from './audit-option.js';
import type { Arguments, CommandLine, OptionTable } from './command.js';
import { UsageError } from './exit-codes.js';
import { readKitWords } from './kit-words.js';
import { openLocation } from './location.js';
import { readPasswordFromDescriptor } from './password.js';
import { askForKeys, identitiesOf, throughNewer } from './password-dialogue.js';
import { shellWord } from './wording/shell-word.js';

/** The options that say what opens an archive. */
export const keyOptions: OptionTable = {
  identity: { type: 'string', multiple: true },
  'password-fd': { type: 'string' },
  kit: { type: 'boolean' },
  newer: { type: 'string', multiple: true },
  audit: { type: 'string' },
};

/** Their lines on a page of help. */
export const keyHelp: string = `  --identity FILE    age key file, or several; --kit: words of a recovery kit
  --password-fd N    read password or words from descriptor N (0 is stdin)
  --newer ARCHIVE    a newer archive, by which today's password opens this one
  --audit FILE       record there who opened what, see COMMANDS.md`;

/**
 * The keys for an archive: key files, a password from a descriptor, or one that is asked for.
 *
 * @param location - of the archive, as typed
 * @throws UsageError when there is no way to a key
 * @throws BackupError `archive-…` when the archive's label cannot be read
 */
export async function readKeys(
  given: Arguments,
  location: string,
  archive: RangeSource,
  line: CommandLine,
): Promise<ArchiveKeys> {
  const audit = openAudit(given, line);
  return { ...(await findKeys(given, { location, archive, audit }, line)), withoutLabel: true, audit };
}

async function findKeys(
  given: Arguments,
  {
    location,
    archive,
    audit,
  }: { readonly location: string; readonly archive: RangeSource; readonly audit: AuditLog | undefined },
  line: CommandLine,
): Promise<ArchiveKeys> {
  const files = given.all('identity');
  const descriptor = given.text('password-fd');
  if (files.length > 0 && descriptor !== undefined) {
    throw new UsageError('Give --identity or --password-fd, not both.');
  }
  if (files.length > 0) return { identities: (await Promise.all(files.map(readIdentities))).flat() };
  if (given.flag('kit')) return { identities: await readKitWords(descriptor, line) };
  const newer = await readLabels(given.all('newer'), line);
  const label = await labelFor(archive, newer, line);
  if (label === null || label.unlock.length === 0) {
    throw new UsageError('No password opens this archive; give the key with --identity FILE.');
  }
  if (descriptor === undefined) return askForKeys({ label, location, newer, audit }, line);
  const password = await readPasswordFromDescriptor(descriptor);
  const identities = await identitiesOf(label, newer, password);
  if (identities.length > 0) {
    password.fill(0);
    return { identities };
  }
  const helped = await throughNewer(label, await newerBeside(label, location, line), password);
  // Opening the archive reports and audits a wrong password.
  if (helped === null) return { password };
  password.fill(0);
  await note(audit, { action: 'open', archiveId: label.archiveId, outcome: 'failed', code: 'wrong-key' });
  throw new BackupError(
    'wrong-key',
    `The password is newer than the archive. It opens the archive with --newer ${shellWord(helped.location)}.`,
  );
}

/** The label that says whose password to ask for; that of a newer archive where this one's is damaged. */
async function labelFor(
  archive: RangeSource,
  newer: readonly Label[],
  line: CommandLine,
): Promise<Label | null> {
  try {
    return (await inspectArchive(archive, { signal: line.signal })).label;
  } catch (error) {
    if (!isBackupError(error)) throw error;
    if (newer.length === 0) {
      throw error.code === 'archive-damaged' ? withDetails(error, { isLabelDamaged: true }) : error;
    }
    return newer[0] ?? null;
  }
}

// The chain of keys in a newer label may open what the password alone does not.
async function readLabels(locations: readonly string[], line: CommandLine): Promise<readonly Label[]> {
  const labels: Label[] = [];
  for (const location of locations) {
    const archive = await openLocation(location, line);
    try {
      const { label } = await inspectArchive(archive, { signal: line.signal });
      if (label !== null) labels.push(label);
    } catch (error) {
      throw isBackupError(error) ? withDetails(error, { file: location }) : error;
    } finally {
      await archive.close();
    }
  }
  return labels;
}

function withDetails(error: BackupError, more: BackupError['details']): BackupError {
  const { code, happened, details, activity } = error;
  return new BackupError(code, happened, { cause: error, activity, details: { ...details, ...more } });
}

/** Warns that the label of the opened archive is damaged. */
export function tellDamagedLabel(isLabelDamaged: boolean, line: CommandLine): void {
  if (isLabelDamaged) line.stderr.write(`${labelDamagedSentence}\n`);
}

export function wipeKeys(keys: ArchiveKeys): void {
  if (keys.password instanceof Uint8Array) keys.password.fill(0);
}

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
    throw new UsageError(`${file} is not an age key file: no line begins with AGE-SECRET-KEY-.`);
  }
  return lines;
}
