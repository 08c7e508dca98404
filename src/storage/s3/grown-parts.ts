import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { BackupError } from '../../errors.js';
import { classifyByCode } from '../classify.js';
import { type PartRetry, withPartRetry } from '../multipart/part-retry.js';
import { type OutgoingPart, smallestPart } from '../multipart/upload-in-parts.js';
import { type Bucket, bareEtag } from './bucket.js';
import { saidByStore } from './failures.js';

/** A break of the line loses half a piece, on average. Each piece takes four requests. In bytes. */
const pieceSize = 1024 * 1024;

export interface GrownPartsOptions {
  readonly bucket: Bucket;
  readonly key: string;
  readonly partRetry: PartRetry;
}

/**
 * Parts in pieces, for a line that breaks before five megabytes have arrived. A store joins no smaller parts,
 * but it accepts a *last* part of any size. So an object grows in the store: each step copies it, within the
 * store, as the first part of its successor, and adds one more piece as the last part. It starts from the
 * base, a part that had to be sent anyway. When all pieces have arrived, what follows the base is copied into
 * the upload as one part.
 */
export class GrownParts {
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #partRetry: PartRetry;
  #base: Promise<number | null> | undefined;
  #etagsAreMd5 = false;

  constructor({ bucket, key, partRetry }: GrownPartsOptions) {
    this.#bucket = bucket;
    this.#key = key;
    this.#partRetry = partRetry;
  }

  /**
   * Resolves to the etag of the part; null when the store does not let objects grow, and the part must be
   * sent whole.
   */
  async send(uploadId: string, part: OutgoingPart, stop: AbortSignal): Promise<string | null> {
    try {
      this.#base ??= this.#findBase(uploadId, stop);
      const asked = this.#base;
      // Of several parts in flight one becomes the base; the others wait for it.
      if ((await asked) === null && asked === this.#base && part.bytes.length >= smallestPart) {
        this.#base = this.#putBase(uploadId, part, stop);
        await this.#base;
        return await this.#takeOver(uploadId, part, this.#basePath(uploadId), 0, stop);
      }
      const baseSize = await this.#base;
      return baseSize === null ? null : await this.#grow(uploadId, part, baseSize, stop);
    } catch (error) {
      this.#base = undefined;
      // No right to read, no support for copies, or an object lock that would keep all steps for years.
      if (!stop.aborted && classifyByCode(error) === 'permanent') return null;
      throw error;
    }
  }

  /** Removes the steps with all their versions. What remains is removed by the lifecycle rule. */
  async remove(uploadId: string): Promise<void> {
    await this.#purge(this.#folderOf(uploadId)).catch(() => undefined);
  }

