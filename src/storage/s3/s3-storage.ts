import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { assertArgument } from '../../arguments.js';

import type {
  GetOptions,
  PutOptions,
  ReplayableSource,
  StorageAdapter,
  StorageCapabilities,
  StorageFailure,
  StoredObject,
} from '../adapter.js';
import { classifyByCode } from '../classify.js';
import { Pages } from '../listing.js';
import type { PartRetry } from '../multipart/part-retry.js';
import { partSizeFor, smallestPart, uploadInParts } from '../multipart/upload-in-parts.js';
import { createMemoryUploadJournal, type UploadJournal } from '../multipart/upload-journal.js';
import { Bucket, type BucketAddress, plainPath, type Retention, signalOf, storedObject } from './bucket.js';
import { readObject } from './read-object.js';
import { abortUpload, look, putWhole, type S3Upload, s3PartTransport } from './s3-upload.js';
import { storageAsOf } from './versions.js';

/** Options of {@link createS3Storage}. */
export interface S3StorageOptions extends BucketAddress {
  /** Size of a part in bytes. The smallest loses least when the line breaks. @defaultValue 5 MiB */
  readonly partSize?: number | undefined;
  /** Parts in flight at once. Memory: this number plus one, times the part size. @defaultValue 2 */
  readonly concurrency?: number | undefined;
  /** Where unfinished uploads are remembered; a file journal outlives the process. @defaultValue in memory */
  readonly journal?: UploadJournal | undefined;
  /** How often and how long a part is tried. */
  readonly partRetry?: PartRetry | undefined;
  /**
   * Locks each object for a time; the bucket must have object lock. The store can then also keep an object
   * longer (`retainUntil`), which the nightly run does with the last clean copy while data seems to be lost.
   */
  readonly retention?: Retention | undefined;
  /**
   * Whether the store supports `If-None-Match` when an object is put, as Amazon S3, Ceph and most others do;
   * then only one of several writers with `ifAbsent` wins. Otherwise the adapter only checks before it
   * stores.
   *
   * @defaultValue true
   */
  readonly conditionalWrites?: boolean | undefined;
  /** Objects asked for in one page of a list. @defaultValue 1000 */
  readonly pageSize?: number | undefined;
  /** The clock that retention counts from. @defaultValue the clock of the machine */
  readonly now?: (() => Date) | undefined;
}

/** A store in a bucket. */
export interface S3Storage extends StorageAdapter {
  /**
   * The bucket as it was at the end of a second, read-only: what was hidden or replaced since then is there.
   * The bucket must have versioning. This is the way back after somebody deleted everything.
   */
  asOf(moment: Date): StorageAdapter;

