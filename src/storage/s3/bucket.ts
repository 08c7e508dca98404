import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { isBackupError } from '../../errors.js';
import type { StoredObject } from '../adapter.js';
import { assertKey, ownPrefix } from '../object-keys.js';
import { s3Failure } from './failures.js';

/** A retention that the store enforces: until then nobody removes or replaces a version, whatever he may. */
export interface Retention {
  /** `COMPLIANCE` binds the owner of the account too; `GOVERNANCE` can be lifted by special permission. */
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  readonly days: number;
}

/** Where a bucket is. */
export interface BucketAddress {
  readonly bucket: string;
  /** Begins every key in the bucket, such as `practices/`. @defaultValue none */
  readonly prefix?: string;
  /**
   * How to reach the store, as `@aws-sdk/client-s3` takes it: endpoint, region, credentials, `forcePathStyle`.
   * Checksums and retries are set by this library.
   */
  readonly connection: S3ClientConfig;
}

/** Idle time after which a connection is given up, in milliseconds. */
const idleTimeout = 60_000;

type Send = S3Client['send'];

/** A bucket: the client, the keys in it, and its failures made typed. */
export class Bucket {
  readonly client: S3Client;
  readonly name: string;
  readonly description: string;
  /** Whether the store was seen to refuse what is to be absent and is not. */
  heedsPreconditions = false;
  readonly #prefix: string;

  constructor(address: BucketAddress) {
    const { bucket, prefix = '', connection } = address;
    if (typeof bucket !== 'string' || bucket === '') throw new TypeError('"bucket" is to be a name');
    if (prefix !== '') assertKey(`${prefix}x`);
    this.name = bucket;
    this.#prefix = prefix;
    this.description = `bucket ${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.client = new S3Client({
      requestHandler: { connectionTimeout: 15_000, socketTimeout: idleTimeout },
      ...connection,
      // Each request carries an MD5 of ours. The checksums that the client would add by itself make other stores than
      // that of Amazon refuse a request, or worse, store its framing.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // Whoever calls tries again, and knows then what an earlier try may have done.
      maxAttempts: 1,
    });
  }

  /** The key in the bucket. @throws TypeError or RangeError */
  pathOf(key: string): string {
    assertKey(key);
    return `${this.#prefix}${key}`;
  }

  /** The path of something that this library keeps beside the objects. No key leads there. */
  ownPath(name: string): string {
    return `${this.#prefix}${ownPrefix}${name}`;
  }

  /** What begins the keys in the bucket. */
  prefixOf(prefix: string): string {
    return `${this.#prefix}${prefix}`;
  }

  /** The key of a path in the bucket; undefined for what no store of this library has put there. */
  keyOf(path: string | undefined): string | undefined {
    if (path === undefined || !path.startsWith(this.#prefix)) return undefined;
    const key = path.slice(this.#prefix.length);
    try {
      assertKey(key);
      return key;
    } catch {
      return undefined;
    }
  }

  /** Sends a command. Bound to the client, so that its overloads stay; failures come typed through {@link typed}. */
  get send(): Send {
    return this.client.send.bind(this.client) as Send;
  }

  /** Runs a request; its failure comes typed. */
  async typed<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      throw s3Failure(error, this.description, signal);
    }
  }

  /** As {@link typed}; what is not there is null. */
  async orNull<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result | null> {
    try {
      return await this.typed(work, signal);
    } catch (error) {
      if (isBackupError(error, 'storage-not-found')) return null;
      throw error;
    }
  }
}

/** What a store tells of an object, in the words of the contract. */
export function storedObject(
  key: string,
  told: {
    readonly size: number | undefined;
    readonly date: Date | undefined;
    readonly etag: string | undefined;
  },
): StoredObject {
  const etag = bareEtag(told.etag);
  return {
    key,
    size: told.size ?? 0,
    modifiedAt: told.date ?? new Date(0),
    ...(etag !== '' && { etag }),
  };
}

/** A signal, in the words of the client. */
export function signalOf(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** An etag without its quotes; empty when there is none, which happens. */
export function bareEtag(etag: string | undefined): string {
  return etag?.replaceAll('"', '') ?? '';
}

/** The parameters of a request that lock an object until its retention ends. */
export function lockParameters(
  retention: Retention | undefined,
  now: Date,
): { ObjectLockMode?: Retention['mode']; ObjectLockRetainUntilDate?: Date } {
  if (retention === undefined) return {};
  return {
    ObjectLockMode: retention.mode,
    ObjectLockRetainUntilDate: new Date(now.getTime() + retention.days * 24 * 60 * 60 * 1000),
  };
}
