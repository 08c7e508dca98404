/**
 * The pure pieces of a night: when it is, what is due, what is kept, what a dump would take; for a host with
 * a schedule of its own.
 *
 * @module supplemental-backup/nightly
 */
export {
  type BackupPlan,
  type PlannedSize,
  type PlannedTable,
  planBackup,
  renderPlan,
} from '../catalog/plan-backup.js';
export { combineAlerts } from './alerts/combine-alerts.js';
export { renderCheck } from './check/findings.js';
export { silentLogger } from './log/logger.js';
export { dueOn, type LastAttempt, type NightHistory, planNextRun } from './next-run.js';
export { nightOf } from './nights.js';
export { acknowledgeFindings, announcePurge, type OfficeOfPractice } from './origin/acknowledge.js';
export type { Acknowledgement } from './origin/loss-state.js';
export {
  defaultRetention,
  type KeepReason,
  planRetention,
  type RetainedArchive,
  type RetentionPlan,
  sixYears,
} from './retention.js';
export { type ScrubOptions, scrubCopies } from './scrub/scrub-copies.js';
export type { ScrubbedPlace, ScrubReport } from './scrub/scrub-report.js';
export { systemClock } from './service/clock.js';
export { enabledByDefault, isMonthlyReminderDisabled, statusNumbers } from './settings/settings.js';
export { type Night, startOf, windowOf } from './window.js';
