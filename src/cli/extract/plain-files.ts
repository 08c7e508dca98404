import { once } from 'node:events';
import { type FileHandle, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { BackupError } from '../../errors.js';
import { systemCodeOf } from '../../files/failures.js';
import { fillFile } from '../../files/fill-file.js';

/** Pieces of what is extracted: text or bytes. */
export type Pieces = AsyncIterable<string | Uint8Array>;

/**
 * Writes a file of what was sealed, in the clear, as its owner asked. Only this user may read it; what is
 * there already stays; a file that was not written to its end is removed.
 *
 * @throws BackupError `storage-exists`
 */
export async function writePlainFile(folder: string, name: string, pieces: Pieces): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  const write = async (file: FileHandle): Promise<void> => {
    for await (const piece of pieces) await file.appendFile(piece);
  };
  try {
    await fillFile(path, 'wx', write, 0o600);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') {
      throw new BackupError('storage-exists', `There is already a ${path}.`);
    }
    await rm(path, { force: true });
    throw error;
  }
}

/** Writes to a pipe as fast as its reader takes it. */
export async function writePlainPipe(stream: Writable, pieces: Pieces): Promise<void> {
  for await (const piece of pieces) if (!stream.write(piece)) await once(stream, 'drain');
}

/** A file name for a table: its number, and as much of its name as every system can hold. */
export function fileNameOf(index: number, table: string, extension: string): string {
  return `${String(index).padStart(4, '0')}-${readableName(table)}.${extension}`;
}

/** As much of a name as every file system can hold, and no more than a name: never a path. */
export function readableName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]+/g, '-').slice(0, 100);
}
