import { type BackupErrorCode, isBackupError } from '../errors.js';
import type { StorageFailure } from './adapter.js';

const failureOfCode: Partial<Record<BackupErrorCode, StorageFailure>> = {
  'storage-exists': 'exists',
  'storage-full': 'full',
  'storage-not-found': 'not-found',
  'storage-permanent': 'permanent',
  'storage-transient': 'transient',
  'destination-missing': 'permanent',
  'source-changed': 'permanent',
  'verification-failed': 'permanent',
};

/** The classification of every shipped adapter: they throw typed errors, so the code tells. */
export function classifyByCode(error: unknown): StorageFailure {
  return isBackupError(error) ? (failureOfCode[error.code] ?? 'permanent') : 'permanent';
}
