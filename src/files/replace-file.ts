import { type FileHandle, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileSystemFailure } from './failures.js';
import { fillFile } from './fill-file.js';
import { retryWhileBusy } from './retry-while-busy.js';
import { syncFile, syncFolder } from './sync.js';

/**
 * Replaces a small file in one step: after a power cut there is the old one or the new one, never half of
 * either.
 *
 * @param mode - who may read it, on Unix
 * @throws BackupError `storage-full` and others
 */
export async function replaceFile(path: string, text: string, mode = 0o600): Promise<void> {
  const temporary = `${path}.new`;
  try {
    const write = async (file: FileHandle): Promise<void> => {
      await file.writeFile(text);
      await syncFile(file);
    };
    // A file of that name is a leftover or somebody else's: never write into it. If it cannot be removed, the
    // next step reports that.
    await rm(temporary, { force: true }).catch(() => undefined);
    await fillFile(temporary, 'wx', write, mode);
    await retryWhileBusy(() => rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileSystemFailure(error, `folder ${dirname(path)}`);
  }
  await syncFolder(dirname(path));
}
