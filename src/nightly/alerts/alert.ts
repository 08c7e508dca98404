import type { Destination } from '../../eligibility/is-eligible.js';
import type { BackupErrorCode } from '../../errors.js';

/**
 * What a person has to be told.
 *
 * - `admin-password-missing`: the last administrator has no password, so nothing can be sealed
 * - `no-usable-admin`: nobody can be found for whom the copy could be sealed
 * - `backup-failed`: no copy could be made at all. With the cause `already-running` another run holds the
 *   spool for longer than the pause between two tries, and may hang
 * - `copy-incomplete`: the newest copy was made without a damaged table, or without rows of it, as the plan
 *   allows; or, with the cause `dump-incomplete`, without routines or events that the server cannot show.
 *   Stands until a copy is made with every table whole and every list shown
 * - `hq-copy-failed`, `local-copy-failed`: this one copy could not be made
 * - `hq-copy-lost`, `local-copy-lost`: a copy of an earlier night was given up, because its store spoils it
 *   again and again. Stands for a week
 * - `hq-copy-stale`, `local-copy-stale`: the newest verified copy is too old
 * - `set-up-wrong`: the service found something, when it started, with which no night can be good
 * - `switched-off`: backups are switched off. Raised again every month as long as they are
 * - `switched-off-unrecorded`: backups were switched off by a change that the practice's audit trail does not
 *   know
 * - `key-unproven`: the key of the last administrator was exchanged where keys are kept, and nothing shows
 *   that its holder did it. Stands until a login mends it or the password changes
 * - `history-broken`: copies at a place are gone, changed, of an unknown key or without the note that they
 *   should have, or the store did not give one back on three nights. Stands until somebody has looked
 * - `looks-like-loss`: the database looks as if something was lost, so no copy is removed. Stands until
 *   somebody has looked
 * - `not-opened-lately`: no administrator of today has opened the copies for a long time
 * - `opening-failed`: an administrator opened the newest copy at a login, and something was wrong with it
 * - `recipient-not-ours`: the newest copy is sealed to a key that the password of its administrator does not
 *   open. Stands until that administrator opens one
 * - `recovery-kit-new`: the copies open with a recovery kit that no earlier night knew. Stands for a week: who
 *   did not make it must hear of it
 * - `rehearsal-failed`: a restore was tried and did not succeed
 * - `table-damaged`: the server found a table damaged; it may have repaired it and lost rows. Stands for a
 *   month, whatever the next nights bring; while `copy-incomplete` stands, that says it already
 */
export type AlertCode =
  | 'admin-password-missing'
  | 'backup-failed'
  | 'copy-incomplete'
  | 'history-broken'
  | 'hq-copy-failed'
  | 'hq-copy-lost'
  | 'hq-copy-stale'
  | 'key-unproven'
  | 'local-copy-failed'
  | 'local-copy-lost'
  | 'local-copy-stale'
  | 'looks-like-loss'
  | 'no-usable-admin'
  | 'not-opened-lately'
  | 'opening-failed'
  | 'recipient-not-ours'
  | 'recovery-kit-new'
  | 'rehearsal-failed'
  | 'set-up-wrong'
  | 'switched-off'
  | 'switched-off-unrecorded'
  | 'table-damaged';

/** Every code, by itself. */
export const alertCodes: Readonly<{ [Code in AlertCode]: Code }> = {
  'admin-password-missing': 'admin-password-missing',
  'backup-failed': 'backup-failed',
  'copy-incomplete': 'copy-incomplete',
  'history-broken': 'history-broken',
  'hq-copy-failed': 'hq-copy-failed',
  'hq-copy-lost': 'hq-copy-lost',
  'hq-copy-stale': 'hq-copy-stale',
  'key-unproven': 'key-unproven',
  'local-copy-failed': 'local-copy-failed',
  'local-copy-lost': 'local-copy-lost',
  'local-copy-stale': 'local-copy-stale',
  'looks-like-loss': 'looks-like-loss',
  'no-usable-admin': 'no-usable-admin',
  'not-opened-lately': 'not-opened-lately',
  'opening-failed': 'opening-failed',
  'recipient-not-ours': 'recipient-not-ours',
  'recovery-kit-new': 'recovery-kit-new',
  'rehearsal-failed': 'rehearsal-failed',
  'set-up-wrong': 'set-up-wrong',
  'switched-off': 'switched-off',
  'switched-off-unrecorded': 'switched-off-unrecorded',
  'table-damaged': 'table-damaged',
};

/** A standing trouble. */
export interface Alert {
  /** For programs; an alert is raised once for each. */
  readonly code: AlertCode;
  /** What lies behind it. A trouble that stays but changes its cause is told anew. */
  readonly cause: BackupErrorCode | 'stale' | 'unexpected';
  /** How soon somebody must look. */
  readonly severity: 'high' | 'low' | 'medium';
  /**
   * For people: what happened, in a few sentences; the report says the rest. Holds no patient data and no
   * secret.
   */
  readonly message: string;
  /** Whose backups they are. */
  readonly practiceId: string;
  /** Which copy it is about; absent where it is about all. */
  readonly destination?: Destination;
}

/** How a night ended, for those who watch from outside. */
export interface NightOutcome {
  /** Whose night it was. */
  readonly practiceId: string;
  /** ISO date of the evening. */
  readonly night: string;
  /** Whether every copy that was due is stored and verified. */
  readonly ok: boolean;
  /** One sentence for people. */
  readonly summary: string;
}

/**
 * Where alerts go. The run raises each trouble once, when it begins, and clears it once, when it is over;
 * what a sink could not take is tried again on the next run, so raising the same code twice must be harmless,
 * and so must clearing one that does not stand.
 */
export interface AlertSink {
  /** A trouble has begun, or its cause has changed. */
  raise(alert: Alert, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** A trouble is over. */
  clear(code: AlertCode, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Called at the end of every run, good or bad. */
  nightEnded?(outcome: NightOutcome, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}
