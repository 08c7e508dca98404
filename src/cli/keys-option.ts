import { readFile } from 'node:fs/promises';
import type { ArchiveKeys } from '../archive/index.js';
import { labelDamagedSentence } from '../archive/salvage/losses.js';
import type { RangeSource } from '../bytes.js';
import { BackupError } from '../errors.js';
import { openAudit } from './audit-option.js';
import type { Arguments, CommandLine, OptionTable } from './command.js';
import { UsageError } from './exit-codes.js';
import type { Locked } from './password-keys.js';

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
  locked: Pick<Locked, 'archive' | 'audit' | 'location'>,
  line: CommandLine,
): Promise<ArchiveKeys> {
  const files = given.all('identity');
  const descriptor = given.text('password-fd');
  if (files.length > 0 && descriptor !== undefined) {
    throw new UsageError('Give --identity or --password-fd, not both.');
  }
  if (files.length > 0) return { identities: (await Promise.all(files.map(readIdentities))).flat() };
  if (given.flag('kit')) {
    const { readKitWords } = await import('./kit-words.js');
    return { identities: await readKitWords(descriptor, line) };
  }
  const { keysByPassword } = await import('./password-keys.js');
  return keysByPassword({ ...locked, descriptor, newer: given.all('newer') }, line);
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
