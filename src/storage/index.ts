/**
 * Stores in detail: a store of your own, wrappers for any store (retries, throttling, a log), and sources
 * that can be read again.
 *
 * @module supplemental-backup/storage
 */

export type * from './adapter.js';
export { createCustomStorage, type StorageBasics } from './custom.js';
export { createFileSystemStorage } from './file-system/file-system.js';
export type { FileSystemStorageOptions } from './file-system/options.js';
export { storageFailureOfConnection, storageFailureOfStatus } from './http-failures.js';
export { assertKey } from './object-keys.js';
export { rangeSourceOf } from './read-ranges.js';
export { readChecked, replayableBytes, replayableFile } from './replayable.js';
export { verifyStored } from './verify-stored.js';
export { type StorageLogEvent, withLog } from './wrappers/with-log.js';
export { withReadOnly } from './wrappers/with-read-only.js';
export { type RetryOptions, type StorageRetry, withRetry } from './wrappers/with-retry.js';
export { type ThrottleOptions, withThrottle } from './wrappers/with-throttle.js';