  #folderOf(uploadId: string): string {
    const mark = createHash('sha256').update(`${this.#key}\n${uploadId}`).digest('hex').slice(0, 40);
    return this.#bucket.ownPath(`pieces/${mark}/`);
  }

  #basePath(uploadId: string): string {
    return `${this.#folderOf(uploadId)}base`;
  }

  /** The size of the base that this or an earlier run has sent; null for none. */
  async #findBase(uploadId: string, stop: AbortSignal): Promise<number | null> {
    const head = await this.#head(this.#basePath(uploadId), stop);
    return head?.ContentLength ?? null;
  }

  async #putBase(uploadId: string, part: OutgoingPart, stop: AbortSignal): Promise<number> {
    const path = this.#basePath(uploadId);
    const { name } = this.#bucket;
    const body = { Body: part.bytes, ContentLength: part.bytes.length, ContentMD5: base64Of(part.md5) };
    const command = new PutObjectCommand({ Bucket: name, Key: path, ...body });
    const { ETag } = await this.#withPartRetry(stop, () => this.#bucket.send(command, { abortSignal: stop }));
    this.#etagsAreMd5 ||= bareEtag(ETag) === part.md5;
    const head = await this.#head(path, stop);
    if (head?.ObjectLockMode === undefined) return part.bytes.length;
    throw new BackupError(
      'storage-permanent',
      `The ${this.#bucket.description} locks every object, so that none can grow.`,
    );
  }

  async #grow(uploadId: string, part: OutgoingPart, baseSize: number, stop: AbortSignal): Promise<string> {
    // The name contains the MD5, so that pieces of other bytes are never used.
    const path = `${this.#folderOf(uploadId)}${part.number}-${part.md5}`;
    const { length } = part.bytes;
    const there = (await this.#head(path, stop))?.ContentLength ?? baseSize;
    for (let offset = there - baseSize; offset < length; offset += pieceSize) {
      const from = offset === 0 ? this.#basePath(uploadId) : path;
      const piece = part.bytes.subarray(offset, offset + pieceSize);
      await this.#append(path, from, piece, baseSize + offset + piece.length, stop);
    }
    const etag = await this.#takeOver(uploadId, part, path, baseSize, stop);
    await this.#purge(path).catch(() => undefined);
    return etag;
  }

  /** One step of growth: the present object, and a piece. */
  async #append(
    path: string,
    from: string,
    piece: Buffer,
    sizeThen: number,
    stop: AbortSignal,
  ): Promise<void> {
    const bucket = this.#bucket;
    const place = { Bucket: bucket.name, Key: path };
    const limits = { abortSignal: stop };
    const create = new CreateMultipartUploadCommand(place);
    const { UploadId } = await this.#withPartRetry(stop, () => bucket.send(create, limits));
    const copy = new UploadPartCopyCommand({ ...place, UploadId, PartNumber: 1, ...this.#sourceOf(from) });
    const { CopyPartResult } = await this.#withPartRetry(stop, () => bucket.send(copy, limits));
    const md5 = createHash('md5').update(piece);
    const [base64, hex] = [md5.copy().digest('base64'), md5.digest('hex')];
    const body = { Body: piece, ContentLength: piece.length, ContentMD5: base64 };
    const append = new UploadPartCommand({ ...place, UploadId, PartNumber: 2, ...body });
    const { ETag } = await this.#withPartRetry(stop, () => bucket.send(append, limits));
    this.#etagsAreMd5 ||= bareEtag(ETag) === hex;
    const Parts = [CopyPartResult?.ETag, ETag].map((etag, i) => ({ PartNumber: i + 1, ETag: etag }));
    const complete = new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } });
    try {
      await this.#withPartRetry(stop, () => bucket.send(complete, limits));
    } catch (error) {
      // An earlier try may have completed it, although its answer was lost.
      const done = saidByStore(error, 'NoSuchUpload') && (await this.#head(path, stop))?.ContentLength;
      if (done !== sizeThen) throw error;
    }
  }

  /** Copies what follows the base into the upload. */
  async #takeOver(
    uploadId: string,
    { number, bytes, md5 }: OutgoingPart,
    path: string,
    start: number,
    stop: AbortSignal,
  ): Promise<string> {
    const bucket = this.#bucket;
    const command = new UploadPartCopyCommand({
      Bucket: bucket.name,
      Key: bucket.pathOf(this.#key),
      UploadId: uploadId,
      PartNumber: number,
      ...this.#sourceOf(path),
      CopySourceRange: `bytes=${start}-${start + bytes.length - 1}`,
    });
    const { CopyPartResult } = await this.#withPartRetry(stop, () =>
      bucket.send(command, { abortSignal: stop }),
    );
    const etag = bareEtag(CopyPartResult?.ETag);
    if (this.#etagsAreMd5 && etag !== '' && etag !== md5) {
      await this.#purge(path);
      throw new BackupError(
        'storage-transient',
        `The ${bucket.description} joined other bytes than those sent.`,
      );
    }
    return etag === '' ? md5 : etag;
  }

  #sourceOf(path: string): { readonly CopySource: string } {
    return { CopySource: `${this.#bucket.name}/${path.split('/').map(encodeURIComponent).join('/')}` };
  }

  #head(path: string, stop: AbortSignal) {
    const command = new HeadObjectCommand({ Bucket: this.#bucket.name, Key: path });
    return this.#bucket.orNull(
      () => this.#withPartRetry(stop, () => this.#bucket.send(command, { abortSignal: stop })),
      stop,
    );
  }

  async #purge(prefix: string): Promise<void> {
    const { name } = this.#bucket;
    const listed = await this.#bucket.send(new ListObjectVersionsCommand({ Bucket: name, Prefix: prefix }));
    for (const { Key = '', VersionId } of [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])]) {
      if (!Key.startsWith(prefix)) continue;
      await this.#bucket.send(new DeleteObjectCommand({ Bucket: name, Key, VersionId }));
    }
  }

  #withPartRetry<Result>(stop: AbortSignal, attempt: () => Promise<Result>): Promise<Result> {
    return withPartRetry(() => this.#bucket.typed(attempt, stop), this.#partRetry, stop);
  }
}

function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
