/**
 * One gzip member (RFC 1952) around one column part. An extra field named `SB` in its header holds the number
 * of rows, so that a reader can count them without inflating. Other gzip readers ignore the field.
 */
import { engine } from '#engine';
import type { Lent } from '../engine/engine.js';
import type { Stretch } from '../engine/stretches.js';
import { BackupError } from '../errors.js';
import { damagedPart } from './byte-cursor.js';

const headerBytes = 20;
const trailerBytes = 8;
const flagExtra = 4;
/**
 * Largest column part that is read, in bytes: a row with a value of the largest packet of MySQL, and some
 * more.
 */
export const maxPartBytes: number = 2 ** 30 + 2 ** 26;
// DEFLATE cannot compress further than this.
const maxDeflateRatio = 1032;
/** A part may inflate to so many bytes at any ratio: typical ones are far smaller. */
const freeBytes: number = 32 * 2 ** 20;
/**
 * A larger part is one huge row, and is written so that its ratio stays below this. Otherwise a small hostile
 * file could fill a reader's memory.
 */
const maxLargeRatio = 64;

/**
 * Compresses a column part.
 *
 * @param stretches - all of its bytes, in order, and how each stretch compresses
 */
export async function gzipMember(
  plain: Uint8Array,
  rows: number,
  stretches: readonly Stretch[] = [{ start: 0, end: plain.length, texture: 'text' }],
): Promise<Uint8Array> {
  const margins = { before: headerBytes, behind: trailerBytes };
  let member = await engine.deflate(plain, stretches, margins);
  const least = leastBytes(plain.length);
  if (member.length < least) {
    // Enough of the part is stored uncompressed to reach the least size.
    const { length: end } = plain;
    const filled: readonly Stretch[] = [
      { start: 0, end: least, texture: 'random' },
      { start: least, end, texture: 'text' },
    ];
    member = await engine.deflate(plain, filled, margins);
  }
  const view = new DataView(member.buffer);
  // Magic, DEFLATE, flags; no time; fastest compression; unknown system; extra field of 8 bytes: 'SB', 4,
  // rows.
  member.set([0x1f, 0x8b, 8, flagExtra, 0, 0, 0, 0, 4, 255, 8, 0, 0x53, 0x42, 4, 0]);
  view.setUint32(16, rows, true);
  const end = member.length - trailerBytes;
  view.setUint32(end, engine.crc32(plain), true);
  view.setUint32(end + 4, plain.length, true);
  return member;
}

/** Least size of a compressed part, for the limit on the ratio. */
function leastBytes(plainBytes: number): number {
  return plainBytes <= freeBytes ? 0 : Math.ceil(plainBytes / maxLargeRatio);
}

/** The header's claims, unverified: rows, and size before compression. */
export function peekMember(member: Uint8Array): { readonly rows: number; readonly plainBytes: number } {
  const view = viewOfMember(member);
  return { rows: view.getUint32(16, true), plainBytes: view.getUint32(member.length - 4, true) };
}

/**
 * Decompresses a member.
 *
 * @throws BackupError `archive-damaged`, `archive-limit-exceeded`; or another error when the stream is
 *   malformed
 */
export async function gunzipMember(member: Uint8Array): Promise<Uint8Array> {
  const { body, size, checksum } = bodyOf(member);
  const plain = await engine.inflate(body, size);
  checkSum(plain, checksum);
  return plain;
}

/** {@link gunzipMember} into a buffer that is reused after the release. */
export async function gunzipLent(member: Uint8Array): Promise<Lent> {
  const { body, size, checksum } = bodyOf(member);
  const lent = await engine.inflateLent(body, size);
  try {
    checkSum(lent.bytes, checksum);
    return lent;
  } catch (error) {
    lent.release();
    throw error;
  }
}

function bodyOf(member: Uint8Array): {
  readonly body: Uint8Array;
  readonly size: number;
  readonly checksum: number;
} {
  const view = viewOfMember(member);
  const end = member.length - trailerBytes;
  const body = member.subarray(headerBytes, end);
  const size = view.getUint32(end + 4, true);
  if (size > maxPartBytes) {
    throw new BackupError('archive-limit-exceeded', 'A part of a table is larger than any genuine part.');
  }
  if (size > body.length * maxDeflateRatio) throw damagedPart('its size cannot be true');
  if (member.length < leastBytes(size)) {
    throw new BackupError(
      'archive-limit-exceeded',
      'A part of a table claims to inflate to far more than any genuine part of its size.',
    );
  }
  return { body, size, checksum: view.getUint32(end, true) };
}

function checkSum(plain: Uint8Array, checksum: number): void {
  if (engine.crc32(plain) !== checksum) throw damagedPart('its checksum is wrong');
}

// Only the exact header that `gzipMember` writes is accepted, so that nothing in it needs interpretation.
function viewOfMember(member: Uint8Array): DataView {
  const view = new DataView(member.buffer, member.byteOffset, member.length);
  const isOurs =
    member.length >= headerBytes + trailerBytes &&
    view.getUint32(0) === 0x1f8b0800 + flagExtra &&
    view.getUint16(10, true) === 8 &&
    view.getUint16(12) === 0x5342 &&
    view.getUint16(14, true) === 4;
  if (!isOurs) throw damagedPart('its compression header is malformed');
  return view;
}
