import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError } from '../../errors.js';
import { systemCodeOf } from '../../files/failures.js';
import { closeAfter } from '../../files/fill-file.js';
import { FlushingWriter } from '../../files/flushing-writer.js';
import { isProcessAlive } from '../../files/processes.js';
import { formatBytes } from '../../quantities.js';
import type { PutOptions, ReplayableSource } from '../adapter.js';
import { isOwnName } from '../object-keys.js';
import { readChecked } from '../replayable.js';
import { progressOf } from '../transfer.js';
import { isLeftBehind } from './names.js';

/** Do not follow links, where the system supports that. */
export const noLink: number = constants.O_NOFOLLOW ?? 0;
const newFile: number = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noLink;

/** An unfinished file of a store. */
export interface TemporaryFile {
  /** Folder of the store. */
  readonly base: string;
  readonly path: string;
  /** Of the store, for people. */
  readonly description: string;
}

/** How an unfinished file is written. */
export interface TemporaryFileOptions extends PutOptions {
  /** Bytes that are to stay free on the disk. */
  readonly reserveBytes: number;
  /** Milliseconds after which what another machine left unfinished is removed. */
  readonly staleAfter: number;
}

/**
 * Writes and flushes an object under a temporary name, after it has removed leftovers of earlier processes.
 *
 * One handle of a new file is used from the first to the last byte: anybody who can write in the folder could
 * replace the name by a link to any file of the service's machine.
 *
 * @throws BackupError `storage-full`
 */
export async function writeTemporary(
  target: TemporaryFile,
  source: ReplayableSource,
  options: TemporaryFileOptions,
): Promise<void> {
  let file = await makeNew(target.path);
  try {
    // First, or a large leftover of a crash would fill the disk for ever.
    await removeLeftBehind(target, file, options.staleAfter);
    file ??= await open(target.path, newFile);
    await assertSpace(target, source.size, options.reserveBytes);
  } catch (error) {
    await file?.close().catch(() => undefined);
    throw error;
  }
  const progress = progressOf(source.size, options);
  await closeAfter(file, async (open) => {
    const writer = new FlushingWriter(open);
    let written = 0;
    for await (const chunk of readChecked(source, options.signal)) {
      await writer.append(chunk);
      written += chunk.length;
      progress.advanceTo(written);
    }
    options.signal?.throwIfAborted();
    await writer.finish();
  });
}

async function assertSpace(
  { base, description }: TemporaryFile,
  size: number,
  reserveBytes: number,
): Promise<void> {
  const { bsize, blocks, bavail } = await statfs(base);
  // Some shares report no sizes; then the write itself fails.
  if (blocks === 0) return;
  const freeBytes = bavail * bsize;
  if (freeBytes >= size + reserveBytes) return;
  throw new BackupError(
    'storage-full',
    `The ${description} has ${formatBytes(freeBytes)} free, and the copy needs ${formatBytes(size)}.`,
    { details: { freeBytes, neededBytes: size, reserveBytes } },
  );
}

async function removeLeftBehind(
  { base, path: ownTemporary }: TemporaryFile,
  own: FileHandle | undefined,
  staleAfter: number,
): Promise<void> {
  // By the clock of the share, which dates the files of all machines. On a full share no file can be created
  // to read it; then only what dead processes of this machine left counts as old.
  const now = own === undefined ? Number.NEGATIVE_INFINITY : (await ownStat(ownTemporary, own)).mtimeMs;
  for (const name of await readdir(base)) {
    const path = join(base, name);
    if (!isOwnName(name) || path === ownTemporary) continue;
    try {
      const age = now - (await lstat(path)).mtimeMs;
      if (isLeftBehind(name, age, staleAfter, isProcessAlive)) await rm(path, { force: true });
    } catch {
      // Somebody else removed it or has it open: the next `put` tries again.
    }
  }
}

/** Creates a new file; undefined where there is no room even for its name. */
async function makeNew(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, newFile);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOSPC' || systemCodeOf(error) === 'EDQUOT') return undefined;
    throw error;
  }
}

// By name, because the handle may know only the time of this machine. Some shares show no name before the
// close.
function ownStat(path: string, file: FileHandle): Promise<Stats> {
  return lstat(path).catch(() => file.stat());
}
