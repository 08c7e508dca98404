/**
 * The six functions, and what a host and a recovery utility need. What only a few hosts need is in the
 * subpaths: `/archive`, `/age`, `/storage`, `/nightly`, `/recovery`, `/history`, `/admin`, `/testing`.
 *
 * @module supplemental-backup
 */

// The six functions: Each can be used alone; together they are a backup.

export { type AdminCandidate, type LastAdmin, resolveLastAdmin } from './admin/resolve-last-admin.js';
export {
  type ArchiveKeys,
  type DecryptArchiveOptions,
  decryptArchive,
  type EncryptArchiveOptions,
  encryptArchive,
  type Identity,
  type LabelFields,
  type OpenedArchive,
  type Password,
  type Recipient,
  type SealedArchive,
} from './archive/index.js';
export { selectCriticalTables } from './catalog/select-critical-tables.js';
export type {
  SizeBudget,
  TablePattern,
  TablePolicy,
  TableReferences,
  TableRule,
  TableRules,
} from './catalog/table-policy.js';
export { type DumpOptions, dumpDatabase } from './dump/dump-database.js';
export type { DumpProgress } from './dump/dump-record.js';
export {
  type Destination,
  type Eligibility,
  type IneligibilityCode,
  type IneligibilityReason,
  isEligible,
  type Practice,
} from './eligibility/is-eligible.js';

// What they work with: A session on the server, what is in a database, one moment of it, and whom it is
// sealed for.

export { readAdmins, type SessionPerTable } from './admin/read-admins.js';
export { type KeyPolicy, type Seal, type SealForOptions, sealFor } from './admin/seal-for.js';
export { Secret } from './admin/secret.js';
export type { ByteSource, RangeSource } from './bytes.js';
export type {
  Catalog,
  CatalogObject,
  CatalogTable,
  SelectedRows,
  SelectedTable,
  TableSelection,
  TableTier,
} from './catalog/model.js';
export { openDentalPolicy } from './catalog/open-dental/index.js';
export { readCatalog } from './catalog/read-catalog.js';
export { selectAllTables } from './catalog/select-all-tables.js';
export { type DatabaseAddress, parseDatabaseUrl } from './database/address.js';
export {
  type Connection,
  type ConnectionOptions,
  openConnection,
  type QueryOptions,
  type StatementAnswer,
  type TextRow,
} from './database/connection.js';
export type { SnapshotEvent } from './dump/events.js';
export type { LockedTables, LockTimeoutOptions, LockTimeouts } from './dump/locks.js';
export {
  type DamagedTables,
  type HistoryMode,
  openSnapshot,
  type Snapshot,
  type SnapshotOptions,
} from './dump/snapshot.js';
export { type StartAgainOptions, startAgainOnChange } from './dump/start-again.js';
export type { ConsistencyMode } from './dump/strategy.js';
export { type EligibilityExplanation, explainEligibility } from './eligibility/is-eligible.js';

// The night: A service that makes the copies of every night, one night by hand, and what it tells whom.

export type { Alert, AlertCode, AlertSink, NightOutcome } from './nightly/alerts/alert.js';
export { createDatabaseAlerts } from './nightly/alerts/database-alerts.js';
export { createHealthcheckAlerts, type HealthcheckOptions } from './nightly/alerts/healthcheck-alerts.js';
export type { AlertThresholds } from './nightly/alerts/thresholds.js';
export { type CheckOptions, checkNight } from './nightly/check/check-night.js';
export type { CheckFinding, CheckSubject, NightCheck } from './nightly/check/findings.js';
export { createFileLogger, type FileLoggerOptions } from './nightly/log/file-logger.js';
export type { LogFacts, Logger } from './nightly/log/logger.js';
export type { PlannedRun } from './nightly/next-run.js';
export type { RetentionPolicy } from './nightly/retention.js';
export type {
  BackupReport,
  CopyReport,
  DestinationReport,
  ReportedChange,
} from './nightly/run/backup-report.js';
export type { BackupEvent, BackupPhase } from './nightly/run/events.js';
export type { EvidenceOfNight, EvidencePlan } from './nightly/run/evidence-plan.js';
export type {
  DestinationPlan,
  KeyPlan,
  LocalPlan,
  NightPlan,
  RehearsalPlan,
  RunOptions,
} from './nightly/run/night-plan.js';
export { renderReport } from './nightly/run/render-report.js';
export { runSupplementalBackup } from './nightly/run/run-supplemental-backup.js';
export type { Clock, Deadline } from './nightly/service/clock.js';
export type { NightlyOptions, ServiceSchedule } from './nightly/service/nightly-options.js';
export { startNightly } from './nightly/service/start-nightly.js';
export {
  createDatabaseSettings,
  type DatabaseSettingsOptions,
} from './nightly/settings/database-settings.js';
export type {
  BackupSettings,
  SettingsAuthor,
  SettingsChange,
  SettingsStore,
} from './nightly/settings/settings.js';
export type { NightSchedule } from './nightly/window.js';