  /**
   * Aborts unfinished uploads, which cost space and are not listed.
   *
   * @param options - those begun before `olderThan`, of keys that begin with `prefix`
   * @returns how many
   */
  discardUnfinished(options: {
    readonly olderThan: Date;
    readonly prefix?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<number>;
}

/**
 * A store in a bucket of any S3-compatible service. Large objects go in parts that are checked one by one,
 * resume after a lost connection and, with a file journal, after a restart; memory does not grow with the
 * object.
 *
 * @throws TypeError or RangeError naming a wrong option
 * @example
 * ```ts
 * const bucket = createS3Storage({ bucket: 'copies', connection: { region: 'us-east-1' } });
 * console.log(bucket.description);
 * ```
 */
export function createS3Storage(options: S3StorageOptions): S3Storage {
  assertArgument('options', options, 'object');
  return new S3ObjectStorage(options);
}

class S3ObjectStorage implements S3Storage {
  readonly description: string;
  readonly capabilities: StorageCapabilities;
  readonly retainUntil?: NonNullable<StorageAdapter['retainUntil']>;
  readonly #bucket: Bucket;
  readonly #options: S3StorageOptions;
  readonly #partSize: number;
  readonly #journal: UploadJournal;

  constructor(options: S3StorageOptions) {
    const { partSize = smallestPart, concurrency = 2 } = options;
    if (!Number.isSafeInteger(partSize) || partSize < smallestPart) {
      throw new RangeError(`"partSize" must be ${smallestPart} bytes or more`);
    }
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new RangeError('"concurrency" must be 1 or more');
    }
    this.#bucket = new Bucket(options);
    this.#options = options;
    this.#partSize = partSize;
    this.#journal = options.journal ?? createMemoryUploadJournal();
    this.description = this.#bucket.description;
    const { retention } = options;
    if (retention !== undefined) {
      this.retainUntil = (key, until, { signal } = {}) =>
        retain(this.#bucket, key, retention.mode, until, signal);
    }
    this.capabilities = {
      atomicIfAbsent: options.conditionalWrites !== false,
      ranges: true,
      resumablePut: true,
      overwrite: true,
      delete: true,
    };
  }

  async put(key: string, source: ReplayableSource, options: PutOptions = {}): Promise<StoredObject> {
    const { partRetry = {}, concurrency = 2, now = () => new Date() } = this.#options;
    const bucket = this.#bucket;
    bucket.pathOf(key);
    options.signal?.throwIfAborted();
    const guard = this.capabilities.atomicIfAbsent ? 'claim' : 'look';
    const upload: S3Upload = {
      bucket,
      key,
      size: source.size,
      sha256: source.sha256,
      retention: this.#options.retention,
      now,
      ifAbsent: options.ifAbsent === true && guard,
      partRetry,
      signal: options.signal,
    };
    // With `ifAbsent` small objects need a claim as well, or a small and a large one could both win.
    if (upload.ifAbsent === false && source.size <= this.#partSize) return putWhole(upload, source, options);
    return uploadInParts({
      store: `${String(this.#options.connection.endpoint ?? '')} ${bucket.description}`,
      key,
      source,
      transport: s3PartTransport(upload),
      journal: this.#journal,
      partSize: partSizeFor(source.size, this.#partSize),
      concurrency,
      partRetry,
      options,
    });
  }

  get(key: string, options: GetOptions = {}): AsyncIterable<Uint8Array> {
    return readObject(
      this.#bucket,
      key,
      options,
      (range, signal) =>
        this.#bucket.send(
          new GetObjectCommand({
            Bucket: this.#bucket.name,
            Key: this.#bucket.pathOf(key),
            ...(range !== undefined && { Range: range }),
          }),
          signal,
        ),
      async () => (await this.stat(key, { signal: options.signal }))?.size,
    );
  }

  async stat(
    key: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<StoredObject | null> {
    return look(this.#bucket, key, options.signal);
  }

  async *list(
    prefix: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<StoredObject> {
    const bucket = this.#bucket;
    const pages = new Pages(bucket.description, bucket.prefixOf(prefix));
    let token: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: bucket.name,
        Prefix: bucket.prefixOf(prefix),
        MaxKeys: this.#options.pageSize ?? 1000,
        ...(token !== undefined && { ContinuationToken: token }),
      });
      const page = await pages.next(() =>
        bucket.typed(() => bucket.send(command, signalOf(options.signal)), options.signal),
      );
      for (const { Key, Size, LastModified, ETag } of page.Contents ?? []) {
        const path = pages.pass(plainPath(Key, page.EncodingType, pages));
        const key = bucket.keyOf(path);
        options.signal?.throwIfAborted();
        if (key !== undefined) yield storedObject(key, { size: Size, date: LastModified, etag: ETag });
      }
      token = pages.after(page.IsTruncated, page.NextContinuationToken);
    } while (token !== undefined);
  }

  async delete(key: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const bucket = this.#bucket;
    const path = bucket.pathOf(key);
    await bucket.orNull(
      () =>
        bucket.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: path }), signalOf(options.signal)),
      options.signal,
    );
  }

  classify(error: unknown): StorageFailure {
    return classifyByCode(error);
  }

  asOf(moment: Date): StorageAdapter {
    return storageAsOf(this.#bucket, moment);
  }

  async discardUnfinished(options: {
    readonly olderThan: Date;
    readonly prefix?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<number> {
    const bucket = this.#bucket;
    const { olderThan, prefix = '', signal } = options;
    let discarded = 0;
    const pages = new Pages(bucket.description, bucket.prefixOf(prefix));
    let from: { KeyMarker?: string; UploadIdMarker?: string } = {};
    for (;;) {
      const command = new ListMultipartUploadsCommand({
        Bucket: bucket.name,
        Prefix: bucket.prefixOf(prefix),
        ...from,
      });
      const page = await pages.next(() => bucket.typed(() => bucket.send(command, signalOf(signal)), signal));
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        const path = plainPath(Key, page.EncodingType, pages);
        // Only our own uploads are aborted: if a store lists other keys than requested, none of its list is
        // trusted.
        if (path === undefined || !path.startsWith(bucket.prefixOf(prefix))) {
          throw pages.failure('it holds what was not requested');
        }
        if (UploadId === undefined || Initiated === undefined || Initiated >= olderThan) continue;
        await abortUpload(bucket, path, UploadId);
        discarded += 1;
      }
      const { NextKeyMarker, NextUploadIdMarker } = page;
      const next = pages.after(page.IsTruncated, NextKeyMarker, NextUploadIdMarker);
      if (next === undefined) break;
      from = {
        KeyMarker: next,
        ...(NextUploadIdMarker !== undefined && { UploadIdMarker: NextUploadIdMarker }),
      };
    }
    return discarded;
  }
}

async function retain(
  bucket: Bucket,
  key: string,
  mode: Retention['mode'],
  until: Date,
  signal: AbortSignal | undefined,
): Promise<void> {
  const command = new PutObjectRetentionCommand({
    Bucket: bucket.name,
    Key: bucket.pathOf(key),
    Retention: { Mode: mode, RetainUntilDate: until },
  });
  await bucket.typed(() => bucket.send(command, signalOf(signal)), signal);
}
