export { type ByteSource, type RangeSource, toReadableStream } from './bytes.js';
export type {
  Catalog,
  CatalogObject,
  CatalogTable,
  SelectedTable,
  TableSelection,
  TableTier,
} from './catalog/model.js';
export { selectAllTables } from './catalog/select-all-tables.js';
export { type DatabaseAddress, parseDatabaseUrl } from './database/address.js';
export {
  type Destination,
  type Eligibility,
  type EligibilityExplanation,
  explainEligibility,
  type IneligibilityCode,
  type IneligibilityReason,
  isEligible,
  type Practice,
} from './eligibility/is-eligible.js';
export {
  BackupError,
  type BackupErrorCode,
  type BackupErrorOptions,
  type ErrorDetails,
  type ErrorExplanation,
  errorExplanations,
  isBackupError,
} from './errors.js';
