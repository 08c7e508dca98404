/**
 * The tar in an archive: POSIX ustar, plain files only, every field but name, size, time and content id
 * always the same. The reader takes exactly the headers that the writer makes, so that links, paths, devices,
 * sparse files and extensions have nothing to hide in. A header stands alone in one block, so that it can be
 * read at any offset.
 */
import { createTarPacker } from 'modern-tar';
import { engine } from '#engine';
import { BackupError } from '../errors.js';
import { isContentId } from './content-id.js';

/** Headers and contents start at multiples of this. */
export const tarBlockBytes = 512;
/** Two blocks of zeros end a tar. */
export const tarEndBytes: number = 2 * tarBlockBytes;

/**
 * Most files in an archive, room for half a terabyte of values: what each one is, is remembered to the end.
 */
export const mostFiles: number = 2 ** 19;

const maxNameBytes = 99;
// Eleven octal digits.
const maxNumber: number = 8 ** 11 - 1;
// Where the fields stand that differ from file to file (POSIX.1-1988 ustar).
const sizeAt = 124;
const timeAt = 136;
const checksumAt = 148;
const ownerAt = 265;
const sameForAll = { mode: 0o644, uid: 0, gid: 0, gname: '' } as const;
// No `..`, no absolute path, no backslash, no space: lower-case segments that mean the same on every system.
const safeName = /^[A-Za-z0-9][A-Za-z0-9_.-]*(\/[A-Za-z0-9][A-Za-z0-9_.-]*)*$/;

/** What a header says of the file behind it. */
export interface TarEntry {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly time: number;
  /** Of which archive it is; absent in archives before 1.2. Stands in the place of the owner's name. */
  readonly contentId?: string | undefined;
}

/** How many zeros follow a content of that size. */
export function tarPadding(size: number): number {
  return (tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes;
}

/**
 * The header of a file. `modern-tar` makes one; its name, size, time and checksum are then put in for every
 * file, since an archive has thousands and the library makes a pair of web streams for each.
 *
 * @throws RangeError when the name, the size or the content id is not one that a reader takes
 */
export async function tarHeader({ name, size, time, contentId = '' }: TarEntry): Promise<Uint8Array> {
  if (name.length > maxNameBytes || !safeName.test(name)) throw new RangeError('"name" is not a safe name');
  if (!(size >= 0 && size <= maxNumber)) throw new RangeError('"size" is too large for a tar entry');
  if (!(time >= 0 && time <= maxNumber)) throw new RangeError('"time" is too late for a tar entry');
  if (contentId !== '' && !isContentId(contentId)) throw new RangeError('"contentId" is none');
  template ??= headerByLibrary({ name: 'x', size: 0, time: 0 });
  const header = (await template).slice();
  putText(header, 0, name);
  putText(header, ownerAt, contentId);
  putOctal(header, sizeAt, 11, size);
  putOctal(header, timeAt, 11, time);
  // The sum of all bytes, its own eight counted as spaces.
  header.fill(0x20, checksumAt, checksumAt + 8);
  let sum = 0;
  for (const byte of header) sum += byte;
  putOctal(header, checksumAt, 6, sum);
  header[checksumAt + 6] = 0;
  return header;
}

let template: Promise<Uint8Array> | undefined;

/** The header of a file as `modern-tar` makes it. */
export async function headerByLibrary({ name, size, time, contentId = '' }: TarEntry): Promise<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const reader = readable.getReader();
  controller.add({ name, size, mtime: new Date(time * 1000), type: 'file', ...sameForAll, uname: contentId });
  const { value } = await reader.read();
  // The packer would wait for the content, but only its header is wanted here.
  await reader.cancel();
  return value!;
}

function putOctal(header: Uint8Array, at: number, digits: number, value: number): void {
  putText(header, at, value.toString(8).padStart(digits, '0'));
}

function putText(header: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) header[at + i] = text.charCodeAt(i);
}

/**
 * Reads a header; null for a block of zeros, which ends the tar.
 *
 * @throws BackupError `archive-damaged` when it is not a header as {@link tarHeader} makes it
 */
export async function parseTarHeader(block: Uint8Array): Promise<TarEntry | null> {
  if (block.every((byte) => byte === 0)) return null;
  const name = textAt(block, 0);
  const contentId = textAt(block, ownerAt);
  const entry = {
    name,
    size: octalAt(block, sizeAt),
    time: octalAt(block, timeAt),
    ...(contentId === '' ? {} : { contentId }),
  };
  // What the block says is believed only when a header made of it is the block, to the last byte: so links,
  // paths, devices and extensions have nothing to hide in.
  const expected = await tarHeader(entry).catch(() => null);
  if (expected === null || !engine.equalBytes(expected, block)) throw damagedTar();
  return entry;
}

/** All headers and the manifest must be of one archive. @throws BackupError `archive-damaged` */
export function checkContentId(found: string | undefined, expected: string | undefined): void {
  if (found !== expected)
    throw new BackupError('archive-damaged', 'A file in the archive is of another archive.');
}

function textAt(block: Uint8Array, at: number): string {
  return String.fromCharCode(...block.subarray(at, block.indexOf(0, at)));
}

function octalAt(block: Uint8Array, at: number): number {
  const text = String.fromCharCode(...block.subarray(at, at + 11));
  return /^[0-7]{11}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

function damagedTar(): BackupError {
  return new BackupError('archive-damaged', 'The content of the archive is not laid out as it should be.');
}
