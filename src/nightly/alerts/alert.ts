import type { Destination } from '../../eligibility/is-eligible.js';
import type { BackupErrorCode } from '../../errors.js';

/**
 * What a person has to be told.
 *
 * - `admin-password-missing`: the last administrator has no password, so nothing can be sealed
 * - `no-usable-admin`: nobody can be found for whom the copy could be sealed
 * - `backup-failed`: no copy could be made at all. With the cause `already-running`, another run has held the
 *   spool for longer than the pause between two tries, and may hang
 * - `copy-incomplete`: the newest copy was made without a damaged table, or without rows of it, as the plan
 *   allows; or, with the cause `dump-incomplete`, without routines or events that the server cannot show.
 *   Stands until a copy is complete
 * - `copies-unchecked`: for several nights in a row the older copies at a place could not be checked, or no
 *   signed note of a copy be stored there. Over when a night has done both
 * - `hq-copy-failed`, `local-copy-failed`: the copy for this place could not be made or stored
 * - `hq-copy-lost`, `local-copy-lost`: a copy of an earlier night was dropped, because its store damaged it
 *   again and again. Stands for a week
 * - `hq-copy-stale`, `local-copy-stale`: the newest verified copy at this place is too old
 * - `set-up-wrong`: the check at the start of the service found something with which no night can succeed.
 *   Over after a good night, or when no copy is to be made any more
 * - `switched-off`: backups are switched off. Raised again every month while they are
 * - `switched-off-unrecorded`: backups were switched off by a change that is not in the practice's audit
 *   trail
 * - `key-unproven`: the stored key of the last administrator was replaced, and nothing shows that its holder
 *   did it. Stands until a login repairs it or the password changes
 * - `history-broken`: copies at a place are missing, changed, signed with an unknown key or without their
 *   note, or the store did not return one on three nights. Stands until it is acknowledged, also where copies
 *   go to another place since, or until all of it is as it was again. Raised again for what is found meanwhile
 * - `looks-like-loss`: the database seems to have lost data, so no copy is removed. Stands until it is
 *   acknowledged, and is raised again for what is found meanwhile
 * - `not-opened-lately`: no administrator of today has opened the copies for a long time
 * - `opening-failed`: an administrator opened the newest copy at a login, and something was wrong with it
 * - `recipient-not-ours`: the newest copy is sealed to a key that the password of its administrator does not
 *   open. Stands until that administrator opens one
 * - `recovery-kit-new`: the copies open with a recovery kit that no earlier night used. Stands for a week, so
 *   that the owner notices a kit that somebody else made
 * - `rehearsal-failed`: a rehearsed restore failed. Over when one succeeds, or when the plan has none any more
 * - `table-damaged`: the server found a table damaged; it may have repaired it and lost rows. Stands for a
 *   month, whatever the next nights find; not raised while `copy-incomplete` stands
 */
export type AlertCode =
  | 'admin-password-missing'
  | 'backup-failed'
  | 'copies-unchecked'
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
  'copies-unchecked': 'copies-unchecked',
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

/** For a look that says of no alert that it is over. */
export const allAlerts: ReadonlySet<AlertCode> = new Set(Object.values(alertCodes));

/** A trouble that people are told of. */
export interface Alert {
  /** For programs; an alert is raised once for each. */
  readonly code: AlertCode;
  /** Its cause. A trouble whose cause changes is raised again. */
  readonly cause: BackupErrorCode | 'stale' | 'unexpected';
  /** How urgent it is. */
  readonly severity: 'high' | 'low' | 'medium';
  /**
   * For people: what happened, in a few sentences; the report has the details. Holds no patient data and no
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
 * Where alerts go. A run raises each trouble once, when it begins, and clears it once, when it is over. What
 * a sink could not take is tried again on the next run, so raising a code twice, or clearing one that does
 * not stand, must be harmless.
 */
export interface AlertSink {
  /** A trouble has begun, its cause has changed, or more was found. */
  raise(alert: Alert, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** A trouble is over. */
  clear(code: AlertCode, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Called at the end of every run, good or bad. */
  nightEnded?(outcome: NightOutcome, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}
