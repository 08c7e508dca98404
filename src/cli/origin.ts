import { createHash } from 'node:crypto';
import type { RangeSource } from '../bytes.js';
import { BackupError, isBackupError } from '../errors.js';
import { largestNote, parseNoteKey } from '../history/note.js';
import { describeOrigin, judgeNoteBeside, type OriginBeside } from '../history/note-beside.js';
import { noteKeyOf } from '../history/note-body.js';
import type { SmallReads } from '../history/small-reads.js';
import { readNote } from '../history/verify-history.js';
import type { Arguments, CommandLine } from './command.js';
import { UsageError } from './exit-codes.js';
import { openLocation, openStore, readThrough } from './location.js';
import { isStoreUrl } from './store-url.js';

/** For the help of commands that say who made an archive. */
export const originHelp = `  --signed-with KEY  the office's signing key, as its reports name it: refuse an
                     archive whose note is signed with another one`;

/** The key that the note of an archive is to be signed with. @throws UsageError when it is none */
export function readSignedWith(given: Arguments): string | undefined {
  const key = given.text('signed-with');
  if (key !== undefined && parseNoteKey(key) === null) {
    throw new UsageError('--signed-with takes a key as a report names it: name+digits+base64.');
  }
  return key;
}

/**
 * What the note beside an archive says; one that cannot be read counts as none.
 *
 * @param reads - of the notes of one place, where many are read
 */
export async function readOrigin(
  location: string,
  archive: Parameters<typeof judgeNoteBeside>[1],
  line: Pick<CommandLine, 'json' | 'signal' | 'stderr'>,
  reads?: SmallReads,
): Promise<OriginBeside> {
  const read = (signal: AbortSignal): Promise<string | null> => noteBeside(location, { ...line, signal });
  try {
    const note = await (reads === undefined ? read(line.signal) : reads.read(location, read));
    return judgeNoteBeside(note, archive);
  } catch (error) {
    line.signal.throwIfAborted();
    if (isBackupError(error) || error instanceof UsageError) return judgeNoteBeside(null, archive);
    throw error;
  }
}

async function noteBeside(
  location: string,
  line: Pick<CommandLine, 'json' | 'signal' | 'stderr'>,
): Promise<string | null> {
  if (!isStoreUrl(location)) {
    const path = noteKeyOf(location);
    return path === null ? null : readFileAtMost(path, line);
  }
  const { storage, key } = await openStore(location, line);
  const noteKey = noteKeyOf(key);
  return noteKey === null ? null : readNote(storage, noteKey, line.signal);
}

/** A file of reasonable size; empty when it is larger. */
async function readFileAtMost(
  path: string,
  line: Pick<CommandLine, 'json' | 'signal' | 'stderr'>,
): Promise<string> {
  const file = await openLocation(path, line);
  try {
    return file.size > largestNote ? '' : Buffer.from(await file.read(0, file.size)).toString('utf8');
  } finally {
    await file.close();
  }
}

/** @throws BackupError `verification-failed` when a key is named and the note is not signed with it */
export function assertSignedWith(origin: OriginBeside, signedWith: string | undefined): void {
  if (signedWith === undefined || (origin.kind === 'signed' && origin.signedWith === signedWith)) return;
  throw new BackupError(
    'verification-failed',
    `It cannot be shown that the office made this archive: ${describeOrigin(origin, signedWith)}. Nothing was changed.`,
    { details: { reason: 'origin' } },
  );
}

/** @throws BackupError `verification-failed` when the archive has another SHA-256 */
export async function assertSha256(
  archive: RangeSource,
  expected: string,
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256');
  for await (const piece of readThrough(archive, signal)) hash.update(piece);
  const found = hash.digest('hex');
  if (found === expected) return;
  throw new BackupError(
    'verification-failed',
    'The file is not the archive that its note is about: its SHA-256 differs. Nothing was changed.',
    { details: { found, expected } },
  );
}
