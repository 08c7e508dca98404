import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  type PutObjectCommandOutput,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { collectBytes } from '../../bytes.js';
import { BackupError } from '../../errors.js';
import type { PutOptions, ReplayableSource, StoredObject } from '../adapter.js';
import { Pages } from '../listing.js';
import { BreakingLine } from '../multipart/breaking-line.js';
import { type PartRetry, withPartRetry } from '../multipart/part-retry.js';
import type { PartTransport, PresentPart } from '../multipart/upload-in-parts.js';
import type { UploadedPart } from '../multipart/upload-journal.js';
import { readChecked } from '../replayable.js';
import { invalidAnswer } from './answers.js';
import { type Bucket, bareEtag, lockParameters, type Retention, signalOf, storedObject } from './bucket.js';
import { holdClaim, removeClaims } from './claim.js';
import { saidByStore } from './failures.js';
import { GrownParts } from './grown-parts.js';

/** An object on its way into a bucket. */
export interface S3Upload {
  readonly bucket: Bucket;
  readonly key: string;
  readonly size: number;
  /** Of the whole, where it is known: stored with the object, and later shows whether it is the same. */
  readonly sha256: string | undefined;
  readonly retention: Retention | undefined;
  readonly now: () => Date;
  /** How the key is kept from being taken twice; `look` where the store heeds no preconditions. */
  readonly ifAbsent: 'claim' | 'look' | false;
  readonly partRetry: PartRetry;
  readonly signal: AbortSignal | undefined;
}

/** Stores a small object with one request, replacing whatever is there. */
export async function putWhole(
  upload: S3Upload,
  source: ReplayableSource,
  options: PutOptions,
): Promise<StoredObject> {
  const { bucket, key, signal } = upload;
  const body = await collectBytes(readChecked(source, signal));
  const command = new PutObjectCommand({
    Bucket: bucket.name,
    Key: bucket.pathOf(key),
    Body: body,
    ContentLength: body.length,
    ContentMD5: createHash('md5').update(body).digest('base64'),
    ContentType: 'application/octet-stream',
    ...lockParameters(upload.retention, upload.now()),
  });
  const put = (): Promise<PutObjectCommandOutput> =>
    bucket.typed(() => bucket.send(command, signalOf(signal)), signal);
  const { ETag } = await withPartRetry(put, upload.partRetry, signal);
  options.onProgress?.({ transferredBytes: body.length, totalBytes: body.length });
  return assertArrived(upload, bareEtag(ETag));
}

/** The parts of an object on their way into a bucket. */
export function s3PartTransport(upload: S3Upload): PartTransport {
  const { bucket, key, signal } = upload;
  const place = { Bucket: bucket.name, Key: bucket.pathOf(key) };
  const abort = (uploadId: string): Promise<void> => abortUpload(bucket, bucket.pathOf(key), uploadId);
  const breaking = new BreakingLine();
  const grown = new GrownParts(upload);
  let mayHaveGrown = false;
  return {
    async begin() {
      // Checked before the first byte, so that nothing is sent in vain.
      if (upload.ifAbsent !== false && (await look(bucket, key, signal)) !== null) throw taken(bucket, key);
      const begun = await bucket.typed(
        () =>
          bucket.send(
            new CreateMultipartUploadCommand({
              ...place,
              ContentType: 'application/octet-stream',
              ...(upload.sha256 !== undefined && { Metadata: { sha256: upload.sha256 } }),
              ...lockParameters(upload.retention, upload.now()),
            }),
            signalOf(signal),
          ),
        signal,
      );
      if (begun.UploadId === undefined || begun.UploadId === '') {
        throw invalidAnswer(bucket.description, 'an upload without an id');
      }
      return begun.UploadId;
    },
    present(uploadId) {
      mayHaveGrown = true;
      return listParts(bucket, key, uploadId, signal);
    },
    async send(uploadId, part, stop) {
      if (breaking.wantsPieces(part)) {
        mayHaveGrown = true;
        const etag = await grown.send(uploadId, part, stop);
        if (etag !== null) {
          breaking.sentInPieces();
          return etag;
        }
      }
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
      const stored = await publish(upload, uploadId, parts, abort);
      if (mayHaveGrown) await grown.remove(uploadId);
      return stored;
    },
    async abort(uploadId) {
      await abort(uploadId);
      if (mayHaveGrown) await grown.remove(uploadId);
    },
  };
}

async function publish(
  upload: S3Upload,
  uploadId: string,
  parts: readonly UploadedPart[],
  abort: (uploadId: string) => Promise<void>,
): Promise<StoredObject> {
  const { bucket, key, ifAbsent } = upload;
  if (ifAbsent === false) return finish(upload, uploadId, parts);
  const early = await ownOrTaken(upload, uploadId, parts);
  if (early !== null || ifAbsent === 'look') return early ?? finish(upload, uploadId, parts);
  await holdClaim({ ...upload, uploadId, abort });
  const stored = (await ownOrTaken(upload, uploadId, parts)) ?? (await finish(upload, uploadId, parts));
  await removeClaims(bucket, key);
  return stored;
}

/** The present object: null for none, our own of an earlier try; refuses those of others. */
async function ownOrTaken(
  upload: S3Upload,
  uploadId: string,
  parts: readonly UploadedPart[],
): Promise<StoredObject | null> {
  const { bucket, key, signal } = upload;
  const there = await lookClosely(bucket, key, signal);
  if (there === null) return null;
  if (upload.ifAbsent === 'claim') await removeClaims(bucket, key);
  if (!isSame(there, upload, etagOfParts(parts))) throw taken(bucket, key);
  await abortUpload(bucket, bucket.pathOf(key), uploadId);
  return there.object;
}

