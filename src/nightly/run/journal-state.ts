import type { PinnedKey } from '../../admin/pinned-key.js';
import type { Destination } from '../../eligibility/is-eligible.js';
import type { BackupErrorCode } from '../../errors.js';

import type { ArchiveScope } from '../../model/parts.js';
import type { AlertCode } from '../alerts/alert.js';
import type { KnownSchedule } from '../known-schedule.js';
import type { Acknowledgement, AnnouncedPurge, StandingLoss } from '../origin/loss-state.js';
import type { SequenceState } from '../origin/sequence.js';
import type { BackupSettings } from '../settings/settings.js';
import type { CopyReport } from './backup-report.js';
import type { KnownKit } from './known-kits.js';

/** A sealed archive in the spool that is not verified at its destination yet. */
export interface PendingCopy {
  readonly destination: Destination;
  readonly copy: CopyReport;
  /** File name in the spool. */
  readonly file: string;
  /** On how many later nights it arrived damaged, and the newest of them. */
  readonly spoiled?: { readonly nights: number; readonly night: string };
  /** Made by hand, not by a night. */
  readonly byHand?: boolean;
}

/** A sealed copy that was dropped. */
export interface LostCopy {
  /** Of the copy. */
  readonly night: string;
  /** When it was dropped. */
  readonly since: string;
  readonly code: BackupErrorCode | 'unexpected';
}

/** The record of an archive that was verified at its destination. */
export interface VerifiedCopy {
  readonly key: string;
  readonly night: string;
  /** ISO 8601, UTC. */
  readonly verifiedAt: string;
  /** The store's description. */
  readonly store?: string;
  readonly byHand?: boolean;
  /**
   * Of the archive, for its note; absent for copies from before notes existed. In bytes, and lower-case hex.
   */
  readonly bytes?: number;
  readonly sha256?: string;
  readonly scope?: ArchiveScope;
  /** The key that the key holder's password opens. */
  readonly recipient?: string;
  /** The number of its signed note, once that is stored, and the SHA-256 of the note. */
  readonly number?: number;
  readonly note?: string;
  /** `going` and `gone`: removed by retention; `spoiled`: no longer what was verified. */
  readonly state?: 'going' | 'gone' | 'spoiled';
  /** A mark that changes when the object is written again; the other one with its note. */
  readonly seen?: string;
  readonly noteSeen?: string;
  /** Night on which it was last read back. */
  readonly readAt?: string;
  /** On how many nights the store did not return it although it is there, and the newest of them. */
  readonly unread?: { readonly nights: number; readonly night: string };
  /** The night on which it was first missing, where another computer of the practice may have removed it. */
  readonly missing?: string;
}

/** Nights in a row on which something failed at a place. */
export interface FailedNights {
  readonly count: number;
  /** Date of the newest of them. */
  readonly night: string;
  readonly code: BackupErrorCode | 'unexpected';
}

/** What is kept from run to run. */
export interface NightJournalState {
  readonly version: 1;
  readonly practiceId: string;
  /** Distinguishes this spool from that of another machine. */
  readonly machine: string;
  /** Date of the night of the first run. */
  readonly firstNight: string;
  /** What that was, where a run began before it: a clock was ahead then, or is behind now. */
  readonly firstNightBefore?: string | undefined;
  readonly pending: readonly PendingCopy[];
  /** What happened to the journal before, until a night has told it. */
  readonly untoldLoss?: 'damaged' | 'gone' | undefined;
  /** Newest first. */
  readonly verified: Readonly<Record<Destination, readonly VerifiedCopy[]>>;
  /** No copy could be stored. */
  readonly failed: Readonly<Partial<Record<Destination, FailedNights>>>;
  /** Older copies could not be checked, or no note of a copy be stored. */
  readonly unchecked?: Readonly<Partial<Record<Destination, FailedNights>>>;
  /** The newest copy of each place that was dropped. */
  readonly lost?: Readonly<Partial<Record<Destination, LostCopy>>>;
  /**
   * Alerts that were raised and not cleared, each with its cause; {@link untold} where the cause is not
   * known.
   */
  readonly alerts: Readonly<Partial<Record<AlertCode, string>>>;
  readonly lastAttempt?: {
    readonly night: string;
    readonly count: number;
    readonly startedAt?: string;
    readonly endedAt: string;
    readonly settled?: readonly Destination[];
  };
  /** The newest night without a run that was reported. */
  readonly watched?: string;
  /** The date of a local copy that could not be written to the settings yet. */
  readonly dateOwed?: string | undefined;
  /** The date of the last local copy, where a later run began before it: a clock was wrong. */
  readonly datedAhead?: string;
  /**
   * The date of the newest local copy, where the database had an earlier one, and that one; whether a person
   * has acknowledged it. Whoever acknowledged that the database was turned back, as other signs say, accepts
   * the date that the next reading finds.
   */
  readonly dateLacking?:
    | { readonly written: string; readonly found?: string; readonly isAcknowledged?: boolean }
    | undefined;
  /**
   * When the newest notes were last stored in the practice's database, and whether a later reading of it has
   * shown them.
   */
  readonly headsKept?: { readonly at: string; readonly isSeen?: boolean };
  /** The settings as they were last read. */
  readonly settings?: Pick<BackupSettings, 'networkPath' | 'status'>;
  /** The newest night on which the server found a table damaged, and the warning. */
  readonly damage?: { readonly night: string; readonly message: string };
  /** Warnings about damaged tables that the newest copy of a place lacks. */
  readonly incomplete?: Readonly<Partial<Record<Destination, string>>>;
  /** Warnings about routines and events that the server cannot show and the newest copy of a place lacks. */
  readonly unseen?: Readonly<Partial<Record<Destination, string>>>;
  /** Date of the night of the last rehearsal of a restore, and what was wrong with it if anything was. */
  readonly rehearsal?: { readonly night: string; readonly failure?: string };
  /** The key that the newest archives were sealed with. */
  readonly pins?: readonly PinnedKey[];
  /** The recovery kits that the newest archives open with. */
  readonly kits?: readonly KnownKit[];
  /** The warning about a key that was exchanged in the store of enrolments, as long as nights find it. */
  readonly keyUnproven?: string | undefined;
  /** The night of the last reminder that backups are switched off. */
  readonly remindedOff?: string | undefined;
  /** They were switched off by a change that is not in the practice's audit trail. */
  readonly unrecordedOff?: true | undefined;
  /** The signed notes at each place. */
  readonly sequences?: Readonly<Partial<Record<Destination, SequenceState>>>;
  /** Signs of loss that were not acknowledged yet. */
  readonly loss?: StandingLoss | undefined;
  /** Acknowledgements, newest first. */
  readonly acknowledged?: readonly Acknowledgement[];
  readonly announced?: readonly AnnouncedPurge[];
  /** The last schedule that HQ gave. */
  readonly schedule?: KnownSchedule;
}
