/**
 * Hands archives over to HQ with `fetch` alone. HQ's half is `createUploadGrant` of
 * `supplemental-backup/storage/s3`.
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
export { createHttpStorage, type HttpStorageOptions } from './http-storage.js';
export type { HandOverMessage, HandOverReply } from './messages.js';
