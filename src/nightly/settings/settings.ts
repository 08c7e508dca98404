import { assertArgument } from '../../arguments.js';
import type { Practice } from '../../eligibility/is-eligible.js';
import type { KeptHeads } from '../../history/kept-heads.js';

/** The settings of a practice, as the backup window of its software shows them. */
export interface BackupSettings {
  /** HQ's word is final: `disabled-by-hq` cannot be switched on in the office. */
  readonly status: Practice['status'];
  /** Folder or UNC path of the local copy; empty when none is set. */
  readonly networkPath: string;
  /** When the newest local copy was verified; null when there never was one. Read-only for people. */
  readonly lastLocalCopy: Date | null;
}

/** What a person may change. */
export interface SettingsChange {
  /** Whether backups run; unchanged when absent. */
  readonly enabled?: boolean | undefined;
  /** An empty path removes it. */
  readonly networkPath?: string | undefined;
}

/** Who changes a setting; kept in the audit trail. */
export interface SettingsAuthor {
  /** `userod.UserNum`, as decimal text. */
  readonly userNum: string;
  /** Name of the computer. @defaultValue '' */
  readonly computer?: string | undefined;
}

/** Where the settings are kept. */
export interface SettingsStore {
  /** @throws BackupError `database-…` */
  read(options?: { readonly signal?: AbortSignal | undefined }): Promise<BackupSettings>;
  /**
   * Validates, saves and records who changed what; setting the present value is not a change.
   *
   * @returns the settings as they are now
   * @throws BackupError `settings-invalid` when the path cannot be used or HQ has switched backups off;
   *   nothing is changed then
   */
  save(
    change: SettingsChange,
    author: SettingsAuthor,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<BackupSettings>;
  /**
   * What people set last according to the audit trail, so that other changes are noticed. Absent where there
   * is no such trail.
   *
   * @throws BackupError `database-…`
   */
  lastRecorded?(options?: { readonly signal?: AbortSignal | undefined }): Promise<SettingsChange>;
  /** Advances {@link BackupSettings.lastLocalCopy}; called only after a copy was read back and is whole. */
  recordLocalCopy(verifiedAt: Date, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * The newest signed notes, as stored by {@link SettingsStore.keepHeads}: a rollback of stores, journal and
   * spool together does not reach them here. Absent where none are stored.
   *
   * @throws BackupError `database-…`
   */
  keptHeads?(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly KeptHeads[]>;
  /**
   * Stores the newest notes of one service, replacing those of the same key.
   *
   * @throws BackupError `database-…`
   */
  keepHeads?(heads: KeptHeads, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

/** The numbers HQ and the practice's software use for a status. */
export const statusNumbers: Readonly<Record<BackupSettings['status'], number>> = {
  disabled: 0,
  enabled: 1,
  'disabled-by-hq': 2,
};

/**
 * Whether supplemental backups are on where nobody has chosen. They are off for a practice that has switched
 * off the monthly backup reminder, because it wants no messages about backups, and for one whose updates run
 * unattended, because others take care of its backups.
 *
 * @example
 * ```ts
 * const monthlyReminderDisabled = isMonthlyReminderDisabled('9999-11-30', new Date());
 * console.log(enabledByDefault({ monthlyReminderDisabled }));
 * ```
 */
export function enabledByDefault(practice: {
  readonly monthlyReminderDisabled: boolean;
  /** @defaultValue false */
  readonly updatesUnattended?: boolean | undefined;
}): boolean {
  assertArgument('practice', practice, 'object', {
    monthlyReminderDisabled: 'boolean',
    updatesUnattended: 'boolean?',
  });
  return !practice.monthlyReminderDisabled && practice.updatesUnattended !== true;
}

/**
 * Whether the monthly reminder is switched off: the practice's software then writes a last reminder in the
 * far future.
 *
 * @param lastReminder - preference `BackupReminderLastDateRun`, such as `9999-11-30`; empty when there is
 * none
 * @example
 * ```ts
 * console.log(isMonthlyReminderDisabled('2026-01-31', new Date()));
 * ```
 */
export function isMonthlyReminderDisabled(lastReminder: string, now: Date): boolean {
  assertArgument('lastReminder', lastReminder, 'text');
  assertArgument('now', now, 'date');
  const inTenYears = `${now.getUTCFullYear() + 10}${now.toISOString().slice(4, 10)}`;
  return /^\d{4}-\d\d-\d\d/.test(lastReminder) && lastReminder.slice(0, 10) > inTenYears;
}
