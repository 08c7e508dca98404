import { randomBytes } from 'node:crypto';
import { open, opendir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from './failures.js';
import { retryWhileBusy } from './retry-while-busy.js';

/** Why a folder cannot be used. */
export interface FolderTrouble {
  readonly trouble: 'no-folder' | 'silent' | 'unreachable' | 'unreadable' | 'unwritable';
  /** Of the operating system, such as `EACCES`. */
  readonly systemCode?: string;
}

/**
 * Whether a folder can be read, and with `write` whether a small file can be written in it and removed again.
 * Asking for permissions alone says little about a network share. Null when all is well.
 */
export async function lookAtFolder(path: string, write: boolean): Promise<FolderTrouble | null> {
  let trouble: FolderTrouble['trouble'] = 'unreachable';
  try {
    if (!(await stat(path)).isDirectory()) return { trouble: 'no-folder' };
    trouble = 'unreadable';
    // A mount point may exist although its share is gone; listing it shows that.
    const folder = await opendir(path);
    try {
      await folder.read();
    } finally {
      await folder.close();
    }
    if (!write) return null;
    trouble = 'unwritable';
    const probe = join(path, `.supplemental-backup-${randomBytes(6).toString('hex')}.probe`);
    const file = await open(probe, 'wx', 0o600);
    try {
      // One byte, because some mounts create an empty file only after the close, when it is already removed.
      await file.write(new Uint8Array(1));
    } finally {
      await file.close();
      await retryWhileBusy(() => unlink(probe));
    }
    return null;
  } catch (error) {
    const systemCode = systemCodeOf(error);
    return { trouble, ...(systemCode !== undefined && { systemCode }) };
  }
}
