/**
 * A store in a bucket of any S3-compatible service, and the side of the HTTP hand-over that holds the bucket.
 * Needs `@aws-sdk/client-s3`.
 *
 * @module
 */
export type { PartRetry } from '../multipart/part-retry.js';
export {
  createFileUploadJournal,
  createMemoryUploadJournal,
  type UploadedPart,
  type UploadJournal,
  type UploadRecord,
} from '../multipart/upload-journal.js';
export type { BucketAddress, Retention } from './bucket.js';
export { createS3Storage, type S3Storage, type S3StorageOptions } from './s3-storage.js';
export { createUploadGrant } from './upload-grant.js';
export type { UploadGrant, UploadGrantOptions } from './upload-grant-options.js';
