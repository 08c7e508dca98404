import { unlockArchives } from '../admin/who-can-open.js';
import { type ArchiveKeys, type Label, type Password, unlockLabel } from '../archive/index.js';
import { type AuditLog, note } from '../audit.js';
import { isBackupError } from '../errors.js';
import { escapeControls } from '../escape-controls.js';
import { type NewerArchive, newerBeside } from './archives/newer-beside.js';
import type { CommandLine } from './command.js';
import { askPassword } from './password.js';
import { localDay } from './wording/local-time.js';
import { shellWord } from './wording/shell-word.js';
import { fitted } from './wording/wrap.js';

const tries = 3;

/** The archive that a password is asked for. */
export interface Asked {
  readonly label: Label;
  /** Where the archive lies. */
  readonly location: string;
  /** Labels of archives that were named as newer. */
  readonly newer: readonly Label[];
  readonly audit: AuditLog | undefined;
}

/**
 * Asks for the password of an archive, three times at most. A password that is newer than the archive may
 * open a newer archive of the practice beside it, whose chain of keys then opens this one.
 *
 * @throws UsageError when there is no terminal to ask on
 */
export async function askForKeys(asked: Asked, line: CommandLine): Promise<ArchiveKeys> {
  const { label, location, newer, audit } = asked;
  let beside: readonly NewerArchive[] | null = null;
  for (let left = tries; ; left -= 1) {
    const password = await askPassword(line, questionFor(label, left));
    if (password.length === 0) {
      line.stderr.write('The password is empty.\n');
      if (left === 1) return { password };
      continue;
    }
    const identities = await identitiesOf(label, newer, password);
    if (identities.length > 0) {
      password.fill(0);
      return { identities };
    }
    beside ??= await newerBeside(label, location, line);
    const helped = await throughNewer(label, beside, password);
    if (helped !== null) {
      password.fill(0);
      const name = escapeControls(shellWord(helped.location));
      const told = `This is a newer password. It opens this archive with --newer ${name}, which is used now.\n`;
      line.stderr.write(fitted(told, line.stderr));
      return { identities: helped.identities };
    }
    // Opening the archive reports and audits that the last one is wrong.
    if (left === 1) return { password };
    password.fill(0);
    await note(audit, { action: 'open', archiveId: label.archiveId, outcome: 'failed', code: 'wrong-key' });
    line.stderr.write(fitted(hintFor(label, beside), line.stderr));
  }
}

/**
 * The newer archive through which a password opens this one; null when there is none.
 *
 * @param newer - as {@link newerBeside} finds them
 */
export async function throughNewer(
  label: Label,
  newer: readonly NewerArchive[],
  password: Password,
): Promise<{ readonly location: string; readonly identities: readonly string[] } | null> {
  for (const each of newer) {
    const unlocked = await unlockArchives([each.label], password).catch(orNone);
    const fitting = unlocked.filter(({ recipient }) =>
      label.unlock.some((way) => way.recipient === recipient),
    );
    if (fitting.length > 0) {
      return { location: each.location, identities: fitting.map(({ identity }) => identity) };
    }
  }
  return null;
}

/**
 * What a password opens one archive with, by itself or through the labels of newer ones; empty when it does
 * not open it.
 */
export async function identitiesOf(
  label: Label,
  newer: readonly Label[],
  password: Password,
): Promise<readonly string[]> {
  if (newer.length > 0) {
    const unlocked = await unlockArchives([label, ...newer], password);
    // The label of a newer archive stands in for a damaged one; which of its keys fits is not known.
    const isOwn = !newer.includes(label);
    return unlocked
      .filter(({ recipient }) => !isOwn || leadsTo(label, recipient))
      .map(({ identity }) => identity);
  }
  try {
    return [(await unlockLabel(label, password)).identity];
  } catch (error) {
    if (isBackupError(error, 'wrong-key')) return [];
    throw error;
  }
}

function leadsTo({ unlock }: Label, recipient: string): boolean {
  return unlock.some((way) => way.recipient === recipient);
}

function orNone(error: unknown): [] {
  // A fault of another archive does not matter here.
  if (isBackupError(error)) return [];
  throw error;
}

function questionFor({ keyHolder, createdAt }: Label, left: number): string {
  const whose = keyHolder === undefined ? '' : ` of ${escapeControls(keyHolder.userName)}`;
  const again = left === tries ? '' : `, try ${tries - left + 1} of ${tries}`;
  return `Password${whose} (as of ${localDay(createdAt)} or newer${again}): `;
}

function hintFor({ keyHolder, createdAt }: Label, beside: readonly NewerArchive[]): string {
  const whose =
    keyHolder === undefined ? 'the password' : `the password of ${escapeControls(keyHolder.userName)}`;
  return [
    `This password does not open it. It needs ${whose} of ${localDay(createdAt)}, when the archive was made.`,
    'Is Caps Lock on? Is the keyboard set to the layout of the office (y and z, @)?',
    beside.length > 0
      ? 'A newer archive lies beside it, and was tried as well.'
      : 'A newer password opens it together with a newer archive of the practice: --newer FILE.',
    '',
  ].join('\n');
}
