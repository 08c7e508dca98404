/**
 * For whoever writes a store of his own: the promises of the contract as checks for any test framework, and stores
 * that fail, lag and dawdle.
 *
 * @module
 */
export { type ContractCheck, type ContractSubject, storageContract } from './contract.js';
export {
  createEventuallyConsistentStorage,
  createFaultyStorage,
  createSlowStorage,
  type EventuallyConsistentOptions,
  type SlowStorageOptions,
  type StorageCall,
  type StorageFault,
} from './doubles.js';
export { ContractViolation } from './violation.js';
