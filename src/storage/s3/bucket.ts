import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { assertArgument } from '../../arguments.js';
import { BackupError, isBackupError } from '../../errors.js';
import type { StoredObject } from '../adapter.js';
import type { Pages } from '../listing.js';
import { assertKey, ownPrefix } from '../object-keys.js';
import { invalidAnswer, refuseInvalidAnswers } from './answers.js';
import { s3Failure } from './failures.js';

/** A retention that the store enforces: until then nobody can remove or replace a version. */
export interface Retention {
  /** `COMPLIANCE` also binds the owner of the account; `GOVERNANCE` can be lifted by special permission. */
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  /** Days for which nobody can remove an object. */
  readonly days: number;
}

/** Where a bucket is. */
export interface BucketAddress {
  /** Name of the bucket. */
  readonly bucket: string;
  /** Begins every key in the bucket, such as `practices/`. @defaultValue none */
  readonly prefix?: string | undefined;
  /**
   * How to reach the store, as `@aws-sdk/client-s3` takes it: endpoint, region, credentials,
   * `forcePathStyle`. Checksums and retries are set by this library.
   */
  readonly connection: S3ClientConfig;
}

/** A difference of clocks that every store accepts; Amazon accepts 15 minutes. In milliseconds. */
const clockTolerance = 4 * 60_000;

/** Idle time after which a connection is closed, in milliseconds. */
const idleTimeout = 60_000;

type Send = S3Client['send'];

/** A bucket: its client, its keys, and typed failures. */
export class Bucket {
  readonly client: S3Client;
  readonly name: string;
  readonly description: string;
  /** Whether the store has shown that it refuses a conditional write to a taken key. */
  heedsPreconditions = false;
  readonly #prefix: string;

  constructor(address: BucketAddress) {
    const { bucket, prefix = '', connection } = address;
    if (typeof bucket !== 'string' || bucket === '') throw new TypeError('"bucket" must be a name');
    assertArgument('connection', connection, 'object');
    if (prefix !== '') assertKey(`${prefix}x`);
    this.name = bucket;
    this.#prefix = prefix;
    this.description = `bucket ${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.client = new S3Client({
      requestHandler: { connectionTimeout: 15_000, socketTimeout: idleTimeout },
      ...connection,
      ...renewable(connection.credentials, this.description),
      // Each request carries an MD5 of ours. With the additional checksums of the client, stores other than
      // Amazon's refuse a request or, worse, store its framing.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // The callers retry, because they know what an earlier try may have done.
      maxAttempts: 1,
    });
    refuseInvalidAnswers(this.client, this.description);
  }

  /** The key in the bucket. @throws TypeError or RangeError */
  pathOf(key: string): string {
    assertKey(key);
    return `${this.#prefix}${key}`;
  }

  /** The path of an internal object. No key leads there. */
  ownPath(name: string): string {
    return `${this.#prefix}${ownPrefix}${name}`;
  }

  /** The prefix in the bucket. */
  prefixOf(prefix: string): string {
    return `${this.#prefix}${prefix}`;
  }

  /** The key of a path in the bucket; undefined for what this library did not store. */
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

  /** Sends a command. Bound to the client, so that its overloads are kept; see {@link typed} for failures. */
  get send(): Send {
    return this.client.send.bind(this.client) as Send;
  }

  /** How far the store's clock is known to be ahead of that of this machine, in milliseconds. */
  get clockOffset(): number {
    return this.client.config.systemClockOffset;
  }

  /** Runs a request and types its failure. Runs it once more when only the clock was wrong. */
  async typed<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    const before = this.clockOffset;
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted === true || Math.abs(this.clockOffset - before) < clockTolerance) {
        throw s3Failure(error, this.description, signal);
      }
    }
    // The client has learned the store's time from the answer, so a wrong clock costs one request.
    try {
      return await work();
    } catch (error) {
      throw s3Failure(error, this.description, signal);
    }
  }

  /** As {@link typed}; null for a missing object. */
  async orNull<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result | null> {
    try {
      return await this.typed(work, signal);
    } catch (error) {
      if (isBackupError(error, 'storage-not-found')) return null;
      throw error;
    }
  }
}

/** A failed renewal of credentials is transient: the service that issues them may be restarting. */
function renewable(
  credentials: S3ClientConfig['credentials'],
  description: string,
): Pick<S3ClientConfig, 'credentials'> {
  if (typeof credentials !== 'function') return {};
  return {
    credentials: async (...given) => {
      try {
        return await credentials(...given);
      } catch (error) {
        if (isBackupError(error) || (error as Error | undefined)?.name === 'CredentialsProviderError')
          throw error;
        throw new BackupError(
          'storage-transient',
          `The credentials for the ${description} cannot be renewed now.`,
          {
            details: { reason: 'credentials' },
          },
        );
      }
    },
  };
}

/**
 * The fields of an object in a store's answer, checked.
 *
 * @throws BackupError for an invalid size or date
 */
export function storedObject(
  key: string,
  told: {
    readonly size: number | undefined;
    readonly date: Date | undefined;
    readonly etag: string | undefined;
  },
): StoredObject {
  const etag = bareEtag(told.etag);
  const { size, date = new Date(0) } = told;
  if (size === undefined || !Number.isSafeInteger(size) || size < 0 || Number.isNaN(date.getTime())) {
    throw invalidAnswer('store', 'an invalid size or date');
  }
  return {
    key,
    size,
    modifiedAt: date,
    ...(etag !== '' && { etag }),
  };
}

/** A path of a list, which some stores URL-encode even when not asked to. */
export function plainPath(
  path: string | undefined,
  encoding: string | undefined,
  pages: Pages,
): string | undefined {
  if (encoding !== 'url' || path === undefined) return path;
  try {
    return decodeURIComponent(path.replaceAll('+', ' '));
  } catch {
    throw pages.failure('a name in it cannot be decoded');
  }
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
