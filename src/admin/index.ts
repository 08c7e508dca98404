/**
 * Keys of administrators in detail.
 *
 * @module supplemental-backup/admin
 */
export { fingerprintOf } from './fingerprint.js';
export {
  describeFinding,
  type OpenedPlace,
  type Opening,
  type OpeningFinding,
  type OpeningFindingCode,
} from './opening.js';
export {
  type FinishedOpening,
  type OpeningProof,
  type OpeningRehearsal,
  type ProvenPlace,
  type ProvenStore,
  type ProveOpeningOptions,
  proveOpening,
} from './prove-opening.js';
export type { ReadLimits } from './read-sample.js';
export { type AdminOpening, readOpenings } from './record-opening.js';
export { isSameAdmin } from './resolve-last-admin.js';
export { unlockArchives } from './who-can-open.js';
