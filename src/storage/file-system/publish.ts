import { link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackupError } from '../../errors.js';
import { systemCodeOf } from '../../files/failures.js';
import { retryWhileBusy } from '../../files/retry-while-busy.js';
import { makeFolder, syncFolder } from '../../files/sync.js';
import { claimLifetime, claimNameOf } from './names.js';

/** Gives a file a second name, or fails when that is taken. */
export type MakeLink = (from: string, to: string) => Promise<void>;

/** A finished temporary file on its way to its final name. */
export interface Publication {
  readonly base: string;
  readonly temporary: string;
  readonly final: string;
  readonly key: string;
  readonly ifAbsent: boolean;
  readonly signal: AbortSignal | undefined;
  /** @defaultValue that of the file system */
  readonly makeLink?: MakeLink;
  /** Makes the `storage-exists` error. */
  readonly taken: () => BackupError;
}

/** Gives a finished file its final name in one step, and makes the name survive a power cut. */
export async function publish(publication: Publication): Promise<void> {
  const folder = dirname(publication.final);
  for (let attempt = 1; ; attempt += 1) {
    await makeFolder(folder);
    try {
      await (publication.ifAbsent ? publishNew(publication) : replace(publication));
      break;
    } catch (error) {
      // A concurrent delete of the last object of a folder removes the folder.
      if (systemCodeOf(error) !== 'ENOENT' || attempt === 5 || !(await exists(publication.temporary)))
        throw error;
    }
  }
  await syncFolder(folder);
}

async function replace({ temporary, final, signal }: Publication): Promise<void> {
  await retryWhileBusy(() => rename(temporary, final), signal);
}

// The file system itself refuses a hard link when the name is taken, for all machines; it does not refuse a
// rename.
async function publishNew(publication: Publication): Promise<void> {
  const { temporary, final, taken, makeLink = link } = publication;
  try {
    await makeLink(temporary, final);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST') throw taken();
    if (code === 'ENOENT') throw error;
    // FAT, many FUSE mounts and some shares have no hard links, each with its own error.
    await publishClaimed(publication);
    return;
  }
  await removeHelper(temporary, publication.signal);
}

// What somebody holds for long is left to a later `put`: the object is there, and that is what is asked.
async function removeHelper(path: string, signal: AbortSignal | undefined): Promise<void> {
  await retryWhileBusy(() => rm(path, { force: true }), signal).catch(() => undefined);
}

// Without hard links a claim file, which only one writer can create, guards the check and the rename.
async function publishClaimed(publication: Publication): Promise<void> {
  const { base, temporary, final, key, taken } = publication;
  const claim = join(base, claimNameOf(key));
  await takeClaim(claim, temporary, key);
  try {
    if (await exists(final)) throw taken();
    await replace(publication);
  } finally {
    await removeHelper(claim, publication.signal);
  }
}

async function takeClaim(claim: string, temporary: string, key: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await (await open(claim, 'wx')).close();
      return;
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
      // Both times are by the clock of the share.
      const age = (await stat(temporary)).mtimeMs - ((await mtimeOf(claim)) ?? 0);
      if (attempt === 1 && age > claimLifetime) await rm(claim, { force: true });
      else {
        throw new BackupError('storage-transient', `Another writer is publishing ${key} at this moment.`, {
          cause: error,
          details: { key },
        });
      }
    }
  }
}

async function mtimeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
