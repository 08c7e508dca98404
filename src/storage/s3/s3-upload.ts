import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import pRetry from 'p-retry';
import { collectBytes } from '../../bytes.js';
import { BackupError, isBackupError } from '../../errors.js';
import type { PutOptions, ReplayableSource, StoredObject } from '../adapter.js';
import { classifyByCode } from '../classify.js';
import type { PartPatience, PartTransport, PresentPart } from '../multipart/upload-in-parts.js';
import type { UploadedPart } from '../multipart/upload-journal.js';
import { readChecked } from '../replayable.js';
import { type Bucket, bareEtag, lockParameters, type Retention, storedObject } from './bucket.js';
import { saidByStore } from './failures.js';

/** An object on its way into a bucket. */
export interface S3Upload {
  readonly bucket: Bucket;
  readonly key: string;
  readonly size: number;
  readonly retention: Retention | undefined;
  readonly now: () => Date;
  readonly ifAbsent: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Stores a small object with one request. */
export async function putWhole(
  upload: S3Upload,
  source: ReplayableSource,
  options: PutOptions,
  patience: PartPatience,
): Promise<StoredObject> {
  const { bucket, key, signal } = upload;
  const body = await collectBytes(readChecked(source, signal));
  const md5 = createHash('md5').update(body);
  const [base64, hex] = [md5.copy().digest('base64'), md5.digest('hex')];
  let uncertain = false;
  const put = async (): Promise<void> => {
    try {
      await bucket.typed(
        () =>
          bucket.send(
            new PutObjectCommand({
              Bucket: bucket.name,
              Key: bucket.pathOf(key),
              Body: body,
              ContentLength: body.length,
              ContentMD5: base64,
              ContentType: 'application/octet-stream',
              ...(upload.ifAbsent && { IfNoneMatch: '*' }),
              ...lockParameters(upload.retention, upload.now()),
            }),
            signalOf(signal),
          ),
        signal,
      );
    } catch (error) {
      // The store may have taken it and only the answer was lost; then it is there, with our MD5.
      if (
        uncertain &&
        isBackupError(error, 'storage-exists') &&
        (await look(bucket, key, signal))?.etag === hex
      ) {
        return;
      }
      uncertain ||= classifyByCode(error) === 'transient';
      throw error;
    }
  };
  const { retries = 10, minTimeout = 250, maxTimeout = 30_000 } = patience;
  await pRetry(put, {
    retries,
    minTimeout,
    maxTimeout,
    randomize: true,
    ...(signal && { signal }),
    shouldRetry: ({ error }) => classifyByCode(error) === 'transient',
  });
  options.onProgress?.({ transferredBytes: body.length, totalBytes: body.length });
  return assertArrived(upload, hex);
}

/** The parts of an object on their way into a bucket. */
export function s3PartTransport(upload: S3Upload): PartTransport {
  const { bucket, key, signal } = upload;
  const place = { Bucket: bucket.name, Key: bucket.pathOf(key) };
  return {
    async begin() {
      const begun = await bucket.typed(
        () =>
          bucket.send(
            new CreateMultipartUploadCommand({
              ...place,
              ContentType: 'application/octet-stream',
              ...lockParameters(upload.retention, upload.now()),
            }),
            signalOf(signal),
          ),
        signal,
      );
      return begun.UploadId ?? '';
    },
    present: (uploadId) => listParts(bucket, key, uploadId, signal),
    async send(uploadId, part, stop) {
      const command = new UploadPartCommand({
        ...place,
        UploadId: uploadId,
        PartNumber: part.number,
        Body: part.bytes,
        ContentLength: part.bytes.length,
        ContentMD5: Buffer.from(part.md5, 'hex').toString('base64'),
      });
      if (part.freshConnection) closeAfterwards(command);
      const sent = await bucket.typed(() => bucket.send(command, { abortSignal: stop }), stop);
      return bareEtag(sent.ETag) === '' ? part.md5 : bareEtag(sent.ETag);
    },
    async complete(uploadId, parts) {
      const expected = etagOfParts(parts);
      // Not every store heeds the precondition of the completion itself, so the look before it narrows the gap.
      if (upload.ifAbsent) {
        const there = await look(bucket, key, signal);
        if (there !== null && there.etag === expected) {
          // An earlier try has completed it, or another writer has stored these very bytes.
          await abortUpload(bucket, bucket.pathOf(key), uploadId);
          return there;
        }
        if (there !== null) throw taken(bucket, key);
      }
      try {
        await bucket.typed(
          () =>
            bucket.send(
              new CompleteMultipartUploadCommand({
                ...place,
                UploadId: uploadId,
                ...(upload.ifAbsent && { IfNoneMatch: '*' }),
                MultipartUpload: { Parts: parts.map((one) => ({ PartNumber: one.number, ETag: one.etag })) },
              }),
              signalOf(signal),
            ),
          signal,
        );
      } catch (error) {
        // An earlier try may have completed it, and only its answer was lost.
        if (!saidByStore(error, 'NoSuchUpload')) throw error;
        const there = await look(bucket, key, signal);
        if (there === null || !matches(there, upload.size, expected)) throw error;
      }
      return assertArrived(upload, expected);
    },
    abort: (uploadId) => abortUpload(bucket, bucket.pathOf(key), uploadId),
  };
}

/** The parts that a store has of an upload; null when it does not know the upload. */
export async function listParts(
  bucket: Bucket,
  key: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<readonly PresentPart[] | null> {
  const present: PresentPart[] = [];
  let marker: string | undefined;
  do {
    const page = await bucket.orNull(
      () =>
        bucket.send(
          new ListPartsCommand({
            Bucket: bucket.name,
            Key: bucket.pathOf(key),
            UploadId: uploadId,
            ...(marker !== undefined && { PartNumberMarker: marker }),
          }),
          signalOf(signal),
        ),
      signal,
    );
    if (page === null) return null;
    for (const { PartNumber, Size, ETag } of page.Parts ?? []) {
      if (PartNumber !== undefined && Size !== undefined) {
        present.push({ number: PartNumber, size: Size, etag: bareEtag(ETag) });
      }
    }
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return present;
}

/** Gives an unfinished upload up; one that is not there any more is fine. */
export async function abortUpload(bucket: Bucket, path: string, uploadId: string): Promise<void> {
  await bucket.orNull(() =>
    bucket.send(new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: path, UploadId: uploadId })),
  );
}

/** What a bucket has under a key; null for nothing. */
export async function look(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<StoredObject | null> {
  const head = await bucket.orNull(
    () =>
      bucket.send(new HeadObjectCommand({ Bucket: bucket.name, Key: bucket.pathOf(key) }), signalOf(signal)),
    signal,
  );
  if (head === null) return null;
  return storedObject(key, { size: head.ContentLength, date: head.LastModified, etag: head.ETag });
}

/** The etag that stores give to an object of parts: the MD5 of the MD5s, and how many. */
function etagOfParts(parts: readonly UploadedPart[]): string {
  const all = createHash('md5');
  for (const { md5 } of parts) all.update(md5, 'hex');
  return `${all.digest('hex')}-${parts.length}`;
}

export function taken(bucket: Bucket, key: string): BackupError {
  return new BackupError('storage-exists', `There is already a ${key} in the ${bucket.description}.`, {
    details: { key },
  });
}

async function assertArrived(
  { bucket, key, size, signal, ifAbsent }: S3Upload,
  etag: string,
): Promise<StoredObject> {
  const there = await look(bucket, key, signal);
  if (there !== null && matches(there, size, etag)) return there;
  // Without `ifAbsent` another writer is welcome to replace it at once.
  if (there !== null && !ifAbsent) return { ...there, size, etag };
  throw new BackupError('verification-failed', `${key} did not arrive whole in the ${bucket.description}.`, {
    details: { key, expectedSize: size, ...(there && { size: there.size }) },
  });
}

// Encrypted buckets and some stores give an etag of their own making, or none; then the size has to do here, and
// the reading back after the upload does the rest.
function matches(there: StoredObject, size: number, etag: string): boolean {
  if (there.size !== size) return false;
  const comparable = there.etag !== undefined && /^[0-9a-f]{32}(?:-[0-9]+)?$/u.test(there.etag);
  return !comparable || there.etag === etag;
}

function signalOf(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function closeAfterwards(command: UploadPartCommand): void {
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers['connection'] = 'close';
      return next(args);
    },
    { step: 'build', name: 'closeAfterwards' },
  );
}
