import { randomBytes } from 'node:crypto';
import { type FileHandle, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fillFile } from '../../files/fill-file.js';
import { syncFile } from '../../files/sync.js';

/** Enough for guard, journal and report many times over, in bytes. */
const size = 256 * 1024;

/**
 * Reserved space for a full disk: a small file in the spool that is released then. With it the run can still
 * write its journal and raise an alert that the disk is full.
 */
export class SpareRoom {
  readonly #path: string;

  /** @param folder - the spool folder */
  constructor(folder: string) {
    this.#path = join(folder, '.spare-room');
  }

  /** Reserves the space again, if enough bytes are free. Never rejects. */
  async keep(freeBytes: number): Promise<void> {
    if (freeBytes < 4 * size) return;
    try {
      if ((await stat(this.#path).catch(() => null))?.size === size) return;
      const write = async (file: FileHandle): Promise<void> => {
        // Random, because some file systems store zeros without using space.
        await file.writeFile(randomBytes(size));
        await syncFile(file);
      };
      await fillFile(this.#path, 'w', write, 0o600);
    } catch {
      await this.giveUp();
    }
  }

  /** Releases the space; false if there was none. Never rejects. */
  async giveUp(): Promise<boolean> {
    try {
      await rm(this.#path);
      return true;
    } catch {
      return false;
    }
  }
}
