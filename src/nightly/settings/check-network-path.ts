import { isAbsolute, parse, resolve, sep } from 'node:path';
import { BackupError } from '../../errors.js';
import { type FolderTrouble, lookAtFolder } from '../../files/look-at-folder.js';
import { lookApart } from '../../storage/file-system/apart/look-apart.js';

/** Longest silence of a path, in milliseconds. */
const silence = 20_000;

const sentences: Readonly<Record<FolderTrouble['trouble'], string>> = {
  'no-folder': 'is not a folder',
  silent: 'does not answer',
  unreachable: 'does not exist or cannot be reached',
  unreadable: 'cannot be read',
  unwritable: 'cannot be written',
};

/**
 * Checks that a folder can take a local copy, by writing a small file into it and removing it again:
 * permissions alone say little about a network share. One that hangs blocks nobody.
 *
 * @throws BackupError `settings-invalid`
 */
export function checkNetworkPath(path: string): Promise<void> {
  return look(path, true);
}

/**
 * The same in this process, which hangs if the folder does. For settings in memory.
 *
 * @throws BackupError `settings-invalid`
 */
export function checkPathHere(path: string): Promise<void> {
  return look(path, true, (folder) => lookAtFolder(folder, true));
}

/**
 * Whether there is such a folder and it can be read. Nothing is written.
 *
 * @throws BackupError `settings-invalid`
 */
export function lookAtNetworkPath(path: string): Promise<void> {
  return look(path, false);
}

async function look(
  path: string,
  write: boolean,
  lookAt: (folder: string) => Promise<FolderTrouble | null> = (folder) => lookApart(folder, write, silence),
): Promise<void> {
  // A service has another working folder and other drive letters than the person who types the path.
  if (!isFull(path)) throw unusable(path, 'is not a full path such as \\\\server\\backup', undefined);
  const found = await lookAt(resolve(path));
  if (found !== null) throw unusable(path, sentences[found.trouble], found.systemCode);
}

/** On Windows a path that begins with a separator is on whatever drive the program happens to work on. */
function isFull(path: string): boolean {
  return isAbsolute(path) && (sep === '/' || parse(path).root.length > 1);
}

function unusable(path: string, what: string, systemCode: string | undefined): BackupError {
  return new BackupError('settings-invalid', `The network path "${path}" ${what}.`, {
    details: { setting: 'networkPath', path, ...(systemCode !== undefined && { systemCode }) },
  });
}
