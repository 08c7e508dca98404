import { chmod, type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from './failures.js';

// Shares and FUSE file systems that cannot sync report one of these. There only the read-back proves the
// copy.
const cannotSync = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EBADF']);
const cannotOpenFolder = new Set([...cannotSync, 'EISDIR', 'EPERM', 'EACCES']);

/** Makes the bytes of a file survive a power cut. */
export function syncFile(file: FileHandle): Promise<void> {
  return whereItCan(() => file.sync());
}

/** Makes the bytes of a growing file survive a power cut; its size and time may not. */
export function syncData(file: FileHandle): Promise<void> {
  return whereItCan(() => file.datasync());
}

async function whereItCan(sync: () => Promise<void>): Promise<void> {
  try {
    await sync();
  } catch (error) {
    if (!cannotSync.has(systemCodeOf(error) ?? '')) throw error;
  }
}

/** Makes the names in a folder survive a power cut. Windows does that by itself. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  let folder: FileHandle | undefined;
  try {
    folder = await open(path, 'r');
    await folder.sync();
  } catch (error) {
    if (!cannotOpenFolder.has(systemCodeOf(error) ?? '')) throw error;
  } finally {
    await folder?.close();
  }
}

/**
 * Creates a folder and those above it, so that all of them survive a power cut.
 *
 * @param mode - permissions of new folders, whatever the umask. @defaultValue what the umask leaves
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  const first = await mkdir(path, { recursive: true, ...(mode !== undefined && { mode }) });
  if (first === undefined) return;
  // A umask takes bits away, and may take away one that is needed.
  if (mode !== undefined) await chmod(path, mode);
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}
