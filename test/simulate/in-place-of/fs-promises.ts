/** What the nights use of `node:fs/promises`, on the simulated disks. */
import { type Disk, onDisk, systemError } from '../disk.js';
import { time } from '../time.js';

type File = ReturnType<Disk['open']>;

class Handle {
  readonly #path: string;
  readonly #file: File | null;

  constructor(path: string, file: File | null) {
    this.#path = path;
    this.#file = file;
  }

  write(chunk: Uint8Array, from: number = 0): Promise<{ bytesWritten: number }> {
    return onDisk(this.#path, true, (disk) => {
      disk.append(this.#file!, chunk.subarray(from));
      return { bytesWritten: chunk.length - from };
    });
  }

  writeFile(text: string | Uint8Array): Promise<void> {
    return onDisk(this.#path, true, (disk) => disk.append(this.#file!, text));
  }

  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    return onDisk(this.#path, false, () => ({
      bytesRead: this.#file!.bytes.copy(buffer, offset, position, position + length),
    }));
  }

  sync(): Promise<void> {
    return onDisk(this.#path, true, (disk, path) => {
      if (this.#file === null) disk.syncFolder(path);
      else this.#file.sync();
    });
  }

  datasync(): Promise<void> {
    return this.sync();
  }

  close(): Promise<void> {
    return onDisk(this.#path, false, nothing);
  }
}

function nothing(): void {}

export function open(path: string, flags: string): Promise<Handle> {
  return onDisk(path, flags !== 'r', (disk, inside) => {
    const isFolder = flags === 'r' && !disk.has(inside);
    return new Handle(path, isFolder ? null : disk.open(inside, flags));
  });
}

export function readFile(path: string): Promise<string> {
  if (path.startsWith('/proc/')) return Promise.resolve(factOf(path));
  return onDisk(path, false, (disk, inside) => disk.stat(inside).text);
}

/** What tells one start of a computer, and one process on it, from another. */
function factOf(path: string): string {
  const start = (time.owner as { readonly start?: number } | undefined)?.start ?? 0;
  return path.endsWith('boot_id') ? `boot ${start}\n` : `1 (node) ${'0 '.repeat(19)}${start} 0`;
}

export function readdir(path: string): Promise<string[]> {
  return onDisk(path, false, (disk, inside) => disk.list(inside));
}

export function rename(from: string, to: string): Promise<void> {
  return onDisk(from, true, (disk, inside) => disk.rename(inside, to.replace(/^\/m\d+\.\d+/, '')));
}

export function rm(path: string, options: { readonly force?: boolean } = {}): Promise<void> {
  return onDisk(path, false, (disk, inside) => {
    if (disk.has(inside)) disk.remove(inside);
    else if (options.force !== true) throw systemError('ENOENT');
  });
}

export function stat(path: string): Promise<{ readonly size: number; readonly mtimeMs: number }> {
  return onDisk(path, false, (disk, inside) => {
    const { size, mtime } = disk.stat(inside);
    return { size, mtimeMs: mtime };
  });
}

export function lstat(path: string): ReturnType<typeof stat> {
  return stat(path);
}

export function statfs(path: string): Promise<{ readonly bavail: number; readonly bsize: number }> {
  return onDisk(path, false, (disk) => ({ bavail: disk.faults.isFull ? 0 : 2 ** 24, bsize: 4096 }));
}

export function mkdir(path: string): Promise<void> {
  return onDisk(path, true, nothing);
}

export function utimes(path: string, _read: Date, written: Date): Promise<void> {
  return onDisk(path, false, (disk, inside) => {
    disk.stat(inside).mtime = written.getTime();
  });
}

export function chmod(path: string): Promise<void> {
  return onDisk(path, true, nothing);
}

/** Folders of other computers are seen through stores alone. */
async function elsewhere(): Promise<never> {
  throw systemError('ENOENT');
}
export const opendir: typeof elsewhere = elsewhere;
export const rmdir: typeof elsewhere = elsewhere;
export const link: typeof elsewhere = elsewhere;
export const unlink: typeof elsewhere = elsewhere;
