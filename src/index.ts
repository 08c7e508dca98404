export { type ByteSource, type RangeSource, toReadableStream } from './bytes.js';
export { type DatabaseAddress, parseDatabaseUrl } from './database/address.js';
export {
  BackupError,
  type BackupErrorCode,
  type BackupErrorOptions,
  type ErrorDetails,
  type ErrorExplanation,
  errorExplanations,
  isBackupError,
} from './errors.js';
