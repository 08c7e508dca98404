import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { SealedArchive } from '../../archive/index.js';
import { BackupError, isBackupError } from '../../errors.js';
import { fileSystemFailure, systemCodeOf } from '../../files/failures.js';
import { closeAfter, fillFile } from '../../files/fill-file.js';
import { FlushingWriter } from '../../files/flushing-writer.js';
import { readFileIfThere } from '../../files/read-file-if-there.js';
import { replaceFile } from '../../files/replace-file.js';
import { retryWhileBusy } from '../../files/retry-while-busy.js';
import { makeFolder, syncFolder } from '../../files/sync.js';
import type { Manifest } from '../../model/parts.js';
import { formatBytes } from '../../quantities.js';
import { fromJson } from '../../shapes.js';
import { pendingCopyOf } from './journal-shapes.js';
import type { PendingCopy } from './journal-state.js';
import { SpareRoom } from './spare-room.js';

/** A sealed archive on the disk. */
export interface SpooledArchive {
  readonly archiveId: string;
  /** File name in the spool. */
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly manifest: Manifest;
}

/** How often the free space is checked while writing, in bytes written. */
const spaceCheckEvery = 64 * 1024 * 1024;
/** The room that guard and journal may need before the first archive. */
const smallFiles = new Uint8Array(64 * 1024);
const archiveFile = /^[0-9a-f]{32}\.tar\.age(\.part|\.ticket|\.ticket\.new)?$/;
/** The file beside a sealed archive that says where it goes. */
const ticket = '.ticket';

/**
 * Where sealed archives wait to be sent: a folder on the disk, so that no lock on the practice's tables waits
 * for a slow line. Everything that is written here is already sealed.
 */
export class Spool {
  readonly folder: string;
  /** For the small files beside the archives. */
  readonly spareRoom: SpareRoom;
  readonly #reserveBytes: number;

  constructor(folder: string, reserveBytes: number) {
    this.folder = folder;
    this.spareRoom = new SpareRoom(folder);
    this.#reserveBytes = reserveBytes;
  }

  /** Creates the folder, if it is missing. @throws BackupError `settings-invalid`, `storage-full` */
  async prepare(): Promise<void> {
    try {
      await makeFolder(this.folder, 0o700);
      await this.#tryToWrite().catch(async (error: unknown) => {
        if (!isFull(error) || !(await this.spareRoom.giveUp())) throw error;
        await this.#tryToWrite();
      });
      await this.spareRoom.keep((await this.#freeBytes()) - this.#reserveBytes);
    } catch (error) {
      if (isFull(error)) throw fileSystemFailure(error, `spool folder ${this.folder}`);
      throw new BackupError('settings-invalid', `The spool folder ${this.folder} cannot be written.`, {
        cause: error,
        details: { setting: 'spool' },
      });
    }
  }

