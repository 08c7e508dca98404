import { isBackupError } from '../../../errors.js';
import { type FolderTrouble, lookAtFolder } from '../../../files/look-at-folder.js';
import { helperFor } from './helper.js';
import { troubleIn } from './messages.js';

/**
 * {@link lookAtFolder} in a separate process, which is abandoned when the folder stays silent for so many
 * milliseconds.
 */
export async function lookApart(
  path: string,
  write: boolean,
  silence: number,
): Promise<FolderTrouble | null> {
  const helper = helperFor(path);
  if (helper === null || !(await helper.runs) || helper.isOver) return lookAtFolder(path, write);
  const asked = { call: 'look', name: path, options: { path }, write } as const;
  try {
    return troubleIn(await helper.begin(asked, {}, silence, () => `folder ${path}`).done);
  } catch (error) {
    if (!isBackupError(error, 'storage-transient')) throw error;
    return { trouble: 'silent' };
  }
}
