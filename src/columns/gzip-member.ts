/**
 * One gzip member (RFC 1952) around one column part. An extra field named `SB` in its header carries the
 * number of rows, so that a reader can count before it inflates; every other reader of gzip passes over it.
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
 * Largest column part that is read, in bytes: one row with one value of the largest packet of MySQL, and some
 * more.
 */
export const maxPartBytes: number = 2 ** 30 + 2 ** 26;
// DEFLATE cannot make its input smaller than this.
const maxDeflateRatio = 1032;
/** So much a part may inflate to, however small it is: typical ones are far below. */
const freeBytes: number = 32 * 2 ** 20;
/**
 * A larger part is one huge row, and is written so that it is no smaller than this: who wants to fill a
 * reader's memory has to send a share of it.
 */
const maxLargeRatio = 64;

/**
 * Compresses a column part.
 *
 * @param stretches - how its bytes are alike, from the first to the last
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
    // What is stored as it is makes up for the rest.
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

/** How small a part of a size may be compressed. */
function leastBytes(plainBytes: number): number {
  return plainBytes <= freeBytes ? 0 : Math.ceil(plainBytes / maxLargeRatio);
}

/** What a member says of itself, unproven: its rows and its size before compression. */
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

/** {@link gunzipMember} for bytes that are looked at and given back. */
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
    throw new BackupError(
      'archive-limit-exceeded',
      'A part of a table is larger than a genuine one ever is.',
    );
  }
  if (size > body.length * maxDeflateRatio) throw damagedPart('its size cannot be true');
  if (member.length < leastBytes(size)) {
    throw new BackupError(
      'archive-limit-exceeded',
      'A part of a table says that it is far larger than a genuine one of its size ever is.',
    );
  }
  return { body, size, checksum: view.getUint32(end, true) };
}

function checkSum(plain: Uint8Array, checksum: number): void {
  if (engine.crc32(plain) !== checksum) throw damagedPart('its checksum is wrong');
}

// Only the header that `gzipMember` writes is taken: nothing in it is left to interpretation.
function viewOfMember(member: Uint8Array): DataView {
  const view = new DataView(member.buffer, member.byteOffset, member.length);
  const isOurs =
    member.length >= headerBytes + trailerBytes &&
    view.getUint32(0) === 0x1f8b0800 + flagExtra &&
    view.getUint16(10, true) === 8 &&
    view.getUint16(12) === 0x5342 &&
    view.getUint16(14, true) === 4;
  if (!isOurs) throw damagedPart('it is not compressed as it should be');
  return view;
}
