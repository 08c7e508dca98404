import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type FileHandle, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { BackupError, during } from '../errors.js';
import { fileSystemFailure } from '../files/failures.js';
import { fillFile } from '../files/fill-file.js';
import { FlushingWriter } from '../files/flushing-writer.js';
import { retryWhileBusy } from '../files/retry-while-busy.js';
import { createFileSystemStorage } from '../storage/file-system/file-system.js';
import { assertFileKey, newTemporaryName } from '../storage/file-system/names.js';
import { publish } from '../storage/file-system/publish.js';
import { replayableFile } from '../storage/replayable.js';
import { verifyStored } from '../storage/verify-stored.js';
import type { CommandLine } from './command.js';
import { UsageError } from './exit-codes.js';
import { openStore } from './location.js';
import { startProgress } from './progress.js';
import { pausingFor, withSilenceLimit } from './silence-limit.js';
import { isStoreUrl } from './store-url.js';

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** What was written, proven by reading it back where that is possible. */
export interface Written {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** False on a pipe, which cannot be read back. */
  readonly readBack: boolean;
}

/**
 * Writes an archive to a path, a store or stdout (`-`). On a path and in a store it appears under its name
 * when it is complete and not before; something that is there already stays.
 *
 * @throws BackupError `storage-…`, `destination-missing`, `verification-failed`
 */
export async function writeArchive(
  archive: Chunks,
  destination: string,
  line: CommandLine,
): Promise<Written> {
  if (destination === '-') return pipeTo(line.stdout, archive);
  return during('store', () =>
    isStoreUrl(destination)
      ? writeToStore(archive, destination, line)
      : writeToPath(archive, resolve(destination), line),
  );
}

async function writeToPath(archive: Chunks, path: string, { signal }: CommandLine): Promise<Written> {
  const base = dirname(path);
  const key = basename(path);
  assertName(key);
  const storage = createFileSystemStorage({ path: base, ownProcess: false });
  const taken = (): BackupError => new BackupError('storage-exists', `There is already a ${path}.`);
  let isPublished = false;
  return withSilenceLimit(`folder ${base}`, async (watch) => {
    // Fail now, not after an hour of reading.
    if ((await storage.stat(key, { signal })) !== null) throw taken();
    const temporary = join(base, newTemporaryName());
    try {
      const written = await writeFile(pausingFor(archive, watch), temporary);
      await publish({ base, temporary, final: path, key, ifAbsent: true, signal, taken });
      isPublished = true;
      await verifyStored(storage, key, written, { signal, onProgress: () => watch.go() });
      return { bytes: written.size, sha256: written.sha256, readBack: true };
    } catch (error) {
      // A copy that was not read back must not stay: the message says that it was removed.
      if (isPublished && signal.aborted) await rm(path, { force: true });
      throw fileSystemFailure(error, `folder ${base}`);
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  });
}

/** A name that the file can keep wherever it is copied to. @throws UsageError */
function assertName(name: string): void {
  try {
    assertFileKey(name);
  } catch {
    throw new UsageError(
      `No file can be named "${name}" on every system. Windows takes no : < > " | ? or *, no dot or space at the end, and no CON, NUL or the like.`,
    );
  }
}

async function writeToStore(archive: Chunks, url: string, line: CommandLine): Promise<Written> {
  const { signal } = line;
  const { storage, key } = await openStore(url, line);
  // Stores want the size in advance, and a retry sends the same bytes: so the sealed archive is spooled to
  // disk.
  const spool = join(tmpdir(), `supplemental-backup-${randomBytes(8).toString('hex')}.tar.age`);
  try {
    const written = await writeFile(archive, spool);
    const progress = startProgress(line, 'Uploading', 'bytes');
    try {
      await storage.put(key, await replayableFile(spool, { sha256: written.sha256 }), {
        ifAbsent: true,
        signal,
        onProgress: ({ transferredBytes, totalBytes }) => progress.update(transferredBytes, totalBytes),
      });
    } finally {
      progress.stop();
    }
    await verifyStored(storage, key, written, { signal }).catch(async (error: unknown) => {
      if (signal.aborted) await storage.delete(key);
      throw error;
    });
    return { bytes: written.size, sha256: written.sha256, readBack: true };
  } finally {
    await retryWhileBusy(() => rm(spool, { force: true })).catch(() => undefined);
  }
}

async function writeFile(
  archive: Chunks,
  path: string,
): Promise<{ readonly size: number; readonly sha256: string }> {
  const write = async (file: FileHandle): Promise<{ readonly size: number; readonly sha256: string }> => {
    const writer = new FlushingWriter(file);
    const { bytes, sha256 } = await pass(archive, (chunk) => writer.append(chunk));
    await writer.finish();
    return { size: bytes, sha256 };
  };
  return fillFile(path, 'wx', write, 0o600);
}

/** Writes to a pipe as fast as its reader takes it. */
export async function pipeTo(stream: Writable, chunks: Chunks): Promise<Written> {
  const passed = await pass(chunks, async (chunk) => {
    if (!stream.write(chunk)) await once(stream, 'drain');
  });
  return { ...passed, readBack: false };
}

async function pass(
  chunks: Chunks,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    digest.update(chunk);
    bytes += chunk.length;
    await write(chunk);
  }
  return { bytes, sha256: digest.digest('hex') };
}
