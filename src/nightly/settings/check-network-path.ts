import { randomBytes } from 'node:crypto';
import { open, opendir, stat, unlink } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { BackupError } from '../../errors.js';

/**
 * Finds out whether a folder can take a local copy, by writing a small file into it and removing it again. Asking for
 * permissions alone says little about a network share.
 *
 * @throws BackupError `settings-invalid`
 */
export async function checkNetworkPath(path: string): Promise<void> {
  await lookAtNetworkPath(path);
  const probe = join(path, `.supplemental-backup-${randomBytes(6).toString('hex')}.probe`);
  try {
    const file = await open(probe, 'wx', 0o600);
    await file.close();
    await unlink(probe);
  } catch (error) {
    throw unusable(path, 'cannot be written', error);
  }
}

/**
 * Whether there is such a folder and it can be read. Nothing is written.
 *
 * @throws BackupError `settings-invalid`
 */
export async function lookAtNetworkPath(path: string): Promise<void> {
  // A service has another working folder and other drive letters than the person who types the path.
  if (!isAbsolute(path)) throw unusable(path, 'is not a full path such as \\\\server\\backup', undefined);
  const folder = await stat(path).catch((error: unknown) => {
    throw unusable(path, 'does not exist or cannot be reached', error);
  });
  if (!folder.isDirectory()) throw unusable(path, 'is not a folder', undefined);
  // The folder where a share is hung in may be there though the share is not; whoever is asked what is in it knows.
  await lookInto(path).catch((error: unknown) => {
    throw unusable(path, 'cannot be read', error);
  });
}

async function lookInto(path: string): Promise<void> {
  const folder = await opendir(path);
  try {
    await folder.read();
  } finally {
    await folder.close();
  }
}

function unusable(path: string, what: string, cause: unknown): BackupError {
  return new BackupError('settings-invalid', `The network path "${path}" ${what}.`, {
    cause,
    details: { setting: 'networkPath', path },
  });
}
