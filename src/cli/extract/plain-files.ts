import { once } from 'node:events';
import { type FileHandle, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { BackupError, isBackupError } from '../../errors.js';
import { fileSystemFailure, systemCodeOf } from '../../files/failures.js';
import { fillFile } from '../../files/fill-file.js';
import { retryWhileBusy } from '../../files/retry-while-busy.js';

/** Pieces of what is extracted: text or bytes. */
export type Pieces = AsyncIterable<string | Uint8Array>;

/**
 * Writes decrypted content to a file that only this user can read. Never overwrites, and removes a file that
 * was not completed.
 *
 * @throws BackupError `storage-exists`, `storage-full`, `destination-missing` …
 */
export async function writePlainFile(folder: string, name: string, pieces: Pieces): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw fileSystemFailure(error, `folder ${folder}`);
  });
  const path = join(folder, name);
  const toWritingFailure = (error: unknown): never => {
    throw fileSystemFailure(error, `disk of ${path}`);
  };
  const write = async (file: FileHandle): Promise<void> => {
    for await (const piece of pieces) await file.appendFile(piece).catch(toWritingFailure);
  };
  try {
    await fillFile(path, 'wx', write, 0o600);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') {
      throw new BackupError('storage-exists', `There is already a ${path}.`);
    }
    const isRemoved = await retryWhileBusy(() => rm(path, { force: true })).then(
      () => true,
      () => false,
    );
    throw withOutcome(path, isRemoved, fileSystemFailure(error, `disk of ${path}`));
  }
}

function withOutcome(path: string, isRemoved: boolean, failure: unknown): unknown {
  if (!isBackupError(failure) || !failure.code.startsWith('storage-')) return failure;
  const { code, happened, details } = failure;
  const sentence = isRemoved
    ? `${happened} The incomplete file was removed.`
    : `${happened} The incomplete file is not encrypted, and could not be removed.`;
  return new BackupError(code, sentence, {
    cause: failure.cause,
    details: isRemoved ? details : { ...details, written: [path] },
  });
}

/**
 * Adds to a failure the files that were completed before it: they stay, unencrypted.
 *
 * @param files - names in the folder
 */
export function withWritten(error: unknown, folder: string, files: readonly string[]): unknown {
  if (!isBackupError(error) || files.length === 0) return error;
  const { code, happened, details, activity } = error;
  const before = Array.isArray(details['written']) ? (details['written'] as string[]) : [];
  const written = [...files.map((file) => join(folder, file)), ...before];
  return new BackupError(code, happened, { cause: error, activity, details: { ...details, written } });
}

/** Writes to a pipe as fast as its reader takes it. */
export async function writePlainPipe(stream: Writable, pieces: Pieces): Promise<void> {
  for await (const piece of pieces) if (!stream.write(piece)) await once(stream, 'drain');
}
