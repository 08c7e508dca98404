/**
 * Keys of administrators in detail.
 *
 * @module supplemental-backup/admin
 */

export { identitiesOfKit, type KitFault } from '../archive/kit-words.js';
export { fingerprintOf } from './fingerprint.js';
export {
  createFileKits,
  type KeptKits,
  type KitStore,
  type RecoveryKit,
} from './kits/kit-store.js';
export {
  type CreateKitOptions,
  confirmRecoveryKit,
  createRecoveryKit,
  type KitOptions,
  type MadeKit,
  revokeRecoveryKit,
} from './kits/recovery-kit.js';
export {
  describeFinding,
  type OpenedPlace,
  type Opening,
  type OpeningFinding,
  type OpeningFindingCode,
} from './opening.js';
export type {
  FinishedOpening,
  OpeningProof,
  OpeningRehearsal,
  ProvenPlace,
  ProvenStore,
  ProveOpeningOptions,
} from './opening-proof.js';
export { proveOpening } from './prove-opening.js';
export type { ReadLimits } from './read-sample.js';
export { type AdminOpening, readOpenings } from './record-opening.js';
export { isSameAdmin } from './resolve-last-admin.js';
export { unlockArchives } from './who-can-open.js';
