import { createHash } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { collectBytes, fromUtf8, utf8 } from '../../bytes.js';
import { BackupError, isBackupError } from '../../errors.js';
import { invalidAnswer } from './answers.js';
import { type Bucket, signalOf } from './bucket.js';

// Who may complete an upload. Not every store supports a precondition when a multipart upload is completed
// (Ceph does not), but all useful ones support `If-None-Match` when a small object is put. So the right to
// complete is a small object of its own, a claim, which only one writer can create.
//
// The claim of a dead writer must not block the key for ever. Claims are numbered: a writer that finds the
// latest one expired creates the next, and then aborts the uploads of all before it. A writer that was only
// slow finds its upload gone and completes nothing. So there is one winner whatever the clocks say; they
// decide only how long a writer waits.

/** A claim is held from the last part to the completion, which may take minutes. In milliseconds. */
const claimLifetime = 10 * 60 * 1000;
const largestClaim = 4096;
const mostClaims = 9999;

export interface Claimant {
  readonly bucket: Bucket;
  readonly key: string;
  readonly uploadId: string;
  readonly now: () => Date;
  readonly signal: AbortSignal | undefined;
  /** Gives up the upload of a writer whose claim is taken over. */
  readonly abort: (uploadId: string) => Promise<void>;
}

/**
 * Takes the claim of a key, or finds that this upload holds it already. Check only afterwards whether the key
 * is taken.
 *
 * @throws BackupError `storage-transient` when another writer holds it; `storage-permanent` when the store
 *   does not support `If-None-Match`
 */
export async function holdClaim(claimant: Claimant): Promise<void> {
  const { bucket, key, uploadId, now, signal } = claimant;
  const claims: Claim[] = [];
  while (claims.length < mostClaims) {
    const claim = await readClaim(bucket, pathOfClaim(bucket, key, claims.length + 1), signal);
    if (claim === null) break;
    claims.push(claim);
  }
  const latest = claims.at(-1);
  if (latest?.uploadId !== uploadId) {
    const isFresh = latest !== undefined && now().getTime() - latest.at.getTime() < claimLifetime;
    const path = pathOfClaim(bucket, key, claims.length + 1);
    if (isFresh || !(await createClaim(bucket, path, uploadId, signal))) {
      throw new BackupError('storage-transient', `Another writer is publishing ${key} at this moment.`, {
        details: { key },
      });
    }
  }
  for (const rival of claims) {
    if (rival.uploadId !== uploadId) await claimant.abort(rival.uploadId);
  }
}

/** Removes all claims of a key. Only once its object is visible: who claims the key later sees the object. */
export async function removeClaims(bucket: Bucket, key: string): Promise<void> {
  const folder = folderOfClaims(bucket, key);
  const { Contents = [] } = await bucket.typed(() =>
    bucket.send(new ListObjectsV2Command({ Bucket: bucket.name, Prefix: folder })),
  );
  // The latest first, so that an interruption leaves no gap in the numbers. Keys that were not requested are
  // never removed.
  for (const { Key = '' } of Contents.reverse()) {
    if (Key.startsWith(folder)) await removeOwn(bucket, Key);
  }
}

function folderOfClaims(bucket: Bucket, key: string): string {
  return bucket.ownPath(`claims/${createHash('sha256').update(key).digest('hex').slice(0, 40)}/`);
}

function pathOfClaim(bucket: Bucket, key: string, number: number): string {
  return `${folderOfClaims(bucket, key)}${String(number).padStart(4, '0')}`;
}

interface Claim {
  readonly uploadId: string;
  readonly at: Date;
}

async function readClaim(
  bucket: Bucket,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Claim | null> {
  return bucket.orNull(async () => {
    const { Body, LastModified } = await bucket.send(
      new GetObjectCommand({ Bucket: bucket.name, Key: path }),
      signalOf(signal),
    );
    const bytes = await collectBytes(Body as AsyncIterable<Uint8Array>, largestClaim).catch(
      (error: unknown) => {
        throw error instanceof RangeError
          ? invalidAnswer(bucket.description, 'more than a claim can hold')
          : error;
      },
    );
    return { uploadId: fromUtf8(bytes), at: LastModified ?? new Date(0) };
  }, signal);
}

async function createClaim(
  bucket: Bucket,
  path: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!(await putIfAbsent(bucket, path, uploadId, signal))) return false;
  // A store that accepts it twice would silently let every writer win.
  if (!bucket.heedsPreconditions && (await putIfAbsent(bucket, path, uploadId, signal))) {
    throw new BackupError(
      'storage-permanent',
      `The ${bucket.description} does not support If-None-Match, so it cannot store an object only if it is absent. ` +
        'With `conditionalWrites: false` the adapter checks before it stores, and promises no more.',
    );
  }
  bucket.heedsPreconditions = true;
  return true;
}

async function putIfAbsent(
  bucket: Bucket,
  path: string,
  text: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const body = utf8(text);
  const command = new PutObjectCommand({
    Bucket: bucket.name,
    Key: path,
    Body: body,
    ContentLength: body.length,
    ContentMD5: createHash('md5').update(body).digest('base64'),
    IfNoneMatch: '*',
  });
  try {
    await bucket.typed(() => bucket.send(command, signalOf(signal)), signal);
    return true;
  } catch (error) {
    if (isBackupError(error, 'storage-exists')) return false;
    throw error;
  }
}

/** Removes an internal object. If that fails, the lifecycle rule removes it later. */
export async function removeOwn(bucket: Bucket, path: string): Promise<void> {
  await bucket
    .typed(() => bucket.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: path })))
    .catch(() => undefined);
}
