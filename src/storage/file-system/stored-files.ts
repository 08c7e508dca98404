import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../../files/failures.js';
import type { StoredObject } from '../adapter.js';
import { compareKeys } from '../object-keys.js';
import { assertFileKey } from './names.js';

/** The error codes for a path that does not exist. */
export const gone: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/** The object at a path. Null when no file is there. */
export async function lookAt(path: string, key: string): Promise<StoredObject | null> {
  try {
    const found = await lstat(path);
    if (!found.isFile()) return null;
    return {
      key,
      size: found.size,
      modifiedAt: found.mtime,
      etag: `${found.size.toString(16)}-${found.mtimeMs.toString(16)}`,
    };
  } catch (error) {
    if (gone.has(systemCodeOf(error) ?? '')) return null;
    throw error;
  }
}

/** A file, or a folder with objects below it. */
export interface FolderEntry {
  /** The key of a file; the prefix of all keys in a folder. */
  readonly key: string;
  readonly isFolder: boolean;
}

/**
 * What is in a folder of a store, in the order of keys. Null when there is no such folder.
 *
 * @param folder - what the keys of its files begin with: empty, or ending in `/`
 */
export async function readFolder(base: string, folder: string): Promise<readonly FolderEntry[] | null> {
  try {
    const entries = await readdir(join(base, folder), { withFileTypes: true });
    return entries
      .filter((entry) => (entry.isFile() || entry.isDirectory()) && isKeySegment(entry.name))
      .map((entry) => {
        const isFolder = entry.isDirectory();
        // Folders end in `/` here, so that `a.txt` comes before `a/x`, as it does in the order of keys.
        return { key: `${folder}${entry.name}${isFolder ? '/' : ''}`, isFolder };
      })
      .sort((a, b) => compareKeys(a.key, b.key));
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    return null;
  }
}

// What other programs leave on a share (`Thumbs.db:…`, names of other systems) is not an object of this
// store.
function isKeySegment(name: string): boolean {
  try {
    assertFileKey(name);
    return true;
  } catch {
    return false;
  }
}
