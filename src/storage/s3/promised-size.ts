import { createHmac, timingSafeEqual } from 'node:crypto';
import { BackupError } from '../../errors.js';
import { partSizeFor, smallestPart } from '../multipart/upload-in-parts.js';

// HQ is stateless, so the name of an upload contains the promised size under a MAC: every server of HQ can
// check it, and the office cannot change it.

/** An upload that was begun for an object of a size. */
export interface PromisedUpload {
  /** As the store knows it. */
  readonly uploadId: string;
  /** In bytes; undefined where nothing could bind it. */
  readonly size: number | undefined;
}

const named = /^(?<uploadId>.+)\.(?<size>[0-9]{1,16})\.(?<mac>[A-Za-z0-9_-]{43})$/u;

/** The name of an upload for the office. */
export function nameUpload(
  secret: string | Uint8Array,
  path: string,
  uploadId: string,
  size: number,
): string {
  return `${uploadId}.${size}.${macOf(secret, path, uploadId, size).toString('base64url')}`;
}

/** Reads the name of an upload. Null when it was not given by {@link nameUpload} for this object. */
export function readUpload(secret: string | Uint8Array, path: string, name: string): PromisedUpload | null {
  const { uploadId, size, mac } = named.exec(name)?.groups ?? {};
  if (uploadId === undefined || size === undefined || mac === undefined) return null;
  const expected = macOf(secret, path, uploadId, Number(size));
  const given = Buffer.from(mac, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return { uploadId, size: Number(size) };
}

function macOf(secret: string | Uint8Array, path: string, uploadId: string, size: number): Buffer {
  // A key for this purpose only, because the same secret may sign requests.
  const key = createHmac('sha256', secret).update('supplemental-backup promised size').digest();
  return createHmac('sha256', key)
    .update(JSON.stringify([path, uploadId, size]))
    .digest();
}

/** @throws BackupError `storage-permanent` for a part that has no place in an object of the promised size */
export function assertWithin(size: number, part: { readonly number: number; readonly size: number }): void {
  const partSize = partSizeFor(size, smallestPart);
  const left = size - (part.number - 1) * partSize;
  if (part.size <= Math.min(partSize, left) && (left > 0 || part.number === 1)) return;
  throw new BackupError('storage-permanent', `Part ${part.number} goes beyond the ${size} bytes promised.`, {
    details: { reason: 'beyond-promise' },
  });
}
