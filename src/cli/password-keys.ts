import { type ArchiveKeys, inspectArchive, type Label } from '../archive/index.js';
import { type AuditLog, note } from '../audit.js';
import type { RangeSource } from '../bytes.js';
import { BackupError, isBackupError } from '../errors.js';
import { newerBeside } from './archives/newer-beside.js';
import type { CommandLine } from './command.js';
import { UsageError } from './exit-codes.js';
import { openLocation } from './location.js';
import { readPasswordFromDescriptor } from './password.js';
import { askForKeys, identitiesOf, throughNewer } from './password-dialogue.js';
import { shellWord } from './wording/shell-word.js';

/** An archive that a password is to open. */
export interface Locked {
  /** As typed. */
  readonly location: string;
  readonly archive: RangeSource;
  readonly audit: AuditLog | undefined;
  /** Where the password is read from; undefined to ask for it. */
  readonly descriptor: string | undefined;
  /** Newer archives that were named. */
  readonly newer: readonly string[];
}

/**
 * The keys that a password leads to. One that opens only a newer archive is named as that.
 *
 * @throws UsageError when no password opens the archive
 * @throws BackupError `archive-…` when the archive's label cannot be read, `wrong-key`
 */
export async function keysByPassword(
  { location, archive, audit, descriptor, newer: files }: Locked,
  line: CommandLine,
): Promise<ArchiveKeys> {
  const newer = await readLabels(files, line);
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
