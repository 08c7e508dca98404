export {
  changeAdminPassword,
  type Enrolled,
  type EnrollOptions,
  enrollAdmin,
} from './admin/enroll-admin.js';
export type { Endorsement, Enrollment, EnrollmentStore, KeyEpoch } from './admin/enrollment.js';
export { fingerprintOf } from './admin/fingerprint.js';
export type { KeyWarning, KeyWarningCode } from './admin/key-warning.js';
export type { PinnedKey } from './admin/pinned-key.js';
export { readAdmins, type SessionPerTable } from './admin/read-admins.js';
export {
  type AdminCandidate,
  isSameAdmin,
  type LastAdmin,
  resolveLastAdmin,
} from './admin/resolve-last-admin.js';
export { type KeyPolicy, type Seal, type SealForOptions, sealFor } from './admin/seal-for.js';
export { Secret } from './admin/secret.js';
export { createDatabaseEnrollments } from './admin/stores/database-enrollments.js';
export { createFileEnrollments } from './admin/stores/file-enrollments.js';
export { createMemoryEnrollments } from './admin/stores/memory-enrollments.js';
export { type AdminPassword, verifyAdminPassword } from './admin/verify-admin-password.js';
export {
  type ArchiveAccess,
  type CanOpenMap,
  type RecipientShown,
  unlockArchives,
  whoCanOpen,
} from './admin/who-can-open.js';
export {
  type ArchiveInspection,
  type ArchiveKeys,
  type ArchiveReader,
  type DecryptArchiveOptions,
  decryptArchive,
  type EncryptArchiveOptions,
  encryptArchive,
  filterParts,
  forkParts,
  type Identity,
  inspectArchive,
  type LabelFields,
  type OpenArchiveOptions,
  type OpenedArchive,
  openArchive,
  type PartFilter,
  type Password,
  type ReadOptions,
  type ReadPartsOptions,
  type ReadTableOptions,
  type Recipient,
  type SealedArchive,
  type UnlockedIdentity,
  unlockChain,
  unlockLabel,
} from './archive/index.js';
export type { LostRows } from './archive/salvage/lost-rows.js';
export type { AbsentTable } from './archive/salvage/survey.js';
export type { AuditAction, AuditEntry, AuditLog } from './audit.js';
export { type ByteSource, type RangeSource, toReadableStream } from './bytes.js';
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
export { openDentalPatientRows } from './catalog/open-dental/patient-rows.js';
export type { OtherColumn, PatientRows } from './catalog/patient-rows.js';
export {
  type BackupPlan,
  type PlannedSize,
  type PlannedTable,
  planBackup,
  renderPlan,
} from './catalog/plan-backup.js';
export { readCatalog } from './catalog/read-catalog.js';
export { selectAllTables } from './catalog/select-all-tables.js';
export { selectCriticalTables } from './catalog/select-critical-tables.js';
export type {
  SizeBudget,
  TablePattern,
  TablePolicy,
  TableReferences,
  TableRule,
  TableRules,
} from './catalog/table-policy.js';
export { type DatabaseAddress, parseDatabaseUrl } from './database/address.js';
export {
  type Connection,
  type ConnectionOptions,
  openConnection,
  type QueryOptions,
  type StatementAnswer,
  type TextRow,
} from './database/connection.js';
export { type DumpOptions, type DumpProgress, dumpDatabase } from './dump/dump-database.js';
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
export { breaksHistory, describeHistoryFinding, type HistoryFinding } from './history/findings.js';
export type { ArchiveOrigin, History, ProvenArchive } from './history/judge-history.js';
export { allTables, type NightFacts, type TableFacts } from './history/loss/facts.js';
export { describeLoss, type LossFinding } from './history/loss/findings.js';
export { judgeNight, type LossThresholds, type Tonight } from './history/loss/judge-night.js';
export {
  formatNoteKey,
  hashOfNote,
  isSignedBy,
  type NoteKey,
  type NoteSignature,
  parseNote,
  parseNoteKey,
  type SignedNote,
} from './history/note.js';
export { type NoteBody, type ParsedBody, parseBody, type SequenceHead } from './history/note-body.js';
export { type Signer, signerOf } from './history/signer.js';
export {
  type VerifyHistoriesOptions,
  type VerifyHistoryOptions,
  verifyHistories,
  verifyHistory,
} from './history/verify-history.js';
export type * from './model/parts.js';
export type { Alert, AlertCode, AlertSink, NightOutcome } from './nightly/alerts/alert.js';
export { combineAlerts } from './nightly/alerts/combine-alerts.js';
export { createDatabaseAlerts } from './nightly/alerts/database-alerts.js';
export { createHealthcheckAlerts, type HealthcheckOptions } from './nightly/alerts/healthcheck-alerts.js';
export { createMemoryAlerts, type MemoryAlerts } from './nightly/alerts/memory-alerts.js';
export type { AlertThresholds } from './nightly/alerts/troubles.js';
export { type CheckOptions, checkNight } from './nightly/check/check-night.js';
export {
  type CheckFinding,
  type CheckSubject,
  type NightCheck,
  renderCheck,
} from './nightly/check/findings.js';
export {
  findLatestBackup,
  type ListBackupsOptions,
  type ListedBackup,
  listBackups,
} from './nightly/list-backups.js';
export { createFileAudit, type FileAuditOptions } from './nightly/log/file-audit.js';
export { createFileLogger, type FileLoggerOptions } from './nightly/log/file-logger.js';
export { type LogFacts, type Logger, silentLogger } from './nightly/log/logger.js';
export {
  dueOn,
  type LastAttempt,
  type NightHistory,
  type PlannedRun,
  planNextRun,
} from './nightly/next-run.js';
export { nightOf } from './nightly/nights.js';
export { acknowledgeFindings, announcePurge, type OfficeOfPractice } from './nightly/origin/acknowledge.js';
export type { Acknowledgement } from './nightly/origin/loss-state.js';
export {
  defaultRetention,
  type KeepReason,
  planRetention,
  type RetainedArchive,
  type RetentionPlan,
  type RetentionPolicy,
  sixYears,
} from './nightly/retention.js';
export type {
  BackupReport,
  CopyReport,
  DestinationReport,
  ReportedChange,
} from './nightly/run/backup-report.js';
export type { BackupEvent, BackupPhase } from './nightly/run/events.js';
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
export { type Clock, type Deadline, systemClock } from './nightly/service/clock.js';
export type { NightlyOptions, ServiceSchedule } from './nightly/service/nightly-options.js';
export { startNightly } from './nightly/service/start-nightly.js';
export {
  createDatabaseSettings,
  type DatabaseSettingsOptions,
} from './nightly/settings/database-settings.js';
export {
  createMemorySettings,
  type MemorySettings,
  type SettingsAuditLine,
} from './nightly/settings/memory-settings.js';
export {
  type BackupSettings,
  enabledByDefault,
  isMonthlyReminderDisabled,
  type SettingsAuthor,
  type SettingsChange,
  type SettingsStore,
  statusNumbers,
} from './nightly/settings/settings.js';
export { type Night, type NightSchedule, startOf, windowOf } from './nightly/window.js';
export {
  type CompareOptions,
  type CompareProgress,
  compareDatabases,
} from './recovery/compare/compare-databases.js';
export type {
  Comparison,
  Difference,
  TableComparison,
  TableContent,
} from './recovery/compare/comparison.js';
export { type DatabaseFingerprint, type SideOptions, takeFingerprint } from './recovery/compare/side.js';
export type { RefusedDefinition } from './recovery/ddl/refused-definitions.js';
export type { LoadMethod } from './recovery/load/table-loader.js';
export type { RestoreObstacle, RestoreObstacleCode } from './recovery/plan/obstacles.js';
export {
  planRestore,
  type RestorePlan,
  type RestorePlanTable,
} from './recovery/plan/plan-restore.js';
export {
  type ExtractPatientOptions,
  extractPatient,
  type FamilyMember,
  type PatientPart,
  type PatientProgress,
  type PatientRowsPart,
  type PatientSource,
  type PatientSummary,
  type PatientSummaryPart,
  type PatientTable,
} from './recovery/records/extract-patient.js';
export type { CharacterSets, TextDecoding } from './recovery/records/readable-cell.js';
export {
  type CertifiedTable,
  certificateText,
  type RestoreCertificate,
} from './recovery/rehearse/certificate.js';
export { type RehearseOptions, rehearseRestore } from './recovery/rehearse/rehearse-restore.js';
export type { MissingObject } from './recovery/restore/missing.js';
export type { RestoreAllowance, RestoreOptions } from './recovery/restore/options.js';
export type { RestoreRights } from './recovery/restore/own-account.js';
export { restoreDatabase } from './recovery/restore/restore-database.js';
export type {
  RestoredObject,
  RestoredTable,
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
export { checkWithoutKey } from './recovery/verify/check-without-key.js';
export {
  type Verification,
  type VerifyOptions,
  type VerifyProgress,
  verifyArchive,
} from './recovery/verify/verify-archive.js';
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
export { createCustomStorage, type StorageBasics } from './storage/custom.js';
export { createFileSystemStorage } from './storage/file-system/file-system.js';
export type { FileSystemStorageOptions } from './storage/file-system/options.js';
export { storageFailureOfConnection, storageFailureOfStatus } from './storage/http-failures.js';
export { createMemoryStorage, type MemoryStorageOptions } from './storage/memory.js';
export { assertKey } from './storage/object-keys.js';
export { rangeSourceOf } from './storage/read-ranges.js';
export { readChecked, replayableBytes, replayableFile } from './storage/replayable.js';
export { verifyStored } from './storage/verify-stored.js';
export { type StorageLogEvent, withLog } from './storage/wrappers/with-log.js';
export { withReadOnly } from './storage/wrappers/with-read-only.js';
export { type RetryOptions, type StorageRetry, withRetry } from './storage/wrappers/with-retry.js';
export { type ThrottleOptions, withThrottle } from './storage/wrappers/with-throttle.js';
