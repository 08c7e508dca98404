/**
 * For tests: stores, settings, alerts and enrolments in memory. For a store of your own: the storage contract
 * as checks for any test framework, and stores that fail or are slow.
 *
 * @module supplemental-backup/testing
 */
export { createMemoryEnrollments } from './admin/stores/memory-enrollments.js';
export { createMemoryAlerts, type MemoryAlerts } from './nightly/alerts/memory-alerts.js';
export {
  createMemorySettings,
  type MemorySettings,
  type SettingsAuditLine,
} from './nightly/settings/memory-settings.js';
export { createMemoryStorage, type MemoryStorageOptions } from './storage/memory.js';
export { type ContractCheck, type ContractSubject, storageContract } from './storage/testing/contract.js';
export {
  createEventuallyConsistentStorage,
  createFaultyStorage,
  createSlowStorage,
  type EventuallyConsistentOptions,
  type SlowStorageOptions,
  type StorageCall,
  type StorageFault,
} from './storage/testing/doubles.js';
export { ContractViolation } from './storage/testing/violation.js';