  /** Removes archives that no run needs any more: incomplete ones, and those of a dead run. */
  async tidy(wanted: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#io(() => readdir(this.folder))) {
      const isOurs = archiveFile.test(name);
      if (isOurs && !wanted.has(name) && !wanted.has(name.slice(0, -ticket.length))) await this.remove(name);
    }
  }

  /**
   * Records beside a sealed archive where it goes, so that it is not lost with the journal.
   *
   * @throws BackupError `storage-…`
   */
  async noteTicket(pending: PendingCopy): Promise<void> {
    await replaceFile(this.pathOf(`${pending.file}${ticket}`), `${JSON.stringify(pending)}\n`);
  }

  /** Sealed archives of a practice that are whole and have a ticket, oldest first. */
  async readTickets(practiceId: string): Promise<readonly PendingCopy[]> {
    const found: PendingCopy[] = [];
    for (const name of await this.#io(() => readdir(this.folder))) {
      if (!archiveFile.test(name) || !name.endsWith(ticket)) continue;
      const text = await readFileIfThere(this.pathOf(name)).catch(() => null);
      const pending = parseTicket(text ?? '', practiceId);
      if (pending?.file !== name.slice(0, -ticket.length)) continue;
      if (await this.holds(pending.file, pending.copy).catch(() => false)) found.push(pending);
    }
    return found.sort((a, b) => (a.copy.night < b.copy.night ? -1 : 1));
  }

  pathOf(file: string): string {
    return join(this.folder, file);
  }

  /** Never rejects: what a virus scanner has open is removed by the next run. */
  async remove(file: string): Promise<void> {
    for (const name of [file, `${file}${ticket}`]) {
      await rm(this.pathOf(name), { force: true }).catch(() => undefined);
    }
  }

  /** Size of a file in bytes; null when it is gone. */
  async sizeOf(file: string): Promise<number | null> {
    try {
      return (await stat(this.pathOf(file))).size;
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return null;
      throw fileSystemFailure(error, `spool folder ${this.folder}`);
    }
  }

  /** Whether a file is still what was written, byte for byte. */
  async holds(file: string, expected: { readonly bytes: number; readonly sha256: string }): Promise<boolean> {
    if ((await this.sizeOf(file)) !== expected.bytes) return false;
    const digest = createHash('sha256');
    const content: AsyncIterable<Uint8Array> = createReadStream(this.pathOf(file));
    for await (const chunk of content) digest.update(chunk);
    return digest.digest('hex') === expected.sha256;
  }

  /**
   * Refuses to begin what will not fit. The disk may be that of the practice's server, which a backup must
   * never fill.
   *
   * @throws BackupError `storage-full`
   */
  async assertSpace(bytes: number): Promise<void> {
    const free = await this.#freeBytes();
    if (free - bytes >= this.#reserveBytes) return;
    throw new BackupError(
      'storage-full',
      `The disk of the spool folder has ${formatBytes(free)} free; about ${formatBytes(bytes)} are needed, and ${formatBytes(this.#reserveBytes)} must stay free.`,
      { details: { freeBytes: free, neededBytes: bytes, reserveBytes: this.#reserveBytes } },
    );
  }

  /**
   * Writes an archive to the disk, whole or not at all.
   *
   * @throws BackupError `storage-full`, or whatever the archive throws
   */
  async write(archive: SealedArchive): Promise<SpooledArchive> {
    const file = `${archive.label.archiveId}.tar.age`;
    const part = this.pathOf(`${file}.part`);
    const digest = createHash('sha256');
    let size = 0;
    try {
      const write = async (file: FileHandle): Promise<void> => {
        const writer = new FlushingWriter(file);
        let nextCheck = spaceCheckEvery;
        for await (const chunk of archive) {
          digest.update(chunk);
          await this.#io(() => writer.append(chunk));
          size += chunk.length;
          if (size >= nextCheck) {
            nextCheck = size + spaceCheckEvery;
            await this.assertSpace(0);
          }
        }
        await this.#io(() => writer.finish());
      };
      await closeAfter(await this.#io(() => open(part, 'wx', 0o600)), write);
      await this.#io(() => retryWhileBusy(() => rename(part, this.pathOf(file))));
      await this.#io(() => syncFolder(this.folder));
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      throw error;
    }
    const { archiveId } = archive.label;
    return { archiveId, file, size, sha256: digest.digest('hex'), manifest: await archive.manifest };
  }

  async #tryToWrite(): Promise<void> {
    const path = join(this.folder, '.writable');
    try {
      await fillFile(path, 'w', (file) => file.writeFile(smallFiles), 0o600);
    } finally {
      await retryWhileBusy(() => rm(path, { force: true }));
    }
  }

  async #io<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw fileSystemFailure(error, `spool folder ${this.folder}`);
    }
  }

  async #freeBytes(): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(this.folder);
      return bavail * bsize;
    } catch {
      // Some file systems do not report their free space; then writing fails when they are full.
      return Number.POSITIVE_INFINITY;
    }
  }
}

function parseTicket(text: string, practiceId: string): PendingCopy | null {
  const value = fromJson(text);
  return pendingCopyOf(practiceId)(value) ? value : null;
}

function isFull(error: unknown): boolean {
  return isBackupError(fileSystemFailure(error, ''), 'storage-full');
}
