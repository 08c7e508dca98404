/**
 * Disks in memory that forget at a power cut what was not brought to them, and that can be full, broken or
 * hanging.
 */

import type { Random } from './random.js';
import { forEver, time } from './time.js';

type Content = Buffer | string;

/** A file; a text is not made bytes before somebody wants them. */
class StoredFile {
  #content: Content;
  /** What a power cut leaves; null where it never was brought to the disk. */
  #synced: Content | null;
  mtime: number;

  constructor(content: Content, isSynced: boolean) {
    this.#content = content;
    this.#synced = isSynced ? content : null;
    this.mtime = wall();
  }

  get bytes(): Buffer {
    const content = this.#content;
    return typeof content === 'string' ? Buffer.from(content) : content;
  }

  get text(): string {
    const content = this.#content;
    return typeof content === 'string' ? content : content.toString();
  }

  get isEmpty(): boolean {
    return this.#content.length === 0;
  }

  /** In bytes. */
  get size(): number {
    return Buffer.byteLength(this.#content);
  }

  fill(content: Content): void {
    this.#content = content;
    this.mtime = wall();
  }

  sync(): void {
    this.#synced = this.#content;
  }

  /** The power goes: what was not brought to the disk is there, or half of it, or not. */
  cut(random: Random): void {
    if (this.#content !== this.#synced) {
      const torn = this.bytes.subarray(0, random.between(0, this.size));
      this.#content = random.pick([this.#synced ?? '', this.#content, torn]);
    }
    this.#synced = this.#content;
  }
}

type Operation = { readonly path: string; readonly file: StoredFile | null };

/** What is wrong with a disk. */
export interface DiskFaults {
  isFull: boolean;
  isReadOnly: boolean;
  /** Chance that an operation fails. */
  broken: number;
}

/**
 * The disk of one computer. Paths begin with `/mNUMBER.START/`: what a computer did before its last start
 * reaches nothing.
 */
export class Disk {
  readonly faults: DiskFaults = { isFull: false, isReadOnly: false, broken: 0 };
  /** The power is cut at so many operations from now. */
  cutIn = 0;
  onCut: () => void = () => undefined;
  onReplaced: (path: string, file: StoredFile) => void = () => undefined;
  /** Which start of the computer, and whether it runs. */
  start = 0;
  isOn = false;
  readonly #random: Random;
  #files = new Map<string, StoredFile>();
  #durable = new Map<string, StoredFile>();
  #operations: Operation[] = [];
  /** What goes on when the disk answers again. */
  #waiting: (() => void)[] = [];
  #isHanging = false;
  /** As it was once, for whoever turns it back. */
  #image: { readonly files: Map<string, StoredFile>; readonly at: number } | null = null;
  /** When it hung last. */
  hungAt = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get names(): readonly string[] {
    return [...this.#files.keys()];
  }

  get size(): number {
    return this.#files.size;
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  read(path: string): string | undefined {
    return this.#files.get(path)?.text;
  }

  /** Somebody, or a fault, spoils or removes a file. */
  spoil(path: string, content: Buffer | null): void {
    if (content === null) this.#files.delete(path);
    else this.#files.set(path, new StoredFile(content, true));
    this.#operations.push({ path, file: this.#files.get(path) ?? null });
    this.syncFolder(path.slice(0, path.lastIndexOf('/')));
  }

  /** The power goes. */
  cut(): void {
    this.isOn = false;
    this.#waiting = [];
    const random = this.#random;
    const kept = random.between(0, this.#operations.length);
    for (const { path, file } of this.#operations.slice(0, kept)) this.#apply(path, file);
    this.#operations = [];
    for (const file of this.#durable.values()) file.cut(random);
    this.#files = new Map(this.#durable);
  }

  open(path: string, flags: string): StoredFile {
    const found = this.#files.get(path);
    if (flags === 'r') {
      if (found === undefined) throw systemError('ENOENT');
      return found;
    }
    if (flags === 'wx' && found !== undefined) throw systemError('EEXIST');
    if (flags === 'w' && found !== undefined) {
      found.fill('');
      return found;
    }
    return this.#make(path, new StoredFile('', false));
  }

  append(file: StoredFile, bytes: Uint8Array | string): void {
    if (this.faults.isFull) throw systemError('ENOSPC');
    if (typeof bytes === 'string' && file.isEmpty) file.fill(bytes);
    // What is long only fills room, and is nobody's to change.
    else if (bytes.length > 32_768 && typeof bytes !== 'string')
      file.fill(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    else file.fill(Buffer.concat([file.bytes, Buffer.from(bytes)]));
  }

  rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) throw systemError('ENOENT');
    this.onReplaced(to, file);
    this.remove(from);
    this.#make(to, file);
  }

  remove(path: string): void {
    if (this.faults.isReadOnly) throw systemError('EROFS');
    this.#files.delete(path);
    this.#operations.push({ path, file: null });
  }

  syncFolder(folder: string): void {
    this.#operations = this.#operations.filter(({ path, file }) => {
      if (path.slice(0, path.lastIndexOf('/')) !== folder) return true;
      this.#apply(path, file);
      return false;
    });
  }

  stat(path: string): StoredFile {
    const file = this.#files.get(path);
    if (file === undefined) throw systemError('ENOENT');
    return file;
  }

  list(folder: string): string[] {
    const names: string[] = [];
    for (const path of this.#files.keys()) {
      if (path.startsWith(`${folder}/`) && !path.includes('/', folder.length + 1)) {
        names.push(path.slice(folder.length + 1));
      }
    }
    return names;
  }

  get isHanging(): boolean {
    return this.#isHanging;
  }

  /** It answers no more, or goes on. */
  hang(isHanging: boolean): void {
    if (isHanging || this.#isHanging) this.hungAt = time.now;
    this.#isHanging = isHanging;
    if (isHanging) return;
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  whenItAnswers<Result>(work: () => Promise<Result>): Promise<Result> {
    const { owner } = time;
    return new Promise((resolve) => {
      this.#waiting.push(() => time.after(0, () => resolve(work()), owner));
    });
  }

  /** Somebody makes an image of the computer. */
  makeImage(): void {
    const files = new Map([...this.#durable].map(([path, file]) => [path, new StoredFile(file.bytes, true)]));
    this.#image = { files, at: time.now };
  }

  /** The computer is made anew from its last image. @returns of when that is; null where there is none */
  turnBack(): number | null {
    if (this.#image === null) return null;
    this.#files = new Map(this.#image.files);
    this.#durable = new Map(this.#image.files);
    this.#operations = [];
    return this.#image.at;
  }

  /** Before each operation: whatever fails, fails here. @returns whether the power is cut after it */
  begin(isWrite: boolean): 'after' | 'before' | 'no' {
    if (this.cutIn > 0 && --this.cutIn === 0) return this.#random.pick(['after', 'before']);
    if (this.faults.broken > 0 && this.#random.is(this.faults.broken)) throw systemError('EIO');
    if (isWrite && this.faults.isReadOnly) throw systemError('EROFS');
    if (isWrite && this.faults.isFull && this.#random.is(0.5)) throw systemError('ENOSPC');
    return 'no';
  }

  #make(path: string, file: StoredFile): StoredFile {
    this.#files.set(path, file);
    this.#operations.push({ path, file });
    return file;
  }

  #apply(path: string, file: StoredFile | null): void {
    if (file === null) this.#durable.delete(path);
    else this.#durable.set(path, file);
  }
}

/** Every disk there is, by the number of its computer. */
export const disks: Map<number, Disk> = new Map();

/** One operation on the disk that a path names. There are hundreds a night: no promise more than is waited for. */
export function onDisk<Result>(
  path: string,
  isWrite: boolean,
  work: (disk: Disk, path: string) => Result,
): Promise<Result> {
  const end = path.indexOf('/', 1);
  const dot = path.indexOf('.', 1);
  const disk = dot < end ? disks.get(Number(path.slice(2, dot))) : undefined;
  if (disk === undefined) return Promise.reject(systemError('ENOENT'));
  if (!disk.isOn || disk.start !== Number(path.slice(dot + 1, end))) return forEver();
  if (disk.isHanging) return disk.whenItAnswers(() => onDisk(path, isWrite, work));
  try {
    const cut = disk.begin(isWrite);
    if (cut !== 'before') {
      const result = work(disk, path.slice(end));
      if (cut === 'no') return Promise.resolve(result);
    }
  } catch (error) {
    return Promise.reject(error);
  }
  disk.onCut();
  return forEver();
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

function wall(): number {
  return time.now + (time.owner?.skew ?? 0);
}
