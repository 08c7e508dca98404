import { type FileHandle, open } from 'node:fs/promises';

/**
 * Opens a file, lets it be written and closes it: {@link closeAfter}.
 *
 * @param flags - `wx` where the file must not be there yet
 * @param mode - permissions of a new file
 */
export async function fillFile<Result>(
  path: string,
  flags: 'w' | 'wx',
  write: (file: FileHandle) => Promise<Result>,
  mode?: number,
): Promise<Result> {
  return closeAfter(await open(path, flags, mode), write);
}

/**
 * Lets an open file be written and closes it, which can fail too: a share may keep its bad news for the
 * close. When the writing itself fails, that is the failure that is told, whatever becomes of the close.
 */
export async function closeAfter<Result>(
  file: FileHandle,
  write: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  let result: Result;
  try {
    result = await write(file);
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
  await file.close();
  return result;
}
