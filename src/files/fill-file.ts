import { type FileHandle, open } from 'node:fs/promises';

/**
 * Opens a file, writes it and closes it: {@link closeAfter}.
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
 * Writes to an open file and closes it. A share may report a failed write only at the close. If the writing
 * itself fails, that error is thrown, whatever the close does.
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
