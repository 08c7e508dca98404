/**
 * The tar in an archive: POSIX ustar, plain files only, every field but name, size and time always the same. The
 * reader takes exactly the headers that the writer makes, so that links, paths, devices, sparse files and extensions
 * have nothing to hide in. A header stands alone in one block, so that it can be read at any offset.
 */
import { utf8 } from '../bytes.js';
import { BackupError } from '../errors.js';

/** Headers and contents start at multiples of this. */
export const TAR_BLOCK_BYTES = 512;
/** Two blocks of zeros end a tar. */
export const TAR_END_BYTES: number = 2 * TAR_BLOCK_BYTES;

const MAX_NAME_BYTES = 99;
const MAX_SIZE: number = 8 ** 11 - 1;
// No `..`, no absolute path, no backslash, no space: lower-case segments that mean the same on every system.
const safeName = /^[A-Za-z0-9][A-Za-z0-9_.-]*(\/[A-Za-z0-9][A-Za-z0-9_.-]*)*$/;

/** What a header says of the file behind it. */
export interface TarEntry {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly time: number;
}

/** How many zeros follow a content of that size. */
export function tarPadding(size: number): number {
  return (TAR_BLOCK_BYTES - (size % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;
}

/** The header of a file. */
export function tarHeader({ name, size, time }: TarEntry): Uint8Array {
  if (name.length > MAX_NAME_BYTES || !safeName.test(name)) throw new RangeError('"name" is not a safe name');
  if (!(size >= 0 && size <= MAX_SIZE)) throw new RangeError('"size" is too large for a tar entry');
  const block = new Uint8Array(TAR_BLOCK_BYTES);
  block.set(utf8(name), 0);
  block.set(octal(0o644, 8), 100);
  block.set(octal(0, 8), 108);
  block.set(octal(0, 8), 116);
  block.set(octal(size, 12), 124);
  block.set(octal(time, 12), 136);
  // The checksum counts itself as eight spaces.
  block.fill(0x20, 148, 156);
  block[156] = 0x30;
  block.set(utf8('ustar\0'), 257);
  block.set(utf8('00'), 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(octal(sum, 7), 148);
  return block;
}

function octal(value: number, width: number): Uint8Array {
  return utf8(`${value.toString(8).padStart(width - 1, '0')}\0`);
}

/**
 * Reads a header; null for a block of zeros, which ends the tar.
 *
 * @throws BackupError `archive-damaged` when it is not a header as {@link tarHeader} makes it
 */
export function parseTarHeader(block: Uint8Array): TarEntry | null {
  if (block.every((byte) => byte === 0)) return null;
  const name = String.fromCharCode(...block.subarray(0, block.indexOf(0)));
  const entry = { name, size: parseOctal(block, 124), time: parseOctal(block, 136) };
  const isSafe = name.length <= MAX_NAME_BYTES && safeName.test(name);
  if (!isSafe || Number.isNaN(entry.size) || Number.isNaN(entry.time)) throw damagedTar();
  if (!tarHeader(entry).every((byte, i) => byte === block[i])) throw damagedTar();
  return entry;
}

function parseOctal(block: Uint8Array, at: number): number {
  const text = String.fromCharCode(...block.subarray(at, at + 11));
  return /^[0-7]{11}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

function damagedTar(): BackupError {
  return new BackupError('archive-damaged', 'The content of the archive is not laid out as it should be.');
}
