import type { ByteSource } from '../bytes.js';

/**
 * The whole contract of a store. Any host can write one, and prove it with the suite that
 * `supplemental-backup/testing` exports.
 *
 * What every adapter promises:
 * - an object is visible under its key only when it is complete (`get`, `stat` and `list` never show a
 *   partial one), whatever happens in between: abort, crash, lost connection;
 * - after `put` resolved, `get` from anywhere gives exactly those bytes;
 * - an aborted `signal` rejects with `signal.reason`;
 * - other failures are `BackupError`s with a `storage-…` code, whose messages hold no secret.
 *
 * Keys are `/`-separated, `<practice>/<date>/<archive id>.tar.age`; each segment is non-empty and not `.` or
 * `..`.
 */
export interface StorageAdapter {
  /** For people and logs: what and where, without secrets, such as `folder \\server\backup`. */
  readonly description: string;
  /** What the store can do. */
  readonly capabilities: StorageCapabilities;

  /**
   * Stores an object.
   *
   * @throws BackupError `storage-exists` when the key is taken and `ifAbsent` is asked for or the store never
   *   overwrites; `storage-full`; `storage-transient`; `storage-permanent`
   */
  put(key: string, source: ReplayableSource, options?: PutOptions): Promise<StoredObject>;

  /**
   * Reads an object or a range of it, pulled.
   *
   * @throws BackupError `storage-not-found`; RangeError when the range is not inside the object
   */
  get(key: string, options?: GetOptions): AsyncIterable<Uint8Array>;

  /** What is known of an object; null when there is none. */
  stat(key: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<StoredObject | null>;

  /** All objects whose key starts with `prefix`, in key order. */
  list(prefix: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<StoredObject>;

  /** Removes an object; resolves also when there is none. */
  delete(key: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;

  /**
   * Makes the store itself keep an object until a moment, so that nobody can remove it earlier, the office
   * included. A later moment replaces an earlier one. Absent where the store cannot do that.
   *
   * @throws BackupError `storage-not-found`; `storage-permanent` where the store refuses
   */
  retainUntil?(
    key: string,
    until: Date,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<void>;

  /** How to treat a failure of this adapter; the retry wrapper uses it. */
  classify(error: unknown): StorageFailure;
}

/** What a store can do beyond the minimum. */
export interface StorageCapabilities {
  /** `ifAbsent` is decided by the store itself, atomically among all writers. */
  readonly atomicIfAbsent: boolean;
  /** `get` takes a range without reading the rest. */
  readonly ranges: boolean;
  /** A `put` of the same source continues where an interrupted one stopped. */
  readonly resumablePut: boolean;
  /** `put` without `ifAbsent` replaces an object; where false, every `put` acts as with `ifAbsent`. */
  readonly overwrite: boolean;
  /** `delete` is possible at all; false for hand-over to a store the office may only add to. */
  readonly delete: boolean;
}

/** How to treat a failure. */
export type StorageFailure = 'exists' | 'full' | 'not-found' | 'permanent' | 'transient';

/** A body that can be read again from any offset: the same bytes every time. */
export interface ReplayableSource {
  /** In bytes. */
  readonly size: number;
  /** SHA-256 of the whole, lower-case hex, when known. */
  readonly sha256?: string | undefined;
  /**
   * The bytes from `start` (0 by default) to `end` (exclusive, the size by default). May be called many
   * times.
   */
  open(start?: number, end?: number): ByteSource;
}

/** Options of {@link StorageAdapter.put}. */
export interface PutOptions {
  /** Refuse when the key is taken. @defaultValue false */
  readonly ifAbsent?: boolean | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with the bytes sent so far of all bytes. */
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}

/** Options of {@link StorageAdapter.get}. */
export interface GetOptions {
  /** First byte and number of bytes; to the end of the object without `length`. */
  readonly range?: { readonly offset: number; readonly length?: number | undefined } | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How far a transfer is, in bytes. */
export interface TransferProgress {
  /** Bytes that have arrived so far. */
  readonly transferredBytes: number;
  /** Bytes there are. */
  readonly totalBytes: number;
}

/** An object in a store. */
export interface StoredObject {
  /** Under which it is stored. */
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** When it was stored, by the store's clock. */
  readonly modifiedAt: Date;
  /** Opaque; changes when the content changes. Not every store has one. */
  readonly etag?: string | undefined;
}