async function finish(
  upload: S3Upload,
  uploadId: string,
  parts: readonly UploadedPart[],
): Promise<StoredObject> {
  const { bucket, key, signal } = upload;
  const command = new CompleteMultipartUploadCommand({
    Bucket: bucket.name,
    Key: bucket.pathOf(key),
    UploadId: uploadId,
    ...(upload.ifAbsent === 'claim' && { IfNoneMatch: '*' }),
    MultipartUpload: { Parts: parts.map((one) => ({ PartNumber: one.number, ETag: one.etag })) },
  });
  let etag = etagOfParts(parts);
  try {
    const { ETag } = await bucket.typed(() => bucket.send(command, signalOf(signal)), signal);
    etag = bareEtag(ETag) === '' ? etag : bareEtag(ETag);
  } catch (error) {
    // An earlier try may have completed it, although its answer was lost.
    if (!saidByStore(error, 'NoSuchUpload')) throw error;
    const there = await lookClosely(bucket, key, signal);
    if (there === null || !isSame(there, upload, etag)) throw error;
    return there.object;
  }
  return assertArrived(upload, etag);
}

/** The parts that a store has of an upload; null when it does not know the upload. */
export async function listParts(
  bucket: Bucket,
  key: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<readonly PresentPart[] | null> {
  const present: PresentPart[] = [];
  const pages = new Pages(bucket.description, '');
  let marker: string | undefined;
  do {
    const command = new ListPartsCommand({
      Bucket: bucket.name,
      Key: bucket.pathOf(key),
      UploadId: uploadId,
      ...(marker !== undefined && { PartNumberMarker: marker }),
    });
    const page = await pages.next(() => bucket.orNull(() => bucket.send(command, signalOf(signal)), signal));
    if (page === null) return null;
    for (const { PartNumber, Size, ETag } of page.Parts ?? []) {
      const before = present.at(-1)?.number ?? 0;
      if (!isCount(PartNumber) || PartNumber <= before || PartNumber > 10_000 || !isCount(Size)) {
        throw pages.failure('it has an invalid part');
      }
      present.push({ number: PartNumber, size: Size, etag: bareEtag(ETag) });
    }
    marker = pages.after(page.IsTruncated, page.NextPartNumberMarker);
  } while (marker !== undefined);
  return present;
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! >= 0;
}

/** Aborts an unfinished upload; a missing one is not an error. */
export async function abortUpload(bucket: Bucket, path: string, uploadId: string): Promise<void> {
  await bucket.orNull(() =>
    bucket.send(new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: path, UploadId: uploadId })),
  );
}

/** The object under a key; null for none. */
export async function look(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<StoredObject | null> {
  return (await lookClosely(bucket, key, signal))?.object ?? null;
}

/** An object, and the digest that its writer left with it. */
interface Seen {
  readonly object: StoredObject;
  readonly sha256: string | undefined;
}

async function lookClosely(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Seen | null> {
  const command = new HeadObjectCommand({ Bucket: bucket.name, Key: bucket.pathOf(key) });
  const head = await bucket.orNull(() => bucket.send(command, signalOf(signal)), signal);
  if (head === null) return null;
  // Every store returns a date or an etag; a portal that answers for it returns neither.
  if (head.LastModified === undefined && head.ETag === undefined) {
    throw invalidAnswer(bucket.description, 'neither date nor etag of an object');
  }
  const told = { size: head.ContentLength, date: head.LastModified, etag: head.ETag };
  return { object: storedObject(key, told), sha256: head.Metadata?.['sha256'] };
}

/**
 * The etag that stores give to an object of parts: the MD5 of the MD5s, and the number of parts. Undefined
 * where the parts' etags are not MD5s, as in a bucket encrypted by a key service.
 */
function etagOfParts(parts: readonly UploadedPart[]): string | undefined {
  if (parts.some(({ etag, md5 }) => etag !== md5)) return undefined;
  const all = createHash('md5');
  for (const { md5 } of parts) all.update(md5, 'hex');
  return `${all.digest('hex')}-${parts.length}`;
}

// By the digest stored with it, or by the etag, where there is one.
function isSame(there: Seen, upload: S3Upload, etag: string | undefined): boolean {
  if (there.object.size !== upload.size) return false;
  if (there.sha256 !== undefined && upload.sha256 !== undefined) return there.sha256 === upload.sha256;
  return etag !== undefined && there.object.etag === etag;
}

function taken(bucket: Bucket, key: string): BackupError {
  return new BackupError('storage-exists', `There is already a ${key} in the ${bucket.description}.`, {
    details: { key },
  });
}

// Without an etag only the size is checked here; the read-back after the upload checks the rest.
async function assertArrived(
  { bucket, key, size, signal, ifAbsent }: S3Upload,
  etag: string | undefined,
): Promise<StoredObject> {
  const there = await look(bucket, key, signal);
  const untold = etag === undefined || etag === '' || there?.etag === undefined;
  if (there !== null && there.size === size && (untold || there.etag === etag)) return there;
  // Without `ifAbsent` another writer may replace it at once.
  if (there !== null && ifAbsent === false) return { ...there, size, ...(!untold && { etag }) };
  throw new BackupError('verification-failed', `${key} did not arrive whole in the ${bucket.description}.`, {
    details: { key, expectedSize: size, ...(there && { size: there.size }) },
  });
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
