import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { type BackupError, isBackupError } from '../../errors.js';
import { systemCodeOf } from '../../files/failures.js';

/**
 * The text of a file that a person named. The file that is checked is the one that is read.
 *
 * @param refuse - makes the error of what is wrong with it
 * @param wrongIn - what else speaks against it
 */
export async function readPlainFile(
  path: string,
  refuse: (why: string, cause?: unknown) => BackupError,
  wrongIn: (stat: Stats) => string | undefined,
): Promise<string> {
  const unreadable = (error: unknown): BackupError =>
    refuse(`cannot be read (${systemCodeOf(error) ?? 'unexpected'})`, error);
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(error);
  });
  try {
    const stat = await file.stat();
    const wrong = stat.isFile() ? wrongIn(stat) : 'is not a file';
    if (wrong !== undefined) throw refuse(wrong);
    return await file.readFile('utf8');
  } catch (error) {
    throw isBackupError(error) ? error : unreadable(error);
  } finally {
    await file.close();
  }
}
