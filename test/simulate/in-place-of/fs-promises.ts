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

  async write(chunk: Uint8Array, from: number = 0): Promise<{ bytesWritten: number }> {
    await this.#on(true, (disk) => disk.append(this.#file!, chunk.subarray(from)));
    return { bytesWritten: chunk.length - from };
  }

  async writeFile(text: string | Uint8Array): Promise<void> {
    await this.#on(true, (disk) => disk.append(this.#file!, text));
  }

  async read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }> {
    const bytesRead = await this.#on(false, () =>
      this.#file!.bytes.copy(buffer, offset, position, position + length),
    );
    return { bytesRead };
  }

  async sync(): Promise<void> {
    await this.#on(true, (disk, path) => {
      if (this.#file === null) disk.syncFolder(path);
      else this.#file.sync();
    });
  }

  datasync(): Promise<void> {
    return this.sync();
  }

  async close(): Promise<void> {
    await this.#on(false, () => undefined);
  }

  #on<Result>(isWrite: boolean, work: (disk: Disk, path: string) => Result): Promise<Result> {
    return onDisk(this.#path, isWrite, work);
  }
}

export async function open(path: string, flags: string): Promise<Handle> {
  return onDisk(path, flags !== 'r', (disk, inside) => {
    const isFolder = flags === 'r' && !disk.has(inside);
    return new Handle(path, isFolder ? null : disk.open(inside, flags));
  });
}

export async function readFile(path: string): Promise<string> {
  if (path.startsWith('/proc/')) return factOf(path);
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

export async function mkdir(path: string): Promise<undefined> {
  await onDisk(path, true, () => undefined);
  return undefined;
}

export function utimes(path: string, _read: Date, written: Date): Promise<void> {
  return onDisk(path, false, (disk, inside) => {
    disk.stat(inside).mtime = written.getTime();
  });
}

export async function chmod(path: string): Promise<void> {
  await onDisk(path, true, () => undefined);
}

/** Folders of other computers are seen through stores alone. */
async function elsewhere(): Promise<never> {
  throw systemError('ENOENT');
}
export const opendir: typeof elsewhere = elsewhere;
export const rmdir: typeof elsewhere = elsewhere;
export const link: typeof elsewhere = elsewhere;
export const unlink: typeof elsewhere = elsewhere;
