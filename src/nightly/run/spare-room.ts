import { randomBytes } from 'node:crypto';
import { type FileHandle, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fillFile } from '../../files/fill-file.js';
import { syncFile } from '../../files/sync.js';

/** Enough for guard, journal and report many times over, in bytes. */
const size = 256 * 1024;

/**
 * Room that is kept for a bad day: a small file in the spool, given up when somebody fills the disk. With it
 * the run can still note what happened and tell people that the disk is full; without it the trouble would
 * hide itself.
 */
export class SpareRoom {
  readonly #path: string;

  /** @param folder - the spool folder */
  constructor(folder: string) {
    this.#path = join(folder, '.spare-room');
  }

  /** Keeps the room again, where so many bytes are free that nobody misses it. Never rejects. */
  async keep(freeBytes: number): Promise<void> {
    if (freeBytes < 4 * size) return;
    try {
      if ((await stat(this.#path).catch(() => null))?.size === size) return;
      const write = async (file: FileHandle): Promise<void> => {
        // Random, because some file systems give zeros no room.
        await file.writeFile(randomBytes(size));
        await syncFile(file);
      };
      await fillFile(this.#path, 'w', write, 0o600);
    } catch {
      await this.giveUp();
    }
  }

  /** Whether there was room to give up. Never rejects. */
  async giveUp(): Promise<boolean> {
    try {
      await rm(this.#path);
      return true;
    } catch {
      return false;
    }
  }
}