// Keys of administrators: Enrolment at login, and who can open what.

export { changeAdminPassword, type Enrolled, type EnrollOptions, enrollAdmin } from './admin/enroll-admin.js';
export type { Endorsement, Enrollment, EnrollmentStore, KeyEpoch } from './admin/enrollment.js';
export type { KeyWarning, KeyWarningCode } from './admin/key-warning.js';
export type { PinnedKey } from './admin/pinned-key.js';
export { createDatabaseEnrollments } from './admin/stores/database-enrollments.js';
export { createFileEnrollments } from './admin/stores/file-enrollments.js';
export { type AdminPassword, verifyAdminPassword } from './admin/verify-admin-password.js';
export {
  type ArchiveAccess,
  type CanOpenMap,
  type RecipientShown,
  whoCanOpen,
} from './admin/who-can-open.js';

// Finding, proving and restoring: For a recovery utility: what is there, is it whole, and how it comes back.

export {
  type ArchiveReader,
  type OpenArchiveOptions,
  openArchive,
  type ReadOptions,
  type ReadPartsOptions,
  type ReadTableOptions,
} from './archive/index.js';
export type { LostRows } from './archive/salvage/lost-rows.js';
export type { AbsentTable, UnprovenFiles } from './archive/salvage/survey.js';
export type { AuditAction, AuditEntry, AuditLog } from './audit.js';
export {
  findLatestBackup,
  type LatestBackup,
  type ListBackupsOptions,
  type ListedBackup,
  listBackups,
} from './history/list-backups.js';
export { createFileAudit, type FileAuditOptions } from './nightly/log/file-audit.js';
export type { RefusedDefinition } from './recovery/ddl/refused-definitions.js';
export type { LoadMethod } from './recovery/load/table-loader.js';
export type { RestoreObstacle, RestoreObstacleCode } from './recovery/plan/obstacles.js';
export { planRestore, type RestorePlan, type RestorePlanTable } from './recovery/plan/plan-restore.js';
export type { CertifiedTable, RestoreCertificate } from './recovery/rehearse/certificate.js';
export { type RehearseOptions, rehearseRestore } from './recovery/rehearse/rehearse-restore.js';
export type { MissingObject } from './recovery/restore/missing.js';
export type { RestoreAllowance, RestoreOptions } from './recovery/restore/options.js';
export type { RestoreRights } from './recovery/restore/own-account.js';
export { restoreDatabase } from './recovery/restore/restore-database.js';
export type {
  CompleteRestore,
  PartialRestore,
  RestoredObject,
  RestoredTable,
  RestoreFacts,
  RestoreNote,
  RestoreNoteCode,
  RestoreProgress,
  RestoreReport,
} from './recovery/restore/restore-report.js';
export type { TargetState } from './recovery/restore/target.js';
export {
  type SalvagedTable,
  type SalvageOptions,
  type SalvageReport,
  salvageArchive,
} from './recovery/salvage-archive.js';
export {
  type Verification,
  type VerifyOptions,
  type VerifyProgress,
  verifyArchive,
} from './recovery/verify/verify-archive.js';
export { rangeSourceOf } from './storage/read-ranges.js';

// Stores: Where archives go; the others are in the subpaths under `/storage`.

export type {
  GetOptions,
  PutOptions,
  ReplayableSource,
  StorageAdapter,
  StorageCapabilities,
  StorageFailure,
  StoredObject,
  TransferProgress,
} from './storage/adapter.js';
export { createFileSystemStorage, type FileSystemStorageAdapter } from './storage/file-system/file-system.js';
export type { FileSystemStorageOptions } from './storage/file-system/options.js';

// Errors: What everything throws.

export {
  type Activity,
  BackupError,
  type BackupErrorCode,
  type BackupErrorOptions,
  type ErrorAdvice,
  type ErrorDetails,
  type ErrorExplanation,
  errorExplanations,
  isBackupError,
} from './errors.js';

// Parts and archives: A database as a sequence of parts, and what an archive tells of itself.

export type * from './model/parts.js';
