/**
 * The tar in an archive: POSIX ustar, plain files only, with every field constant except name, size, time and
 * content id. The reader accepts only headers that the writer produces, so links, paths, devices, sparse
 * files and extensions are impossible. A header is in a block of its own, so that it can be read at any
 * offset.
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
 * Most files in an archive, enough for half a terabyte of values: an entry for each is kept in memory to the
 * end.
 */
export const mostFiles: number = 2 ** 19;

const maxNameBytes = 99;
// Eleven octal digits.
const maxNumber: number = 8 ** 11 - 1;
// Offsets of the fields that differ between files (POSIX.1-1988 ustar).
const sizeAt = 124;
const timeAt = 136;
const checksumAt = 148;
const ownerAt = 265;
const sameForAll = { mode: 0o644, uid: 0, gid: 0, gname: '' } as const;
// No `..`, absolute path, backslash or space, so that a name means the same on every system.
const safeName = /^[A-Za-z0-9][A-Za-z0-9_.-]*(\/[A-Za-z0-9][A-Za-z0-9_.-]*)*$/;

/** The content of a header. */
export interface TarEntry {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly time: number;
  /** Id of the archive; absent in archives before 1.2. In the field of the owner's name. */
  readonly contentId?: string | undefined;
}

/** Number of zeros behind a content of that size. */
export function tarPadding(size: number): number {
  return (tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes;
}

/**
 * The header of a file. `modern-tar` creates one; name, size, time and checksum are then replaced for every
 * file, since an archive has thousands and the library creates a pair of web streams for each.
 *
 * @throws RangeError when the name, the size or the content id is not one that a reader accepts
 */
export async function tarHeader({ name, size, time, contentId = '' }: TarEntry): Promise<Uint8Array> {
  if (name.length > maxNameBytes || !safeName.test(name)) throw new RangeError('"name" is not a safe name');
  if (!(size >= 0 && size <= maxNumber)) throw new RangeError('"size" is too large for a tar entry');
  if (!(time >= 0 && time <= maxNumber)) throw new RangeError('"time" is too late for a tar entry');
  if (contentId !== '' && !isContentId(contentId)) throw new RangeError('"contentId" is invalid');
  template ??= headerByLibrary({ name: 'x', size: 0, time: 0 });
  const header = (await template).slice();
  putText(header, 0, name);
  putText(header, ownerAt, contentId);
  putOctal(header, sizeAt, 11, size);
  putOctal(header, timeAt, 11, time);
  // The sum of all bytes, with the checksum's own eight counted as spaces.
  header.fill(0x20, checksumAt, checksumAt + 8);
  let sum = 0;
  for (const byte of header) sum += byte;
  putOctal(header, checksumAt, 6, sum);
  header[checksumAt + 6] = 0;
  return header;
}

let template: Promise<Uint8Array> | undefined;

/** The header of a file as `modern-tar` creates it. */
export async function headerByLibrary({ name, size, time, contentId = '' }: TarEntry): Promise<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const reader = readable.getReader();
  controller.add({ name, size, mtime: new Date(time * 1000), type: 'file', ...sameForAll, uname: contentId });
  const { value } = await reader.read();
  // Only the header is needed; the packer would wait for the content.
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
  // The header is accepted only if building one from its fields gives the same block, byte for byte. So
  // links, paths, devices and extensions are impossible.
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
  return new BackupError(
    'archive-damaged',
    'The content of the archive is not laid out as the format requires.',
  );
}
